"""What of a home would be left if its station lost its power now: the rows that are committed, and the files."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from eid_toolkit.books.ledger.schema.base import metadata
from eid_toolkit.ground.home.home import Home

_DATABASE = "register.sqlite"


def durable_state(home: Home) -> Callable[[], str]:
    """A function that gives a digest of what is left: equal digests are equal homes, to whoever opens them next."""
    rows = _rows_on_server(str(home.config.register_url)) if home.config.register_url else _rows_in_file(home.root)

    def state() -> str:
        digest = hashlib.sha256(rows().encode())
        for path in sorted(home.root.rglob("*")):
            if path.is_file() and not path.name.startswith(_DATABASE):
                digest.update(f"\0{path.relative_to(home.root)}\0".encode())
                digest.update(path.read_bytes())
        return digest.hexdigest()

    return state


def _rows_in_file(root: Path) -> Callable[[], str]:
    def rows() -> str:
        with closing(sqlite3.connect(f"file:{root / _DATABASE}?mode=ro", uri=True)) as connection:
            return "\n".join(connection.iterdump())

    return rows


def _rows_on_server(url: str) -> Callable[[], str]:
    """One statement for all tables, through a connection of its own, which sees what is committed."""
    parts = (
        f"SELECT '{table}', md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) FROM \"{table}\" t"
        for table in sorted(metadata.tables)
    )
    statement, engine = text(" UNION ALL ".join(parts)), create_engine(url, poolclass=NullPool)

    def rows() -> str:
        with engine.connect() as connection:
            return "\n".join(sorted(f"{row[0]} {row[1]}" for row in connection.execute(statement)))

    return rows
