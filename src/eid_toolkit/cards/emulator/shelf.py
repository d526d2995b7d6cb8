"""Emulated cards of a home: their memories on disk, encrypted, each written whole or not at all.

A file holds the magic, then AES-256-GCM of the card's memory under the home's image key, bound to the card's name.
The image key stands for what a chip does in silicon: it keeps a stolen copy of one file from telling its keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from eid_toolkit.cards.emulator import image
from eid_toolkit.cards.emulator.card import EmulatedCard
from eid_toolkit.cards.emulator.card_application import ApplicationMemory
from eid_toolkit.cards.emulator.issued import ISSUED
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.ground.display import shortened
from eid_toolkit.ground.errors import BadInput, EidError, IntegrityBroken, NoCardError, NotPermitted
from eid_toolkit.ground.home.atomic import write_atomic
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.ports import Entropy, SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.symmetric import aes_gcm_open, aes_gcm_seal

MAGIC = b"eid-card/1\n"
_SUFFIX = ".card"
_KEY_FILE, _KEY_SIZE = "image.key", 32
_MAX_IMAGE = 4 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True, eq=False)
class OpenCard:
    """A card that this process holds."""

    name: str
    card: EmulatedCard


class CardStore:
    """The emulated cards in a home; ``applications`` are those that its cards may have."""

    def __init__(
        self,
        home: Home,
        entropy: Entropy | None = None,
        applications: Sequence[type[ApplicationMemory]] = ISSUED,
    ) -> None:
        self._home = home
        self._applications = applications
        self._entropy = entropy or SystemEntropy()

    def names(self) -> tuple[str, ...]:
        """The cards there are, sorted."""
        return tuple(sorted(path.name.removesuffix(_SUFFIX) for path in self._home.cards.glob(f"*{_SUFFIX}")))

    def create(self, name: str, memory: CardMemory) -> None:
        """Adds a card; raises :class:`NotPermitted` if there is one of that name."""
        path = self._path(name)
        with self._home.lock(f"card-{name}"):
            if path.exists():
                raise NotPermitted("card-exists", card=name)
            self._write(name, memory)

    @contextmanager
    def open(self, name: str) -> Iterator[OpenCard]:
        """The card, held by this process alone; what it remembers is on the disk before each answer leaves.

        Raises :class:`NoCardError` if there is none, :class:`ServiceAway` if another process holds it,
        :class:`IntegrityBroken` for a file that is not as it was written. Where the disk took the memory no more, the
        card answers 6F00, and what comes of that is told as the :class:`OSError` that it was.
        """
        self._existing(name)
        with self._home.lock(f"card-{name}"):
            self._clear_interrupted_writes(name)
            failed: list[OSError] = []

            def keep(memory: CardMemory) -> None:
                try:
                    self._write(name, memory)
                except OSError as error:
                    failed.append(error)
                    raise

            try:
                yield OpenCard(name, EmulatedCard(self.load(name), self._entropy, keep))
            except EidError:
                if failed:
                    raise failed[0] from None
                raise

    def load(self, name: str) -> CardMemory:
        """The card's memory as it is on the disk; raises :class:`NoCardError` if there is none."""
        path = self._existing(name)
        if path.stat().st_size > _MAX_IMAGE:
            raise IntegrityBroken("card-image-broken")
        data = path.read_bytes()
        if not data.startswith(MAGIC):
            raise IntegrityBroken("card-image-unknown-version", schema=shortened(data[:17].decode("latin-1"), 16))
        opened = aes_gcm_open(self._key(), data[len(MAGIC) :], _context(name))
        return image.decode(opened, self._applications)

    def _write(self, name: str, memory: CardMemory) -> None:
        sealed = aes_gcm_seal(self._key(), image.encode(memory), _context(name), self._entropy)
        write_atomic(self._path(name), MAGIC + sealed)

    def _clear_interrupted_writes(self, name: str) -> None:
        """What a kill in the middle of a write has left; the lock says that nobody writes now."""
        for path in self._home.cards.glob(f".{name}{_SUFFIX}.*"):
            path.unlink(missing_ok=True)

    def _existing(self, name: str) -> Path:
        if not _NAME.fullmatch(name) or not self._path(name).is_file():
            raise NoCardError("card-unknown", card=name, known=", ".join(self.names()) or "none")
        return self._path(name)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise BadInput("card-name-malformed", card=name)
        return self._home.cards / f"{name}{_SUFFIX}"

    def _key(self) -> Secret:
        path = self._home.cards / _KEY_FILE
        if not path.exists():
            with self._home.lock("card-image-key"):
                if not path.exists():
                    write_atomic(path, self._entropy.take(_KEY_SIZE))
        key = path.read_bytes()
        if len(key) != _KEY_SIZE:
            raise IntegrityBroken("card-image-key-broken")
        return Secret(key)


def _context(name: str) -> bytes:
    return MAGIC + name.encode()
