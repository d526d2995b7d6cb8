"""A specimen authority in memory: CSCA, document signer and revocation list; verifying authority and terminal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from eid_toolkit.books.keys.signers import EcSigner
from eid_toolkit.cards.terminal.rights import TerminalIdentity
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import Entropy, Signer
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.pki.certificate import SPECIMEN_MARK, Certificate
from eid_toolkit.standards.pki.countries import two_letters
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.cv_authorization import READ_DG3, READ_DG4, Authorization, Role, TerminalType
from eid_toolkit.standards.pki.cv_certificate import CvCertificate, CvContent, KeyReference, issue
from eid_toolkit.standards.pki.cv_public_key import CvEcKey, identifier_of
from eid_toolkit.standards.pki.issuing import (
    Lifetime,
    Publication,
    build_crl,
    build_csca,
    build_document_signer,
    distinguished_name,
)
from eid_toolkit.standards.pki.validation import TrustMaterial

_CSCA_CURVE, _SIGNER_CURVE, _TERMINAL_CURVE = "brainpoolP384r1", "brainpoolP256r1", "brainpoolP256r1"
_DOCUMENT_VALIDITY = timedelta(days=15 * 366)
_AHEAD = timedelta(days=1)
"""Certificates begin so long before the card is issued."""
_ROOT_DAYS, _VERIFIER_DAYS, _TERMINAL_DAYS = 3 * 365, 90, 30


def new_key(curve: str, digest: str, entropy: Entropy) -> EcSigner:
    """A fresh key; it signs without randomness of its own, so that the same card comes out of the same seed."""
    return EcSigner(EcPrivateKey.generate(ec_domain_by_name(curve), entropy), digest, deterministic=True)


@dataclass(frozen=True, slots=True)
class SpecimenAuthority:
    """What one specimen state issues with, and what others believe it by."""

    csca: Certificate
    csca_key: Signer
    crl: Crl
    signer: Signer
    signer_certificate: Certificate

    @classmethod
    def create(cls, state: str, document_code: str, now: datetime, entropy: Entropy) -> SpecimenAuthority:
        """A new one for a state (code of the MRZ)."""
        country = two_letters(state)
        if country is None:
            raise BadInput("country-unknown", country=state)
        start = now - _AHEAD
        csca_key = new_key(_CSCA_CURVE, "sha384", entropy)
        signer = new_key(_SIGNER_CURVE, "sha256", entropy)
        publication = Publication(state)
        name = f"{SPECIMEN_MARK} Authority"
        csca = build_csca(
            csca_key,
            distinguished_name(country, name, f"{SPECIMEN_MARK} CSCA {state}"),
            Lifetime.of_csca(start, _DOCUMENT_VALIDITY),
            publication,
            entropy,
        )
        certificate = build_document_signer(
            csca,
            csca_key,
            distinguished_name(country, name, f"{SPECIMEN_MARK} Document Signer {state} 1"),
            signer.public_key,
            Lifetime.of_signer(start, _DOCUMENT_VALIDITY),
            publication,
            (document_code,),
            entropy,
        )
        return cls(csca, csca_key, Crl.parse(build_crl(csca, csca_key, 1, start, {})), signer, certificate)

    def crl_at(self, now: datetime, revoked: Iterable[Certificate] = ()) -> Crl:
        """The revocation list of a later day, with these certificates on it."""
        serials = dict.fromkeys((certificate.serial for certificate in revoked), now)
        return Crl.parse(build_crl(self.csca, self.csca_key, 2, now, serials))

    @property
    def country(self) -> str:
        """Two letters."""
        return self.csca.country or ""

    @property
    def trust(self) -> TrustMaterial:
        """What an inspection has to believe to pass the authority's cards."""
        return TrustMaterial((self.csca,), (self.crl,), complete_states=frozenset(filter(None, (self.csca.country,))))


@dataclass(frozen=True, slots=True)
class VerifyingAuthority:
    """A country verifying authority, and one terminal that may read fingerprints and irises."""

    root: CvCertificate
    terminal: TerminalIdentity
    terminal_key: EcPrivateKey

    @classmethod
    def create(cls, state: str, day: date, entropy: Entropy) -> VerifyingAuthority:
        """A new one, with certificates that begin on ``day``."""
        country = two_letters(state) or "XX"
        keys = [new_key(_TERMINAL_CURVE, "sha256", entropy) for _ in range(3)]
        names = [KeyReference(f"{country}{name}00001") for name in ("CVCA", "DV", "IS")]
        roles = (Role.CVCA, Role.DV_DOMESTIC, Role.TERMINAL)
        days = (_ROOT_DAYS, _VERIFIER_DAYS, _TERMINAL_DAYS)
        certificates = []
        for level, (key, name, role, lifetime) in enumerate(zip(keys, names, roles, days, strict=True)):
            point, domain = key.key.public_key.point, key.key.domain if role is Role.CVCA else None
            content = CvContent(
                names[max(level - 1, 0)],
                CvEcKey(identifier_of(key.algorithm), point, domain),
                name,
                Authorization(TerminalType.INSPECTION_SYSTEM, role, READ_DG3 | READ_DG4),
                day,
                day + timedelta(days=lifetime),
            )
            certificates.append(issue(content, keys[max(level - 1, 0)]))
        root, verifier, terminal = certificates
        return cls(root, TerminalIdentity(terminal, keys[-1], (root, verifier)), keys[-1].key)
