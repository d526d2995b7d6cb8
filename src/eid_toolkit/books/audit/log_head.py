"""Where the audit log ends: the position and hash of its newest row, as they are kept beside the rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, select

from eid_toolkit.books.audit.rows import GENESIS, is_text
from eid_toolkit.books.ledger.database import write_gathered
from eid_toolkit.books.ledger.schema import audit, audit_head
from eid_toolkit.ground.errors import IntegrityBroken


def head(connection: Connection) -> tuple[int, str] | None:
    """Position and hash of the newest row as they are kept beside the rows.

    None if they are not there just once, or are no such values.
    """
    write_gathered(connection)
    with any_text(connection):
        rows = connection.execute(select(audit_head)).all()
    if len(rows) != 1 or not isinstance(rows[0].position, int) or not is_text(rows[0].hash):
        return None
    return rows[0].position, rows[0].hash


def beginning(connection: Connection) -> tuple[int, str]:
    """Where the first row follows; raises :class:`IntegrityBroken` if there are rows, but no head."""
    if connection.execute(select(audit.c.position).limit(1)).first() is not None:
        raise IntegrityBroken("audit-head-lost")
    return 0, GENESIS


@contextmanager
def any_text(connection: Connection) -> Iterator[None]:
    """Text in SQLite that is no UTF-8 is read all the same: the hash shows that it has changed."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.dbapi_connection
    before = driver.text_factory
    driver.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        driver.text_factory = before
