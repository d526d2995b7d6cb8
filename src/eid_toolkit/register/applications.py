"""Applications for documents: made by one operator, approved or rejected by another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType

from sqlalchemy import Connection, RowMapping, and_, insert, select, update

from eid_toolkit.audit.log import AuditEvent, append
from eid_toolkit.errors import BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.lds.issuer_time import issuer_date
from eid_toolkit.lds.portrait import Portrait
from eid_toolkit.ports import Clock, Entropy
from eid_toolkit.profiles import DocumentProfile
from eid_toolkit.register.database import Database
from eid_toolkit.register.decisions import Decision, decide, decision_of, verify_decision
from eid_toolkit.register.identifiers import new_identifier
from eid_toolkit.register.persons import Person, person_of
from eid_toolkit.register.schema import application, application_biometric, decision, person
from eid_toolkit.register.stored import stored
from eid_toolkit.stores.keys import KeyStore
from eid_toolkit.stores.operators import Operator, OperatorStore

APPROVE, REJECT = "approve", "reject"


class ApplicationState(StrEnum):
    """Where an application stands; approved and rejected are final."""

    CREATED = "created"
    APPROVED = "approved"
    REJECTED = "rejected"


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

    @property
    def decided_on(self) -> dict[str, object]:
        """What an approval binds: whatever of it changes later, the approval holds no more."""
        taken = {f"dg{number}_sha256": digest for number, digest in sorted(self.biometrics.items())}
        return {
            "person": self.person.digest,
            "profile": self.profile,
            "profile_hash": self.profile_hash,
            "portrait_sha256": self.portrait_sha256,
            **taken,
            "creator": self.creator,
        }

    def to_json(self) -> dict[str, object]:
        """Stable keys for output."""
        return {
            "id": self.id,
            "person": self.person.id,
            "name": self.person.data.name,
            "profile": self.profile,
            "profile_hash": self.profile_hash,
            "portrait_sha256": self.portrait_sha256,
            "biometrics": {f"dg{number}": digest for number, digest in sorted(self.biometrics.items())},
            "state": str(self.state),
            "creator": self.creator,
            "created_at": self.created_at.isoformat(),
            "decided_by": self.decision.operator if self.decision else None,
            "decided_at": self.decision.decided_at.isoformat() if self.decision else None,
            "reason": self.decision.state.get("reason") if self.decision else None,
        }


class Applications:
    """The applications of one register."""

    def __init__(
        self, database: Database, keys: KeyStore, operators: OperatorStore, clock: Clock, entropy: Entropy
    ) -> None:
        self._database = database
        self._keys = keys
        self._operators = operators
        self._clock = clock
        self._entropy = entropy

    def create(
        self,
        person: Person,
        profile: DocumentProfile,
        portrait: Portrait,
        operator: Operator,
        biometrics: Mapping[int, bytes] = MappingProxyType({}),
    ) -> Application:
        """A new application, with ``biometrics`` (whole files by data group) where the profile has them.

        Raises :class:`BadInput` for a document type that may not be issued today, or that has no such data group.
        """
        now = self._clock.now()
        unwanted = biometrics.keys() - set(profile.data_groups)
        if unwanted:
            raise BadInput("biometrics-not-in-profile", profile=profile.name, data_group=min(unwanted))
        profile.check_issue_date(issuer_date(now, profile.issuing_state))
        identifier = new_identifier("A", self._entropy)
        row = {
            "id": identifier,
            "person_id": person.id,
            "profile": profile.name,
            "profile_hash": profile.hash,
            "portrait": self._keys.seal(portrait.image, _context(identifier, portrait.width, portrait.height)),
            "portrait_sha256": sha256(portrait.image).hexdigest(),
            "portrait_width": portrait.width,
            "portrait_height": portrait.height,
            "state": ApplicationState.CREATED,
            "creator": operator.name,
            "created_at": now,
        }
        event = AuditEvent(
            "application.created",
            identifier,
            {"person": person.id, "profile": profile.name, "portrait_sha256": row["portrait_sha256"]},
        )
        files = [
            {
                "application_id": identifier,
                "data_group": number,
                "content": self._keys.seal(content, _file_context(identifier, number)),
                "sha256": sha256(content).hexdigest(),
            }
            for number, content in biometrics.items()
        ]
        with self._database.write() as connection:
            connection.execute(insert(application), row)
            if files:
                connection.execute(insert(application_biometric), files)
            append(connection, now, operator.name, [event])
            return load_application(connection, identifier)

    def get(self, identifier: str) -> Application:
        """One application; raises :class:`BadInput` if there is none of that identifier."""
        with self._database.read() as connection:
            return load_application(connection, identifier)

    def list(self, state: ApplicationState | None = None) -> tuple[Application, ...]:
        """All applications, or those of one state, oldest first."""
        query = _QUERY.order_by(application.c.created_at, application.c.id)
        if state is not None:
            query = query.where(application.c.state == state)
        with self._database.read() as connection:
            return tuple(_application(connection, row) for row in connection.execute(query).mappings().all())

    def approve(self, identifier: str, operator: Operator) -> Application:
        """Approve; raises :class:`NotPermitted` for the creator, or if it is decided already."""
        return self._decide(identifier, operator, APPROVE, ApplicationState.APPROVED, {})

    def reject(self, identifier: str, operator: Operator, reason: str) -> Application:
        """Reject for a reason; the creator may do that too."""
        return self._decide(identifier, operator, REJECT, ApplicationState.REJECTED, {"reason": reason})

    def portrait(self, found: Application) -> Portrait:
        """The portrait; raises :class:`IntegrityBroken` if it is not the one that the application names."""
        with self._database.read() as connection:
            row = connection.execute(select(application).where(application.c.id == found.id)).one()
        context = _context(found.id, row.portrait_width, row.portrait_height)
        image = self._keys.unseal(row.portrait, context).reveal()
        if sha256(image).hexdigest() != found.portrait_sha256:
            raise IntegrityBroken("portrait-is-another", application=found.id)
        return Portrait(image, row.portrait_width, row.portrait_height)

    def biometrics(self, found: Application) -> dict[int, bytes]:
        """The files by data group; raises :class:`IntegrityBroken` if they are not those that the application names."""
        query = select(application_biometric).where(application_biometric.c.application_id == found.id)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        files = {
            row.data_group: self._keys.unseal(row.content, _file_context(found.id, row.data_group)).reveal()
            for row in rows
        }
        if {number: sha256(content).hexdigest() for number, content in files.items()} != dict(found.biometrics):
            raise IntegrityBroken("biometrics-are-others", application=found.id)
        return files

    def verify_approval(self, connection: Connection, found: Application) -> Decision:
        """The approval, checked against everything that it binds; raises if it does not hold."""
        if found.state is not ApplicationState.APPROVED:
            raise NotPermitted("application-not-approved", application=found.id, state=found.state)
        approval = verify_decision(connection, self._operators, APPROVE, found.id, found.decided_on)
        if approval.operator.casefold() == found.creator.casefold():
            raise IntegrityBroken("approver-is-creator-on-record", application=found.id)
        return approval

    def _decide(
        self,
        identifier: str,
        operator: Operator,
        action: str,
        state: ApplicationState,
        more: Mapping[str, object],
    ) -> Application:
        now = self._clock.now()
        with self._database.write() as connection:
            found = load_application(connection, identifier)
            if found.state is not ApplicationState.CREATED:
                raise NotPermitted("application-decided", application=found.id, state=found.state)
            if action == APPROVE and operator.is_same_person_as(found.creator):
                raise NotPermitted("approver-is-creator", application=found.id, operator=operator.name)
            statement = decide(connection, operator, action, found.id, {**found.decided_on, **more}, now)
            connection.execute(update(application).where(application.c.id == found.id).values(state=state))
            event = AuditEvent(f"application.{state}", found.id, {"statement_sha256": statement})
            append(connection, now, operator.name, [event])
            return load_application(connection, found.id)


_QUERY = (
    select(*(column for column in application.c if column is not application.c.portrait), person, decision)
    .join(person, application.c.person_id == person.c.id)
    .outerjoin(decision, and_(decision.c.subject == application.c.id, decision.c.action.in_((APPROVE, REJECT))))
)
"""Applications with their persons and decisions, without the portraits."""


def load_application(connection: Connection, identifier: str) -> Application:
    """The application within the caller's transaction; raises :class:`BadInput` if there is none."""
    row = connection.execute(_QUERY.where(application.c.id == identifier.upper())).mappings().first()
    if row is None:
        raise BadInput("application-unknown", application=identifier)
    return _application(connection, row)


def _application(connection: Connection, columns: RowMapping) -> Application:
    taken = select(application_biometric.c.data_group, application_biometric.c.sha256)
    query = taken.where(application_biometric.c.application_id == columns[application.c.id])
    return Application(
        id=columns[application.c.id],
        person=person_of(columns),
        profile=columns[application.c.profile],
        profile_hash=columns[application.c.profile_hash],
        portrait_sha256=columns[application.c.portrait_sha256],
        state=stored(ApplicationState, columns[application.c.state], "the state of an application"),
        creator=columns[application.c.creator],
        created_at=columns[application.c.created_at],
        decision=decision_of(columns),
        biometrics={row.data_group: row.sha256 for row in connection.execute(query)},
    )


def _file_context(identifier: str, number: int) -> bytes:
    return f"application:{identifier}:dg{number}".encode()


def _context(identifier: str, width: int, height: int) -> bytes:
    """What a sealed portrait is bound to: it opens in no other application and with no other size."""
    return f"application:{identifier}:portrait:{width}x{height}".encode()
