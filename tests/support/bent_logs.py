"""Logs as somebody bends them who has the database, or an export, and makes all hashes anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from eid_toolkit.books.audit.log_head import root
from eid_toolkit.books.audit.rows import GENESIS, StoredRow, row_hash

_ROWS = f"SELECT {', '.join(StoredRow._fields)} FROM audit ORDER BY position"


def rehashed(rows: Sequence[StoredRow]) -> list[StoredRow]:
    """The rows where they are, each with the hash of its values, and linked to the one before it in its chain."""
    newest: dict[str, str] = {}
    made = []
    for row in rows:
        chain, _ = row.place
        linked = row._replace(previous=newest.get(chain, GENESIS))
        made.append(linked._replace(hash=row_hash(*linked[:7], linked[8:11], linked[11:])))
        newest[chain] = made[-1].hash
    return made


def export_end(rows: Sequence[StoredRow]) -> Mapping[str, object]:
    """What the last line of an export with these rows says."""
    heads = {chain: (number, row.hash) for row in rows for chain, number in [row.place]}
    return {"rows": rows[-1].position, "head": root(heads), "heads": heads}


def rows_in(register: Path) -> list[StoredRow]:
    """The rows of a log in an SQLite file."""
    with closing(sqlite3.connect(register)) as connection:
        rows = [StoredRow(*row) for row in connection.execute(_ROWS)]
    return [row._replace(time=row.time.replace("Z", "+00:00")) for row in rows]


def put_rows(register: Path, rows: Sequence[StoredRow]) -> None:
    """Put these rows in the place of the log in an SQLite file, with all that is kept beside it about its newest."""
    with _written(register) as connection:
        connection.execute("DELETE FROM audit")
        stored = [row._replace(time=row.time.replace("+00:00", "Z")) for row in rows]
        connection.executemany(f"INSERT INTO audit VALUES ({', '.join('?' * len(StoredRow._fields))})", stored)
        for row in rows:
            chain, number = row.place
            head = (number, row.position, row.hash, chain)
            connection.execute("UPDATE chain_head SET number = ?, position = ?, hash = ? WHERE chain = ?", head)
            told = (row.position, row.hash, row.kind, row.subject)
            connection.execute("UPDATE subject_head SET position = ?, hash = ? WHERE kind = ? AND subject = ?", told)


@contextmanager
def _written(register: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(register)) as connection, connection:
        yield connection
