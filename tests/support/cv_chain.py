"""A country's CV certificates for tests: CVCA, link certificates, document verifiers and terminals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from eid_toolkit.books.keys.signers import EcSigner
from eid_toolkit.ground.ports import SignatureAlgorithm, Signer, SystemEntropy
from eid_toolkit.standards.crypto.domain_parameters import EcDomain, ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.pki.cv_authorization import READ_DG3, READ_DG4, Authorization, Role, TerminalType
from eid_toolkit.standards.pki.cv_certificate import CvCertificate, CvContent, KeyReference, issue
from eid_toolkit.standards.pki.cv_public_key import CvEcKey, CvPublicKey, CvRsaKey, identifier_of
from support.rsa_keys import native_rsa_key, rsa_key

START = date(2026, 11, 1)
BOTH = READ_DG3 | READ_DG4
Kind = Literal["ecdsa", "rsa-pkcs1", "rsa-pss"]


class CvEcSigner(EcSigner):
    """An EC key that signs with a digest of its own."""

    def certified(self, with_domain: bool) -> CvPublicKey:
        public = self.key.public_key
        return CvEcKey(identifier_of(self.algorithm), public.point, public.domain if with_domain else None)


@dataclass
class CvRsaSigner:
    """An RSA key, by the scheme and digest given."""

    algorithm: SignatureAlgorithm
    bits: int = 2048

    @property
    def public_key(self) -> bytes:
        return rsa_key(self.bits).public_key.spki()

    def sign(self, message: bytes, /) -> bytes:
        hashed = getattr(hashes, self.algorithm.digest.upper())()
        scheme: padding.AsymmetricPadding = padding.PKCS1v15()
        if self.algorithm.family == "rsa-pss":
            scheme = padding.PSS(padding.MGF1(hashed), self.algorithm.salt_length or 0)
        return native_rsa_key(self.bits).sign(message, scheme, hashed)

    def certified(self, with_domain: bool) -> CvPublicKey:
        return CvRsaKey(identifier_of(self.algorithm), rsa_key(self.bits).public_key)


CvSigner = CvEcSigner | CvRsaSigner


def ec_signer(domain: EcDomain | None = None, digest: str = "sha256") -> CvEcSigner:
    domain = domain or ec_domain_by_name("brainpoolP256r1")
    return CvEcSigner(EcPrivateKey.generate(domain, SystemEntropy()), digest)


_CURVES = {"sha1": "secp192r1", "sha224": "brainpoolP224r1", "sha256": "secp256r1", "sha384": "brainpoolP384r1"}


def signer_by(algorithm: SignatureAlgorithm) -> CvSigner:
    """A key that signs by ``algorithm``; an EC key on a curve of about the digest's size."""
    if algorithm.family == "ecdsa":
        return ec_signer(ec_domain_by_name(_CURVES.get(algorithm.digest, "secp521r1")), algorithm.digest)
    return CvRsaSigner(algorithm)


@dataclass
class Holder:
    """One key pair with its certificate."""

    signer: CvSigner
    certificate: CvCertificate

    @property
    def reference(self) -> KeyReference:
        return self.certificate.content.holder_reference

    def issue(
        self,
        name: str,
        role: Role,
        signer: CvSigner | None = None,
        *,
        rights: int = BOTH,
        effective: date = START,
        days: int = 30,
        by: Signer | None = None,
        terminal_type: TerminalType = TerminalType.INSPECTION_SYSTEM,
        with_domain: bool | None = None,
    ) -> Holder:
        """A certificate for a new key of ``name``, signed with this one's key, or wrongly with another's (``by``)."""
        signer = signer or self.sibling()
        content = CvContent(
            self.reference,
            signer.certified(role is Role.CVCA if with_domain is None else with_domain),
            KeyReference(name),
            Authorization(terminal_type, role, rights),
            effective,
            effective + timedelta(days=days),
        )
        return Holder(signer, issue(content, by or self.signer))

    def sibling(self) -> CvSigner:
        """Another key of the same kind."""
        if isinstance(self.signer, CvRsaSigner):
            return CvRsaSigner(self.signer.algorithm, self.signer.bits)
        return ec_signer(self.signer.key.domain, self.signer.digest)


def cvca(signer: CvSigner | None = None, name: str = "UTCVCA00001", rights: int = BOTH) -> Holder:
    """A self-signed CVCA."""
    signer = signer or ec_signer()
    content = CvContent(
        KeyReference(name),
        signer.certified(True),
        KeyReference(name),
        Authorization(TerminalType.INSPECTION_SYSTEM, Role.CVCA, rights),
        START,
        START + timedelta(days=365),
    )
    return Holder(signer, issue(content, signer))
