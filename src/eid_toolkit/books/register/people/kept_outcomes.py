"""What the first reading of a file has found out of its rows, for the second, in constant memory.

It lies in a temporary file that has no name, a batch behind the other, each sealed with AES-GCM under a key that this
object alone has: persons stand in no file in clear, and nothing that somebody else wrote there is read. What finds no
room is read again from the file of persons.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import date

from eid_toolkit.books.register.people.person_batches import Batch
from eid_toolkit.ground.errors import SealBroken
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret

MOST = 256 << 20
"""Bytes that are kept: of some million persons."""
_KEY = 32


class KeptOutcomes:
    """Batches from the first row on, with what was found out of each, as long as there is room."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._key = Secret(entropy.take(_KEY))
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 closed by close()
        self._sizes: list[int] = []
        self._room = MOST
        self.is_taking = True
        """Whether the next batch would be kept, if it is whole."""
        self.part = 0.0
        """How much of the file is kept, 0 to 1, as it is told by whoever reads it."""

    @property
    def count(self) -> int:
        """How many batches are kept."""
        return len(self._sizes)

    def add(self, batch: Batch, found: bytes) -> None:
        """Keep a batch; one that cannot be kept is the end, for batches come back in their order."""
        from eid_toolkit.standards.crypto.symmetric import aes_gcm_seal

        if self.is_taking and batch.whole:
            sealed = aes_gcm_seal(self._key, pickle.dumps((batch, found)), self._context, self._entropy)
            with suppress(OSError):  # the disk is full
                if len(sealed) <= self._room:
                    self._file.write(sealed)
                    self._sizes.append(len(sealed))
                    self._room -= len(sealed)
                    return
        self.is_taking = False

    def all(self, today: date) -> Iterator[tuple[Batch, bytes]]:
        """The batches and what was found, until one that was held to another day than ``today``, or is not whole."""
        from eid_toolkit.standards.crypto.symmetric import aes_gcm_open

        self.is_taking = False
        sizes, self._sizes = self._sizes, []
        with suppress(OSError, SealBroken):  # the disk has lost it
            self._file.seek(0)
            for size in sizes:
                batch, found = pickle.loads(aes_gcm_open(self._key, self._file.read(size), self._context))
                if batch.today != today:
                    return
                self._sizes.append(size)
                yield batch, found

    def close(self) -> None:
        self._file.close()

    @property
    def _context(self) -> bytes:
        return len(self._sizes).to_bytes(8, "big")
