"""One document type: its MRZ, its data groups, its validity, and the protocols of its chip."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.images.portrait import PortraitFormat
from eid_toolkit.standards.crypto.domain_parameters import EcDomain, domain_by_id
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.mrz import MrzFormat
from eid_toolkit.standards.lds.vietnam import NationalField
from eid_toolkit.standards.profiles.check_letters import singapore_check_letter
from eid_toolkit.standards.profiles.chip_protocols import (
    AccessProfile,
    ActiveAuthenticationProfile,
    ChipAuthenticationProfile,
    Digest,
)
from eid_toolkit.standards.profiles.protocol_rules import check_pace, check_signing

NumberScheme = Literal["counter", "identity-number"]
OptionalData = Literal["none", "personal-number", "personal-number-checked"]

_NO_BAC_FROM = date(2028, 1, 1)
_NO_19794_FROM = date(2030, 1, 1)
_LETTERS_FROM = date(2028, 1, 1)
_DG1, _DG2, _DG3, _DG4, _DG11, _DG13, _DG14, _DG15 = 1, 2, 3, 4, 11, 13, 14, 15
_RSA_SIZES = range(1024, 3073, 256)


_YEARS = range(1, 51)
_MAX_PORTRAIT = 60_000
"""DG2 has to fit into an EF."""


@dataclass(frozen=True, slots=True)
class NationalDataProfile:
    """Which elements of the Vietnamese national data DG13 holds, and whether in an outer SEQUENCE."""

    fields: tuple[NationalField, ...]
    """The elements; the chip has them by their numbers."""
    outer_sequence: bool
    """Whether a SEQUENCE encloses them; real cards of both forms are known."""


@dataclass(frozen=True, slots=True)
class EvidenceProfile:
    """What a clerk has to be shown, by the kind of application; ``a|b`` asks for one of both."""

    first: tuple[str, ...] = ()
    """For the first document of this type."""
    renewal: tuple[str, ...] = ()
    """For the next one in time."""
    replacement: tuple[str, ...] = ()
    """For one that is lost, stolen, revoked or broken; ``register-report`` is what the register itself knows."""
    change: tuple[str, ...] = ()
    """For one with changed data."""


@dataclass(frozen=True, slots=True)
class IdentityNumberRule:
    """The form of the holders' identity numbers."""

    pattern: str
    """A regular expression for the whole number."""
    check: Literal["none", "singapore"] = "none"
    """How its check character is computed."""
    required: bool = False
    """Whether nobody without such a number gets a document."""


@dataclass(frozen=True, slots=True)
class Validity:
    """How long a document is good: a number of years, until the next of some ages, or (neither) without end."""

    years: int | None = None
    """Years from the day of issue, 1 to 50."""
    renewal_ages: tuple[int, ...] = ()
    """The holder's ages in years at which a document ends; read where ``years`` is not given."""
    renewal_margin: int = 0
    """A document issued at most this many years before one of these ages holds until the next of them."""

    def expiry(self, issued: date, birth: PartialDate) -> PartialDate | None:
        """The last day of validity of a document issued on a day; None if it never expires."""
        if self.years is not None:
            # The day before the anniversary, as the specimens of 9303-4 appendix A have it.
            return PartialDate.of(_anniversary(issued, self.years) - timedelta(days=1))
        for age in self.renewal_ages:
            renewal = _anniversary(birth.earliest, age)
            if renewal > _anniversary(issued, self.renewal_margin):
                return PartialDate.of(renewal)
        return None


