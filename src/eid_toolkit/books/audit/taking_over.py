"""Two people take over a register of before: from then on the log vouches for each row with a state as it stands.

All of it is one transaction: after a stop nothing was taken over. What was decided before stays as it is; one digest
over it stands in the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from eid_toolkit.books.audit.endorsed import in_detail
from eid_toolkit.books.audit.keeper import pending_of
from eid_toolkit.books.audit.log import AuditEvent, append, told_rows
from eid_toolkit.books.audit.papers import Paper, papers_of, told_papers
from eid_toolkit.books.audit.standing import told_in
from eid_toolkit.books.audit.states import BEFORE, CONTENT
from eid_toolkit.books.audit.taken_over import ACTION, RIGHT, SUBJECT, statement
from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.ledger.database import write_gathered
from eid_toolkit.books.ledger.kinds import APPLICATIONS, DOCUMENTS, KINDS, OPERATOR, TAKEN_OVER, Kind
from eid_toolkit.books.ledger.schema import audit, document
from eid_toolkit.books.ledger.schema.base import TOLD_BY, VERSION
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.records import OperatorRecord
from eid_toolkit.books.staff.two_people import require_two
from eid_toolkit.ground.errors import NotPermitted

_PAGE = 500
_REPORTED = ("report-lost", "report-stolen")


@dataclass(frozen=True, slots=True)
class TakenOver:
    """How many rows of each kind were taken over."""

    rows: dict[str, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.rows.values())


def to_take_over(connection: Connection) -> TakenOver:
    """What nobody has vouched for yet."""
    counts = {
        kind.name: connection.execute(select(func.count()).where(kind.table.c[VERSION] == 0)).scalar_one()
        for kind in KINDS.values()
    }
    return TakenOver({name: count for name, count in counts.items() if count})


def is_told(connection: Connection) -> bool:
    """Whether the log tells of any state: the register was taken over, or founded since."""
    told = select(audit.c.position).where(audit.c.kind.in_(list(KINDS))).limit(1)
    return connection.execute(told).first() is not None


def take_over(
    connection: Connection,
    records: Iterable[OperatorRecord],
    people: Sequence[Operator],
    foundation: Foundation,
    now: datetime,
) -> TakenOver:
    """Take over every row that the log does not vouch for, and the operators whose records it does not carry.

    Raises :class:`NotPermitted` for less than two people, or those who may not, and where there is nothing to take
    over.
    """
    require_two(people, ACTION, (RIGHT,), RIGHT)
    actor, second = people[0], people[1] if len(people) > 1 else None
    known = _tell_operators(connection, records, actor, foundation, now)
    there = to_take_over(connection)
    if there.rows and not foundation.demo and is_told(connection):  # what has come since nobody vouches for
        raise NotPermitted("register-taken-over-already")
    if not there.rows and not known:
        raise NotPermitted("register-taken-over-already")
    write_gathered(connection)
    pending = pending_of(connection)
    number, _ = pending.end_of(connection, pending.own_chain(connection, actor))
    detail: dict[str, object] = {"rows": there.total, "with": None, "signature": None}
    if second is not None:
        signed = second.sign(statement(foundation.home, number + 1, there.total, actor.name, second.name))
        detail |= {"with": second.name, "signature": None if signed is None else signed.hex()}
    append(connection, now, actor, [AuditEvent(ACTION, SUBJECT, detail)])
    for kind in KINDS.values():
        if there.rows.get(kind.name):
            _take_over_kind(connection, kind, actor, now)
    return there


def _tell_operators(
    connection: Connection, records: Iterable[OperatorRecord], actor: Operator, foundation: Foundation, now: datetime
) -> int:
    """Put on record who the operators are, with the staff key's endorsement; how many the log did not know so far."""
    events = []
    for record in records:
        told = list(told_rows(connection, OPERATOR, [record.name]))
        if not told or (told[-1].version or 0) < record.version:
            detail = {
                "version": record.version,
                "record_sha256": record.digest(foundation),
                "roles": sorted(record.roles),
                **in_detail(record, foundation),
            }
            event = "operator.taken-over"
            events.append(AuditEvent(event, record.name, detail, told_in(event, detail)))
    append(connection, now, actor.name, events)
    write_gathered(connection)  # unsigned: it takes these rows to know whose signature the next ones have
    return len(events)


def _take_over_kind(connection: Connection, kind: Kind, actor: Operator, now: datetime) -> None:
    mine = kind.table.c[VERSION] == 0
    query = select(kind.table).where(mine).order_by(kind.key).limit(_PAGE)
    values = {VERSION: 1, TOLD_BY: bindparam("the_hash")}
    write = update(kind.table).where(kind.key == bindparam("the_key"), mine).values(values)
    after = query  # behind the page before: what was taken over is not passed over again
    while rows := connection.execute(after).mappings().all():
        plain = [{column.name: row[column] for column in kind.table.columns} for row in rows]
        keys = [row[kind.key.name] for row in plain]
        papers = papers_of(connection, keys) if kind in (APPLICATIONS, DOCUMENTS) else {}
        prepared = _prepared(connection, keys) if kind is APPLICATIONS else {}
        events = []
        for key, row in zip(keys, plain, strict=True):
            state = kind.state(row)
            detail = {CONTENT: kind.content(row), BEFORE: None, **_decided(kind, papers.get(key, []))}
            if kind is APPLICATIONS:
                detail[PREPARED] = prepared.get(key, [])
            events.append(AuditEvent(f"{kind.name}.{state}.{TAKEN_OVER}", key, detail, (kind.name, 1, state)))
        hashes = append(connection, now, actor, events)
        changed = [{"the_key": key, "the_hash": each} for key, each in zip(keys, hashes, strict=True)]
        connection.execute(write, changed)
        write_gathered(connection)
        after = query.where(kind.key > keys[-1])


def _prepared(connection: Connection, applications: Sequence[str]) -> dict[str, list[str]]:
    """The documents that applications have, whatever has become of them."""
    documents: dict[str, list[str]] = {}
    rows = select(document.c.application_id, document.c.id).where(document.c.application_id.in_(applications))
    for application, identifier in connection.execute(rows.order_by(document.c.id)):
        documents.setdefault(application, []).append(identifier)
    return documents


def _decided(kind: Kind, papers: Sequence[Paper]) -> dict[str, Any]:
    """What was decided before, by one digest; of a document also as what officers know it."""
    if kind not in (APPLICATIONS, DOCUMENTS):
        return {}
    detail: dict[str, Any] = dict(told_papers(papers))
    changes = [paper for paper in papers if paper.state is not None]
    if changes:
        reported = next((each for each in reversed(changes) if each.action in _REPORTED), None)
        telling = reported or changes[-1]
        status = {"report-lost": "lost", "report-stolen": "stolen", "suspend": "suspended"}
        detail[TOLD] = [status.get(telling.action, "revoked"), telling.at.date().isoformat()]
    return detail


PREPARED = "documents"
"""In the detail of an application that was taken over: the documents that it had."""
TOLD = "told"
"""In the detail of a document that was taken over: as what officers knew it, and since when."""
