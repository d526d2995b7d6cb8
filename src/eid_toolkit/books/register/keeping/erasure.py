"""A person is erased: the data keys are destroyed, and what identifies leaves the register; the identifier stays.

What was sealed for the person, and for the person's documents, is unreadable then wherever a copy of it is, but for
copies of the register from before: their keys are in them. Those are destroyed when their time is over. On SQLite the
old content leaves the file at once; a PostgreSQL server keeps it in its files until they are used again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, select, update

from eid_toolkit.books.audit.log import AuditEvent, append
from eid_toolkit.books.audit.papers import papers_of, told_papers
from eid_toolkit.books.audit.states import change
from eid_toolkit.books.ledger.database import Database, lock
from eid_toolkit.books.ledger.decisions import ERASED_STATEMENT
from eid_toolkit.books.ledger.kinds import APPLICATIONS, BLANKS, DOCUMENTS, NOTICES, Values
from eid_toolkit.books.ledger.name_index import forget_name
from eid_toolkit.books.ledger.reasons import clean_reason
from eid_toolkit.books.ledger.schema import (
    application,
    application_biometric,
    blank,
    blank_movement,
    card,
    decision,
    document,
    document_file,
    document_secret,
    document_status,
    notice,
    person,
    person_change,
    personalization_job,
)
from eid_toolkit.books.ledger.workflow import DocumentState
from eid_toolkit.books.register.agencies.notices import notices_about
from eid_toolkit.books.register.data_keys import DataKeys
from eid_toolkit.books.register.documents.portrait_prints import forget_prints
from eid_toolkit.books.register.documents.unfinished import IN_THE_MAKING, UNDECIDED, end_unfinished
from eid_toolkit.books.register.people.person_data import FIELDS
from eid_toolkit.books.register.people.person_record import Person, load_person, person_of, refuse_merged
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.books.staff.two_people import require_two
from eid_toolkit.ground.errors import NotPermitted
from eid_toolkit.ground.plain_values import to_plain
from eid_toolkit.ground.ports import Clock

FIRST, SECOND = (Permission.ERASE_PERSONS,), Permission.READ_PERSONS
"""What the two must be permitted: the one erases, the other one has seen that it is the right person."""
ERASED = "ERASED"
"""Stands where the register must have a text."""

_BLANK = {
    **dict.fromkeys(FIELDS),
    "primary_identifier": ERASED,
    "folded_name": "",
    "date_of_birth": "0001",
    "sex": "X",
    "nationality": "XXX",  # 9303-3 5: unspecified
}
_VALID = (DocumentState.ISSUED, DocumentState.SUSPENDED)
_CHUNK = 500
_ERASED = "erased"
_BROUGHT_BACK = {"reason": "brought back by a back-up", "with": None}


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased: the person, the others who had been found to be the same, and their documents."""

    person: str
    merged: tuple[str, ...]
    documents: tuple[str, ...]
    left_files: bool
    """Whether the old content has left the database's files already."""

    def to_json(self) -> dict[str, object]:
        """Stable keys for output."""
        return {"schema": "eid-person-erasure/1", **to_plain(self)}


class Erasure:
    """Erases persons of one register."""

    def __init__(self, database: Database, data_keys: DataKeys, clock: Clock) -> None:
        self._database = database
        self._data_keys = data_keys
        self._clock = clock

    def check(self, reference: str) -> str:
        """The identifier of a person who may be erased; raises as :meth:`erase`."""
        with self._database.read() as connection:
            return _erasable(connection, reference, self._clock.now().date())[0].id

    def erase(self, reference: str, reason: str, people: Sequence[Operator]) -> Erased:
        """Erase the person with this identifier or number, for good; the ``reason`` stands in the audit log.

        Raises :class:`NotPermitted` while an application waits, a document is in the making or valid, or somebody looks
        for the person, and for a person who was erased, or found to be the same as another.
        """
        require_two(people, "person.erase", FIRST, SECOND)
        why, now = clean_reason(reason), self._clock.now()
        with self._database.write() as connection:
            lock(connection, "person", load_person(connection, reference).id)
            record, same = _erasable(connection, reference, now.date())
            if same:
                lock(connection, "person", *(each.id for each in same))
            detail = {"reason": why, "with": people[1].name if len(people) > 1 else None}
            documents = _erase(connection, self._data_keys, (record, *same), people[0], now, detail)
        left = self._database.clear_files()
        return Erased(record.id, tuple(each.id for each in same), tuple(documents), left)


