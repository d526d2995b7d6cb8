"""Private keys as PKCS#8 in DER (RFC 5958), plain or encrypted: of elliptic curves, and RSA."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eid_toolkit.books.keys.signers import RSA_SIZES, EcSigner, RsaScheme, RsaSigner
from eid_toolkit.ground.errors import AccessDenied, BadInput
from eid_toolkit.ground.ports import Signer
from eid_toolkit.standards.crypto.ec import EcPrivateKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


def new_rsa(bits: int) -> RSAPrivateKey:
    """A fresh RSA key of 2048, 3072, 4096 or 6144 bits; raises :class:`BadInput` for another size."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    if bits not in RSA_SIZES:
        raise BadInput("rsa-size-unsupported", bits=bits)
    return rsa.generate_private_key(65537, bits)


def signer_from(data: bytes, passphrase: bytes | None, digest: str | None, scheme: RsaScheme) -> Signer:
    """The key, to sign with: ECDSA by the digest that fits, RSA by SHA-256, or as wanted.

    Raises :class:`AccessDenied` for a wrong passphrase, :class:`BadInput` for a key of another kind.
    """
    try:
        return EcSigner(EcPrivateKey.from_pkcs8(data, passphrase), digest)
    except BadInput:
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

        key = _loaded(data, passphrase)
        if not isinstance(key, RSAPrivateKey):
            raise
        return RsaSigner(key, digest or "sha256", scheme)


def encoded(key: Any, passphrase: bytes | None) -> bytes:
    """A key of the package ``cryptography``, encrypted unless the passphrase is None."""
    from cryptography.hazmat.primitives import serialization

    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        encryption = serialization.BestAvailableEncryption(passphrase)
    form = serialization.PrivateFormat.PKCS8
    return bytes(key.private_bytes(serialization.Encoding.DER, form, encryption))


def encrypted_anew(data: bytes, passphrase: bytes | None, new_passphrase: bytes | None) -> bytes:
    """The same key under another passphrase; raises :class:`AccessDenied` for a wrong one."""
    return encoded(_loaded(data, passphrase), new_passphrase)


def _loaded(data: bytes, passphrase: bytes | None) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    try:
        return load_der_private_key(data, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise AccessDenied("key-passphrase-wrong") from None
