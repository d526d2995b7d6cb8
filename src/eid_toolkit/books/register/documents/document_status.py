"""What becomes of documents after they were issued: reported, suspended, revoked, expired, replaced, destroyed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from sqlalchemy import Connection, func, insert, select, union

from eid_toolkit.books.audit.proving import Prover
from eid_toolkit.books.audit.states import Held, change, hold, hold_one
from eid_toolkit.books.audit.taking_over import TOLD
from eid_toolkit.books.ledger.database import Database, lock
from eid_toolkit.books.ledger.decisions import signed_statement
from eid_toolkit.books.ledger.kinds import DOCUMENTS, TAKEN_OVER
from eid_toolkit.books.ledger.reasons import clean_reason
from eid_toolkit.books.ledger.schema import audit, document, document_status, subject_head
from eid_toolkit.books.ledger.stored import stored
from eid_toolkit.books.ledger.workflow import DOCUMENT, DocumentState
from eid_toolkit.books.register.documents.cards import change_card
from eid_toolkit.books.register.documents.document_rows import (
    Document,
    document_of,
    load_document,
)
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.plain_values import parse_json, to_plain
from eid_toolkit.ground.ports import Clock

PERMISSIONS: Mapping[str, Permission] = {
    "report-lost": Permission.REPORT_DOCUMENTS,
    "report-stolen": Permission.REPORT_DOCUMENTS,
    "suspend": Permission.REVOKE_DOCUMENTS,
    "resume": Permission.REVOKE_DOCUMENTS,
    "revoke": Permission.REVOKE_DOCUMENTS,
    "expire": Permission.REVOKE_DOCUMENTS,
    "destroy": Permission.REVOKE_DOCUMENTS,
}
"""What may be decided on an issued document, and who may."""

_LISTED = (
    DocumentState.LOST,
    DocumentState.STOLEN,
    DocumentState.SUSPENDED,
    DocumentState.REVOKED,
    DocumentState.REISSUED,
    DocumentState.DESTROYED,
)
_REPORTED = (DocumentState.LOST, DocumentState.STOLEN)
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class StatusChange:
    """One change of an issued document's status."""

    action: str
    state: DocumentState
    since: datetime
    operator: str
    reason: str | None

    to_json = to_plain


@dataclass(frozen=True, slots=True)
class Listed:
    """One document that officers are to be told of, and as what: lost, stolen, suspended or revoked."""

    id: str
    issuing_state: str
    document_number: str
    status: str
    since: date
    content_sha256: str | None
    """Of what its EF.SOD signs; None for a document of an earlier version that was not looked into yet."""


@dataclass(frozen=True, slots=True)
class Expired:
    """How many documents were marked, and those that could not be, for their history does not hold."""

    count: int
    broken: tuple[str, ...]


