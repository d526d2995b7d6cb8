"""Public keys of CV certificates, ECDSA and RSA (ICAO Doc 9303-11 7.1.4, TR-03110-3 A.7 and D.3)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import SignatureAlgorithm
from eid_toolkit.standards.asn1.oids import ID_TA
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.crypto import signatures
from eid_toolkit.standards.crypto.domain_parameters import EcDomain, domain_by_id
from eid_toolkit.standards.crypto.ec import EcPublicKey, plain_to_der
from eid_toolkit.standards.crypto.rsa import RsaPublicKey
from eid_toolkit.standards.crypto.standard_groups import EC

TEMPLATE = 0x7F49
_P, _A, _B, _G, _N, _Q, _COFACTOR = 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87
_MODULUS, _EXPONENT = 0x81, 0x82

ALGORITHMS = {
    f"{ID_TA}.1.1": SignatureAlgorithm("rsa-pkcs1", "sha1"),
    f"{ID_TA}.1.2": SignatureAlgorithm("rsa-pkcs1", "sha256"),
    f"{ID_TA}.1.3": SignatureAlgorithm("rsa-pss", "sha1", 20),
    f"{ID_TA}.1.4": SignatureAlgorithm("rsa-pss", "sha256", 32),
    f"{ID_TA}.1.5": SignatureAlgorithm("rsa-pkcs1", "sha512"),
    f"{ID_TA}.1.6": SignatureAlgorithm("rsa-pss", "sha512", 64),
    f"{ID_TA}.2.1": SignatureAlgorithm("ecdsa", "sha1"),
    f"{ID_TA}.2.2": SignatureAlgorithm("ecdsa", "sha224"),
    f"{ID_TA}.2.3": SignatureAlgorithm("ecdsa", "sha256"),
    f"{ID_TA}.2.4": SignatureAlgorithm("ecdsa", "sha384"),
    f"{ID_TA}.2.5": SignatureAlgorithm("ecdsa", "sha512"),
}
"""By the identifier id-TA-…; PSS with a salt as long as the digest."""


def identifier_of(algorithm: SignatureAlgorithm) -> str:
    """The identifier id-TA-… of a scheme; raises :class:`BadInput` for one that has none."""
    for oid, known in ALGORITHMS.items():
        if known == algorithm:
            return oid
    raise BadInput("cvc-unknown-algorithm", oid=f"{algorithm.family} {algorithm.digest}")


@dataclass(frozen=True, slots=True)
class CvEcKey:
    """A point, and its curve where the certificate says it or somebody has filled it in."""

    oid: str
    point: bytes
    """04, x, y."""
    domain: EcDomain | None = None

    def on(self, domain: EcDomain | None) -> CvEcKey:
        """The key with its curve: its own, or else ``domain``, that of the issuer (TR-03110-3 D.3.3)."""
        return self if self.domain is not None else replace(self, domain=domain)

    def encode(self) -> bytes:
        """The template ``7F49``, with the domain parameters in full where the curve is known."""
        parts = [der.object_identifier(self.oid)]
        if self.domain is not None:
            parts += [tlv.encode(tag, value) for tag, value in _parameters(self.domain).items()]
        parts.append(tlv.encode(_Q, self.point))
        if self.domain is not None:
            parts.append(tlv.encode(_COFACTOR, b"\x01"))
        return tlv.encode(TEMPLATE, *parts)

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Whether the plain ``signature`` is the key's; raises :class:`BadInput` if its curve is not known."""
        if self.domain is None:
            raise BadInput("cvc-domain-parameters-missing")
        key = EcPublicKey.from_point(self.domain, self.point)
        if len(signature) != 2 * self.domain.scalar_size:
            return False
        return key.verify(plain_to_der(signature), message, ALGORITHMS[self.oid].digest)


@dataclass(frozen=True, slots=True)
class CvRsaKey:
    """An RSA key."""

    oid: str
    key: RsaPublicKey

    def on(self, domain: EcDomain | None) -> CvRsaKey:
        """The key itself: it needs no parameters of its issuer."""
        return self

    def encode(self) -> bytes:
        """The template ``7F49``."""
        modulus = self.key.n.to_bytes(self.key.size, "big")
        exponent = self.key.e.to_bytes((self.key.e.bit_length() + 7) // 8, "big")
        parts = (der.object_identifier(self.oid), tlv.encode(_MODULUS, modulus), tlv.encode(_EXPONENT, exponent))
        return tlv.encode(TEMPLATE, *parts)

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Whether ``signature`` is the key's over ``message``."""
        return signatures.verify(self.key.spki(), ALGORITHMS[self.oid], signature, message)


CvPublicKey = CvEcKey | CvRsaKey


def parse_public_key(template: Tlv) -> CvPublicKey:
    """Reads ``7F49``.

    Raises :class:`BadInput` for an unknown algorithm, domain parameters that are not standardized or not complete,
    or a point that is not on the curve given.
    """
    objects = tlv.parse_all(der.expect(template, TEMPLATE))
    if not objects:
        raise BadInput("cvc-malformed", reason="an empty public key")
    oid = der.read_object_identifier(objects[0])
    algorithm = ALGORITHMS.get(oid)
    if algorithm is None:
        raise BadInput("cvc-unknown-algorithm", oid=oid)
    by_tag = tlv.as_mapping(objects[1:])
    if algorithm.family != "ecdsa":
        if list(by_tag) != [_MODULUS, _EXPONENT]:
            raise BadInput("cvc-malformed", reason="an RSA key has modulus and exponent, nothing else")
        return CvRsaKey(oid, RsaPublicKey(*(int.from_bytes(value, "big") for value in by_tag.values())))
    if list(by_tag) == [_Q]:
        return CvEcKey(oid, by_tag[_Q])
    if list(by_tag) != [_P, _A, _B, _G, _N, _Q, _COFACTOR]:
        raise BadInput("cvc-malformed", reason="domain parameters are given in full and in order, or not at all")
    if by_tag[_COFACTOR] != b"\x01":
        raise BadInput("domain-parameters-unknown", parameters="cofactor not 1")
    domain = _standard_domain(by_tag)
    return CvEcKey(oid, EcPublicKey.from_point(domain, by_tag[_Q]).point, domain)


def _parameters(domain: EcDomain) -> dict[int, bytes]:
    size = domain.size
    base = b"\x04" + domain.gx.to_bytes(size, "big") + domain.gy.to_bytes(size, "big")
    p, a, b = (number.to_bytes(size, "big") for number in (domain.p, domain.a, domain.b))
    return {_P: p, _A: a, _B: b, _G: base, _N: domain.n.to_bytes(domain.scalar_size, "big")}


def _standard_domain(by_tag: dict[int, bytes]) -> EcDomain:
    for domain in map(domain_by_id, EC):
        if isinstance(domain, EcDomain) and _parameters(domain).items() <= by_tag.items():
            return domain
    raise BadInput("domain-parameters-unknown", parameters="explicit, in a CV certificate")
