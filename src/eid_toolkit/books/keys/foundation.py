"""What a home is, from its founding on: authority or demo, and the staff key that vouches for its people.

The file lies beside the keys. Every operator's record holds a mark over it by their own passphrase, so that whoever
changes it deceives nobody who acts.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from eid_toolkit.books.keys.holding import DIGEST
from eid_toolkit.ground.errors import BadInput, IntegrityBroken
from eid_toolkit.ground.home.undo import change
from eid_toolkit.ground.plain_values import Hex, read_json, to_plain
from eid_toolkit.standards.crypto.ec import EcPublicKey

SCHEMA = "eid-foundation/1"
FILE = "foundation.json"
HOME_SIZE = 16
"""Bytes of a home's identifier."""
_LIMIT = 1 << 16


@dataclass(frozen=True)
class Foundation:
    """A home's identifier (16 random bytes), its nature, and the public halves of its staff keys (SPKI in DER)."""

    home: Hex
    demo: bool
    country: str
    created: datetime
    staff: Hex
    staff_wrapping: Hex

    @cached_property
    def staff_key(self) -> EcPublicKey:
        """What verifies the endorsement of operators and of compartments."""
        return EcPublicKey.from_spki(self.staff)

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 over all of it."""
        return hashlib.sha256(self.encode()).digest()

    def is_endorsed(self, statement: bytes, signature: bytes) -> bool:
        """Whether the staff key has signed the statement."""
        return self.staff_key.verify(signature, statement, DIGEST)

    def encode(self) -> bytes:
        """The file's bytes."""
        return json.dumps({"schema": SCHEMA, **to_plain(self)}, indent=1).encode()

    def write(self, directory: Path) -> None:
        """Keep it in the folder of the keys."""
        change(directory / FILE, self.encode())

    @classmethod
    def read(cls, directory: Path) -> Foundation:
        """The home's; raises :class:`IntegrityBroken` if it is damaged or not there."""
        try:
            with (directory / FILE).open("rb") as stream:
                foundation = read_json(cls, stream.read(_LIMIT), SCHEMA, strict=True)
            foundation.staff_key, EcPublicKey.from_spki(foundation.staff_wrapping)
        except FileNotFoundError:
            raise IntegrityBroken("key-store-missing", directory=directory) from None
        except (ValueError, BadInput):
            raise IntegrityBroken("key-store-damaged", file=FILE) from None
        return foundation
