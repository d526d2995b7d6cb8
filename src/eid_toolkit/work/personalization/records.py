"""The record set of one card: from person, portrait and profile to the files and the signed EF.SOD. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from eid_toolkit.books.register.people.person_data import PersonData
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.images.portrait import Portrait
from eid_toolkit.ground.ports import Entropy, Signer
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.asn1 import oids
from eid_toolkit.standards.asn1.oids import ChipAuthenticationProtocol
from eid_toolkit.standards.asn1.security_infos import (
    ActiveAuthenticationInfo,
    ChipAuthenticationInfo,
    ChipAuthenticationPublicKeyInfo,
    SecurityInfo,
    SecurityInfos,
    TerminalAuthenticationInfo,
)
from eid_toolkit.standards.crypto.domain_parameters import EcDomain, domain_by_id
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.crypto.rsa import RsaPrivateKey
from eid_toolkit.standards.iso7816.files import MAX_EF_SIZE, ElementaryFile
from eid_toolkit.standards.lds.card_access import CardAccess
from eid_toolkit.standards.lds.card_security import build_card_security
from eid_toolkit.standards.lds.com import Com
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.dg1 import Dg1
from eid_toolkit.standards.lds.dg2 import Dg2
from eid_toolkit.standards.lds.dg3 import Dg3
from eid_toolkit.standards.lds.dg4 import Dg4
from eid_toolkit.standards.lds.dg11 import Dg11
from eid_toolkit.standards.lds.dg12 import Dg12
from eid_toolkit.standards.lds.dg13 import Dg13
from eid_toolkit.standards.lds.dg14 import Dg14
from eid_toolkit.standards.lds.dg15 import Dg15
from eid_toolkit.standards.lds.ef_dir import EfDir
from eid_toolkit.standards.lds.mrz import Mrz
from eid_toolkit.standards.lds.opaque import OpaqueFile
from eid_toolkit.standards.lds.sod import build_sod
from eid_toolkit.standards.lds.vietnam import NationalField, VietnamNationalData
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.profiles import DocumentProfile
from eid_toolkit.standards.profiles.chip_protocols import ActiveAuthenticationProfile
from eid_toolkit.standards.profiles.numbering import optional_data
from eid_toolkit.standards.profiles.profile import NationalDataProfile
from eid_toolkit.standards.profiles.protocol_rules import pace_info

_BIOMETRICS: dict[int, type[Dg3 | Dg4]] = {3: Dg3, 4: Dg4}


class Encodable(Protocol):
    """A file's content."""

    def encode(self) -> bytes:
        """The whole file."""
        ...


