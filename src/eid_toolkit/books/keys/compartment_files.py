"""The file of a compartment: its key's generation, endorsed by the staff key, and the wraps for those who open it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.keys.holding import HeldKeys
from eid_toolkit.books.keys.sealing_key import SealingKey
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, SealBroken
from eid_toolkit.ground.home.undo import change
from eid_toolkit.ground.plain_values import Hex, Named, read_json, to_plain
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.key_wrapping import WrappedKey

SCHEMA = "eid-compartment/1"
WRAP_SCHEMA = "eid-wrap/1"
STAFF = "#staff"
"""The recipient of the wrap for the staff compartment's key; no operator is called so."""
_SUFFIX = ".compartment"
_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Wrap:
    """A compartment's key, or a share of it, for one recipient."""

    to: str
    recipient: Hex
    """SHA-256 of the recipient's public key for wrapping (SPKI in DER)."""
    ephemeral: Hex
    wrapped: Hex
    beside: str | None = None
    """Of a share: who has the other one; the key is the two of them, added bit by bit."""

    @property
    def key(self) -> WrappedKey:
        """What the recipient unwraps."""
        return WrappedKey(self.ephemeral, self.wrapped)


@dataclass(frozen=True, slots=True)
class CompartmentFile:
    """One compartment as it lies on the disk."""

    compartment: Compartment
    generation: int
    created: datetime
    check: Hex
    """Of the sealing key."""
    by_two: bool
    public: Hex
    """SPKI in DER: what is deposited for the compartment is wrapped for this key."""
    endorsement: Hex
    """The staff key's signature over :meth:`statement`."""
    wraps: Annotated[tuple[Wrap, ...], Named("wraps")]

    def statement(self, foundation: Foundation) -> bytes:
        """What the staff key vouches for."""
        without = ("endorsement", "wraps")
        return json.dumps([SCHEMA, foundation.home.hex(), *to_plain(self, without).values()]).encode()

    def recipients(self) -> tuple[str, ...]:
        """Who has a wrap, but for the staff compartment."""
        return tuple(dict.fromkeys(wrap.to for wrap in self.wraps if wrap.to != STAFF))

    def open_by(self, foundation: Foundation, name: str, keys: HeldKeys) -> SealingKey | None:
        """The sealing key, by one who has a whole wrap; None for one who has none."""
        mark = recipient_mark(keys.wrapping_key)
        for wrap in self.wraps:
            if wrap.to == name and wrap.recipient == mark and wrap.beside is None:
                return self._checked(self._unwrapped(foundation, wrap, keys))
        return None

    def open_by_two(
        self, foundation: Foundation, first: tuple[str, HeldKeys], second: tuple[str, HeldKeys]
    ) -> SealingKey | None:
        """The sealing key, by two who hold the two shares of one pair; None where they have none."""
        halves = []
        for (name, keys), (other, _) in ((first, second), (second, first)):
            mark = recipient_mark(keys.wrapping_key)
            for wrap in self.wraps:
                if (wrap.to, wrap.beside, wrap.recipient) == (name, other, mark):
                    halves.append(self._unwrapped(foundation, wrap, keys))
        if len(halves) != 2:
            return None
        return self._checked(added(*halves))

    def context(self, foundation: Foundation, wrap: Wrap) -> bytes:
        """What a wrap is bound to."""
        return wrap_context(foundation, self.compartment, self.generation, wrap.to, wrap.beside)

    def _unwrapped(self, foundation: Foundation, wrap: Wrap, keys: HeldKeys) -> Secret:
        try:
            return keys.unwrap(wrap.key, self.context(foundation, wrap))
        except (SealBroken, BadInput):
            raise IntegrityBroken("compartment-damaged", compartment=str(self.compartment)) from None

    def _checked(self, secret: Secret) -> SealingKey:
        key = SealingKey(secret)
        if not key.is_checked_by(self.check):
            raise IntegrityBroken("compartment-damaged", compartment=str(self.compartment))
        return key

    def write(self, directory: Path) -> None:
        """Keep it in the folder of the keys."""
        data = json.dumps({"schema": SCHEMA, **to_plain(self)}, indent=1).encode()
        change(self.path(directory, self.compartment), data)

    @staticmethod
    def path(directory: Path, compartment: Compartment) -> Path:
        """Where it lies."""
        return directory / f"{compartment}{_SUFFIX}"

    @classmethod
    def read(cls, directory: Path, compartment: Compartment, foundation: Foundation) -> CompartmentFile | None:
        """A compartment of the home; None if it has none of that name.

        Raises :class:`IntegrityBroken` if it is damaged, or not as the staff key has endorsed it.
        """
        try:
            with cls.path(directory, compartment).open("rb") as stream:
                file = read_json(cls, stream.read(_LIMIT), SCHEMA, strict=True)
        except FileNotFoundError:
            return None
        except ValueError:
            raise IntegrityBroken("compartment-damaged", compartment=str(compartment)) from None
        by_two = compartment.by_two and not foundation.demo
        if (file.compartment, file.by_two) != (compartment, by_two) or not foundation.is_endorsed(
            file.statement(foundation), file.endorsement
        ):
            raise IntegrityBroken("compartment-not-endorsed", compartment=str(compartment))
        return file


def recipient_mark(wrapping_key: bytes) -> bytes:
    """How a wrap names the public key that it is for."""
    return hashlib.sha256(wrapping_key).digest()


def wrap_context(
    foundation: Foundation, compartment: Compartment, generation: int, to: str, beside: str | None
) -> bytes:
    """What binds a wrap to its place (docs/key-wrap.md)."""
    place: Iterable[object] = (WRAP_SCHEMA, foundation.home.hex(), str(compartment), generation, to, beside)
    return json.dumps(list(place), separators=(",", ":")).encode()


def is_share(context: bytes) -> bool:
    """Whether a wrap with this context is one of two shares."""
    return context.startswith(f'["{WRAP_SCHEMA}",'.encode()) and not context.endswith(b",null]")


def added(first: Secret, second: Secret) -> Secret:
    """Two shares, bit by bit."""
    pairs = zip(first.reveal(), second.reveal(), strict=True)
    return Secret(bytes(one ^ other for one, other in pairs))
