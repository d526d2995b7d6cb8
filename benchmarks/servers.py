"""A PostgreSQL server for a benchmark: the tests' own, but as it comes, so that it waits for the disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def postgres_binaries() -> Path | None:
    """The folder of Debian's newest PostgreSQL, or where the search path has it."""
    from support import postgres_server as servers

    return servers.postgres_binaries()


@contextmanager
def postgres_server(binaries: Path) -> Iterator[str]:
    """A running server; gives the address of its one empty database."""
    from support.postgres_server import PrivatePostgres

    server = PrivatePostgres(binaries, durable=True)
    server.start()
    try:
        yield server.url(server.create())
    finally:
        server.stop()
