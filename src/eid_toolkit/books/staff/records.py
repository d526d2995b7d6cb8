"""The record of an operator: who somebody is, by which keys and in which roles, endorsed by the staff key."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Annotated

from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.keys.holding import DIGEST
from eid_toolkit.books.keys.stretching import StoredLock
from eid_toolkit.books.staff.roles import Role
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.plain_values import REQUIRED, Hex, Named, from_plain, parse_json, to_plain
from eid_toolkit.standards.crypto.ec import EcPublicKey

SCHEMA = "eid-operator/3"
_public_key = lru_cache(maxsize=64)(EcPublicKey.from_spki)  # those who decide in an office are few


@dataclass(frozen=True, slots=True)
class FormerKey:
    """A signing key (SPKI in DER) that was the operator's until then: what it signed before stays valid."""

    public_key: Hex
    until: datetime


@dataclass(frozen=True, slots=True)
class OperatorRecord:
    """What is known of an operator; public keys are SubjectPublicKeyInfo in DER."""

    name: str
    version: int
    """1 at first; each change of what is endorsed counts."""
    public_key: Hex
    """Of the key that signs."""
    wrapping_key: Hex
    """Of the key that unwraps."""
    recovery_key: Hex
    """Of a security officer's recovery share; empty for others."""
    roles: frozenset[Role]
    created: datetime
    disabled: Annotated[datetime | None, REQUIRED]
    former: tuple[FormerKey, ...]
    lock: Annotated[StoredLock, Named("passphrase")]
    pin: Hex
    """By the operator's passphrase over the home's foundation: who changes that deceives nobody who acts."""
    endorsement: Hex
    """The staff key's signature over :meth:`statement`."""

    def statement(self, foundation: Foundation) -> bytes:
        """What the staff key vouches for: all but what the passphrase is about."""
        standing = to_plain(self, without=("lock", "pin", "endorsement"))
        return json.dumps([SCHEMA, foundation.home.hex(), *standing.values()]).encode()

    def digest(self, foundation: Foundation) -> str:
        """SHA-256 over the statement in hex: by it the audit log knows the record."""
        return hashlib.sha256(self.statement(foundation)).hexdigest()

    def encode(self) -> bytes:
        """The record's file."""
        return json.dumps({"schema": SCHEMA, **to_plain(self)}, indent=1).encode()

    @classmethod
    def parse(cls, data: bytes) -> OperatorRecord:
        """Read the file; raises :class:`IntegrityBroken` on anything else."""
        try:
            values = parse_json(data)
            if values["schema"] == SCHEMA:
                return from_plain(cls, values)
        except (ValueError, TypeError, KeyError):
            pass
        raise IntegrityBroken("operator-record-damaged")

    def signed(self, statement: bytes, signature: bytes, at: datetime) -> bool:
        """Whether the operator signed the statement at that time, with the key of then."""
        if self.disabled is not None and at > self.disabled:
            return False
        keys = [self.public_key, *(former.public_key for former in self.former if at <= former.until)]
        return any(_public_key(key).verify(signature, statement, DIGEST) for key in keys)