class DocumentStatuses:
    """The status of the issued documents of one register."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def change(self, identifier: str, action: str, operator: Operator, reason: str | None = None) -> Document:
        """Carry out one of :data:`PERMISSIONS`, signed for by the operator.

        Raises :class:`NotPermitted` if the operator's roles or the document's state do not allow it.
        """
        with self._database.write() as connection:
            return self.change_within(connection, identifier, action, operator, reason)

    def change_within(
        self, connection: Connection, identifier: str, action: str, operator: Operator, reason: str | None = None
    ) -> Document:
        """As :meth:`change`, within the caller's write transaction."""
        operator.require(PERMISSIONS[action])
        why = clean_reason(reason) if reason is not None else None
        lock(connection, "document", identifier)
        return self._change(connection, load_document(connection, identifier), action, operator, why)

    def replaced(self, connection: Connection, identifier: str, successor: str, operator: Operator) -> None:
        """Within the transaction that issues its successor: the document is good no more."""
        hold_one(connection, DOCUMENTS, identifier)
        predecessor = load_document(connection, identifier)
        if DOCUMENT.allows(predecessor.state, "reissue"):  # it may have been destroyed meanwhile
            self._change(connection, predecessor, "reissue", operator, successor)

    def expire_due(self, issuing_state: str, today: date, operator: Operator) -> Expired:
        """Mark the documents of a state whose last day was over on its ``today``.

        One whose history does not hold is left as it is, and named.
        """
        operator.require(PERMISSIONS["expire"])
        states = [str(state) for state in DOCUMENT.actions["expire"][0]]
        due = select(document).where(document.c.issuing_state == issuing_state, document.c.state.in_(states))
        due = due.where(document.c.date_of_expiry < today.isoformat()).order_by(document.c.id).limit(_BATCH)
        due = due.with_for_update()
        count, broken, after = 0, [], ""
        while True:
            with self._database.write() as connection:
                rows = connection.execute(due.where(document.c.id > after)).all()
                for row in rows:
                    try:
                        self._change(connection, document_of(row), "expire", operator, None)
                        count += 1
                    except IntegrityBroken:
                        broken.append(row.id)
            if len(rows) < _BATCH:
                return Expired(count, tuple(broken))
            after = rows[-1].id

    def changes(self) -> int:
        """How often a status was changed: by that it is known whether what was told of them is up to date."""
        ended = [str(state) for state in (*_LISTED, DocumentState.EXPIRED)]
        told = select(func.count()).where(audit.c.kind == DOCUMENTS.name, audit.c.state.in_(ended))
        left = (  # suspensions that something came after
            select(func.count())
            .join(subject_head, (subject_head.c.kind == audit.c.kind) & (subject_head.c.subject == audit.c.subject))
            .where(audit.c.kind == DOCUMENTS.name, audit.c.state == str(DocumentState.SUSPENDED))
            .where(subject_head.c.version > audit.c.version)
        )
        with self._database.read() as connection:
            return connection.execute(told).scalar_one() + connection.execute(left).scalar_one()

    def history(self, identifier: str) -> tuple[StatusChange, ...]:
        """What has happened to a document since it was issued, in order."""
        with self._database.read() as connection:
            record = load_document(connection, identifier)
            mine = select(document_status).where(document_status.c.document_id == record.id)
            rows = connection.execute(mine.order_by(document_status.c.position)).all()
        return tuple(
            StatusChange(
                row.action,
                stored(DocumentState, row.state, "the state of a document"),
                row.since,
                row.operator,
                row.reason,
            )
            for row in rows
        )

    def listed(self, issuing_state: str, today: date) -> Iterator[Listed]:
        """The documents of a state that are not good and whose validity has not passed by itself.

        Which were ever reported, the log says: each is held to it, whatever stands in its row.
        """
        states = [str(state) for state in _LISTED]
        rows = select(document.c.id).where(document.c.state.in_(states))
        told = select(audit.c.subject).where(audit.c.kind == DOCUMENTS.name, audit.c.state.in_(states))
        with self._database.read() as connection:
            Prover(connection)  # a register that is behind has no list to show
            ever = sorted(connection.execute(union(rows, told)).scalars())
            for start in range(0, len(ever), _BATCH):
                for held in hold(connection, DOCUMENTS, ever[start : start + _BATCH]):
                    values = held.values
                    expiry = values["date_of_expiry"]
                    if (
                        values["issuing_state"] == issuing_state
                        and values["state"] in states
                        and (expiry is None or expiry >= today.isoformat())
                    ):
                        status, since = _reported(held)
                        number, content = values["document_number"], values["content_sha256"]
                        yield Listed(values["id"], issuing_state, number, status, since, content)

    def _change(
        self, connection: Connection, record: Document, action: str, operator: Operator, reason: str | None
    ) -> Document:
        now = self._clock.now()
        state = DOCUMENT.after(record.id, record.state, action)
        hold_one(connection, DOCUMENTS, record.id)
        if action == "destroy":
            change_card(connection, record.chip, "return", operator, now)
            change_card(connection, record.chip, "destroy", operator, now)
        decided = {"from": str(record.state), "to": str(state), "sod_sha256": record.sod_sha256, "reason": reason}
        statement, signature = signed_statement(operator, action, record.id, decided, now)
        mine = document_status.c.document_id == record.id
        last = connection.execute(select(func.max(document_status.c.position)).where(mine)).scalar()
        row = {
            "document_id": record.id,
            "position": (last or 0) + 1,
            "action": action,
            "state": state,
            "since": now,
            "operator": operator.name,
            "reason": reason,
            "statement": statement,
            "signature": signature,
        }
        connection.execute(insert(document_status), row)
        told = "resumed" if action == "resume" else str(state)
        detail = {"statement_sha256": sha256(statement.encode()).hexdigest()}
        change(connection, DOCUMENTS, [record.id], {"state": state}, told, operator, now, detail)
        return load_document(connection, record.id)


def _reported(held: Held) -> tuple[str, date]:
    """As what officers know the document: what was reported of it outlasts that it was revoked or replaced later."""
    for row in reversed(held.history):
        action = row.action.removeprefix("document.")
        told = (action, datetime.fromisoformat(row.time).date())
        if action.endswith(TAKEN_OVER):
            status, since = parse_json(row.detail)[TOLD]
            told = (status, date.fromisoformat(since))
        if told[0] in _REPORTED:
            return told
    newest = held.history[-1]
    if newest.action.endswith(TAKEN_OVER):
        return told
    action = newest.action.removeprefix("document.")
    return "suspended" if action == "suspended" else "revoked", datetime.fromisoformat(newest.time).date()
