"""Every test here that has a home, or a log of its own, runs on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.logs import LogBook
from support.homes import both_backends

__all__ = ["both_backends"]


@pytest.fixture
def book(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LogBook]:
    if backend == "sqlite":
        opened = LogBook.open(f"sqlite:///{tmp_path}/register.sqlite", tmp_path)
        yield opened
        opened.database.close()
        return
    server = request.getfixturevalue("postgres")
    name = server.create()
    opened = LogBook.open(server.url(name), tmp_path)
    yield opened
    opened.database.close()
    server.drop(name)
