"""Digital signature scheme 1 of ISO/IEC 9796-2 with partial recovery, as Doc 9303-11 6.1.2.2 prescribes it.

The message has a part that the signature carries (M1, random, as long as fits but for a nibble) and a part that it
does not (M2). What is signed is ``6A``, M1, the digest over M1 and M2, and a trailer that names the digest.
"""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.standards.crypto.digests import digest as compute_digest
from eid_toolkit.standards.crypto.rsa import RsaPrivateKey, RsaPublicKey

_HEADER = b"\x6a"
"""01: a signature, 1: M2 is not in it, 0 and the border nibble A: M1 begins at the next byte."""
TRAILERS = {"sha1": b"\xbc", "sha224": b"\x38\xcc", "sha256": b"\x34\xcc", "sha384": b"\x36\xcc", "sha512": b"\x35\xcc"}
"""Option 1 for SHA-1 and option 2 for the others."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a good signature says: the digest it was made with, and M1."""

    digest: str
    message: bytes


def encode(digest: str, recoverable: bytes, rest: bytes) -> bytes:
    """The message representative F for M1 and M2."""
    return _HEADER + recoverable + compute_digest(digest, recoverable + rest) + TRAILERS[digest]


def decode(representative: bytes, rest: bytes) -> Recovered | None:
    """The reverse of :func:`encode`, or None if any byte is not as it has to be."""
    for digest, trailer in TRAILERS.items():
        if representative.endswith(trailer):
            end = len(representative) - len(trailer) - len(compute_digest(digest, b""))
            recoverable = representative[1:end]
            if end > 1 and encode(digest, recoverable, rest) == representative:
                return Recovered(digest, recoverable)
    return None


def sign(key: RsaPrivateKey, digest: str, rest: bytes, entropy: Entropy) -> bytes:
    """The signature over fresh random M1 and ``rest``, in the form of ISO/IEC 9796-2 B.6.

    Raises :class:`BadInput` for a key that is too short for the digest, or not of whole bytes.
    """
    public = key.public_key
    recoverable = _whole_size(public) - len(encode(digest, b"", rest))
    if recoverable < 1:
        raise BadInput("iso9796-key-too-short", bits=public.n.bit_length(), digest=digest)
    representative = encode(digest, entropy.take(recoverable), rest)
    return key.apply(int.from_bytes(representative, "big")).to_bytes(public.size, "big")


def verify(key: RsaPublicKey, signature: bytes, rest: bytes) -> Recovered | None:
    """What ``signature`` says if it is one over ``rest``, else None.

    Both forms are accepted: that of B.6, and that of B.4, where the signer gives the smaller of s and n - s.
    Raises :class:`BadInput` for a key whose modulus is not of whole bytes, which no chip can sign with.
    """
    size = _whole_size(key)
    number = int.from_bytes(signature, "big")
    if len(signature) != size or number >= key.n:
        return None
    representative = key.apply(number)
    if representative % 16 != 0x0C:  # every trailer ends so; n is odd, so only one of the two can
        if 2 * number > key.n:
            return None
        representative = key.n - representative
    return decode(representative.to_bytes(size, "big"), rest)


def _whole_size(key: RsaPublicKey) -> int:
    if key.n.bit_length() % 8:
        raise BadInput("iso9796-key-not-whole-bytes", bits=key.n.bit_length())
    return key.size
