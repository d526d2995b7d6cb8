"""From a spec to a card: the records of the issuing office, put onto an emulated chip without its ceremony."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from eid_toolkit.books.keys.opening import DEVELOPER_CARD_KEY
from eid_toolkit.books.register.people.person_data import PersonData
from eid_toolkit.cards.emulator.blank import make_blank
from eid_toolkit.cards.emulator.domain.memory import DomainMemory
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.state import CardMemory, StoredFile
from eid_toolkit.cards.terminal.rights import TerminalIdentity
from eid_toolkit.cards.transport.interface import Card
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.home.regular import read_regular
from eid_toolkit.ground.images.portrait import MAX_FILE, Portrait, PortraitFormat, make_portrait
from eid_toolkit.ground.ports import Clock, Entropy, SystemClock, SystemEntropy
from eid_toolkit.ground.zones import Zones
from eid_toolkit.standards.crypto.rsa import RsaPrivateKey
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.issuer_time import issuer_date
from eid_toolkit.standards.lds.mrz import Mrz
from eid_toolkit.standards.pki.cv_trust import CardTrust, CertifiedKey
from eid_toolkit.standards.pki.validation import TrustMaterial
from eid_toolkit.standards.profiles import DocumentProfile
from eid_toolkit.standards.profiles.numbering import document_number
from eid_toolkit.standards.protocols.globalplatform import ApplicationState, DomainState
from eid_toolkit.standards.protocols.passwords import AccessPassword, PasswordKind
from eid_toolkit.standards.protocols.personalization_data import (
    DIGEST_REFERENCES,
    AccessProtocols,
    ChipKey,
    RsaSigningKey,
    access_rule,
)
from eid_toolkit.work.cardspec.authority import SpecimenAuthority, VerifyingAuthority
from eid_toolkit.work.cardspec.dressing import Performance, dressed
from eid_toolkit.work.cardspec.forging import Genuine, forge
from eid_toolkit.work.cardspec.oddities import make_odd
from eid_toolkit.work.cardspec.profile_of import profile_of
from eid_toolkit.work.cardspec.randomness import SeededEntropy, VirtualClock
from eid_toolkit.work.cardspec.spec import CardSpec
from eid_toolkit.work.personalization.records import ChipKeys, Encodable, Issue, RecordSet, build_records
from eid_toolkit.work.specimens import SpecimenPerson, persons
from eid_toolkit.work.specimens.biometrics import fingerprints, irises

_STRANGER = {"primary_identifier": "Stranger", "secondary_identifier": "Alex", "date_of_birth": "1981-02-03"}
"""What makes another person of a specimen."""
_PROTOCOLS = {"pace": AccessProtocols.PACE, "bac": AccessProtocols.BAC}


@dataclass(frozen=True, slots=True, eq=False)
class SpecimenCard:
    """A card, and what its holder, its issuer and its inspector know of it; of a blank nobody knows anything."""

    card: Card
    """What goes into a reader: the chip with its quirks and faults."""
    memory: CardMemory
    clock: Clock
    can: str | None = None
    mrz: Mrz | None = None
    trust: TrustMaterial = field(default_factory=lambda: TrustMaterial((), ()))
    """The CSCA certificate and the revocation list of its authority."""
    terminals: tuple[TerminalIdentity, ...] = ()
    """The terminal that may read fingerprints and irises, if they are held back."""
    authorities: tuple[SpecimenAuthority, ...] = ()
    """Who issued it; in the case of a forgery the genuine one, and another that inspectors believe besides."""


def build(spec: CardSpec | None = None, *, folder: Path | None = None) -> SpecimenCard:
    """The card that ``spec`` describes (an issued specimen if None); files that it names are relative to ``folder``.

    Raises :class:`BadInput` where the spec asks for what cannot be: a profile that is unknown or contradicts
    itself, a person whose fields break a rule, a portrait that is none.
    """
    spec = spec or CardSpec()
    entropy: Entropy = SystemEntropy() if spec.seed is None else SeededEntropy(spec.seed)
    clock: Clock = SystemClock() if spec.at is None else VirtualClock(spec.at)
    blank = _blank(spec, entropy)
    if spec.blank:
        return SpecimenCard(_powered(blank, spec, entropy, clock), blank, clock)
    return _Issuing(spec, folder or Path(), entropy, clock).issue(blank)


def _blank(spec: CardSpec, entropy: Entropy) -> CardMemory:
    blank = make_blank((DEVELOPER_CARD_KEY,) * 3, entropy)
    blank.part(DomainMemory).failures = spec.chip.domain_failures
    if not spec.chip.extended_length:
        del blank.part(EmrtdMemory).files[ElementaryFile.ATR_INFO]
    return blank


def _powered(
    memory: CardMemory, spec: CardSpec, entropy: Entropy, clock: Clock, performs: Performance | None = None
) -> Card:
    """The chip, whose delays pass on a virtual clock at once, in the clothes that the spec gives it."""
    wait = clock.sleep if isinstance(clock, VirtualClock) else None
    return dressed(memory, spec, entropy, wait, performs)


@dataclass(frozen=True, slots=True)
class _Subject:
    """Whose document it is, and what is the document's own; None until it is issued the first time."""

    person: PersonData
    portrait: Portrait
    issue: Issue | None = None