@dataclass(frozen=True, slots=True)
class DocumentProfile:
    """A document type. Its rules are checked when it is built, so a profile at hand is one that works."""

    name: str
    """Of the file, without its ending."""
    hash: str
    """SHA-256, in hex, over the content: a document keeps it, so that it is known by what rules it was made."""
    version: int
    """Counted up by whoever changes the profile."""
    title: str
    """What people read."""
    issuable: bool
    """Whether documents of this type are issued; a type that is only read has ``false``."""
    mrz_format: MrzFormat
    """The form of the MRZ: TD1 has three lines of 30, TD2 two of 36, TD3 (passports) two of 44."""
    document_code: str
    """The first one or two letters of the MRZ (9303-4, -5 and -6, 4.2.2)."""
    issuing_state: str
    """The state in the MRZ, one to three letters (9303-3 section 5)."""
    nationality: str
    """What a person's nationality is if the register does not say otherwise."""
    number_scheme: NumberScheme
    """Where document numbers come from: ``counter`` counts, ``identity-number`` takes the end of the holder's."""
    optional_data: OptionalData
    """What the optional data of the MRZ holds; ``-checked`` puts a check digit behind the personal number."""
    validity: Validity
    """How long a document is good; an empty table means without end."""
    data_groups: tuple[int, ...]
    """The numbers of the data groups on the chip. DG1 and DG2 always; DG14 where a protocol is announced there."""
    digest: Digest
    """The digest of the data groups in EF.SOD."""
    portrait: PortraitFormat
    """The picture of DG2."""
    access: AccessProfile
    """How the chip is opened."""
    number_prefix: str = ""
    """What document numbers begin with, at most four letters and digits."""
    chip_authentication: ChipAuthenticationProfile | None = None
    """Chip Authentication; left out, the chip has none."""
    active_authentication: ActiveAuthenticationProfile | None = None
    """Active Authentication; left out, the chip has none. Its public key is DG15."""
    terminal_authentication: bool = False
    """Whether fingerprints and irises are held back from terminals that do not prove a right to them."""
    national_data: NationalDataProfile | None = None
    """The Vietnamese national data of DG13."""
    national_name: bool = False
    """Whether DG11 has the holder's name in the national script, where the register knows one; the Latin name stands
    beside it as an other name."""
    transliteration: Mapping[str, str] = field(default_factory=dict)
    """Renderings other than the first of 9303-3 table A, by upper-case letter."""
    evidence: EvidenceProfile = field(default_factory=EvidenceProfile)
    """What a clerk has to be shown."""

    identity_number: IdentityNumberRule | None = None
    """What the holders' numbers look like; left out, any will do."""

    def __post_init__(self) -> None:
        held = set(self.data_groups)
        active = self.active_authentication
        numbers = [choice.parameter_id for choice in self.access.pace]
        numbers += [self.chip_authentication.parameter_id] if self.chip_authentication is not None else []
        numbers += [active.parameter_id] if active is not None and active.parameter_id is not None else []
        parameters = list(map(domain_by_id, numbers))
        years = () if self.validity.years is None else (self.validity.years,)
        rules = {
            "issuing_state": all(re.fullmatch("[A-Z]{1,3}", code) for code in (self.issuing_state, self.nationality)),
            "document_code": bool(re.fullmatch("[ACIP][A-UW-Z]?", self.document_code)),  # 9303-4, -5 and -6, 4.2.2
            "number_prefix": bool(re.fullmatch("[A-Z0-9]{0,4}", self.number_prefix)),
            "validity": all(year in _YEARS for year in years),
            "portrait.budget": 0 < self.portrait.budget <= _MAX_PORTRAIT,
            "parameter_id": all(isinstance(domain, EcDomain) for domain in parameters),
            "data_groups": {_DG1, _DG2} <= held <= set(range(1, 17)),
            "access": bool(self.access.pace) or self.access.bac,
            "active_authentication": (active is not None) == (_DG15 in held),
            "active_authentication.rsa_bits": active is None or _is_one_key(active),
            # 9303-11 7: what is held back is held back from everybody else.
            "terminal_authentication": self.terminal_authentication or not held & {_DG3, _DG4},
            "national_data": (self.national_data is not None) == (_DG13 in held),
            "national_name": not self.national_name or _DG11 in held,
            "identity_number.pattern": self.identity_number is None or _is_pattern(self.identity_number.pattern),
            "access.pace": self._has_key_for_mapping() and self._has_plain_mapping(),
            # 9303-11 4.2 and 9.2: what PACE, Chip Authentication and AA with ECDSA use is told in DG14.
            "data_groups without 14": not parameters or _DG14 in held,
        }
        for name, kept in rules.items():
            if not kept:
                raise BadInput("profile-contradiction", profile=self.name, field=name)
        check_pace(self.name, self.access.pace)
        check_signing(self.name, active)

    @property
    def chip_key_id(self) -> int | None:
        """The Chip Authentication key's reference: with Chip Authentication Mapping its group's id (9303-11 9.2.1)."""
        mapped = any(choice.mapping == "cam" for choice in self.access.pace)
        return self.chip_authentication.parameter_id if mapped and self.chip_authentication is not None else None

    def _has_key_for_mapping(self) -> bool:
        """Chip Authentication Mapping takes the chip's key, so that is in the same group."""
        groups = {choice.parameter_id for choice in self.access.pace if choice.mapping == "cam"}
        return not groups or (
            self.chip_authentication is not None and groups == {self.chip_authentication.parameter_id}
        )

    def _has_plain_mapping(self) -> bool:
        """Beside Chip Authentication Mapping another is offered (9303-11 4.4): not every terminal knows it."""
        mappings = {choice.mapping for choice in self.access.pace}
        return mappings != {"cam"}

    def check_identity_number(self, number: str | None) -> None:
        """Raises :class:`BadInput` if the profile's rule does not let a person have this number, or none."""
        rule = self.identity_number
        if rule is None or (number is None and not rule.required):
            return
        if number is None:
            raise BadInput("identity-number-missing", profile=self.name, field="personal_number")
        if not re.fullmatch(rule.pattern, number):
            raise BadInput("identity-number-malformed", profile=self.name, field="personal_number")
        if rule.check == "singapore" and singapore_check_letter(number) != number[-1:]:
            raise BadInput("identity-number-check", profile=self.name, field="personal_number")

    def required_evidence(self, kind: str) -> tuple[str, ...]:
        """What has to be shown for an application of this kind; ``a|b`` stands for one of both."""
        evidence: tuple[str, ...] = getattr(self.evidence, kind)
        return evidence

    def check_issue_date(self, day: date) -> None:
        """Raises :class:`BadInput` if the standards do not let this document type be issued on ``day``."""
        if not self.issuable:
            raise BadInput("profile-not-issuable", profile=self.name)
        if self.access.bac and day >= _NO_BAC_FROM:  # 9303-11 4.1
            raise BadInput("profile-bac-too-late", profile=self.name)
        if day >= _NO_19794_FROM:  # 9303-10 4.5.6
            raise BadInput("profile-face-format-too-late", profile=self.name)
        if self.mrz_format is MrzFormat.TD3 and len(self.document_code) < 2 and day >= _LETTERS_FROM:  # 9303-4 4.4
            raise BadInput("profile-document-code-too-short", profile=self.name)


def _is_one_key(active: ActiveAuthenticationProfile) -> bool:
    """A key in a group or of RSA, in a size that one command can bring to a card."""
    if active.parameter_id is not None:
        return active.rsa_bits is None
    return active.rsa_bits in _RSA_SIZES


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def _anniversary(day: date, years: int) -> date:
    """The same day ``years`` later; for 29 February in other years the first of March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
