"""The PostgreSQL server of a session of tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.postgres_server import PrivatePostgres, memory_folder, postgres_binaries

__all__ = ["PrivatePostgres", "memory_folder", "postgres", "server_binaries"]


def server_binaries() -> Path:
    """The folder of the server's programs; the test is skipped where there is none."""
    binaries = postgres_binaries()
    if binaries is None:  # a developer's machine may lack it; the continuous integration may not
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no PostgreSQL here: install the package postgresql")
    return binaries


@pytest.fixture(scope="session")
def postgres() -> Iterator[PrivatePostgres]:
    """The session's server, started when a test first needs it."""
    server = PrivatePostgres(server_binaries())
    server.start()
    yield server
    server.stop()
