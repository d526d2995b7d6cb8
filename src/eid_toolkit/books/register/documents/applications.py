"""Applications for documents: made by one operator, approved or rejected by another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from types import MappingProxyType

from sqlalchemy import Connection, func, insert, select

from eid_toolkit.books.audit.states import change, create, hold, hold_one
from eid_toolkit.books.ledger.database import Database, lock
from eid_toolkit.books.ledger.decisions import Decision, decide, verify_decision
from eid_toolkit.books.ledger.identifiers import new_identifier
from eid_toolkit.books.ledger.kinds import APPLICATIONS, DOCUMENTS
from eid_toolkit.books.ledger.reasons import clean_reason
from eid_toolkit.books.ledger.schema import application, application_biometric, document
from eid_toolkit.books.ledger.workflow import APPLICATION, ApplicationState, DocumentState
from eid_toolkit.books.register.data_keys import DataKeys
from eid_toolkit.books.register.documents.application_rows import (
    APPROVE,
    QUERY,
    REJECT,
    WITHDRAW,
    Application,
    ApplicationKind,
    Evidence,
    applications_of,
    documents_of,
    evidence_text,
    load_application,
    open_application,
)
from eid_toolkit.books.register.documents.application_rules import check_applicant, check_application, everyone_of
from eid_toolkit.books.register.documents.portrait_prints import (
    Alike,
    PortraitPrint,
    alike_to,
    keep_print,
    print_of,
    print_of_application,
)
from eid_toolkit.books.register.people.person_record import load_person
from eid_toolkit.books.register.people.persons import Person
from eid_toolkit.books.staff.operators import Operator, OperatorStore
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.ground.images.portrait import Portrait
from eid_toolkit.ground.ports import Clock, Entropy
from eid_toolkit.ground.zones import Zones
from eid_toolkit.standards.lds.issuer_time import issuer_date
from eid_toolkit.standards.profiles import DocumentProfile

__all__ = ["Application", "ApplicationKind", "ApplicationState", "Applications", "Evidence", "load_application"]


class Applications:
    """The applications of one register."""

    def __init__(
        self,
        database: Database,
        data_keys: DataKeys,
        operators: OperatorStore,
        clock: Clock,
        entropy: Entropy,
        zones: Zones,
    ) -> None:
        self._database = database
        self._data_keys = data_keys
        self._operators = operators
        self._clock = clock
        self._entropy = entropy
        self._zones = zones

    def create(
        self,
        person: Person,
        profile: DocumentProfile,
        portrait: Portrait,
        operator: Operator,
        biometrics: Mapping[int, bytes] = MappingProxyType({}),
        *,
        kind: ApplicationKind = ApplicationKind.FIRST,
        replaces: str | None = None,
        evidence: Sequence[Evidence] = (),
        fingerprint: int | None = None,
        noted: Mapping[str, object] = MappingProxyType({}),
    ) -> Application:
        """A new application, with ``biometrics`` (whole files by data group) where the profile has them.

        The portrait's ``fingerprint`` is made of it where it is not given; ``noted`` is what goes on record beside the
        application. Raises :class:`BadInput` for a document type that may not be issued today, or that has no such
        data group, and as :func:`check_application`.
        """
        operator.require(Permission.APPLY)
        now = self._clock.now()
        unwanted = biometrics.keys() - set(profile.data_groups)
        if unwanted:
            raise BadInput("biometrics-not-in-profile", profile=profile.name, data_group=min(unwanted))
        profile.check_issue_date(issuer_date(now, profile.issuing_state, self._zones))
        profile.check_identity_number(person.data.personal_number)
        identifier = new_identifier("A", self._entropy)
        kept = print_of(portrait, fingerprint)
        with self._database.write() as connection:
            lock(connection, "person", person.id)  # one application waits of each person and profile
            person = load_person(connection, person.id)  # as they are now, and not when the clerk looked
            replaced, shown = check_application(connection, person, profile, kind, replaces, evidence)
            sealed = self._data_keys.sealer(connection, person.id)
            row = {
                "id": identifier,
                "person_id": person.id,
                "profile": profile.name,
                "profile_hash": profile.hash,
                "portrait": sealed(portrait.image, _context(identifier, portrait.width, portrait.height)),
                "portrait_sha256": kept.sha256,
                "portrait_width": portrait.width,
                "portrait_height": portrait.height,
                "state": APPLICATION.initial,
                "kind": kind,
                "replaces": replaced,
                "evidence": evidence_text(shown),
                "creator": operator.name,
                "created_at": now,
            }
            files = [
                {
                    "application_id": identifier,
                    "data_group": number,
                    "content": sealed(content, _file_context(identifier, number)),
                    "sha256": sha256(content).hexdigest(),
                }
                for number, content in biometrics.items()
            ]
            detail = {"person": person.id, "profile": profile.name, "portrait_sha256": kept.sha256, "kind": str(kind)}
            create(connection, APPLICATIONS, [row], "created", operator, now, [{**noted, **detail}])
            keep_print(connection, identifier, kept)
            if files:
                connection.execute(insert(application_biometric), files)
            return load_application(connection, identifier)

    def get(self, identifier: str) -> Application:
        """One application; raises :class:`BadInput` if there is none of that identifier."""
        with self._database.read() as connection:
            return load_application(connection, identifier)

    def list(
        self,
        state: ApplicationState | None = None,
        limit: int | None = None,
        offset: int = 0,
        *,
        not_of: str | None = None,
    ) -> tuple[Application, ...]:
        """All applications, or those of one state, oldest first; ``limit`` of them from ``offset`` on.

        ``not_of`` leaves out those that this operator has made, and cannot approve.
        """
        query = QUERY.order_by(application.c.created_at, application.c.id).limit(limit).offset(offset)
        if state is not None:
            query = query.where(application.c.state == state)
        if not_of is not None:
            query = query.where(func.lower(application.c.creator) != not_of.lower())
        with self._database.read() as connection:
            return tuple(applications_of(connection, connection.execute(query).mappings().all()))

    def of_person(self, person_id: str) -> tuple[Application, ...]:
        """The applications of a person, the newest first."""
        mine = QUERY.where(application.c.person_id == person_id)
        with self._database.read() as connection:
            rows = connection.execute(mine.order_by(application.c.created_at.desc(), application.c.id)).mappings().all()
            return tuple(applications_of(connection, rows))

    def waiting(self, limit: int | None = None) -> tuple[str, ...]:
        """Approved applications without a document that is alive, the oldest first: they are to be prepared."""
        alive = select(document.c.id).where(
            document.c.application_id == application.c.id, document.c.state != DocumentState.SPOILED
        )
        query = select(application.c.id).where(application.c.state == ApplicationState.APPROVED, ~alive.exists())
        with self._database.read() as connection:
            ordered = query.order_by(application.c.created_at, application.c.id).limit(limit)
            return tuple(connection.execute(ordered).scalars())

    def approve(self, identifier: str, operator: Operator, *, shown: str | None = None) -> Application:
        """Approve; raises :class:`NotPermitted` for the creator, or if it is decided already.

        ``shown`` is the :attr:`Application.digest` of what the approver was shown: raises :class:`NotPermitted` if
        anything of it, a name for example, is another by now.
        """
        return self._decide(identifier, operator, APPROVE, {}, shown)

    def reject(self, identifier: str, operator: Operator, reason: str, *, shown: str | None = None) -> Application:
        """Reject for a reason, and only what was ``shown`` if that is given; the creator may do that too."""
        return self._decide(identifier, operator, REJECT, {"reason": clean_reason(reason)}, shown)

    def withdraw(self, identifier: str, operator: Operator, reason: str) -> Application:
        """End the application because the person does not want it any more."""
        return self._decide(identifier, operator, WITHDRAW, {"reason": clean_reason(reason)})

    def portrait(self, record: Application) -> Portrait:
        """The portrait; raises :class:`IntegrityBroken` if it is not the one that the application names."""
        with self._database.read() as connection:
            row = connection.execute(select(application).where(application.c.id == record.id)).one()
            context = _context(record.id, row.portrait_width, row.portrait_height)
            image = self._data_keys.unseal(connection, record.person.id, row.portrait, context).reveal()
        if sha256(image).hexdigest() != record.portrait_sha256:
            raise IntegrityBroken("portrait-is-another", application=record.id)
        return Portrait(image, row.portrait_width, row.portrait_height)

    def alike(self, kept: PortraitPrint, person_id: str) -> tuple[Alike, ...]:
        """Applications of others than this person with an equal or near-equal portrait, the nearest first."""
        with self._database.read() as connection:
            return alike_to(connection, kept, person_id)

    def print_of(self, record: Application) -> PortraitPrint | None:
        """The print of an application's portrait; none of one from before there were prints, or that was erased."""
        with self._database.read() as connection:
            return print_of_application(connection, record.id)

    def has_waiting(self, person_id: str, profile: str) -> Application | None:
        """The application of a person, or of whom was found to be the same, for such a document that is not ended."""
        with self._database.read() as connection:
            waiting = open_application(connection, everyone_of(connection, person_id), profile)
            return None if waiting is None else load_application(connection, waiting)

    def check(
        self,
        person: Person,
        profile: DocumentProfile,
        kind: ApplicationKind,
        replaces: str | None,
        evidence: Sequence[Evidence],
    ) -> None:
        """Raises as :meth:`create` does for what can be told of the person and the profile, and changes nothing."""
        profile.check_issue_date(issuer_date(self._clock.now(), profile.issuing_state, self._zones))
        profile.check_identity_number(person.data.personal_number)
        with self._database.read() as connection:
            check_application(connection, person, profile, kind, replaces, evidence)

    def biometrics(self, record: Application) -> dict[int, bytes]:
        """The files by data group; raises :class:`IntegrityBroken` if they are not those that the application names."""
        query = select(application_biometric).where(application_biometric.c.application_id == record.id)
        with self._database.read() as connection:
            files = {
                row.data_group: self._data_keys.unseal(
                    connection, record.person.id, row.content, _file_context(record.id, row.data_group)
                ).reveal()
                for row in connection.execute(query).all()
            }
        if {number: sha256(content).hexdigest() for number, content in files.items()} != dict(record.biometrics):
            raise IntegrityBroken("biometrics-are-others", application=record.id)
        return files

    def verify_approval(self, connection: Connection, record: Application) -> Decision:
        """The approval, checked against everything that it binds; raises if it does not hold."""
        if record.state is not ApplicationState.APPROVED:
            raise NotPermitted("application-not-approved", application=record.id, state=record.state)
        hold_one(connection, APPLICATIONS, record.id)
        check_applicant(connection, record.person)
        approval = verify_decision(
            connection, self._operators, APPROVE, record.id, record.decided_on, Permission.DECIDE_APPLICATIONS
        )
        if approval.operator.casefold() == record.creator.casefold():
            raise IntegrityBroken("approver-is-creator-on-record", application=record.id)
        return approval

    def complete(self, connection: Connection, record: Application, operator: Operator) -> None:
        """Within the transaction that issues its document: the application has had its end."""
        state = APPLICATION.after(record.id, record.state, "complete")
        change(connection, APPLICATIONS, [record.id], {"state": state}, "completed", operator, self._clock.now())

    def _decide(
        self,
        identifier: str,
        operator: Operator,
        action: str,
        more: Mapping[str, object],
        shown: str | None = None,
    ) -> Application:
        operator.require(Permission.APPLY if action == WITHDRAW else Permission.DECIDE_APPLICATIONS)
        now = self._clock.now()
        with self._database.write() as connection:
            lock(connection, "application", identifier.upper())
            record = load_application(connection, identifier)
            state = APPLICATION.after(record.id, record.state, action)
            if action == APPROVE and operator.is_same_person_as(record.creator):
                raise NotPermitted("approver-is-creator", application=record.id, operator=operator.name)
            if action == APPROVE:
                check_applicant(connection, record.person)
            if shown not in (None, record.digest):
                raise NotPermitted("application-changed", application=record.id)
            if record.state is ApplicationState.APPROVED:  # its document would lose the approval
                check_no_document(connection, record.id)
            statement = decide(connection, operator, action, record.id, {**record.decided_on, **more}, now)
            told = {"statement_sha256": statement}
            change(connection, APPLICATIONS, [record.id], {"state": state}, str(state), operator, now, told)
            return load_application(connection, record.id)


def check_no_document(connection: Connection, application_id: str) -> None:
    """Raises :class:`NotPermitted` if the application has a document that is not spoiled.

    Which documents it has, the log says, and what stands in the register of them is held to it.
    """
    told = documents_of(hold_one(connection, APPLICATIONS, application_id))
    there = connection.execute(select(document.c.id).where(document.c.application_id == application_id)).scalars()
    documents = hold(connection, DOCUMENTS, sorted({*told, *there}))
    living = next((each.values["id"] for each in documents if each.values["state"] != DocumentState.SPOILED), None)
    if living is not None:
        raise NotPermitted("application-has-document", application=application_id, document=living)


def _file_context(identifier: str, number: int) -> bytes:
    return f"application:{identifier}:dg{number}".encode()


def _context(identifier: str, width: int, height: int) -> bytes:
    """What a sealed portrait is bound to: it opens in no other application and with no other size."""
    return f"application:{identifier}:portrait:{width}x{height}".encode()
