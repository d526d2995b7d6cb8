"""Sessions: an operator's key vouches for a key of one process and a few hours, which signs what is done in it.

An operator's own key may lie on a card or in an agent, and be asked for a PIN; it signs one statement, and the session
key signs each transaction of the register. In a demo home, where nobody has a key, a key that everybody knows vouches:
there it is seen that rows were changed, and not by whom.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property, lru_cache

from eid_toolkit.books.audit.rows import some_bytes
from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.keys.holding import DIGEST
from eid_toolkit.books.ledger.canonical import canonical
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.plain_values import Hex, read_json, to_plain
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey, EcPublicKey
from eid_toolkit.standards.crypto.key_wrapping import CURVE

SCHEMA = "eid-session/1"
LENGTH = timedelta(hours=12)
"""How long a session signs; then the operator's key vouches for another one."""
SLACK = timedelta(minutes=10)
"""A session holds from a little before it was begun: what it signs may have been begun before."""
_SPECIMEN = b"eid-toolkit specimen operator: a key that everybody knows"
_key = lru_cache(maxsize=256)(EcPublicKey.from_spki)


@dataclass(frozen=True)
class SessionRecord:
    """Who acts, by which session key (SPKI in DER), in which home, and from when to when."""

    home: Hex
    operator: str
    public_key: Hex
    begins: datetime
    ends: datetime

    @cached_property
    def statement(self) -> str:
        """What the operator's key signs, as canonical text."""
        return canonical({"schema": SCHEMA, **to_plain(self)})

    @cached_property
    def id(self) -> str:
        """SHA-256 over the statement in hex."""
        return hashlib.sha256(self.statement.encode()).hexdigest()

    def covers(self, time: datetime) -> bool:
        """Whether what was done then may be signed in the session."""
        return self.begins <= time <= self.ends <= self.begins + LENGTH + 2 * SLACK

    def has_signed(self, statement: bytes, signature: bytes) -> bool:
        """Whether the session's key has signed it."""
        return verifies(self.public_key, statement, signature)

    @classmethod
    def parse(cls, statement: str) -> SessionRecord:
        """Read a statement; raises :class:`ValueError` for anything that is none."""
        record = read_json(cls, statement, SCHEMA, strict=True)
        if record.statement != statement or record.begins.tzinfo is None or record.ends.tzinfo is None:
            raise ValueError("not in its own form")
        return record


@dataclass(frozen=True, slots=True)
class Voucher:
    """A session as it is stored, with the operator's signature, which nobody has looked at yet."""

    record: SessionRecord
    statement: str
    signature: bytes

    def is_by(self, key: bytes) -> bool:
        """Whether the key (SPKI in DER) has signed the statement."""
        return _vouches(key, self.statement, self.signature)


@lru_cache(maxsize=4096)  # asked for each row that is signed in the session
def _vouches(key: bytes, statement: str, signature: bytes) -> bool:
    return verifies(key, statement.encode(), signature)


def read_voucher(identifier: str, statement: str, signature: bytes) -> Voucher | None:
    """A session as it is stored; None for what is none."""
    try:
        record = SessionRecord.parse(statement)
        return Voucher(record, statement, some_bytes(signature)) if record.id == identifier else None
    except (ValueError, TypeError):
        return None


@dataclass(frozen=True, slots=True)
class Session:
    """A session of this process, which signs."""

    record: SessionRecord
    voucher: bytes
    """The operator's signature over the record's statement."""
    key: EcPrivateKey

    @classmethod
    def begin(cls, operator: Operator, foundation: Foundation, now: datetime, entropy: Entropy) -> Session | None:
        """A session of an operator; None for somebody without keys in a home that is no demo."""
        sign = operator.vouch if not foundation.demo else _sign_as_specimen
        key = EcPrivateKey.generate(ec_domain_by_name(CURVE), entropy)
        public = key.public_key.spki()
        record = SessionRecord(foundation.home, operator.name, public, now - SLACK, now + LENGTH)
        voucher = sign(record.statement.encode())
        return None if voucher is None else cls(record, voucher, key)

    def sign(self, statement: bytes) -> bytes:
        """ECDSA with SHA-256 over ``statement``, in DER."""
        return self.key.sign(statement, DIGEST)


@cache
def specimen_key() -> EcPrivateKey:
    """What vouches for everybody in a demo home."""
    domain = ec_domain_by_name(CURVE)
    return EcPrivateKey(domain, Secret(hashlib.sha256(_SPECIMEN).digest()))


@cache
def specimen_public_key() -> bytes:
    """Its public half: SPKI in DER."""
    return specimen_key().public_key.spki()


def _sign_as_specimen(statement: bytes) -> bytes:
    return specimen_key().sign(statement, DIGEST)


def verifies(key: bytes, statement: bytes, signature: bytes) -> bool:
    """Whether the key (SPKI in DER) has signed the statement; no key has signed anything that is none."""
    try:
        return _key(key).verify(signature, statement, DIGEST)
    except BadInput:
        return False
