"""Message digests by name and object identifier (FIPS 180-4; 9303-12 7.1)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from eid_toolkit.ground.errors import BadInput

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

DIGEST_OIDS = {
    "sha1": "1.3.14.3.2.26",
    "sha224": "2.16.840.1.101.3.4.2.4",
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
_BY_OID = {oid: name for name, oid in DIGEST_OIDS.items()}


def digest(name: str, data: bytes) -> bytes:
    """The digest called ``name`` over ``data``; raises :class:`BadInput` for a name not in ``DIGEST_OIDS``."""
    if name not in DIGEST_OIDS:
        raise BadInput("digest-unknown", digest=name)
    return hashlib.new(name, data).digest()


def digest_by_oid(oid: str) -> str:
    """The name that belongs to ``oid``; raises :class:`BadInput` for any other."""
    if oid not in _BY_OID:
        raise BadInput("digest-unknown", digest=oid)
    return _BY_OID[oid]


def hash_algorithm(name: str) -> HashAlgorithm:
    """The object that ``cryptography`` wants for the digest called ``name``."""
    from cryptography.hazmat.primitives import hashes

    if name not in DIGEST_OIDS:
        raise BadInput("digest-unknown", digest=name)
    algorithm: HashAlgorithm = getattr(hashes, name.upper())()
    return algorithm
