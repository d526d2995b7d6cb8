"""The signature on evidence: whose word it is for what a file cannot prove (ECDSA with SHA-256, TR-03111 4.2).

Signed is the evidence as JSON with sorted keys, without blanks and in ASCII, behind :data:`PREFIX`; the member
``signature`` itself is left out. So a file may be indented in another way, and nothing else.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from eid_toolkit.ground.errors import BadInput
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


def sealed(evidence: bytes, key: EcPrivateKey) -> bytes:
    """The evidence file with a signature by ``key``."""
    data = json.loads(evidence)
    data[_MEMBER] = {
        "public_key": base64.b64encode(key.public_key.spki(explicit=False)).decode("ascii"),
        "value": base64.b64encode(key.sign(_message(data), _DIGEST)).decode("ascii"),
    }
    return json.dumps(data, indent=1).encode()


def read_seal(evidence: bytes) -> Seal | None:
    """The signature in an evidence file, not verified; None without one.

    Raises :class:`BadInput` if it is malformed.
    """
    try:
        data = json.loads(evidence)
        signature = data.get(_MEMBER)
        if signature is None:
            return None
        key, value = (base64.b64decode(signature[name], validate=True) for name in ("public_key", "value"))
        if max(len(key), len(value)) > _MAX_KEY:
            raise BadInput("evidence-malformed", part=_MEMBER)
        return Seal(key, value, _message(data))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, binascii.Error):
        raise BadInput("evidence-malformed", part=_MEMBER) from None


def _message(data: dict[str, Any]) -> bytes:
    signed = {name: value for name, value in data.items() if name != _MEMBER}
    return PREFIX + json.dumps(signed, sort_keys=True, separators=(",", ":")).encode("ascii")
