"""What a person may apply for: the kind must fit the documents that they have, and the profile's evidence be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from eid_toolkit.books.audit.states import hold
from eid_toolkit.books.ledger.kinds import APPLICATIONS, DOCUMENTS
from eid_toolkit.books.ledger.schema import application, document, person
from eid_toolkit.books.ledger.stored import stored
from eid_toolkit.books.ledger.workflow import DocumentState
from eid_toolkit.books.register.documents.application_rows import (
    ApplicationKind,
    Evidence,
    documents_of,
    open_application,
)
from eid_toolkit.books.register.people.person_data import DECEASED
from eid_toolkit.books.register.people.person_record import refuse_merged
from eid_toolkit.books.register.people.persons import Person
from eid_toolkit.ground.errors import BadInput, NotPermitted
from eid_toolkit.standards.profiles import DocumentProfile

MAX_EVIDENCE, MAX_REFERENCE = 10, 100
"""How many pieces of evidence an application has, and how many characters a reference."""
REGISTER_REPORT = "register-report"
"""The evidence that the register itself gives: the document is reported lost, stolen, or was revoked."""

_REPORTED = (DocumentState.LOST, DocumentState.STOLEN, DocumentState.REVOKED)
_VALID = (DocumentState.ISSUED, DocumentState.SUSPENDED)
_REPLACEABLE: Mapping[ApplicationKind, tuple[DocumentState, ...]] = {
    ApplicationKind.RENEWAL: (*_VALID, DocumentState.EXPIRED),
    ApplicationKind.REPLACEMENT: (*_VALID, *_REPORTED, DocumentState.EXPIRED),
    ApplicationKind.CHANGE: _VALID,
}
"""In which state the document is that each kind of application replaces."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A document of the person of the same type."""

    id: str
    state: DocumentState
    profile: str


def check_application(
    connection: Connection,
    applicant: Person,
    profile: DocumentProfile,
    kind: ApplicationKind,
    replaces: str | None,
    evidence: Sequence[Evidence],
) -> tuple[str | None, tuple[Evidence, ...]]:
    """The document that is replaced, and the evidence with what the register itself knows.

    Raises :class:`NotPermitted` if the person is dead, has such an application or document, or none to replace,
    :class:`BadInput` if evidence is missing.
    """
    check_applicant(connection, applicant)
    people = everyone_of(connection, applicant.id)
    documents = _held(connection, people)
    waiting = open_application(connection, people, profile.name)
    if waiting is not None:
        raise NotPermitted("application-open", application=waiting, profile=profile.name)
    earlier = [each for each in documents if each.profile == profile.name]
    replaced = _replaced(kind, replaces, earlier, profile)
    known = tuple(evidence)
    if replaced is not None and replaced.state in _REPORTED:
        known += (Evidence(REGISTER_REPORT, replaced.id),)
    _check_evidence(profile, kind, known)
    return replaced.id if replaced is not None else None, known


def _replaced(
    kind: ApplicationKind, replaces: str | None, earlier: Sequence[Earlier], profile: DocumentProfile
) -> Earlier | None:
    if kind is ApplicationKind.FIRST:
        if replaces is not None:
            raise BadInput("application-first-replaces")
        valid = next((each for each in earlier if each.state in _VALID), None)
        if valid is not None:
            raise NotPermitted("person-has-document", document=valid.id, profile=profile.name)
        reported = next((each for each in earlier if each.state in _REPORTED), None)
        if reported is not None:
            raise NotPermitted(
                "person-document-reported", document=reported.id, state=reported.state, profile=profile.name
            )
        return None
    states = _REPLACEABLE[kind]
    identifier = replaces.upper() if replaces is not None else None
    good = [each for each in earlier if each.state in _VALID]
    if good and identifier in {each.id for each in earlier if each not in good}:  # both would be good
        raise NotPermitted("person-has-document", document=good[0].id, profile=profile.name)
    fitting = [each for each in good or earlier if each.state in states and identifier in (None, each.id)]
    if not fitting:
        allowed = ", ".join(states)
        raise NotPermitted("application-replaces-nothing", kind=kind, profile=profile.name, allowed=allowed)
    return fitting[-1]


def _check_evidence(profile: DocumentProfile, kind: ApplicationKind, evidence: Sequence[Evidence]) -> None:
    if len(evidence) > MAX_EVIDENCE:
        raise BadInput("evidence-too-much", limit=MAX_EVIDENCE)
    for item in evidence:
        if not item.kind or not item.reference.strip() or len(item.reference) > MAX_REFERENCE:
            raise BadInput("evidence-reference-malformed", kind=item.kind, limit=MAX_REFERENCE)
        if not (item.kind + item.reference).isprintable():
            raise BadInput("evidence-reference-malformed", kind="?", limit=MAX_REFERENCE)
    shown = {item.kind for item in evidence}
    for required in profile.required_evidence(kind):
        if not shown & set(required.split("|")):
            raise BadInput("evidence-missing", kind=kind, evidence=required.replace("|", " or "))


def check_applicant(connection: Connection, applicant: Person) -> None:
    """Raises :class:`NotPermitted` for somebody who is dead, was erased, or was found to be the same as another."""
    refuse_merged(connection, applicant.id)
    if applicant.data.vital_status == DECEASED:
        raise NotPermitted("person-deceased", person=applicant.id)


def everyone_of(connection: Connection, person_id: str) -> list[str]:
    """The person, and those who were found to be the same."""
    same = connection.execute(select(person.c.id).where(person.c.merged_into == person_id)).scalars()
    return [person_id, *same]


def _held(connection: Connection, people: Sequence[str]) -> list[Earlier]:
    """The documents that these people have, the newest last; they and their applications are held to the log.

    Which documents an application has had, the log says.
    """
    theirs = connection.execute(select(application.c.id).where(application.c.person_id.in_(people))).scalars().all()
    applications = hold(connection, APPLICATIONS, sorted(theirs))
    told = {document for each in applications for document in documents_of(each)}
    there = select(document.c.id).where(document.c.application_id.in_(theirs))
    held = hold(connection, DOCUMENTS, sorted(told.union(connection.execute(there).scalars())))
    rows = sorted((each.values for each in held), key=lambda row: (row["created_at"], row["id"]))
    return [
        Earlier(row["id"], stored(DocumentState, row["state"], "the state of a document"), row["profile"])
        for row in rows
    ]
