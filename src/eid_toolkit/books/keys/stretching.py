"""From a passphrase to keys: scrypt (RFC 7914) once, then one HMAC for each purpose."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from eid_toolkit.ground.errors import AccessDenied, BadInput, IntegrityBroken
from eid_toolkit.ground.plain_values import Form, Hex, Misfit, Named, from_plain, to_plain
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret

PassphraseProvider = Callable[[], Secret]
"""Asks for a passphrase when one is needed: a prompt, the environment, a descriptor, a file."""

MINIMUM_LENGTH = 8
"""The fewest bytes a person's passphrase may have."""

_BLOCK_SIZE: Literal[8] = 8
_PERSON_COST = 1 << 15  # 32 MiB and some 70 ms: slow for a guesser, unnoticed by a clerk
_MACHINE_COST = 1 << 10  # a passphrase of 256 random bits cannot be guessed, stretched or not
_HIGHEST_COST = 1 << 20
_CHECK_PURPOSE = "check"
_CHECK_SIZE = 16


class StretchedKey:
    """The key that a passphrase opens; each purpose gets a key of its own from it."""

    __slots__ = ("_key",)

    def __init__(self, key: Secret) -> None:
        self._key = key

    def for_purpose(self, purpose: str) -> Secret:
        """32 bytes for one purpose; nothing about other purposes follows from them."""
        return Secret(hmac.digest(self._key.reveal(), purpose.encode(), "sha256"))

    def pkcs8_passphrase(self, name: str) -> bytes:
        """The passphrase of the PKCS#8 file ``name``: already strong, so that format's own weak stretching suffices."""
        return self.for_purpose(f"pkcs8 {name}").reveal().hex().encode()


@dataclass(frozen=True, slots=True)
class PassphraseLock:
    """How one passphrase was stretched (salt of 16 bytes, scrypt cost N), with a value to check it by."""

    kdf: Literal["scrypt"]
    cost: Annotated[int, Named("n")]
    r: Literal[8]
    p: Literal[1]
    salt: Hex
    check: Hex

    def __post_init__(self) -> None:
        power_of_two = self.cost > 1 and self.cost & (self.cost - 1) == 0
        if not power_of_two or self.cost > _HIGHEST_COST or len(self.salt) < _CHECK_SIZE:
            raise IntegrityBroken("passphrase-lock-damaged")

    @classmethod
    def create(
        cls, passphrase: Secret, entropy: Entropy, *, random: bool = False
    ) -> tuple[PassphraseLock, StretchedKey]:
        """A lock for a new passphrase, and the key behind it.

        ``random`` says that the passphrase is no person's choice but at least 32 random bytes. Raises
        :class:`BadInput` on a short one.
        """
        if len(passphrase) < (32 if random else MINIMUM_LENGTH):
            raise BadInput("passphrase-too-short", minimum=MINIMUM_LENGTH)
        salt = entropy.take(16)
        cost = _MACHINE_COST if random else _PERSON_COST
        key = _stretch(passphrase, salt, cost)
        check = key.for_purpose(_CHECK_PURPOSE).reveal()[:_CHECK_SIZE]
        return cls("scrypt", cost, _BLOCK_SIZE, 1, salt, check), key

    @property
    def random(self) -> bool:
        """Whether the passphrase is a machine's; the key depends on it."""
        return self.cost == _MACHINE_COST

    def open(self, passphrase: Secret) -> StretchedKey:
        """The key behind the passphrase; raises :class:`AccessDenied` on a wrong one."""
        key = _stretch(passphrase, self.salt, self.cost)
        if not hmac.compare_digest(key.for_purpose(_CHECK_PURPOSE).reveal()[:_CHECK_SIZE], self.check):
            raise AccessDenied("passphrase-wrong")
        return key

    @classmethod
    def read(cls, values: object) -> PassphraseLock:
        """The lock out of JSON values; raises :class:`IntegrityBroken` on anything else."""
        try:
            return from_plain(cls, values)
        except Misfit:
            raise IntegrityBroken("passphrase-lock-damaged") from None


StoredLock = Annotated[PassphraseLock, Form(PassphraseLock.read, to_plain)]
"""Where it stands in a file, which has an error of its own."""


def _stretch(passphrase: Secret, salt: bytes, cost: int) -> StretchedKey:
    memory = 128 * _BLOCK_SIZE * (cost + 2)
    stretched = hashlib.scrypt(passphrase.reveal(), salt=salt, n=cost, r=_BLOCK_SIZE, p=1, maxmem=2 * memory, dklen=32)
    return StretchedKey(Secret(stretched))
