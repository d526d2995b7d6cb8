"""Prepare a document: from an approved application to signed records and fresh chip keys, sealed in the register."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from eid_toolkit.books.authorities.authorities import AuthorityStore
from eid_toolkit.books.authorities.verifying import VerifyingStore
from eid_toolkit.books.ledger.identifiers import new_identifier
from eid_toolkit.books.register.documents.applications import Application
from eid_toolkit.books.register.documents.documents import Document, PreparedDocument
from eid_toolkit.books.register.register import Register
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.ports import Clock, Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.dg3 import Dg3
from eid_toolkit.standards.lds.dg4 import Dg4
from eid_toolkit.standards.lds.issuer_time import issuer_date
from eid_toolkit.standards.lds.opaque import OpaqueFile
from eid_toolkit.standards.profiles import DocumentProfile, load_profile
from eid_toolkit.standards.profiles.numbering import document_number
from eid_toolkit.standards.protocols import personalization_data as layout
from eid_toolkit.work.personalization.record_check import check_records
from eid_toolkit.work.personalization.records import ChipKeys, Encodable, Issue, build_records

_CAN_DIGITS = 6
_NUMBER_TRIES = 100


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
        operator.require(Permission.PREPARE_DOCUMENTS)
        with self.home.lock(f"application-{application_id.upper()}"):
            application = self.register.applications.get(application_id)
            self._check(application)
            profile = load_profile(application.profile, [self.home.profiles])
            if profile.hash != application.profile_hash:
                raise IntegrityBroken("profile-changed", profile=profile.name, application=application.id)
            return self.register.documents.add(self._prepared(application, profile), operator)

    def _check(self, application: Application) -> None:
        with self.register.database.read() as connection:
            self.register.applications.verify_approval(connection, application)
        living = self.register.documents.living(application.id)
        if living is not None:
            raise NotPermitted("application-has-document", application=application.id, document=living)

    def _prepared(self, application: Application, profile: DocumentProfile) -> PreparedDocument:
        now = self.clock.now()
        profile.check_issue_date(issuer_date(now, profile.issuing_state))
        trust = self._terminal_trust(profile, now) if profile.terminal_authentication else None
        certificate, signer = self.authorities.document_signer(profile.issuing_state, now)
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
            issuing_state=profile.issuing_state,
            document_number=issue.document_number,
            date_of_issue=issuer_date(now, profile.issuing_state),
            date_of_expiry=issue.date_of_expiry.latest if issue.date_of_expiry else None,
            signer=certificate.fingerprint,
            files=records.files,
            can=Secret(f"{self._random_below(10**_CAN_DIGITS):0{_CAN_DIGITS}}".encode()),
            mrz_information=Secret(records.mrz.information.encode()),
            chip_authentication_key=chip.scalar if chip else None,
            active_authentication_key=keys.active_authentication_secret,
            terminal_trust=trust,
        )

    def _terminal_trust(self, profile: DocumentProfile, now: datetime) -> Secret:
        """The newest CVCA certificate of the state, and the day; a chip must be told whose terminals to trust."""
        points = VerifyingStore(self.home.pki, self.authorities.keys).newest_points(profile.issuing_state)
        if not points:
            raise NotPermitted("verifying-authority-missing", state=profile.issuing_state)
        return Secret(layout.terminal_trust(now.date(), *points).data)

    def _biometrics(self, application: Application, profile: DocumentProfile) -> dict[int, Encodable]:
        """DG3 and DG4 as they were taken; where none were, the files that say so (9303-10 4.7.3.2.2)."""
        biometrics = self.register.applications.biometrics(application)
        files: dict[int, Encodable] = {}
        for number, empty in ((3, Dg3), (4, Dg4)):
            if number in profile.data_groups:
                content = biometrics.get(number)
                files[number] = OpaqueFile.parse(content) if content is not None else empty((), self.entropy.take(16))
        return files

    def _issue(self, application: Application, profile: DocumentProfile, now: datetime) -> Issue:
        person = application.person.data
        today = issuer_date(now, profile.issuing_state)
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
            if not self.register.documents.is_number_taken(profile.issuing_state, number):
                return number
        raise BadInput("profile-numbers-used-up", profile=profile.name)

    def _random_below(self, limit: int) -> int:
        return int.from_bytes(self.entropy.take(16), "big") % limit  # 128 bits: the bias is nothing
