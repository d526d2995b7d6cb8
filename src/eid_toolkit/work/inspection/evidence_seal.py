"""The signature on evidence: whose word it is for what a file cannot prove (ECDSA with SHA-256, TR-03111 4.2).

Signed is the evidence as JSON with sorted keys, without blanks and in ASCII, behind :data:`PREFIX`; the member
``signature`` itself is left out. So a file may be indented in another way, and nothing else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.plain_values import Base64, Misfit, from_plain, parse_json, to_plain
from eid_toolkit.standards.crypto.ec import EcPrivateKey, EcPublicKey

PREFIX = b"eid-evidence signature\n"
_MEMBER = "signature"
_DIGEST = "sha256"
_MAX_KEY = 1024


@dataclass(frozen=True, slots=True)
class Seal:
    """The key that evidence names as its reader's (SubjectPublicKeyInfo), its signature, and what that is over."""

    public_key: bytes
    signature: bytes
    message: bytes

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the public key, in hex: what a reader is enrolled by."""
        return sha256(self.public_key).hexdigest()

    @property
    def is_good(self) -> bool:
        """Whether the key made the signature."""
        try:
            return EcPublicKey.from_spki(self.public_key).verify(self.signature, self.message, _DIGEST)
        except BadInput:
            return False


def fingerprint_of(key: EcPrivateKey) -> str:
    """The fingerprint of the seals that a key makes."""
    return sha256(key.public_key.spki(explicit=False)).hexdigest()


@dataclass(frozen=True, slots=True)
class _Signature:
    """As it stands in the file."""

    public_key: Base64
    value: Base64


def sealed(evidence: bytes, key: EcPrivateKey) -> bytes:
    """The evidence file with a signature by ``key``."""
    data = parse_json(evidence)
    signature = _Signature(key.public_key.spki(explicit=False), key.sign(_message(data), _DIGEST))
    return json.dumps({**data, _MEMBER: to_plain(signature)}, indent=1).encode()


def read_seal(evidence: bytes) -> Seal | None:
    """The signature in an evidence file, not verified; None without one.

    Raises :class:`BadInput` if it is malformed.
    """
    try:
        data = parse_json(evidence)
        if data.get(_MEMBER) is None:
            return None
        signature = from_plain(_Signature, data[_MEMBER])
        if max(len(signature.public_key), len(signature.value)) > _MAX_KEY:
            raise Misfit("wrong", _MEMBER)
        return Seal(signature.public_key, signature.value, _message(data))
    except (ValueError, AttributeError):
        raise BadInput("evidence-malformed", part=_MEMBER) from None


def _message(data: dict[str, Any]) -> bytes:
    signed = {name: value for name, value in data.items() if name != _MEMBER}
    return PREFIX + json.dumps(signed, sort_keys=True, separators=(",", ":")).encode("ascii")
