"""One application as the register has it, and how it is read out of the tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, RowMapping, and_, select

from eid_toolkit.books.audit.states import Held
from eid_toolkit.books.audit.taking_over import PREPARED as DOCUMENTS_BEFORE
from eid_toolkit.books.ledger.canonical import digest
from eid_toolkit.books.ledger.decisions import Decision, decision_of
from eid_toolkit.books.ledger.schema import application, application_biometric, decision, person
from eid_toolkit.books.ledger.stored import stored
from eid_toolkit.books.ledger.workflow import ApplicationState
from eid_toolkit.books.register.people.persons import Person, person_of
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.plain_values import parse_json, read_json

_CHUNK = 500
APPROVE, REJECT, WITHDRAW = "approve", "reject", "withdraw"
_DECISION_OF = {
    ApplicationState.CREATED: "",
    ApplicationState.APPROVED: APPROVE,
    ApplicationState.COMPLETED: APPROVE,
    ApplicationState.REJECTED: REJECT,
    ApplicationState.WITHDRAWN: WITHDRAW,
}
"""The decision that stands in each state."""


class ApplicationKind(StrEnum):
    """Why a document is applied for."""

    FIRST = "first"
    RENEWAL = "renewal"
    REPLACEMENT = "replacement"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was shown to the clerk: its kind as the profile names it, and its number or other reference."""

    kind: str
    reference: str


@dataclass(frozen=True, slots=True)
class Application:
    """One application; the portrait itself is sealed in the register."""

    id: str
    person: Person
    profile: str
    profile_hash: str
    portrait_sha256: str
    state: ApplicationState
    creator: str
    created_at: datetime
    decision: Decision | None
    biometrics: Mapping[int, str] = field(default_factory=dict)
    """SHA-256 of DG3 and DG4, where they were taken; the files themselves are sealed in the register."""
    kind: ApplicationKind = ApplicationKind.FIRST
    replaces: str | None = None
    """The document that this one takes the place of."""
    evidence: tuple[Evidence, ...] = ()

    @property
    def decided_on(self) -> dict[str, object]:
        """What an approval binds: whatever of it changes later, the approval holds no more."""
        more: dict[str, object] = {f"dg{number}_sha256": sha256 for number, sha256 in sorted(self.biometrics.items())}
        if self.kind is not ApplicationKind.FIRST:
            more |= {"kind": str(self.kind), "replaces": self.replaces}
        if self.evidence:
            more["evidence"] = [[each.kind, each.reference] for each in self.evidence]
        return {
            "person": self.person.digest,
            "profile": self.profile,
            "profile_hash": self.profile_hash,
            "portrait_sha256": self.portrait_sha256,
            **more,
            "creator": self.creator,
        }

    @property
    def digest(self) -> str:
        """SHA-256 over all that an approval binds: what an approver was shown."""
        return digest(self.decided_on)

    def to_json(self) -> dict[str, object]:
        """Stable keys for output."""
        return {
            "id": self.id,
            "person": self.person.id,
            "name": self.person.data.name,
            "kind": str(self.kind),
            "replaces": self.replaces,
            "profile": self.profile,
            "profile_hash": self.profile_hash,
            "portrait_sha256": self.portrait_sha256,
            "biometrics": {f"dg{number}": sha256 for number, sha256 in sorted(self.biometrics.items())},
            "evidence": [{"kind": each.kind, "reference": each.reference} for each in self.evidence],
            "state": str(self.state),
            "creator": self.creator,
            "created_at": self.created_at.isoformat(),
            "decided_by": self.decision.operator if self.decision else None,
            "decided_at": self.decision.decided_at.isoformat() if self.decision else None,
            "reason": self.decision.state.get("reason") if self.decision else None,
        }


QUERY = select(*(column for column in application.c if column is not application.c.portrait), person).join(
    person, application.c.person_id == person.c.id
)
"""Applications with their persons, without the portraits."""


def load_application(connection: Connection, identifier: str) -> Application:
    """The application within the caller's transaction; raises :class:`BadInput` if there is none."""
    for record in load_applications(connection, [identifier]).values():
        return record
    raise BadInput("application-unknown", application=identifier)


def load_applications(connection: Connection, identifiers: Iterable[str]) -> dict[str, Application]:
    """Those of the applications that there are, by their identifiers, within the caller's transaction."""
    wanted = QUERY.where(application.c.id.in_([identifier.upper() for identifier in identifiers]))
    rows = connection.execute(wanted).mappings().all()
    return {record.id: record for record in applications_of(connection, rows)}


def applications_of(connection: Connection, rows: Sequence[RowMapping]) -> Iterator[Application]:
    """The applications of :data:`QUERY`'s rows; decisions and biometrics are fetched for many of them at once."""
    for start in range(0, len(rows), _CHUNK):  # a statement takes not any number of identifiers
        yield from _applications_of(connection, rows[start : start + _CHUNK])


def _applications_of(connection: Connection, rows: Sequence[RowMapping]) -> Iterator[Application]:
    identifiers = [row[application.c.id] for row in rows]
    decisions: dict[tuple[str, str], RowMapping] = {}
    for row in connection.execute(select(decision).where(decision.c.subject.in_(identifiers))).mappings():
        decisions[row[decision.c.subject], row[decision.c.action]] = row
    biometrics: dict[str, dict[int, str]] = {}
    columns = application_biometric.c
    query = select(columns.application_id, columns.data_group, columns.sha256).where(
        columns.application_id.in_(identifiers)
    )
    for biometric in connection.execute(query):
        biometrics.setdefault(biometric.application_id, {})[biometric.data_group] = biometric.sha256
    for row in rows:
        identifier = row[application.c.id]
        state = stored(ApplicationState, row[application.c.state], "the state of an application")
        decided = decisions.get((identifier, _DECISION_OF[state]))
        yield Application(
            id=identifier,
            person=person_of(row),
            profile=row[application.c.profile],
            profile_hash=row[application.c.profile_hash],
            portrait_sha256=row[application.c.portrait_sha256],
            state=state,
            creator=row[application.c.creator],
            created_at=row[application.c.created_at],
            decision=decision_of(decided) if decided is not None else None,
            biometrics=biometrics.get(identifier, {}),
            kind=stored(ApplicationKind, row[application.c.kind], "the kind of an application"),
            replaces=row[application.c.replaces],
            evidence=stored(_evidence, row[application.c.evidence], "the evidence of an application"),
        )


PREPARED = "prepared"
"""In the log, of an application: the document that was prepared for it."""


def documents_of(held: Held) -> list[str]:
    """The documents that were prepared for an application, by the log."""
    prepared = (row for row in held.history if row.action == f"application.{PREPARED}")
    taken_over = parse_json(held.history[0].detail).get(DOCUMENTS_BEFORE, [])
    return [*taken_over, *(parse_json(row.detail)["document"] for row in prepared)]


def open_application(connection: Connection, people: Sequence[str], profile: str) -> str | None:
    """The application of any of these people for such a document that is not ended."""
    states = (ApplicationState.CREATED, ApplicationState.APPROVED)
    query = select(application.c.id).where(
        and_(application.c.person_id.in_(people), application.c.profile == profile, application.c.state.in_(states))
    )
    identifier: str | None = connection.execute(query).scalar()
    return identifier


def evidence_text(evidence: Iterable[Evidence]) -> str:
    """The evidence as it is stored."""
    return json.dumps([[each.kind, each.reference] for each in evidence], ensure_ascii=False)


def _evidence(text: str) -> tuple[Evidence, ...]:
    return tuple(Evidence(kind, reference) for kind, reference in read_json(tuple[tuple[str, str], ...], text))
