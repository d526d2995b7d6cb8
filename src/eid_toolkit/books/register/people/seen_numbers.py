"""The personal numbers that stood in a file up to now, in constant memory."""

from __future__ import annotations

import sqlite3
from hashlib import blake2b


class SeenNumbers:
    """The numbers that stand in a file so far, as keyed hashes in a temporary index on the disk."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._index = sqlite3.connect("", isolation_level=None)  # a file without a name, gone when it is closed
        self._index.execute("PRAGMA journal_mode = OFF")
        self._index.execute("PRAGMA cache_size = -16384")
        self._index.execute("BEGIN")
        self._index.execute("CREATE TABLE seen (number BLOB PRIMARY KEY) WITHOUT ROWID")

    def add(self, number: str) -> bool:
        """Whether the number was not there yet."""
        hashed = blake2b(number.encode(), digest_size=12, key=self._key).digest()
        return self._index.execute("INSERT OR IGNORE INTO seen VALUES (?)", (hashed,)).rowcount == 1

    def close(self) -> None:
        self._index.close()
