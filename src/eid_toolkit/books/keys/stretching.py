"""From a passphrase to a sealing key: scrypt (RFC 7914)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from eid_toolkit.books.keys.sealing_key import SealingKey
from eid_toolkit.ground.errors import AccessDenied, BadInput, IntegrityBroken
from eid_toolkit.ground.plain_values import Form, Hex, Misfit, Named, from_plain, to_plain
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret

PassphraseProvider = Callable[[], Secret]
"""Asks for a passphrase when one is needed: a prompt, the environment, a descriptor, a file."""

MINIMUM_LENGTH = 8
"""The fewest bytes a person's passphrase may have."""

PERSON_COST = 1 << 15
"""N of scrypt: 32 MiB and some 70 ms, slow for a guesser and unnoticed by a clerk."""
_BLOCK_SIZE: Literal[8] = 8
_HIGHEST_COST = 1 << 20
_SALT_SIZE = 16


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
        if not power_of_two or self.cost > _HIGHEST_COST or len(self.salt) < _SALT_SIZE:
            raise IntegrityBroken("passphrase-lock-damaged")

    @classmethod
    def create(cls, passphrase: Secret, entropy: Entropy) -> tuple[PassphraseLock, SealingKey]:
        """A lock for a new passphrase, and the key behind it; raises :class:`BadInput` on a short one."""
        if len(passphrase) < MINIMUM_LENGTH:
            raise BadInput("passphrase-too-short", minimum=MINIMUM_LENGTH)
        salt = entropy.take(_SALT_SIZE)
        key = _stretch(passphrase, salt, PERSON_COST)
        return cls("scrypt", PERSON_COST, _BLOCK_SIZE, 1, salt, key.check), key

    def open(self, passphrase: Secret) -> SealingKey:
        """The key behind the passphrase; raises :class:`AccessDenied` on a wrong one."""
        key = _stretch(passphrase, self.salt, self.cost)
        if not key.is_checked_by(self.check):
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


def _stretch(passphrase: Secret, salt: bytes, cost: int) -> SealingKey:
    memory = 128 * _BLOCK_SIZE * (cost + 2)
    stretched = hashlib.scrypt(passphrase.reveal(), salt=salt, n=cost, r=_BLOCK_SIZE, p=1, maxmem=2 * memory, dklen=32)
    return SealingKey(Secret(stretched))
