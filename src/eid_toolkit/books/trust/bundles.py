"""Bundles in a home: numbered and made by an authority, pinned and taken by an officer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from eid_toolkit.books.trust.packs import Basis, Member, Pack, Role
from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.ground.home.atomic import private_directory, write_atomic
from eid_toolkit.ground.home.locks import exclusive
from eid_toolkit.ground.home.undo import change
from eid_toolkit.ground.plain_values import REQUIRED, Hex, read_json, to_plain
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.cv_certificate import CvCertificate
from eid_toolkit.standards.pki.deviation_list import DeviationList
from eid_toolkit.standards.pki.document_status import StatusList, StolenBlanks
from eid_toolkit.standards.pki.judgement import Status
from eid_toolkit.standards.pki.revocation import is_listed
from eid_toolkit.standards.pki.times import is_ahead
from eid_toolkit.standards.pki.trust_bundle import (
    SECTIONS,
    BundlePolicy,
    RegisterHead,
    SignedBundle,
    TrustBundle,
    digest_of,
)
from eid_toolkit.standards.pki.trust_material import TrustMaterial, may_certify
from eid_toolkit.standards.pki.validation import validate_key_owner

_PIN, _LOCK = "bundle-authority.json", "bundle.lock"
_PIN_SCHEMA, _MANIFEST_SCHEMA = "eid-bundle-authority/1", "eid-bundle-manifest/1"
_ROLES = {
    "anchors": Role.ANCHOR,
    "links": Role.LINK,
    "crls": Role.CRL,
    "deviation_lists": Role.DEVIATION_LIST,
    "terminal_certificates": Role.TERMINAL,
    "status_list": Role.STATUS_LIST,
    "stolen_blanks": Role.STOLEN_BLANKS,
}
_PARSERS = {
    "anchors": Certificate.parse,
    "links": Certificate.parse,
    "crls": Crl.parse,
    "deviation_lists": DeviationList.parse,
    "terminal_certificates": CvCertificate.parse,
    "status_list": StatusList.parse,
    "stolen_blanks": StolenBlanks.parse,
}
LISTS = ("status_list", "stolen_blanks")
Sections = Mapping[str, tuple[bytes, ...]]


@dataclass(frozen=True, slots=True)
class Pin:
    """Whose bundles a home takes, and the highest number it ever took: no older one comes in again."""

    certificate: Hex
    """The CSCA's, or the bundle signer's own."""
    accepted_at: datetime
    operator: str | None
    highest: Annotated[int, REQUIRED] = 0
    register: RegisterHead | None = None
    """How far its maker's register had come in the bundle that was farthest."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 in hex."""
        return sha256(self.certificate).hexdigest()


