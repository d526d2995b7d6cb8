"""What the police reports: documents that were lost or stolen, and persons who are wanted or missed.

A notice is never deleted: who withdrew it, when and why is kept beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import Connection, Row, Select, or_, select

from eid_toolkit.books.audit.log import AuditEvent, append
from eid_toolkit.books.audit.states import change, create, hold, hold_one
from eid_toolkit.books.ledger.database import Database, lock
from eid_toolkit.books.ledger.identifiers import new_identifier
from eid_toolkit.books.ledger.kinds import DOCUMENTS, NOTICES
from eid_toolkit.books.ledger.reasons import clean_reason
from eid_toolkit.books.ledger.schema import application, audit, document, notice, person
from eid_toolkit.books.ledger.stored import stored
from eid_toolkit.books.ledger.workflow import DOCUMENT, DocumentState
from eid_toolkit.books.register.agencies.agency_record import active_agency
from eid_toolkit.books.register.documents.document_rows import Document, load_document
from eid_toolkit.books.register.documents.document_status import DocumentStatuses
from eid_toolkit.books.register.people.person_record import load_person, refuse_merged
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import BadInput, NotPermitted
from eid_toolkit.ground.plain_values import Named, parse_json, to_plain
from eid_toolkit.ground.ports import Clock, Entropy

ABOUT = "notice.about"
"""In the log, of a person or a document: the notice that was made."""
_UNISSUED = (DocumentState.PREPARED, DocumentState.BOUND, DocumentState.SPOILED)


class NoticeKind(StrEnum):
    """What is reported: of a document that it is lost or stolen, of a person that somebody looks for them."""

    LOST = "lost"
    STOLEN = "stolen"
    WANTED = "wanted"


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice, of a document or of a person."""

    id: str
    kind: NoticeKind
    person_id: Annotated[str | None, Named("person")]
    document_id: Annotated[str | None, Named("document")]
    agency: str
    operator: str
    reported_at: datetime
    reason: str | None
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None
    withdrawal_reason: str | None = None

    to_json = to_plain

    def to_agency(self) -> dict[str, object]:
        """What an agency that may see notices is told of it."""
        return {
            "kind": str(self.kind),
            "document": self.document_id,
            "agency": self.agency,
            "reported_at": self.reported_at.isoformat(),
            "reason": self.reason,
        }


class Notices:
    """The notices of one register."""

    def __init__(self, database: Database, statuses: DocumentStatuses, clock: Clock, entropy: Entropy) -> None:
        self._database = database
        self._statuses = statuses
        self._clock = clock
        self._entropy = entropy

    def add_document(
        self, kind: NoticeKind, reference: str, agency: str, operator: Operator, reason: str | None = None
    ) -> Notice:
        """Report a document, by its identifier or its number, as lost or stolen; its own status says so from now on.

        Raises :class:`NotPermitted` for an agency that does not report, for a document that was never issued, and for
        a notice that there is already.
        """
        operator.require(Permission.REPORT_NOTICES)
        why = _clean(reason)
        if kind is NoticeKind.WANTED:
            raise BadInput("notice-kind-and-subject", kind=kind)
        now, action = self._clock.now(), f"report-{kind}"
        with self._database.write() as connection:
            _reporting(connection, agency)
            record = _document(connection, reference)
            lock(connection, "document", record.id)
            record = load_document(connection, record.id)
            hold_one(connection, DOCUMENTS, record.id)
            _check_new(connection, kind, agency, document_id=record.id)
            if DOCUMENT.allows(record.state, action):  # it may be known as lost already, or as good no more
                self._statuses.change_within(connection, record.id, action, operator, why)
            return self._insert(connection, kind, agency, operator, why, now, document_id=record.id)

    def add_person(self, reference: str, agency: str, operator: Operator, reason: str | None = None) -> Notice:
        """Report that a person, by identifier or number, is looked for; raises as :meth:`add_document`."""
        operator.require(Permission.REPORT_NOTICES)
        why, now = _clean(reason), self._clock.now()
        with self._database.write() as connection:
            _reporting(connection, agency)
            record = load_person(connection, reference)
            refuse_merged(connection, record.id)
            _check_new(connection, NoticeKind.WANTED, agency, person_id=record.id)
            return self._insert(connection, NoticeKind.WANTED, agency, operator, why, now, person_id=record.id)

    def withdraw(self, identifier: str, reason: str, operator: Operator) -> Notice:
        """The notice holds no more; what became of a document's status stays. Raises if it was withdrawn already."""
        operator.require(Permission.REPORT_NOTICES)
        why, now = clean_reason(reason), self._clock.now()
        with self._database.write() as connection:
            record = _load(connection, identifier)
            if record.withdrawn_at is not None:
                raise NotPermitted("notice-withdrawn", notice=record.id)
            values = {"withdrawn_at": now, "withdrawn_by": operator.name, "withdrawal_reason": why}
            change(connection, NOTICES, [record.id], values, "withdrawn", operator, now)
            return _load(connection, record.id)

    def list(
        self, operator: Operator, *, withdrawn: bool = False, person: str | None = None, document: str | None = None
    ) -> tuple[Notice, ...]:
        """The notices that hold, oldest first, or also the ``withdrawn`` ones; of one person or document, if given."""
        operator.require(Permission.READ_PERSONS)
        query = select(notice).order_by(notice.c.reported_at, notice.c.id)
        if person is not None:
            query = query.where(notice.c.person_id == person.upper())
        if document is not None:
            query = query.where(notice.c.document_id == document.upper())
        with self._database.read() as connection:
            held = _held(connection, query)
        return tuple(each for each in held if withdrawn or each.withdrawn_at is None)

    def _insert(
        self,
        connection: Connection,
        kind: NoticeKind,
        agency: str,
        operator: Operator,
        reason: str | None,
        now: datetime,
        **subject: str,
    ) -> Notice:
        identifier = new_identifier("N", self._entropy)
        row: dict[str, object] = {"id": identifier, "kind": kind, "agency": agency, "operator": operator.name}
        row |= {**subject, "reported_at": now, "reason": reason}
        create(connection, NOTICES, [row], "added", operator, now, [{"kind": str(kind), "agency": agency, **subject}])
        about = [AuditEvent(ABOUT, each, {"notice": identifier}) for each in subject.values()]
        append(connection, now, operator, about)
        return _load(connection, identifier)


