"""The audit log: each row holds the hash of the row before it, so that a row changed, removed or moved is detected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Row, Select, String, func, select, type_coerce

from eid_toolkit.books.audit.keeper import pending_of
from eid_toolkit.books.audit.log_head import any_text, head, head_at
from eid_toolkit.books.audit.rows import NOTHING, PLACE, TOLD, StoredRow, Told, time_text, whole_number
from eid_toolkit.books.ledger.bulk import among
from eid_toolkit.books.ledger.database import write_gathered
from eid_toolkit.books.ledger.schema import audit, audit_signature
from eid_toolkit.books.ledger.stored import stored
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.plain_values import parse_json, to_plain

__all__ = ["AuditEvent", "AuditRow", "Filter", "any_text", "append", "head"]

CHUNK = 500
"""Rows that are fetched at a time."""
STORED = tuple(type_coerce(each, String).label(each.name) if each is audit.c.time else each for each in audit.c)
"""The columns of the log as they are stored."""
_SIGNED = (audit_signature.c.chain == audit.c.chain) & (audit_signature.c.last == audit.c.number)
_WITH_SIGNATURE = select(*STORED, *audit_signature.c).outerjoin(audit_signature, _SIGNED)


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """What happened to what; ``detail`` holds JSON values, nothing personal and nothing secret."""

    action: str
    subject: str
    detail: Mapping[str, object]
    told: Told = NOTHING


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
    kind: str | None = None
    version: int | None = None
    state: str | None = None
    chain: str | None = None
    number: int | None = None

    def to_json(self) -> dict[str, object]:
        """The row for export: enough to verify the chain without the register."""
        detail = stored(parse_json, self.detail, "the detail of an audit row")
        without = (*(TOLD if self.kind is None else ()), *(PLACE if self.chain is None else ()))
        return {**to_plain(self, without), "time": time_text(self.time), "detail": detail}


def append(connection: Connection, time: datetime, operator: Operator | str, events: Iterable[AuditEvent]) -> list[str]:
    """Add rows within the caller's transaction: the log and what it tells of stand or fall together; their hashes.

    They are signed by the session of the ``operator``; not where that is a mere name, for who acts is somebody else.
    Raises :class:`IntegrityBroken` if the log's head is not there, or not what was written. What the database says of
    anything else in the rows is no word about the head.
    """
    told = [(event.action, event.subject, event.detail, event.told) for event in events]
    return pending_of(connection).add(connection, time, operator, told) if told else []


def last_position(connection: Connection) -> int:
    """The position of the newest row; 0 in an empty log. Raises :class:`IntegrityBroken` for what is no position."""
    write_gathered(connection)
    newest = connection.execute(select(func.max(audit.c.position))).scalar() or 0
    if not isinstance(newest, int):
        raise IntegrityBroken("audit-head-lost")
    return newest


def has_after(connection: Connection, after: int, action: str, subject: str) -> bool:
    """Whether there is a row of this action and subject behind the position ``after``."""
    write_gathered(connection)
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
    write_gathered(connection)
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
    write_gathered(connection)
    query = select(*STORED) if action is None else select(*STORED).where(audit.c.action == action)
    for row in pages(connection, query, audit.c.position, after):
        yield stored_row(row)


def told_rows(connection: Connection, kind: str, subjects: Sequence[str]) -> Iterator[StoredRow]:
    """The rows that put a state of these subjects there, by subject and version."""
    yield from map(stored_row, _told(connection, select(*STORED), kind, subjects))


def told_and_signed(
    connection: Connection, kind: str, subjects: Sequence[str]
) -> Iterator[tuple[StoredRow, tuple[Any, ...]]]:
    """As :func:`told_rows`, each with what is stored of the signature that was put behind it; all None without one."""
    width = len(STORED)
    for row in _told(connection, _WITH_SIGNATURE, kind, subjects):
        yield stored_row(row[:width]), row[width:]


def _told(connection: Connection, query: Select[Any], kind: str, subjects: Sequence[str]) -> Sequence[Row[Any]]:
    write_gathered(connection)
    mine = query.where(audit.c.kind == kind, among(connection, audit.c.subject, subjects))
    with any_text(connection):
        return connection.execute(mine.order_by(audit.c.subject, audit.c.version, audit.c.position)).all()


def rows_between(connection: Connection, chain: str, first: int, last: int) -> list[StoredRow]:
    """The rows of a chain with these numbers that there are."""
    mine = (audit.c.chain == chain, audit.c.number >= first, audit.c.number <= last)
    query = select(*STORED).where(*mine).order_by(audit.c.number)
    with any_text(connection):
        return list(map(stored_row, connection.execute(query).all()))


def rows_of(connection: Connection, chain: str, numbers: Sequence[int]) -> list[StoredRow]:
    """The rows of a chain with any of these numbers."""
    if not numbers:
        return []
    query = select(*STORED).where(audit.c.chain == chain, audit.c.number.in_(numbers))
    with any_text(connection):
        return list(map(stored_row, connection.execute(query).all()))


def stored_row(row: Sequence[Any]) -> StoredRow:
    """A row of the columns :data:`STORED`, whatever it holds."""
    position, time, *others = row
    if isinstance(time, str) and time.endswith("Z"):
        time = time.removesuffix("Z") + "+00:00"
    if type(position) is not int:
        position = stored(whole_number, position, "the position of an audit row")
    return StoredRow(position, time, *others)


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
    write_gathered(connection)
    query = select(audit).where(audit.c.subject == subject, audit.c.action.in_(list(actions)))
    with any_text(connection):
        row = connection.execute(query.order_by(audit.c.position.desc()).limit(1)).first()
    return _row(row) if row is not None else None


def has(connection: Connection, position: int, head: str) -> bool:
    """Whether the log has a row of that position, up to which its chains have that one head."""
    write_gathered(connection)
    there = connection.execute(select(audit.c.position).where(audit.c.position == position)).first()
    return there is not None and head_at(connection, position) == head


def has_row(connection: Connection, chain: str, number: int, row_hash: str) -> bool:
    """Whether a chain has the row of that number and hash."""
    write_gathered(connection)
    mine = (audit.c.chain == chain, audit.c.number == number, audit.c.hash == row_hash)
    return connection.execute(select(audit.c.position).where(*mine)).first() is not None


def _row(row: Row[Any]) -> AuditRow:
    """Raises :class:`IntegrityBroken` for values of which this software cannot have written one."""
    for name, value in row._mapping.items():
        missing = value is None and name not in (*TOLD, *PLACE)
        if missing or not isinstance(value, (int, str, datetime, type(None))):
            raise IntegrityBroken("audit-row-damaged", row=row[0])
    return AuditRow(**row._mapping)