def erased_persons(connection: Connection) -> list[str]:
    """The identifiers of those who were erased."""
    query = select(person.c.id).where(person.c.erased_at.is_not(None)).order_by(person.c.id)
    return list(connection.execute(query).scalars())


def erase_again(
    connection: Connection, data_keys: DataKeys, identifiers: Sequence[str], operator: Operator, now: datetime
) -> int:
    """Erase those whom a back-up from before their erasure has brought back; returns how many these were.

    What was unfinished then has its end by that: a document is spoiled, an application withdrawn.
    """
    count = 0
    for start in range(0, len(identifiers), _CHUNK):
        chunk = identifiers[start : start + _CHUNK]
        rows = connection.execute(select(person).where(person.c.id.in_(chunk), person.c.erased_at.is_(None)))
        for record in [person_of(row) for row in rows.mappings()]:
            end_unfinished(connection, record.id, operator, now)
            _erase(connection, data_keys, (record,), operator, now, _BROUGHT_BACK)
            count += 1
    return count


def _erase(
    connection: Connection,
    data_keys: DataKeys,
    people: Sequence[Person],
    operator: Operator,
    now: datetime,
    detail: Mapping[str, object],
) -> list[str]:
    """Erase the first of ``people`` with the others, who are the same; returns their documents."""
    identifiers = [record.id for record in people]
    applications = _applications(connection, identifiers)
    documents = _documents(connection, applications)
    for subject in (*identifiers, *documents):
        data_keys.destroy(connection, subject, operator)
    numbered: set[str] = set()
    for record in people:
        numbered |= set(_without_number(connection, record, documents, now.date()))
        _blank_person(connection, record, now)

    def without_number(before: Values) -> dict[str, object]:
        return {"document_number": "" if before["id"] in numbered else before["document_number"]}

    _blank_papers(connection, identifiers, applications, documents)
    papers = papers_of(connection, [*applications, *documents])

    def left(before: Values) -> dict[str, object]:
        return told_papers(papers.get(before["id"], []))

    change(connection, DOCUMENTS, documents, without_number, _ERASED, operator, now, left)
    change(connection, APPLICATIONS, applications, {"evidence": "[]", "portrait": b""}, _ERASED, operator, now, left)
    _blank_cards(connection, documents, operator, now)
    _blank_notices(connection, identifiers, documents, operator, now)
    told = {**detail, "documents": documents, "merged": identifiers[1:]}
    append(connection, now, operator, [AuditEvent("person.erased", identifiers[0], told)])
    return documents


def _erasable(connection: Connection, reference: str, today: date) -> tuple[Person, list[Person]]:
    """The person, and those who were found to be the same."""
    record = load_person(connection, reference)
    refuse_merged(connection, record.id)
    rows = connection.execute(select(person).where(person.c.merged_into == record.id)).mappings()
    same = [person_of(row) for row in rows]
    identifiers = [record.id, *(each.id for each in same)]
    holding = next((each for each in notices_about(connection, record.id) if each.person_id is not None), None)
    if holding is not None:
        raise NotPermitted("erasure-notice-holds", person=record.id, notice=holding.id)
    applications = _applications(connection, identifiers)
    waiting = connection.execute(
        select(application.c.id).where(application.c.id.in_(applications), application.c.state.in_(UNDECIDED))
    ).scalar()
    alive = document.c.state.in_(_VALID) & (
        document.c.date_of_expiry.is_(None) | (document.c.date_of_expiry >= today.isoformat())
    )
    living = connection.execute(
        select(document.c.id).where(
            document.c.application_id.in_(applications), document.c.state.in_(IN_THE_MAKING) | alive
        )
    ).scalar()
    if living is not None:
        raise NotPermitted("erasure-document-alive", person=record.id, document=living)
    if waiting is not None:
        raise NotPermitted("erasure-application-waits", person=record.id, application=waiting)
    return record, same


