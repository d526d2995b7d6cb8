"""Prepare a document: from an approved application to signed records and fresh chip keys, sealed in the register."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial

from eid_toolkit.books.authorities.authorities import AuthorityStore
from eid_toolkit.books.authorities.verifying import VerifyingStore
from eid_toolkit.books.authorities.vouched import is_own_root
from eid_toolkit.books.keys.signers import CountingSigner
from eid_toolkit.books.ledger.identifiers import new_identifier
from eid_toolkit.books.register.documents.application_rows import load_application, load_applications
from eid_toolkit.books.register.documents.applications import Application, check_no_document
from eid_toolkit.books.register.documents.documents import Document, PreparedDocument
from eid_toolkit.books.register.register import Register
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import BadInput, EidError, IntegrityBroken, NotPermitted
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.ports import Clock, Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.issuer_time import issuer_date, zones_of
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.profiles import DocumentProfile, load_profile
from eid_toolkit.standards.profiles.numbering import document_number
from eid_toolkit.standards.protocols import personalization_data as layout
from eid_toolkit.work.personalization.chip_compliance import of_profile
from eid_toolkit.work.personalization.record_check import check_records
from eid_toolkit.work.personalization.records import ChipKeys, Encodable, Issue, biometric_files, build_records

_CAN_DIGITS = 6
_NUMBER_TRIES = 100
_GROUP = 25
"""Documents that are kept in one transaction: it takes a small part of the time that other stations wait for it."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """What the preparation of documents works with."""

    home: Home
    register: Register
    authorities: AuthorityStore
    clock: Clock
    entropy: Entropy

    def prepare(self, application_id: str, operator: Operator) -> Document:
        """Prepare the document of an approved application.

        The approval is verified before anything is signed. Raises :class:`NotPermitted` if there is no approval, a
        document already, no usable document signer, or records with which no card would pass;
        :class:`IntegrityBroken` if the approval was for something else.
        """
        (outcome,) = self.prepare_all([application_id], operator)
        if isinstance(outcome, EidError):
            raise outcome
        return outcome

    def prepare_all(self, application_ids: Iterable[str], operator: Operator) -> Iterator[Document | EidError]:
        """For each application, in order, its document, or what :meth:`prepare` would raise; synced in groups."""
        operator.require(Permission.PREPARE_DOCUMENTS)
        group: dict[str, str] = {}
        for application_id in application_ids:
            if len(group) == _GROUP or application_id.upper() in group:
                yield from _Group(self, operator).prepare(group.values())
                group = {}
            group[application_id.upper()] = application_id
        yield from _Group(self, operator).prepare(group.values())


class _Group:
    """A few documents that are prepared together: what they have in common is read once, and all are synced at once."""

    def __init__(self, preparation: Preparation, operator: Operator) -> None:
        self.home, self.register = preparation.home, preparation.register
        self.authorities, self.entropy = preparation.authorities, preparation.entropy
        self._operator = operator
        self._now = preparation.clock.now()
        self._zones = zones_of(self.home.config)
        self._profile = cache(partial(load_profile, extra_dirs=[self.home.profiles]))
        self._trust = cache(self._terminal_trust)
        self._signers: dict[str, tuple[Certificate, CountingSigner]] = {}
        self._numbers: set[tuple[str, str]] = set()

    def prepare(self, application_ids: Iterable[str]) -> list[Document | EidError]:
        """For each application its document, or why there is none; each is kept as a whole or not at all."""
        wanted = list(application_ids)
        with ExitStack() as locks:
            held = [self._held(application_id, locks) for application_id in wanted]
            known = self._known(wanted)
            attempts = [error or self._attempt(each, known) for each, error in zip(wanted, held, strict=True)]
            for _, signer in self._signers.values():
                signer.sync()
            return self._kept(attempts)

    def _held(self, application_id: str, locks: ExitStack) -> EidError | None:
        """Have the application for oneself, or say why not."""
        try:
            locks.enter_context(self.home.lock(f"application-{application_id.upper()}"))
        except EidError as error:
            return error
        return None

    def _known(self, application_ids: Iterable[str]) -> Mapping[str, Application]:
        """The applications, by one reading; if one of them cannot be read, each is by itself."""
        try:
            with self.register.database.read() as connection:
                return load_applications(connection, application_ids)
        except EidError:
            return {}

    def _attempt(self, application_id: str, known: Mapping[str, Application]) -> PreparedDocument | EidError:
        try:
            application = self._approved(application_id, known.get(application_id.upper()))
            profile = self._profile(application.profile)
            if profile.hash != application.profile_hash:
                raise IntegrityBroken("profile-changed", profile=profile.name, application=application.id)
            return self._prepared(application, profile)
        except EidError as error:
            return error

    def _kept(self, attempts: Sequence[PreparedDocument | EidError]) -> list[Document | EidError]:
        """If not all can be kept at once, each is by itself: what is wrong with one is its own."""
        prepared = [attempt for attempt in attempts if isinstance(attempt, PreparedDocument)]
        try:
            documents = iter(self.register.documents.add(prepared, self._operator) if prepared else ())
        except EidError as error:
            if len(attempts) == 1:
                return [error]
            return [outcome for attempt in attempts for outcome in self._kept([attempt])]
        return [attempt if isinstance(attempt, EidError) else next(documents) for attempt in attempts]

    def _approved(self, application_id: str, known: Application | None) -> Application:
        with self.register.database.read() as connection:
            application = known or load_application(connection, application_id)
            self.register.applications.verify_approval(connection, application)
            check_no_document(connection, application.id)
        return application

    def _prepared(self, application: Application, profile: DocumentProfile) -> PreparedDocument:
        now, state = self._now, profile.issuing_state
        profile.check_issue_date(issuer_date(now, state, self._zones))
        policy = self.authorities.policy
        policy.require(of_profile(policy, profile))
        trust = self._trust(state) if profile.terminal_authentication else None
        if state not in self._signers:
            self._signers[state] = self.authorities.document_signer(state, now)
        certificate, signer = self._signers[state]
        issue = self._issue(application, profile, now)
        keys = ChipKeys.generate(profile, self.entropy)
        person, portrait = application.person.data, self.register.applications.portrait(application)
        biometrics = self._biometrics(application, profile)
        records = build_records(person, portrait, profile, issue, keys, signer, certificate, biometrics)
        check_records(records.files, now)
        chip = keys.chip_authentication
        return PreparedDocument(
            id=new_identifier("D", self.entropy),
            application=application,
            document_code=profile.document_code,
            issuing_state=state,
            document_number=issue.document_number,
            date_of_issue=issuer_date(now, state, self._zones),
            date_of_expiry=issue.date_of_expiry.latest if issue.date_of_expiry else None,
            signer=certificate.fingerprint,
            files=records.files,
            can=Secret(f"{self._random_below(10**_CAN_DIGITS):0{_CAN_DIGITS}}".encode()),
            mrz_information=Secret(records.mrz.information.encode()),
            chip_authentication_key=chip.scalar if chip else None,
            active_authentication_key=keys.active_authentication_secret,
            terminal_trust=trust,
        )

    def _terminal_trust(self, state: str) -> Secret:
        """The newest CVCA certificate of the state, and the day; a chip must be told whose terminals to trust."""
        store = VerifyingStore(self.home.pki, self.authorities.keys)
        points = store.newest_points(state, partial(is_own_root, self.register.made, state))
        if not points:
            raise NotPermitted("verifying-authority-missing", state=state)
        return Secret(layout.terminal_trust(self._now.date(), *points).data)

    def _biometrics(self, application: Application, profile: DocumentProfile) -> dict[int, Encodable]:
        taken = self.register.applications.biometrics(application) if application.biometrics else {}
        return biometric_files(profile, taken, self.entropy)

    def _issue(self, application: Application, profile: DocumentProfile, now: datetime) -> Issue:
        person = application.person.data
        today = issuer_date(now, profile.issuing_state, self._zones)
        expiry = profile.validity.expiry(today, person.date_of_birth)
        number = self._document_number(profile, person.personal_number)
        return Issue(number, PartialDate.of(today), expiry, self.home.config.authority, now)

    def _document_number(self, profile: DocumentProfile, personal_number: str | None) -> str:
        """A number that no document of the state has; random, since counting up would tell an access key's half."""
        digits = 9 - len(profile.number_prefix)
        for _ in range(_NUMBER_TRIES):
            number = document_number(profile, self._random_below(10**digits), personal_number)
            if profile.number_scheme == "identity-number":
                return number  # belongs to the person, and stays over a reissue
            place = profile.issuing_state, number
            if place not in self._numbers and not self.register.documents.is_number_taken(*place):
                self._numbers.add(place)
                return number
        raise BadInput("profile-numbers-used-up", profile=profile.name)

    def _random_below(self, limit: int) -> int:
        return int.from_bytes(self.entropy.take(16), "big") % limit  # 128 bits: the bias is nothing
