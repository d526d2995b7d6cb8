"""The audit log: each row holds the hash of the row before it, so that a row changed, removed or moved is detected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Row, Select, String, delete, insert, select, type_coerce
from sqlalchemy.exc import IntegrityError

from eid_toolkit.books.audit.rows import GENESIS, StoredRow, is_text, row_hash, time_text, whole_number
from eid_toolkit.books.ledger.canonical import canonical
from eid_toolkit.books.ledger.schema import audit, audit_head
from eid_toolkit.books.ledger.stored import stored
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.plain_values import parse_json, to_plain

CHUNK = 500
"""Rows that are fetched at a time."""
LAST = 2**63 - 1
"""The greatest position that a database has room for: no log comes there by itself."""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """What happened to what; ``detail`` holds JSON values, nothing personal and nothing secret."""

    action: str
    subject: str
    detail: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row of the log as it is stored."""

    position: int
    time: datetime
    operator: str
    action: str
    subject: str
    detail: str
    previous: str
    hash: str

    def to_json(self) -> dict[str, object]:
        """The row for export: enough to verify the chain without the register."""
        detail = stored(parse_json, self.detail, "the detail of an audit row")
        return {**to_plain(self), "time": time_text(self.time), "detail": detail}


def append(connection: Connection, time: datetime, operator: str, events: Iterable[AuditEvent]) -> None:
    """Add rows within the caller's transaction: the log and what it tells of stand or fall together.

    Raises :class:`IntegrityBroken` if its head is not there, or not what was written. What the database says of
    anything else in the rows is no word about the head.
    """
    position, previous = head(connection) or _beginning(connection)
    rows = []
    for event in events:
        position += 1
        detail = canonical(event.detail)
        own = row_hash(position, time_text(time), operator, event.action, event.subject, detail, previous)
        rows.append(
            {
                "position": position,
                "time": time,
                "operator": operator,
                "action": event.action,
                "subject": event.subject,
                "detail": detail,
                "previous": previous,
                "hash": own,
            }
        )
        previous = own
    if rows:
        if position > LAST:
            raise IntegrityBroken("audit-position-impossible", position=position)
        try:
            connection.execute(insert(audit), rows)
        except IntegrityError:  # behind what is said to be the newest there is one
            raise IntegrityBroken("audit-head-lost") from None
        connection.execute(delete(audit_head))
        connection.execute(insert(audit_head), {"position": position, "hash": previous})


def last_position(connection: Connection) -> int:
    """The position of the newest row; 0 in an empty log. Raises as :func:`append`."""
    position, _ = head(connection) or _beginning(connection)
    return position


def has_after(connection: Connection, after: int, action: str, subject: str) -> bool:
    """Whether there is a row of this action and subject behind the position ``after``."""
    query = select(audit.c.position).where(
        audit.c.position > after, audit.c.action == action, audit.c.subject == subject
    )
    return connection.execute(query.limit(1)).first() is not None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows are wanted: all that fit, or of those the ``limit`` newest."""

    subject: str | None = None
    action: str | None = None
    since: datetime | None = None
    limit: int | None = None


def read(connection: Connection, criteria: Filter | None = None) -> Iterator[AuditRow]:
    """The rows in their order, fetched as they are needed; whatever text is in them within :func:`any_text`."""
    criteria = criteria or Filter()
    query = select(audit)
    if criteria.subject is not None:
        query = query.where(audit.c.subject == criteria.subject)
    if criteria.action is not None:
        query = query.where(audit.c.action == criteria.action)
    if criteria.since is not None:
        query = query.where(audit.c.time >= criteria.since)
    first = None
    if criteria.limit is not None:
        positions = query.with_only_columns(audit.c.position).order_by(audit.c.position.desc())
        first = connection.execute(positions.offset(criteria.limit - 1).limit(1)).scalar()
    for row in pages(connection, query, audit.c.position, None if first is None else first - 1):
        yield _row(row)


def stored_rows(connection: Connection, after: int | None = None, action: str | None = None) -> Iterator[StoredRow]:
    """The rows as they are stored, whatever they are (within :func:`any_text`).

    Those after a position, and those of one action, if given.
    """
    columns = [
        type_coerce(column, String).label(column.name) if column is audit.c.time else column for column in audit.c
    ]
    query = select(*columns) if action is None else select(*columns).where(audit.c.action == action)
    for row in pages(connection, query, audit.c.position, after):
        position, time, *others = tuple[Any, ...](row)
        if isinstance(time, str) and time.endswith("Z"):
            time = time.removesuffix("Z") + "+00:00"
        yield StoredRow(stored(whole_number, position, "the position of an audit row"), time, *others)


def pages(connection: Connection, query: Select[Any], key: Column[int], after: int | None = None) -> Iterator[Row[Any]]:
    """The rows of a query whose first column is ``key``, in its order, a few at a time so that memory stays small."""
    query = query.order_by(key).limit(CHUNK)
    while True:
        page = connection.execute(query if after is None else query.where(key > after)).all()
        yield from page
        if len(page) < CHUNK:
            return
        after = page[-1][0]


def newest(connection: Connection, subject: str, actions: Iterable[str]) -> AuditRow | None:
    """The last row about ``subject`` that tells of one of ``actions``."""
    query = select(audit).where(audit.c.subject == subject, audit.c.action.in_(list(actions)))
    with any_text(connection):
        row = connection.execute(query.order_by(audit.c.position.desc()).limit(1)).first()
    return _row(row) if row is not None else None


def has(connection: Connection, position: int, row_hash: str) -> bool:
    """Whether the log has the row of that position and hash."""
    if not is_text(row_hash):
        return False
    row = connection.execute(select(audit.c.position).where(audit.c.position == position, audit.c.hash == row_hash))
    return row.first() is not None


def head(connection: Connection) -> tuple[int, str] | None:
    """Position and hash of the newest row as they are kept beside the rows.

    None if they are not there just once, or are no such values.
    """
    with any_text(connection):
        rows = connection.execute(select(audit_head)).all()
    if len(rows) != 1 or not isinstance(rows[0].position, int) or not is_text(rows[0].hash):
        return None
    return rows[0].position, rows[0].hash


def _row(row: Row[Any]) -> AuditRow:
    """Raises :class:`IntegrityBroken` for values of which this software cannot have written one."""
    for value in row:
        if not isinstance(value, (int, str, datetime)):
            raise IntegrityBroken("register-value-damaged", what=f"row {row[0]} of the audit log")
    return AuditRow(**row._mapping)


def _beginning(connection: Connection) -> tuple[int, str]:
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