class BundleStore:
    """The bundles that an officer's trust store takes."""

    def __init__(self, trust: TrustStore) -> None:
        self._trust = trust
        self._path = trust.directory / _PIN

    def pin(self) -> Pin | None:
        """Whose bundles are taken; None before the first."""
        try:
            return read_json(Pin, self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            raise IntegrityBroken("bundle-pin-damaged", file=_PIN) from None

    def present(self) -> Pack | None:
        """The bundle that is believed now."""
        return self._trust.packs.bundle()

    def take(
        self, data: bytes, name: str, now: datetime, accept: str | None, operator: str | None
    ) -> tuple[Pack, bool]:
        """Believe what a bundle holds, in place of the one before; and whether it is new here.

        All or nothing. ``accept`` is the fingerprint that pins its maker. Raises :class:`BadInput` for a bundle that
        is damaged, older than what was here, or a delta on another; :class:`NotPermitted` for a stranger's.
        """
        signed = SignedBundle.parse(data)
        private_directory(self._trust.directory)
        if is_ahead(signed.bundle.issued_at, now):
            facts = {"dated": signed.bundle.issued_at.isoformat(), "now": now.isoformat(timespec="minutes")}
            raise BadInput("trust-dated-ahead", name=signed.bundle.authority, **facts)
        with exclusive(self._trust.directory / _LOCK, "trust bundle"):
            pin = self._authorized(signed, now, accept, operator)
            present = self.present()
            if present is not None and present.sha256 == signed.sha256:
                return present, False
            self._check_number(signed.bundle, pin, present)
            sections = _result(signed.bundle, present)
            sequence = int(present.facts["sequence"]) + 1 if present is not None else 1
            pack = _pack(signed, sections, name, now, pin, sequence)
            self._trust.packs.write(pack)
            farthest = pin.register if is_behind(signed.bundle.register, pin.register) else signed.bundle.register
            self._write_pin(replace(pin, highest=signed.bundle.version, register=farthest or pin.register))
        return pack, True

    def _authorized(self, signed: SignedBundle, now: datetime, accept: str | None, operator: str | None) -> Pin:
        pin = self.pin()
        owners = owners_of(signed)
        if accept is not None and (pin is None or pin.fingerprint != accept):
            chosen = next((each for each in owners if each.fingerprint == accept), None)
            if chosen is None:
                raise NotPermitted("bundle-accept-mismatch", fingerprint=accept, signer=signed.signer.fingerprint)
            pin = Pin(chosen.der, now, operator)
        if pin is None:
            raise NotPermitted(
                "bundle-authority-unknown",
                authority=signed.bundle.authority,
                fingerprint=_best_to_pin(signed).fingerprint,
            )
        signer, issued = signed.signer, signed.bundle.issued_at
        if not signer.is_valid_at(issued) or now > signer.not_after:
            raise NotPermitted("bundle-signer-expired", subject=signer.subject.text)
        trust = self._trust.material()
        if is_listed(signer, trust):
            raise NotPermitted("bundle-signer-revoked", subject=signer.subject.text)
        if pin.certificate != signer.der:
            links = tuple(each for each in signed.others if may_certify(each))
            pinned = TrustMaterial((Certificate.parse(pin.certificate),), trust.crls, (*links, *trust.links))
            if validate_key_owner(signer, pinned, now).status is Status.FAILED:
                raise NotPermitted(
                    "bundle-of-stranger",
                    subject=signer.subject.text,
                    fingerprint=signer.fingerprint,
                    pinned=pin.fingerprint,
                )
        return pin

    def _check_number(self, bundle: TrustBundle, pin: Pin, present: Pack | None) -> None:
        version = int(present.facts["version"]) if present is not None else 0
        ours = present is not None and present.facts["pin"] == pin.fingerprint
        highest = max(pin.highest, version if ours else 0)
        if bundle.version <= highest:
            raise BadInput("bundle-replayed", version=bundle.version, present=highest)
        if bundle.base is not None and (not ours or bundle.base != version):
            raise BadInput("bundle-base-missing", base=bundle.base, present=version)

    def _write_pin(self, pin: Pin) -> None:
        data = {"schema": _PIN_SCHEMA, "fingerprint": pin.fingerprint, **to_plain(pin)}
        write_atomic(self._path, json.dumps(data, indent=1).encode())


def owners_of(signed: SignedBundle) -> tuple[Certificate, ...]:
    """By whose fingerprint a bundle's maker can be pinned: its signer's, and those of the CSCAs that came along."""
    return tuple(each for each in (signed.signer, *signed.others) if may_certify(each) or each == signed.signer)


def is_behind(register: RegisterHead | None, known: RegisterHead | None) -> bool:
    """Whether a register has not come to where it was known to be, or has come there another way.

    It was restored, or set back together with all that its home remembers.
    """
    if known is None:
        return False
    if register is None or register.position < known.position:
        return True
    return register.position == known.position and register.head != known.head


def _best_to_pin(signed: SignedBundle) -> Certificate:
    """The CSCA that came along and made the signer, else the signer."""
    issuers = (each for each in signed.others if may_certify(each) and signed.signer.is_signed_by(each.spki))
    return next(issuers, signed.signer)


def _result(bundle: TrustBundle, present: Pack | None) -> Sections:
    """What is believed when the bundle has been taken; raises :class:`BadInput` unless it is what its maker says."""
    sections: dict[str, tuple[bytes, ...]] = {}
    for name in SECTIONS:
        before = present.data_of(_ROLES[name]) if present is not None and bundle.base is not None else ()
        still = (item for item in before if sha256(item).hexdigest() not in bundle.removed)
        sections[name] = tuple(dict.fromkeys((*still, *bundle.sections.get(name, ()))))
        for item in sections[name]:
            _PARSERS[name](item)
    if digest_of(sections) != bundle.result_sha256:
        raise BadInput("bundle-result-differs", version=bundle.version)
    return sections


def _pack(signed: SignedBundle, sections: Sections, name: str, now: datetime, pin: Pin, sequence: int) -> Pack:
    bundle = signed.bundle
    members = tuple(Member.of(_ROLES[section], item) for section in SECTIONS for item in sections[section])
    facts: dict[str, Any] = {
        "version": bundle.version,
        "issued_at": bundle.issued_at.isoformat(),
        "authority": bundle.authority,
        "state": signed.signer.country,
        "max_age_days": bundle.policy.max_age_days,
        "allow_bac": bundle.policy.allow_bac,
        "signer_fingerprint": signed.signer.fingerprint,
        "pin": pin.fingerprint,
        "register_behind": is_behind(bundle.register, pin.register),
        "sequence": sequence,  # of what was taken here: another authority counts anew
    }
    if bundle.policy.floor is not None:
        facts["floor"] = to_plain(bundle.policy.floor)
    return Pack("bundle", name, signed.sha256, Basis.SIGNER, now, members, signed.signer.subject.text, facts=facts)


# The authority's side.


@dataclass(frozen=True, slots=True)
class _Held:
    version: int
    issued_at: datetime
    members: tuple[str, ...]


class BundleManifests:
    """What each bundle held that an authority gave out: for its number, and for deltas."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def last(self) -> int:
        """The highest number that was given out; 0 before the first."""
        return max((int(path.stem) for path in self._directory.glob("*.json") if path.stem.isdigit()), default=0)

    def members(self, version: int) -> frozenset[str]:
        """The SHA-256 of what a version held; raises :class:`BadInput` for a number that was not given out."""
        try:
            return frozenset(read_json(_Held, (self._directory / f"{version}.json").read_bytes()).members)
        except FileNotFoundError:
            raise BadInput("bundle-version-unknown", version=version, last=self.last()) from None
        except ValueError:
            raise IntegrityBroken("bundle-manifest-damaged", version=version) from None

    def lists(self, given: Mapping[str, bytes | None]) -> Sections:
        """The lists for the next bundle: those given, else those of the last one."""
        lists: dict[str, tuple[bytes, ...]] = {}
        for name, data in given.items():
            path = self._directory / f"{name}.json"
            lists[name] = (data,) if data is not None else (path.read_bytes(),) if path.exists() else ()
            for item in lists[name]:
                _PARSERS[name](item)
        return lists

    def keep_lists(self, sections: Sections) -> None:
        """Keep the lists for the bundles to come."""
        private_directory(self._directory)
        for name in LISTS:
            for data in sections.get(name, ()):
                change(self._directory / f"{name}.json", data)

    def write(self, version: int, issued_at: datetime, sections: Sections) -> None:
        """Keep what a version holds, before it leaves."""
        private_directory(self._directory)
        members = sorted({sha256(item).hexdigest() for items in sections.values() for item in items})
        data = {"schema": _MANIFEST_SCHEMA, **to_plain(_Held(version, issued_at, tuple(members)))}
        change(self._directory / f"{version}.json", json.dumps(data, indent=1).encode())


def bundle_of(
    authority: str,
    version: int,
    issued_at: datetime,
    sections: Sections,
    policy: BundlePolicy = BundlePolicy(),  # noqa: B008 - frozen
    base: tuple[int, Iterable[str]] | None = None,
    register: RegisterHead | None = None,
) -> TrustBundle:
    """A bundle of all these, or the delta to them from ``base``: its version and the SHA-256 of what it held."""
    whole = TrustBundle(authority, version, issued_at, sections, digest_of(sections), policy=policy, register=register)
    if base is None:
        return whole
    before = frozenset(base[1])
    added = {
        name: tuple(item for item in items if sha256(item).hexdigest() not in before)
        for name, items in sections.items()
    }
    now = {sha256(item).hexdigest() for items in sections.values() for item in items}
    return replace(whole, sections=added, base=base[0], removed=frozenset(before - now))