@dataclass(frozen=True, slots=True)
class ChipKeys:
    """A chip's own private keys; None where the profile has no such protocol."""

    chip_authentication: EcPrivateKey | None
    active_authentication: EcPrivateKey | RsaPrivateKey | None

    @classmethod
    def generate(cls, profile: DocumentProfile, entropy: Entropy) -> ChipKeys:
        """Fresh keys as the profile wants them."""
        chip, active = profile.chip_authentication, profile.active_authentication
        return cls(
            EcPrivateKey.generate(_domain(chip.parameter_id), entropy) if chip else None,
            _signing_key(active, entropy) if active else None,
        )

    @property
    def active_authentication_secret(self) -> Secret | None:
        """The key of Active Authentication as it is stored: the scalar, or RSAPrivateKey in DER."""
        key = self.active_authentication
        if isinstance(key, RsaPrivateKey):
            return key.pkcs1
        return None if key is None else key.scalar


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue of a document: what is neither the person's nor the profile's."""

    document_number: str
    date_of_issue: PartialDate
    date_of_expiry: PartialDate | None
    authority: str
    signing_time: datetime


@dataclass(frozen=True, slots=True)
class RecordSet:
    """The card's files in the order of :class:`ElementaryFile`, and the MRZ that is printed.

    EF.ATR/INFO is not among them: it tells of the chip itself, and is there on the blank.
    """

    files: Mapping[ElementaryFile, bytes] = field(repr=False)
    mrz: Mrz = field(repr=False)


def build_records(
    person: PersonData,
    portrait: Portrait,
    profile: DocumentProfile,
    issue: Issue,
    keys: ChipKeys,
    signer: Signer,
    certificate: Certificate,
    biometrics: Mapping[int, Encodable] = MappingProxyType({}),
) -> RecordSet:
    """Build all files and have the document signer sign EF.SOD over the data groups.

    ``biometrics`` are DG3 and DG4, where the profile has them. Raises :class:`BadInput` if a file does not fit on a
    card, or a field not into its place.
    """
    mrz = build_mrz(person, profile, issue)
    pace, chip, all_infos = _security_infos(profile, keys)
    builders: dict[int, Callable[[], Encodable]] = {
        1: lambda: Dg1(mrz),
        2: lambda: Dg2.of_portrait(portrait.image, portrait.width, portrait.height, sex=person.sex),
        11: lambda: _personal_details(person, profile),
        12: lambda: Dg12.of(date_of_issue=issue.date_of_issue, issuing_authority=issue.authority),
        13: lambda: _national_details(person, profile, issue),
        14: lambda: Dg14(all_infos),
        15: lambda: _active_authentication_key(profile, keys),
    }
    groups: dict[int, bytes] = {}
    for number in profile.data_groups:
        if number in biometrics:
            groups[number] = biometrics[number].encode()
        elif number in builders:
            groups[number] = builders[number]().encode()
        else:
            raise BadInput("data-group-not-built", data_group=number, profile=profile.name)
    files = {
        ElementaryFile.CARD_ACCESS: CardAccess(pace).encode(),
        ElementaryFile.DIR: EfDir().encode(),
        ElementaryFile.COM: Com.of_data_groups(groups).encode(),
        ElementaryFile.SOD: build_sod(groups, profile.digest, signer, certificate.der, issue.signing_time),
    }
    if any(choice.mapping == "cam" for choice in profile.access.pace):
        files[ElementaryFile.CARD_SECURITY] = build_card_security(
            chip, profile.digest, signer, certificate.der, issue.signing_time
        )
    files |= {ElementaryFile.of_data_group(number): content for number, content in groups.items()}
    for file, content in files.items():
        if len(content) > MAX_EF_SIZE:
            raise BadInput("file-too-large", file=file.label, length=len(content), limit=MAX_EF_SIZE)
    return RecordSet({file: files[file] for file in ElementaryFile if file in files}, mrz)


def biometric_files(profile: DocumentProfile, taken: Mapping[int, bytes], entropy: Entropy) -> dict[int, Encodable]:
    """DG3 and DG4 as they were taken; where none were, the files that say so (9303-10 4.7.3.2.2)."""
    return {
        number: OpaqueFile.parse(taken[number]) if number in taken else empty((), entropy.take(16))
        for number, empty in _BIOMETRICS.items()
        if number in profile.data_groups
    }


def build_mrz(person: PersonData, profile: DocumentProfile, issue: Issue) -> Mrz:
    """The machine readable zone."""
    return Mrz.compose(
        profile.mrz_format,
        document_code=profile.document_code,
        issuing_state=profile.issuing_state,
        document_number=issue.document_number,
        primary_identifier=person.primary_identifier,
        secondary_identifier=person.secondary_identifier or "",
        nationality=person.nationality,
        date_of_birth=person.date_of_birth,
        sex=person.sex,
        date_of_expiry=issue.date_of_expiry,
        optional_data=optional_data(profile, person.personal_number),
        overrides=profile.transliteration,
    )


def _security_infos(profile: DocumentProfile, keys: ChipKeys) -> tuple[SecurityInfos, SecurityInfos, SecurityInfos]:
    """What EF.CardAccess says, what EF.CardSecurity adds to it, and what DG14 says: all of that (9303-11 9.2.11)."""
    pace: list[SecurityInfo] = [pace_info(choice) for choice in profile.access.pace]
    more: list[SecurityInfo] = []
    key_id = profile.chip_key_id
    if profile.chip_authentication is not None and keys.chip_authentication is not None:
        protocol = ChipAuthenticationProtocol.of("ecdh", profile.chip_authentication.cipher)
        public_key = keys.chip_authentication.public_key.spki(explicit=True)
        more.append(ChipAuthenticationInfo(protocol.oid, key_id=key_id))
        more.append(ChipAuthenticationPublicKeyInfo(oids.ID_PK_ECDH, public_key, key_id))
    if profile.terminal_authentication:
        more.append(TerminalAuthenticationInfo())
    chip = SecurityInfos.of(*pace, *more)
    if profile.active_authentication is not None and profile.active_authentication.rsa_bits is None:
        more.append(ActiveAuthenticationInfo(oids.ECDSA_PLAIN[profile.active_authentication.digest]))
    return SecurityInfos.of(*pace), chip, SecurityInfos.of(*pace, *more)


def _personal_details(person: PersonData, profile: DocumentProfile) -> Dg11:
    return Dg11.of(
        primary_identifier=person.primary_identifier,
        secondary_identifier=person.secondary_identifier or "",
        national_name=person.national_name if profile.national_name else None,
        personal_number=person.personal_number,
        date_of_birth=person.date_of_birth,
        place_of_birth=_parts(person.place_of_birth),
        address=_parts(person.place_of_residence),
    )


def _national_details(person: PersonData, profile: DocumentProfile, issue: Issue) -> Dg13:
    if profile.national_data is None:
        raise BadInput("data-group-not-built", data_group=13, profile=profile.name)
    fields = _national_fields(person, profile.national_data, issue)
    return Dg13(VietnamNationalData.of(fields, outer_sequence=profile.national_data.outer_sequence).encode())


def _national_fields(
    person: PersonData, profile: NationalDataProfile, issue: Issue
) -> dict[NationalField, str | tuple[str, ...]]:
    """The elements that the profile emits and the register knows."""
    known: dict[NationalField, str | tuple[str, ...] | None] = {
        NationalField.IDENTITY_NUMBER: person.personal_number,
        NationalField.FULL_NAME: person.name,
        NationalField.DATE_OF_BIRTH: _day_first(person.date_of_birth),
        NationalField.SEX: {"F": "Nữ", "M": "Nam"}.get(person.sex),
        NationalField.NATIONALITY: "Việt Nam" if person.nationality == "VNM" else person.nationality,
        NationalField.ETHNICITY: person.ethnicity,
        NationalField.RELIGION: person.religion,
        NationalField.PLACE_OF_ORIGIN: person.place_of_origin,
        NationalField.PLACE_OF_RESIDENCE: person.place_of_residence,
        NationalField.IDENTIFYING_FEATURES: person.identifying_features,
        NationalField.DATE_OF_ISSUE: _day_first(issue.date_of_issue),
        NationalField.DATE_OF_EXPIRY: _day_first(issue.date_of_expiry) if issue.date_of_expiry else "Không thời hạn",
        NationalField.PARENTS: (person.father or "", person.mother or "") if person.father or person.mother else None,
        NationalField.SPOUSE: person.spouse,
        NationalField.OLD_IDENTITY_NUMBER: person.former_number,
    }
    return {field: value for field in profile.fields if (value := known.get(field)) is not None}


def _active_authentication_key(profile: DocumentProfile, keys: ChipKeys) -> Dg15:
    if keys.active_authentication is None:
        raise BadInput("data-group-not-built", data_group=15, profile=profile.name)
    return Dg15(keys.active_authentication.public_key.spki())


def _day_first(date: PartialDate) -> str:
    """``31/01/1990``, or the part of it that is known."""
    parts = (date.day, date.month)
    return "/".join([*(f"{part:02}" for part in parts if part is not None), f"{date.year or 0:04}"])


def _parts(place: str | None) -> Iterable[str]:
    return [part.strip() for part in place.split(",")] if place else ()


def _signing_key(profile: ActiveAuthenticationProfile, entropy: Entropy) -> EcPrivateKey | RsaPrivateKey:
    if profile.rsa_bits is not None:
        return RsaPrivateKey.generate(profile.rsa_bits, entropy)
    return EcPrivateKey.generate(_domain(profile.parameter_id or 0), entropy)


def _domain(parameter_id: int) -> EcDomain:
    domain = domain_by_id(parameter_id)
    if not isinstance(domain, EcDomain):
        raise BadInput("chip-key-not-ec", parameter_id=parameter_id)
    return domain
