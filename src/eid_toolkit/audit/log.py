"""The audit log: each row holds the hash of the row before it, so that no row changes, leaves or moves unseen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from eid_toolkit.register.canonical import canonical, digest
from eid_toolkit.register.schema import audit, audit_head
from eid_toolkit.register.stored import stored

GENESIS = "0" * 64
"""What stands for the hash of the row before the first."""


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

    def computed_hash(self) -> str:
        """The hash that the row's other columns give."""
        return _row_hash(self.position, self.time, self.operator, self.action, self.subject, self.detail, self.previous)

    def to_json(self) -> dict[str, object]:
        """The row for export: enough to verify the chain without the register."""
        return {
            "position": self.position,
            "time": _time_text(self.time),
            "operator": self.operator,
            "action": self.action,
            "subject": self.subject,
            "detail": stored(json.loads, self.detail, "the detail of an audit row"),
            "previous": self.previous,
            "hash": self.hash,
        }


@dataclass(frozen=True, slots=True)
class AuditResult:
    """How many rows hold together, and the first that does not with the reason code."""

    rows: int
    head: str
    broken_at: int | None = None
    reason: str | None = None


def append(connection: Connection, time: datetime, operator: str, events: Iterable[AuditEvent]) -> None:
    """Add rows within the caller's transaction: the log and what it tells of stand or fall together."""
    position, previous = _head(connection)
    rows = []
    for event in events:
        position += 1
        detail = canonical(event.detail)
        row_hash = _row_hash(position, time, operator, event.action, event.subject, detail, previous)
        rows.append(
            {
                "position": position,
                "time": time,
                "operator": operator,
                "action": event.action,
                "subject": event.subject,
                "detail": detail,
                "previous": previous,
                "hash": row_hash,
            }
        )
        previous = row_hash
    if rows:
        connection.execute(insert(audit), rows)
        connection.execute(delete(audit_head))
        connection.execute(insert(audit_head), {"position": position, "hash": previous})


def read(connection: Connection, subject: str | None = None) -> Iterator[AuditRow]:
    """The rows in order, of one subject if it is given."""
    query = select(audit).order_by(audit.c.position)
    if subject is not None:
        query = query.where(audit.c.subject == subject)
    for row in connection.execute(query):
        yield AuditRow(**row._mapping)


def newest(connection: Connection, subject: str, actions: Iterable[str]) -> AuditRow | None:
    """The last row about ``subject`` that tells of one of ``actions``."""
    query = select(audit).where(audit.c.subject == subject, audit.c.action.in_(list(actions)))
    row = connection.execute(query.order_by(audit.c.position.desc()).limit(1)).first()
    return AuditRow(**row._mapping) if row is not None else None


def verify(connection: Connection) -> AuditResult:
    """Walk the whole chain; the first row that is changed, missing, moved or cut off is named."""
    position, previous = 0, GENESIS
    for row in read(connection):
        reason = None
        if row.position != position + 1:
            reason = "audit-row-missing"
        elif row.previous != previous:
            reason = "audit-chain-broken"
        elif row.hash != row.computed_hash():
            reason = "audit-row-changed"
        if reason is not None:
            return AuditResult(position, previous, position + 1, reason)
        position, previous = row.position, row.hash
    if position == 0 or (position, previous) != _head(connection):  # the founding itself is on record
        return AuditResult(position, previous, position + 1, "audit-rows-cut-off")
    return AuditResult(position, previous)


def _head(connection: Connection) -> tuple[int, str]:
    row = connection.execute(select(audit_head)).first()
    return (row.position, row.hash) if row is not None else (0, GENESIS)


def _row_hash(
    position: int, time: datetime, operator: str, action: str, subject: str, detail: str, previous: str
) -> str:
    return digest(
        {
            "position": position,
            "time": _time_text(time),
            "operator": operator,
            "action": action,
            "subject": subject,
            "detail": detail,
            "previous": previous,
        }
    )


def _time_text(time: datetime) -> str:
    return time.isoformat(timespec="microseconds")
