"""Keys and certificates that a program holds as objects of the package ``cryptography``, as this toolkit takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from eid_toolkit.books.keys.signers import RsaSigner, fitting_digest
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import SignatureAlgorithm, Signer
from eid_toolkit.standards.crypto.digests import hash_algorithm
from eid_toolkit.standards.crypto.ec import EcPublicKey
from eid_toolkit.standards.pki.certificate import read_pem_or_der

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate as ForeignCertificate
    from cryptography.x509 import CertificateRevocationList


@dataclass(frozen=True, slots=True)
class ForeignEcSigner:
    """An elliptic curve key that signs by ECDSA with the digest that fits; it never leaves the object that holds it."""

    key: EllipticCurvePrivateKey

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """ECDSA with the digest."""
        return SignatureAlgorithm("ecdsa", fitting_digest(self._public.domain.n.bit_length()))

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo in DER with explicit parameters."""
        return self._public.spki(explicit=True)

    def sign(self, message: bytes, /) -> bytes:
        """The DER encoded signature over ``message``."""
        from cryptography.hazmat.primitives.asymmetric import ec

        return self.key.sign(message, ec.ECDSA(hash_algorithm(self.algorithm.digest)))

    @property
    def _public(self) -> EcPublicKey:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        spki = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return EcPublicKey.from_spki(spki)


def signer_of(key: Signer | EllipticCurvePrivateKey | RSAPrivateKey) -> Signer:
    """The key as a signer: ECDSA, or RSA by PSS; what is a signer already stays as it is.

    Raises :class:`TypeError` for anything else, and :class:`BadInput` for a curve that is not of the standard.
    """
    if hasattr(key, "algorithm") and hasattr(key, "sign"):
        return cast("Signer", key)
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if isinstance(key, ec.EllipticCurvePrivateKey):
        return ForeignEcSigner(key)
    if isinstance(key, rsa.RSAPrivateKey):
        return RsaSigner(key)
    raise TypeError(f"a signer has algorithm, public_key and sign(bytes), which {type(key).__name__} has not")


def der_of(item: bytes | ForeignCertificate | CertificateRevocationList | Any) -> bytes:
    """The DER of one certificate or list; raises :class:`BadInput` for a PEM file that holds several."""
    if not isinstance(item, bytes | bytearray | memoryview):
        from cryptography.hazmat.primitives.serialization import Encoding

        return bytes(item.public_bytes(Encoding.DER))
    blocks = read_pem_or_der(bytes(item))
    if len(blocks) != 1:
        raise BadInput("pem-malformed")
    return blocks[0][1]
