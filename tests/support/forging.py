"""Somebody with the database and their own key: rows of the log that are chained and signed as they should be.

What the register asks before it writes is left out: whether the step is allowed, and whether it is theirs to take.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from eid_toolkit.books.audit.keeper import LogKeeper
from eid_toolkit.books.audit.log import AuditEvent, append
from eid_toolkit.books.audit.sessions import Session
from eid_toolkit.books.audit.states import BEFORE, CONTENT
from eid_toolkit.books.ledger.decisions import decide
from eid_toolkit.books.ledger.kinds import APPLICATIONS, Kind
from eid_toolkit.books.ledger.schema.base import TOLD_BY, VERSION
from eid_toolkit.books.register.documents.applications import load_application
from eid_toolkit.books.staff.operators import Operator
from support.homes import WorkingOffice


@dataclass(frozen=True)
class ForgedKeeper(LogKeeper):
    """One who signs in a session of their own making."""

    made: Session | None = None

    def session(self, operator: Operator, time: datetime) -> Session | None:
        return self.made or super().session(operator, time)


def sign_in(office: WorkingOffice, session: Session) -> None:
    """Whatever this office writes from now on is signed in this session."""
    keeper = office.register.database.keeper
    assert isinstance(keeper, LogKeeper)
    office.register.database.keeper = ForgedKeeper(
        keeper.foundation, keeper.clock, keeper.entropy, keeper.expected, made=session
    )


def change(
    office: WorkingOffice,
    kind: Kind,
    subject: str,
    action: str,
    operator: Operator,
    values: Mapping[str, object],
    **told: object,
) -> None:
    """Other values for a row, and a row of the log that vouches for them, by the full name of its action."""
    with office.register.database.write() as connection:
        change_within(connection, office, kind, subject, action, operator, values, told)


def change_within(
    connection: Connection,
    office: WorkingOffice,
    kind: Kind,
    subject: str,
    action: str,
    operator: Operator,
    values: Mapping[str, object],
    told: Mapping[str, object],
) -> None:
    before = dict(connection.execute(select(kind.table).where(kind.key == subject)).mappings().one())
    after = {**before, **values}
    detail = {CONTENT: kind.content(after), BEFORE: before[TOLD_BY], **told}
    version = before[VERSION] + 1
    event = AuditEvent(action, subject, detail, (kind.name, version, kind.state(after)))
    (row_hash,) = append(connection, office.clock.now(), operator, [event])
    new = {**values, VERSION: version, TOLD_BY: row_hash}
    connection.execute(update(kind.table).where(kind.key == subject).values(new))


def create(
    office: WorkingOffice, kind: Kind, values: Mapping[str, Any], action: str, operator: Operator, **told: object
) -> None:
    """A new row, and a row of the log that vouches for it."""
    row = {**dict.fromkeys(kind.covered), **values}
    subject = row[kind.key.name]
    with office.register.database.write() as connection:
        event = AuditEvent(
            action, subject, {CONTENT: kind.content(row), BEFORE: None, **told}, (kind.name, 1, kind.state(row))
        )
        (row_hash,) = append(connection, office.clock.now(), operator, [event])
        connection.execute(insert(kind.table), {**row, VERSION: 1, TOLD_BY: row_hash})


def approve(office: WorkingOffice, application: str, operator: Operator, action: str = "application.approved") -> None:
    """An approval with a decision that is signed as it should be, whoever it is by."""
    with office.register.database.write() as connection:
        record = load_application(connection, application)
        now = office.clock.now()
        statement = decide(connection, operator, "approve", record.id, record.decided_on, now)
        change_within(
            connection, office, APPLICATIONS, record.id, action, operator, {"state": "approved"},
            {"statement_sha256": statement},
        )  # fmt: skip


def in_the_name_of(name: str, operator: Operator) -> Operator:
    """Somebody's keys under another name."""
    return replace(operator, name=name)
