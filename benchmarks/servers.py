"""A PostgreSQL server for a benchmark: the tests' own, but as it comes, so that it waits for the disk."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TABLES = ("name_word", "name_variant", "name_posting", "person")
_BLOCKS = 50
"""Each is a transaction."""


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


def bare_copy(url: str) -> float:
    """Seconds for what stands in the tables of persons and names, by COPY into the same tables with their indexes.

    They are emptied before. One connection writes, in fifty transactions, and nothing else is done.
    """
    import psycopg

    address = url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(address, autocommit=True) as connection:
        lines = {}
        for table in _TABLES:
            with connection.cursor().copy(f"COPY {table} TO STDOUT") as copy:
                lines[table] = b"".join(copy).splitlines(keepends=True)
        connection.execute(f"TRUNCATE {', '.join(_TABLES)} CASCADE")
        connection.execute("CHECKPOINT")
        blocks = {table: [b"".join(rows[at::_BLOCKS]) for at in range(_BLOCKS)] for table, rows in lines.items()}
        began = time.perf_counter()
        for at in range(_BLOCKS):
            with connection.transaction():
                for table in _TABLES:
                    with connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                        copy.write(blocks[table][at])
        return time.perf_counter() - began
