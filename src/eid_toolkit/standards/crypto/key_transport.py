"""Card keys on their way between two organizations, wrapped for the public key of the one that is to have them.

RSAES-OAEP with SHA-256, MGF1 with SHA-256 and an empty label (RFC 8017 7.1), or the wrap of
:mod:`eid_toolkit.standards.crypto.key_wrapping` on P-256.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from eid_toolkit.ground.errors import BadInput, NotRsaKey, SealBroken
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto import key_wrapping
from eid_toolkit.standards.crypto.check_values import KEY_SIZES
from eid_toolkit.standards.crypto.ec import EcPrivateKey, EcPublicKey
from eid_toolkit.standards.crypto.key_wrapping import POINT_SIZE, WrappedKey
from eid_toolkit.standards.crypto.rsa import RsaPublicKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.padding import OAEP

CONTEXT = b"eid-transport-key/1"
"""What a wrap on P-256 is for (``entityUInfo``)."""
MAX_WRAPPED = 1 << 12
"""The largest file in bytes that is read as a wrapped key."""
_LEAST_BITS = 2048


class TransportAlgorithm(StrEnum):
    """How a key is wrapped."""

    RSA_OAEP = "rsa-oaep-sha256"
    P_256 = "p-256"


def algorithm_of(spki: bytes) -> TransportAlgorithm:
    """How a key is wrapped for the public key in SubjectPublicKeyInfo.

    Raises :class:`BadInput` for anything but RSA of 2048 bits or more, or P-256.
    """
    key = _public_key(spki)
    return TransportAlgorithm.P_256 if isinstance(key, EcPublicKey) else TransportAlgorithm.RSA_OAEP


def wrap_for(key: Secret, spki: bytes, entropy: Entropy) -> bytes:
    """An AES key for the holder of the public key; raises as :func:`algorithm_of`.

    RSA: as long as the modulus. P-256: the ephemeral point (65 bytes), then the wrap (8 bytes longer than the key).
    """
    public = _public_key(spki)
    if isinstance(public, EcPublicKey):
        wrapped = key_wrapping.wrap(key, public, CONTEXT, entropy)
        return wrapped.ephemeral + wrapped.wrapped
    return public.native.encrypt(key.reveal(), _oaep())


def unwrap_by(pkcs8: Secret, wrapped: bytes) -> Secret:
    """The AES key, by a private key in PrivateKeyInfo (DER).

    Raises :class:`SealBroken` if it was wrapped for another key or was changed, and if it is no AES key.
    """
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    native = load_der_private_key(pkcs8.reveal(), None)
    try:
        if isinstance(native, RSAPrivateKey):
            key = Secret(native.decrypt(wrapped, _oaep()))
        else:
            held = EcPrivateKey.from_pkcs8(pkcs8.reveal(), None)
            key = key_wrapping.unwrap(WrappedKey(wrapped[:POINT_SIZE], wrapped[POINT_SIZE:]), held, CONTEXT)
    except (BadInput, ValueError):
        raise SealBroken("wrapped-key-not-ours") from None
    except SealBroken:
        raise SealBroken("wrapped-key-not-ours") from None
    if len(key) not in KEY_SIZES:
        raise SealBroken("wrapped-key-not-ours")
    return key


def parse_wrapped(data: bytes) -> bytes:
    """The wrapped key of a file: its bytes as they are, or written in hexadecimal."""
    try:
        return bytes.fromhex(data.decode("ascii"))
    except ValueError:
        return data


def _public_key(spki: bytes) -> EcPublicKey | RsaPublicKey:
    try:
        public = RsaPublicKey.from_spki(spki)
    except NotRsaKey:
        return _p_256_key(spki)
    if public.n.bit_length() < _LEAST_BITS:
        raise BadInput("transport-public-key-unsuitable")
    return public


def _p_256_key(spki: bytes) -> EcPublicKey:
    try:
        public = EcPublicKey.from_spki(spki)
    except BadInput:
        raise BadInput("transport-public-key-unsuitable") from None
    if public.domain.name != key_wrapping.CURVE:
        raise BadInput("transport-public-key-unsuitable")
    return public


def _oaep() -> OAEP:
    from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
    from cryptography.hazmat.primitives.hashes import SHA256

    return OAEP(mgf=MGF1(SHA256()), algorithm=SHA256(), label=None)
