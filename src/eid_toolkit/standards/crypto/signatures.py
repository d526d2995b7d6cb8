"""Signature verification by SubjectPublicKeyInfo, and AlgorithmIdentifier in DER (9303-12 7.1, RFC 4055, RFC 5758)."""

from __future__ import annotations

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import SignatureAlgorithm
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.crypto.digests import DIGEST_OIDS, digest_by_oid, hash_algorithm
from eid_toolkit.standards.crypto.ec import EC_PUBLIC_KEY, EcPublicKey
from eid_toolkit.standards.crypto.rsa import RSA_ENCRYPTION, RSA_PSS, RsaPublicKey

_MGF1 = "1.2.840.113549.1.1.8"
_ECDSA = {
    "sha1": "1.2.840.10045.4.1",
    "sha224": "1.2.840.10045.4.3.1",
    "sha256": "1.2.840.10045.4.3.2",
    "sha384": "1.2.840.10045.4.3.3",
    "sha512": "1.2.840.10045.4.3.4",
}
_RSA_PKCS1 = {
    "sha1": "1.2.840.113549.1.1.5",
    "sha224": "1.2.840.113549.1.1.14",
    "sha256": "1.2.840.113549.1.1.11",
    "sha384": "1.2.840.113549.1.1.12",
    "sha512": "1.2.840.113549.1.1.13",
}
_BY_OID = {oid: ("ecdsa", name) for name, oid in _ECDSA.items()} | {
    oid: ("rsa-pkcs1", name) for name, oid in _RSA_PKCS1.items()
}


def algorithm_to_der(algorithm: SignatureAlgorithm) -> bytes:
    """AlgorithmIdentifier as 9303-12 writes it: ECDSA without parameters, PKCS#1 v1.5 with NULL, PSS in full."""
    if algorithm.family == "ecdsa":
        return der.sequence(der.object_identifier(_ECDSA[algorithm.digest]))
    if algorithm.family == "rsa-pkcs1":
        return der.sequence(der.object_identifier(_RSA_PKCS1[algorithm.digest]), der.null())
    hashed = der.sequence(der.object_identifier(DIGEST_OIDS[algorithm.digest]), der.null())
    parameters = der.sequence(
        tlv.encode(0xA0, hashed),
        tlv.encode(0xA1, der.sequence(der.object_identifier(_MGF1), hashed)),
        tlv.encode(0xA2, der.integer(algorithm.salt_length or 0)),
    )
    return der.sequence(der.object_identifier(RSA_PSS), parameters)


def algorithm_from_der(identifier: bytes, digest_hint: str | None = None) -> SignatureAlgorithm:
    """Reads an AlgorithmIdentifier, NULL or no parameters alike.

    ``digest_hint`` names the digest where the identifier does not (CMS signers that say only rsaEncryption or
    id-ecPublicKey). Raises :class:`BadInput` for an algorithm that is not used in 9303-12.
    """
    parts = tlv.parse(identifier, der.SEQUENCE).children()
    if not parts or len(parts) > 2:
        raise BadInput("signature-algorithm-malformed")
    oid = der.read_object_identifier(parts[0])
    if oid in _BY_OID:
        family, digest = _BY_OID[oid]
        return SignatureAlgorithm("ecdsa" if family == "ecdsa" else "rsa-pkcs1", digest)
    if oid == RSA_PSS:
        return _pss_from_parameters(parts[1] if len(parts) == 2 else None)
    if digest_hint is not None and oid in (RSA_ENCRYPTION, EC_PUBLIC_KEY):
        return SignatureAlgorithm("rsa-pkcs1" if oid == RSA_ENCRYPTION else "ecdsa", digest_hint)
    raise BadInput("signature-algorithm-unknown", oid=oid)


def _pss_from_parameters(parameters: Tlv | None) -> SignatureAlgorithm:
    """RSASSA-PSS-params with the defaults of RFC 4055 3.1: SHA-1, MGF1 with SHA-1, salt of 20 bytes."""
    by_tag = tlv.as_mapping(der.read_sequence(parameters)) if parameters is not None else {}
    digest = mask_digest = "sha1"
    if 0xA0 in by_tag:
        digest = _hash_of(tlv.parse(by_tag[0xA0], der.SEQUENCE))
    if 0xA1 in by_tag:
        mask = tlv.parse(by_tag[0xA1], der.SEQUENCE).children()
        if len(mask) != 2 or der.read_object_identifier(mask[0]) != _MGF1:
            raise BadInput("signature-algorithm-malformed")
        mask_digest = _hash_of(mask[1])
    salt = der.read_integer(tlv.parse(by_tag[0xA2])) if 0xA2 in by_tag else 20
    if not 0 <= salt <= 512:
        raise BadInput("signature-algorithm-malformed")
    return SignatureAlgorithm("rsa-pss", digest, salt, None if mask_digest == digest else mask_digest)


def _hash_of(identifier: Tlv) -> str:
    parts = der.read_sequence(identifier)
    if not parts:
        raise BadInput("signature-algorithm-malformed")
    return digest_by_oid(der.read_object_identifier(parts[0]))


def algorithms_agree(outer: bytes, inner: bytes) -> bool:
    """Whether two AlgorithmIdentifiers mean the same: absent parameters or NULL, defaults written out or left out.

    RFC 5280 4.1.1.2 and 5.1.1.2 want them the same in a certificate and in a list; written differently they still say
    one thing, and only the inner one is signed.
    """
    if outer == inner:
        return True
    try:
        return _normal(outer) == _normal(inner)
    except BadInput:
        return False


def _normal(identifier: bytes) -> object:
    parts = tlv.parse(identifier, der.SEQUENCE).children()
    try:
        return parts[:1], algorithm_from_der(identifier)
    except BadInput:  # not known here, or not complete in itself
        return parts[:1], tuple(part for part in parts[1:] if part != Tlv(der.NULL, b""))


def verify(spki: bytes, algorithm: SignatureAlgorithm, signature: bytes, message: bytes) -> bool:
    """Whether ``signature`` (X.509 form) over ``message`` was made with the private half of ``spki``.

    False for a wrong signature; raises :class:`BadInput` for a key that does not parse or fit the algorithm. In PKCS #1
    v1.5 a DigestInfo without NULL is taken, too (:func:`lacks_null` tells).
    """
    if algorithm.family == "ecdsa":
        return EcPublicKey.from_spki(spki).verify(signature, message, algorithm.digest)
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import padding

    hashed, mask = hash_algorithm(algorithm.digest), hash_algorithm(algorithm.mask_digest or algorithm.digest)
    scheme: padding.AsymmetricPadding = (
        padding.PKCS1v15()
        if algorithm.family == "rsa-pkcs1"
        else padding.PSS(padding.MGF1(mask), algorithm.salt_length or 0)
    )
    key = RsaPublicKey.from_spki(spki)
    try:
        key.native.verify(signature, message, scheme, hashed)
    except InvalidSignature:
        return algorithm.family == "rsa-pkcs1" and key.is_signed_without_null(signature, algorithm.digest, message)
    except ValueError:  # a key too short for the digest
        raise BadInput("public-key-malformed") from None
    return True


def lacks_null(spki: bytes, algorithm: SignatureAlgorithm, signature: bytes, message: bytes) -> bool:
    """Whether a good PKCS #1 v1.5 signature was made over a DigestInfo without the NULL that RFC 8017 9.2 writes.

    Raises :class:`BadInput` for a key that cannot be used.
    """
    if algorithm.family != "rsa-pkcs1":
        return False
    return RsaPublicKey.from_spki(spki).is_signed_without_null(signature, algorithm.digest, message)
