"""Every test here that has a home runs on both databases, and a server's imports have as small chunks as a file's."""

import pytest

from eid_toolkit.books.register.people import person_import
from eid_toolkit.books.register.people.person_batches import CHUNK
from support.homes import both_backends

__all__ = ["both_backends"]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person_import, "SERVER_CHUNK", CHUNK)
