"""A passphrase that may be asked for only while nobody has the register wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection

from eid_toolkit.books.ledger.database import Database
from eid_toolkit.ground.secret import Secret


class Asked:
    """Answers, and counts how often it was asked; in a transaction that writes it fails the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answer: Secret) -> None:
        self.depth, self.times, self.answer = 0, 0, answer
        plain = Database.write

        @contextmanager
        def counted(database: Database, *, exclusive: bool = False) -> Iterator[Connection]:
            with plain(database, exclusive=exclusive) as connection:
                self.depth += 1
                try:
                    yield connection
                finally:
                    self.depth -= 1

        monkeypatch.setattr(Database, "write", counted)

    def __call__(self, *_: object, **__: object) -> Secret:
        assert self.depth == 0, "asked while the register waits"
        self.times += 1
        return self.answer
