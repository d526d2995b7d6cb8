"""A key that opens a part of the key store: what is kept under it has a key of its own for each purpose."""

from __future__ import annotations

import hmac

from eid_toolkit.ground.secret import Secret

SIZE = 32
"""Bytes of a sealing key."""
_CHECK_PURPOSE = "check"
_CHECK_SIZE = 16


class SealingKey:
    """32 bytes from which one HMAC-SHA256 for each purpose makes the keys that are used."""

    __slots__ = ("_key",)

    def __init__(self, key: Secret) -> None:
        self._key = key

    @property
    def secret(self) -> Secret:
        """The key itself, to be wrapped for a person."""
        return self._key

    @property
    def check(self) -> bytes:
        """16 bytes by which the right key is known; they may be public."""
        return self.for_purpose(_CHECK_PURPOSE).reveal()[:_CHECK_SIZE]

    def is_checked_by(self, check: bytes) -> bool:
        """Whether ``check`` is that of this key."""
        return hmac.compare_digest(self.check, check)

    def for_purpose(self, purpose: str) -> Secret:
        """32 bytes for one purpose; nothing about other purposes follows from them."""
        return Secret(hmac.digest(self._key.reveal(), purpose.encode(), "sha256"))

    def pkcs8_passphrase(self, name: str) -> bytes:
        """The passphrase of the PKCS#8 file ``name``: already strong, so that format's own weak stretching suffices."""
        return self.for_purpose(f"pkcs8 {name}").reveal().hex().encode()
