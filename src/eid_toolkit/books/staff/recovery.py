"""Recovery shares: what a security officer keeps on paper in a safe, in place of a passphrase that is forgotten.

A share is 16 random bytes, from which a key pair for unwrapping follows. It stands for its person where two have to
open a compartment together; alone it opens nothing. On paper it has eight groups of four characters of base 32
(RFC 4648), with four bytes of SHA-256 behind the share, so that a slip of the pen is noticed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.crypto.key_wrapping import derived_key

SIZE = 16
_CHECK_SIZE = 4
_GROUP = 4
_LIMIT = 200
_PURPOSE = "eid-recovery-share/1"
_CONFUSED = str.maketrans("018", "OIB")
"""Digits that base 32 does not have, as they are misread."""


def new_share(entropy: Entropy) -> Secret:
    """A share that nobody has had yet."""
    return Secret(entropy.take(SIZE))


def on_paper(share: Secret) -> str:
    """The share in eight groups, as it is written down."""
    text = base64.b32encode(share.reveal() + _check(share.reveal())).decode()
    return "-".join(text[place : place + _GROUP] for place in range(0, len(text), _GROUP))


def from_paper(text: str) -> Secret:
    """The share that somebody has typed; raises :class:`BadInput` where something is mistyped."""
    cleaned = "".join(text.split()).replace("-", "").upper().translate(_CONFUSED)
    try:
        data = base64.b32decode(cleaned) if len(text) <= _LIMIT else b""
    except (binascii.Error, ValueError):
        data = b""
    if len(data) != SIZE + _CHECK_SIZE or not hmac.compare_digest(_check(data[:SIZE]), data[SIZE:]):
        raise BadInput("recovery-share-mistyped")
    return Secret(data[:SIZE])


def recovery_key(share: Secret) -> EcPrivateKey:
    """The key pair for unwrapping that follows from a share."""
    return derived_key(lambda attempt: hmac.digest(share.reveal(), f"{_PURPOSE} {attempt}".encode(), "sha256"))


def _check(share: bytes) -> bytes:
    return hashlib.sha256(_PURPOSE.encode() + share).digest()[:_CHECK_SIZE]