def _applications(connection: Connection, identifiers: list[str]) -> list[str]:
    return list(connection.execute(select(application.c.id).where(application.c.person_id.in_(identifiers))).scalars())


def _documents(connection: Connection, applications: list[str]) -> list[str]:
    query = select(document.c.id).where(document.c.application_id.in_(applications)).order_by(document.c.id)
    return list(connection.execute(query).scalars())


def _blank_person(connection: Connection, record: Person, now: datetime) -> None:
    values = {**_BLANK, "erased_at": now, "version": record.version + 1}
    connection.execute(update(person).where(person.c.id == record.id).values(values))
    forget_name(connection, record.data.folded_name)


def _without_number(connection: Connection, record: Person, documents: list[str], today: date) -> list[str]:
    """The documents whose number is a part of the personal number, where no officer is to be told of it any more."""
    number = record.data.personal_number
    if number is None:
        return []
    rows = connection.execute(select(document).where(document.c.id.in_(documents))).all()
    past = {row.id for row in rows if row.date_of_expiry is not None and row.date_of_expiry < today.isoformat()}
    past |= {row.id for row in rows if row.state == DocumentState.SPOILED}
    return [row.id for row in rows if row.document_number in number and row.id in past]


def _serials(connection: Connection, documents: list[str]) -> list[str]:
    query = select(card.c.serial).where(card.c.document_id.in_(documents), card.c.serial.is_not(None))
    return list(connection.execute(query).scalars())


def _blank_cards(connection: Connection, documents: list[str], operator: Operator, now: datetime) -> None:
    """Why a card was spoiled may tell of its holder."""
    reasoned = select(blank.c.serial).where(
        blank.c.serial.in_(_serials(connection, documents)), blank.c.reason.is_not(None)
    )
    serials = list(connection.execute(reasoned).scalars())
    change(connection, BLANKS, serials, {"reason": None}, _ERASED, operator, now)


def _blank_notices(
    connection: Connection, identifiers: list[str], documents: list[str], operator: Operator, now: datetime
) -> None:
    about = notice.c.person_id.in_(identifiers) | notice.c.document_id.in_(documents)
    notices = list(connection.execute(select(notice.c.id).where(about)).scalars())
    change(connection, NOTICES, notices, {"reason": None, "withdrawal_reason": None}, _ERASED, operator, now)


def _blank_papers(
    connection: Connection, identifiers: list[str], applications: list[str], documents: list[str]
) -> None:
    """What was shown, decided and told of the person in free text, what was sealed before there were data keys, and the
    prints of portraits.

    Of documents and their cards the state and its history stay, without the reasons: the audit log tells of both.
    """
    serials = _serials(connection, documents)
    forget_prints(connection, applications)
    for statement in (
        update(application_biometric)
        .where(application_biometric.c.application_id.in_(applications))
        .values(content=b""),
        update(decision).where(decision.c.subject.in_([*applications, *documents])).values(statement=ERASED_STATEMENT),
        update(document_status)
        .where(document_status.c.document_id.in_(documents))
        .values(reason=None, statement=ERASED_STATEMENT),
        update(personalization_job).where(personalization_job.c.document_id.in_(documents)).values(reason=None),
        update(blank_movement).where(blank_movement.c.serial.in_(serials)).values(reason=None),
        update(document_file).where(document_file.c.document_id.in_(documents)).values(content=b""),
        update(document_secret).where(document_secret.c.document_id.in_(documents)).values(content=b""),
        update(person_change).where(person_change.c.person_id.in_(identifiers)).values(source=ERASED),
    ):
        connection.execute(statement)