class _Issuing:
    """One issue in progress."""

    def __init__(self, spec: CardSpec, folder: Path, entropy: Entropy, clock: Clock) -> None:
        self._spec, self._folder, self._entropy, self._clock = spec, folder, entropy, clock
        self._now = clock.now()
        self._specimen = specimen_for(spec.profile)
        self._profile = profile_of(spec)

    def issue(self, memory: CardMemory) -> SpecimenCard:
        """Puts the document onto the blank in ``memory``."""
        spec, profile = self._spec, self._profile
        authority, verifying = self._authority(profile.issuing_state), None
        subject = _Subject(PersonData.from_text(spec.person or self._specimen.record), self._portrait())
        records, subject = self._put(memory, subject, authority)
        if profile.terminal_authentication:
            verifying = VerifyingAuthority.create(profile.issuing_state, self._now.date(), self._entropy)
            _trust(memory, verifying)
        card = SpecimenCard(
            _powered(memory, spec, self._entropy, self._clock),
            memory,
            self._clock,
            spec.document.can,
            records.mrz,
            authority.trust,
            () if verifying is None else (verifying.terminal,),
            (authority,),
        )
        return card if spec.forgery is None else self._forged(card, spec.forgery, subject, authority, verifying)

    def _forged(
        self,
        card: SpecimenCard,
        name: str,
        subject: _Subject,
        authority: SpecimenAuthority,
        verifying: VerifyingAuthority | None,
    ) -> SpecimenCard:
        """The forgery ``name`` of a card."""

        def issued_by(foreign: bool) -> tuple[CardMemory, SpecimenAuthority]:
            state = self._profile.issuing_state
            other = self._authority(_neighbour(state) if foreign else state)
            return self._another(subject, other, verifying), other

        genuine = Genuine(
            card.memory, self._entropy, lambda: self._another(self._stranger(), authority, verifying), issued_by
        )
        forged = forge(name, genuine)
        trust = authority.trust
        if forged.believed is not None:
            also = forged.believed.trust
            states = trust.complete_states | also.complete_states
            trust = TrustMaterial((*trust.anchors, *also.anchors), (*trust.crls, *also.crls), complete_states=states)
        powered = _powered(forged.memory, self._spec, self._entropy, self._clock, forged.performs)
        believed = () if forged.believed is None else (forged.believed,)
        return replace(card, card=powered, memory=forged.memory, trust=trust, authorities=(authority, *believed))

    def _authority(self, state: str) -> SpecimenAuthority:
        return SpecimenAuthority.create(state, self._profile.document_code, self._now, self._entropy)

    def _another(
        self, subject: _Subject, authority: SpecimenAuthority, verifying: VerifyingAuthority | None
    ) -> CardMemory:
        memory = _blank(self._spec, self._entropy)
        self._put(memory, subject, authority)
        if verifying is not None:
            _trust(memory, verifying)
        return memory

    def _stranger(self) -> _Subject:
        """Somebody else with a document of the same kind."""
        another = next(known for known in persons() if known.profile != self._specimen.profile)
        person = PersonData.from_text({**self._specimen.record, **_STRANGER})
        return _Subject(person, _drawn(another.profile, self._profile.portrait))

    def _put(self, memory: CardMemory, subject: _Subject, authority: SpecimenAuthority) -> tuple[RecordSet, _Subject]:
        """Builds and signs the files and puts them onto a blank, with fresh keys."""
        spec, profile = self._spec, self._profile
        keys = ChipKeys.generate(profile, self._entropy)
        biometrics: dict[int, Encodable] = {}
        if profile.terminal_authentication:
            biometrics = {3: fingerprints(spec.chip.fingers, self._entropy), 4: irises(spec.chip.eyes, self._entropy)}
        issue = subject.issue or self._issue_of(subject.person)
        records = build_records(
            subject.person,
            subject.portrait,
            profile,
            issue,
            keys,
            authority.signer,
            authority.signer_certificate,
            biometrics,
        )
        _put(memory, profile, records, keys, spec.document.can)
        if spec.oddity is not None:
            make_odd(spec.oddity, memory)
        memory.part(EmrtdMemory).failures = spec.access.failures
        return records, replace(subject, issue=issue)

    def _portrait(self) -> Portrait:
        name = self._spec.document.portrait
        if name is None:
            return _drawn(self._specimen.profile, self._profile.portrait)
        return make_portrait(_read_within(self._folder, name), self._profile.portrait)

    def _issue_of(self, person: PersonData) -> Issue:
        profile, today = self._profile, issuer_date(self._now, self._profile.issuing_state, Zones())
        digits = 9 - len(profile.number_prefix)
        made_up = int.from_bytes(self._entropy.take(8), "big") % 10**digits
        number = self._spec.document.number or document_number(profile, made_up, person.personal_number)
        expiry = profile.validity.expiry(today, person.date_of_birth)
        return Issue(number, PartialDate.of(today), expiry, "Specimen Authority", self._signing_time())

    def _signing_time(self) -> datetime:
        return self._now - timedelta(microseconds=self._now.microsecond)


