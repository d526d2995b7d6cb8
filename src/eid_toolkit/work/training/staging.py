"""A case as it stands before an officer: the card in hand, what is printed on it, and what the terminal believes.

Everything is made of one seed: the same card comes out of the spec that is written for the stock tool
(``eid verify --reader spec:…``), and what the terminal believes is a signed bundle of the range's own authority.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from eid_toolkit.ground.home.atomic import private_directory, write_atomic
from eid_toolkit.ground.plain_values import to_plain
from eid_toolkit.ground.zones import Zones
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.issuer_time import issuer_date
from eid_toolkit.standards.lds.mrz import Mrz
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.document_status import DocumentStatus, Report, StatusList
from eid_toolkit.standards.pki.trust_material import BundleFacts, TrustMaterial
from eid_toolkit.work.cardspec.build import SpecimenCard, build, specimen_for
from eid_toolkit.work.cardspec.profile_of import profile_of
from eid_toolkit.work.cardspec.spec import SCHEMA as SPEC_SCHEMA
from eid_toolkit.work.cardspec.spec import CardSpec
from eid_toolkit.work.specimens.drawing import draw_portrait
from eid_toolkit.work.training.case import Case
from eid_toolkit.work.training.range_authority import RangeAuthority
from eid_toolkit.work.training.view import View

CARD, FACE = "card.yaml", "face.jpg"
_VERSION = 1
_draw = lru_cache(maxsize=64)(draw_portrait)


@dataclass(frozen=True)
class Staged:
    """One case on the stage."""

    case: Case
    spec: CardSpec
    """The card's, with seed and time."""
    card: SpecimenCard
    now: datetime
    """The time that the terminal's clock tells; its bundle may be ahead of it."""
    told: datetime
    """When the bundle was made."""

    @property
    def mrz(self) -> Mrz:
        """What is printed on the card."""
        assert self.card.mrz is not None
        return _reprinted(self.card.mrz, self.case.printed) if self.case.printed else self.card.mrz

    @cached_property
    def sections(self) -> Mapping[str, tuple[bytes, ...]]:
        """What the terminal believes, as a bundle holds it."""
        terminal, authorities = self.case.terminal, self.card.authorities
        anchors = tuple(each.csca.der for each in authorities) if terminal.knows_csca else ()
        revoked = (authorities[0].signer_certificate,) if terminal.signer_revoked else ()
        lists = tuple(each.crl_at(self.told, revoked).der for each in authorities) if anchors else ()
        return {"anchors": anchors, "crls": lists, "status_list": self._reports()}

    def _reports(self) -> tuple[bytes, ...]:
        if self.case.terminal.reported is None:
            return ()
        mrz, since = self.mrz, (self.told - timedelta(days=3)).date()
        status = DocumentStatus(self.case.terminal.reported)
        content = sha256(b"another card").hexdigest() if self.case.terminal.reported_card == "another" else None
        report = Report(mrz.issuing_state, mrz.document_number, status, since, content)
        return (StatusList.of([report]).encoded,)

    def trust(self, authority: RangeAuthority) -> TrustMaterial:
        """The same as an officer's home has it that has taken the :meth:`bundle`."""
        parts, terminal = self.sections, self.case.terminal
        facts = BundleFacts(
            _VERSION,
            self.told,
            authority.name,
            timedelta(days=terminal.max_age_days),
            terminal.allow_bac,
            self.told,
            state=authority.country,
        )
        return TrustMaterial(
            tuple(map(Certificate.parse, parts["anchors"])),
            tuple(map(Crl.parse, parts["crls"])),
            bundle=facts,
            status_lists=tuple(map(StatusList.parse, parts["status_list"])),
            complete_states=frozenset({authority.country}),
        )

    @property
    def bearer(self) -> bytes:
        """The face of whoever stands there, in JPEG."""
        look = self.case.bearer or self.case.face
        return specimen_for(self.spec.profile).portrait() if look is None else _draw(look)

    def view(self, number: int, of: int, language: str) -> View:
        """What the officer sees of it, as the ``number``-th case of ``of``."""
        telling = self.case.telling(language)
        can, quirks = self.card.can or "", self.case.terminal.quirks
        return View(number, of, telling.scene, telling.says, can, self.mrz, quirks, self.bearer)

    def bundle(self, authority: RangeAuthority) -> bytes:
        """A signed trust bundle of the terminal's authority."""
        terminal = self.case.terminal
        return authority.bundle(_VERSION, self.told, self.sections, terminal.max_age_days, allow_bac=terminal.allow_bac)

    def write(self, folder: Path) -> None:
        """The card's spec, with which the stock tool makes the same card, in the folder where its portrait lies."""
        private_directory(folder)
        plain = {"schema": SPEC_SCHEMA, **_without_nothing(to_plain(self.spec))}
        write_atomic(folder / CARD, json.dumps(plain, indent=1).encode())  # JSON is YAML


def stage(case: Case, folder: Path, seed: str, now: datetime) -> Staged:
    """Put a case on the stage; the folder gets the portrait on the card, if the case has one of its own.

    Raises :class:`BadInput` for a card that cannot be.
    """
    told = now - timedelta(days=case.terminal.lists_days - case.terminal.clock_days_behind)
    issued = _issued(case, now)
    spec = replace(case.card, seed=seed, at=issued)
    if case.face is not None:
        private_directory(folder)
        write_atomic(folder / FACE, _draw(case.face))
        spec = replace(spec, document=replace(spec.document, portrait=FACE))
    return Staged(case, spec, build(spec, folder=folder), now, told)


def _issued(case: Case, now: datetime) -> datetime:
    """When the card was issued; one that has expired, as long before its last day as its profile has it."""
    issued = now - timedelta(days=case.issued_days)
    if case.expired_days is None:
        return issued
    profile = profile_of(case.card)
    birth = PartialDate.parse(case.card.person.get("date_of_birth", "1974-08-12"))
    wanted = issuer_date(now, profile.issuing_state, Zones()) - timedelta(days=case.expired_days)
    for _ in range(3):  # years have different lengths
        expiry = profile.validity.expiry(issuer_date(issued, profile.issuing_state, Zones()), birth)
        if expiry is not None:
            issued += wanted - expiry.latest
    return issued


def _reprinted(mrz: Mrz, printed: Mapping[str, str]) -> Mrz:
    """The MRZ with other fields; its check digits are right."""
    fields: dict[str, Any] = {
        "document_code": mrz.document_code,
        "issuing_state": mrz.issuing_state,
        "document_number": mrz.document_number,
        "primary_identifier": mrz.primary_identifier,
        "secondary_identifier": mrz.secondary_identifier,
        "nationality": mrz.nationality,
        "sex": mrz.sex,
        "optional_data": mrz.optional_data,
        "second_optional_data": mrz.second_optional_data,
    }
    today = date.today()
    return Mrz.compose(
        mrz.format, **{**fields, **printed}, date_of_birth=mrz.birth(today), date_of_expiry=mrz.expiry(today)
    )


def _without_nothing(value: object) -> Any:
    """The same without what is None: as a file has it that does not name it."""
    if isinstance(value, Mapping):
        return {name: _without_nothing(item) for name, item in value.items() if item is not None}
    return [_without_nothing(item) for item in value] if isinstance(value, list) else value