def _check_new(connection: Connection, kind: NoticeKind, agency: str, **subject: str) -> None:
    """Raises :class:`NotPermitted` if the agency has reported the same, and it holds."""
    lock(connection, "notice", *subject.values())
    query = select(notice.c.id).where(
        notice.c.kind == kind,
        notice.c.agency == agency,
        notice.c.withdrawn_at.is_(None),
        *(notice.c[name] == identifier for name, identifier in subject.items()),
    )
    known = connection.execute(query).scalar()
    if known is not None:
        raise NotPermitted("notice-exists", notice=known)


def notices_about(connection: Connection, person_id: str) -> tuple[Notice, ...]:
    """The notices that hold of a person and of the person's documents, oldest first.

    Those of records that were found to be the same person's are among them.
    """
    same = select(person.c.id).where(or_(person.c.id == person_id, person.c.merged_into == person_id))
    documents = select(document.c.id).join(application, document.c.application_id == application.c.id)
    theirs = documents.where(application.c.person_id.in_(same))
    about = or_(
        notice.c.person_id.in_(same), notice.c.document_id.in_(theirs), notice.c.id.in_(_told(connection, same, theirs))
    )
    held = _held(connection, select(notice).where(about).order_by(notice.c.reported_at, notice.c.id))
    return tuple(each for each in held if each.withdrawn_at is None)


def _told(connection: Connection, people: Select[Any], documents: Select[Any]) -> list[str]:
    """The notices about them, by the log; each is there."""
    theirs = or_(audit.c.subject.in_(people), audit.c.subject.in_(documents))
    told = connection.execute(select(audit.c.detail).where(audit.c.action == ABOUT, theirs)).scalars()
    notices = sorted({str(parse_json(detail)["notice"]) for detail in told})
    hold(connection, NOTICES, notices)
    return notices


def _held(connection: Connection, query: Select[Any]) -> list[Notice]:
    """The notices of a query, each held to the log."""
    notices = list(map(_notice, connection.execute(query)))
    hold(connection, NOTICES, [each.id for each in notices])
    return notices


def _reporting(connection: Connection, code: str) -> None:
    if not active_agency(connection, code).may_report:
        raise NotPermitted("agency-may-not-report", agency=code)


def _document(connection: Connection, reference: str) -> Document:
    """The issued document of this identifier or, if there is just one of it, of this number."""
    if not reference.strip():  # erasure leaves documents without a number
        raise BadInput("document-unknown", document=reference)
    numbered = select(document.c.id).where(
        document.c.document_number == reference.strip().upper(), document.c.state.not_in(list(map(str, _UNISSUED)))
    )
    identifiers = connection.execute(numbered.limit(2)).scalars().all()
    if len(identifiers) > 1:
        raise BadInput("document-number-of-several", number=reference)
    loaded = load_document(connection, identifiers[0] if identifiers else reference)
    if loaded.state in _UNISSUED:
        raise NotPermitted("document-never-issued", document=loaded.id, state=loaded.state)
    return loaded


def _load(connection: Connection, identifier: str) -> Notice:
    row = connection.execute(select(notice).where(notice.c.id == identifier.upper())).first()
    if row is None:
        raise BadInput("notice-unknown", notice=identifier)
    return _notice(row)


def _notice(row: Row[Any]) -> Notice:
    columns = {name: getattr(row, name) for name in Notice.__slots__}
    return Notice(**{**columns, "kind": stored(NoticeKind, row.kind, "the kind of a notice")})


def _clean(reason: str | None) -> str | None:
    """A reason, which may be missing; raises :class:`BadInput` for a long or unprintable one."""
    return clean_reason(reason) if reason is not None and reason.strip() else None