def _read_within(folder: Path, name: str) -> bytes:
    """A file that a spec names, which lies in the spec's folder or below: a spec may come from a stranger."""
    root, path = os.path.realpath(folder), os.path.realpath(folder / name)
    if os.path.commonpath((root, path)) != root:
        raise BadInput("card-spec-file-elsewhere", field="document.portrait")
    return read_regular(Path(path), MAX_FILE + 1)


def specimen_for(profile: str) -> SpecimenPerson:
    """The specimen person of a profile, or else one who fits most."""
    known = persons()
    return next((person for person in known if person.profile == profile), known[-1])


@cache
def _drawn(profile: str, portrait_format: PortraitFormat) -> Portrait:
    """The portrait of the specimen person of a profile; always the same, and most of the work of a card."""
    return make_portrait(next(person for person in persons() if person.profile == profile).portrait(), portrait_format)


def _neighbour(state: str) -> str:
    """Another state."""
    return next(person.record["nationality"] for person in persons() if person.record["nationality"] != state)


def _trust(memory: CardMemory, verifying: VerifyingAuthority) -> None:
    """Has the chip believe a verifying authority."""
    root = CertifiedKey.of_root(verifying.root)
    memory.part(EmrtdMemory).trust_terminals_by(CardTrust((root,), root.effective))


def _put(memory: CardMemory, profile: DocumentProfile, records: RecordSet, keys: ChipKeys, can: str) -> None:
    """What a personalization leaves on a card."""
    application = memory.part(EmrtdMemory)
    for file, content in records.files.items():
        application.files[file] = StoredFile(access_rule(file), content)
    application.passwords = {
        PasswordKind.CAN: AccessPassword.from_can(can),
        PasswordKind.MRZ: AccessPassword.from_mrz_information(records.mrz.information),
    }
    application.protocols = AccessProtocols(0)
    for offered, protocol in ((bool(profile.access.pace), "pace"), (profile.access.bac, "bac")):
        if offered:
            application.protocols |= _PROTOCOLS[protocol]
    if not profile.access.pace:
        application.files.pop(ElementaryFile.CARD_ACCESS, None)
    chip, active = profile.chip_authentication, profile.active_authentication
    if chip is not None and keys.chip_authentication is not None:
        reference = profile.chip_key_id or 0
        scalar = keys.chip_authentication.scalar
        application.chip_authentication_keys = {reference: ChipKey(chip.parameter_id, reference, scalar)}
    if active is not None:
        application.active_authentication_key = _signing_key(keys, active.parameter_id, active.digest)
    application.state = ApplicationState.PERSONALIZED
    memory.state = DomainState.SECURED


def _signing_key(keys: ChipKeys, parameter_id: int | None, digest: str) -> ChipKey | RsaSigningKey | None:
    key, reference = keys.active_authentication, DIGEST_REFERENCES[digest]
    if isinstance(key, RsaPrivateKey):
        return RsaSigningKey(reference, key)
    return None if key is None or parameter_id is None else ChipKey(parameter_id, reference, key.scalar)
