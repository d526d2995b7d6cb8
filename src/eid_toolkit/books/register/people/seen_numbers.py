"""The personal numbers that stood in a file up to now, in constant memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from hashlib import blake2b

_ADD = "INSERT OR IGNORE INTO seen VALUES (?)"


class SeenNumbers:
    """The numbers that stand in a file so far, as keyed hashes in a temporary index on the disk."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._index = sqlite3.connect("", isolation_level=None)  # a file without a name, gone when it is closed
        self._index.execute("PRAGMA journal_mode = MEMORY")
        self._index.execute("PRAGMA cache_size = -16384")
        self._index.execute("BEGIN")
        self._index.execute("CREATE TABLE seen (number BLOB PRIMARY KEY) WITHOUT ROWID")

    def add(self, numbers: Iterable[str]) -> set[str]:
        """Those of the numbers that were there already; now all are."""
        hashed = {self._hash(number): number for number in numbers}
        keys = [(key,) for key in hashed]
        before = self._index.total_changes
        self._index.execute("SAVEPOINT all_new")
        self._index.executemany(_ADD, keys)
        there = set()
        if self._index.total_changes - before != len(keys):
            self._index.execute("ROLLBACK TO all_new")
            there = {hashed[key] for (key,) in keys if self._index.execute(_ADD, (key,)).rowcount == 0}
        self._index.execute("RELEASE all_new")
        return there

    def _hash(self, number: str) -> bytes:
        return blake2b(number.encode(), digest_size=12, key=self._key).digest()

    def close(self) -> None:
        self._index.close()
