"""What the audit key signs: a checkpoint says which row was the newest, and by that all rows before it.

The statement is the canonical JSON of ``schema``, ``position`` and ``hash`` of the row, ``number`` of the checkpoint
(from 1 without a gap, so that a missing one is detected), ``time`` and ``key`` (SHA-256 of the public key). People who
countersign sign just that; the audit key signs the statement together with the countersignatures, so that none of
them can be taken out again.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Annotated

from eid_toolkit.books.audit.rows import time_text
from eid_toolkit.books.ledger.canonical import canonical
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.ground.errors import BadInput, IntegrityBroken
from eid_toolkit.ground.plain_values import Form, Hex, read_json, to_plain
from eid_toolkit.ground.ports import Signer
from eid_toolkit.standards.crypto.ec import EcPublicKey
from eid_toolkit.standards.pki.certificate import read_pem_or_der

SCHEMA = "eid-audit-checkpoint/1"
DIGEST = "sha256"
"""Of the audit key, which is on P-256, and of the operators' keys."""

_PEM_LABEL = "PUBLIC KEY"
_PEM_LINE = 64


@dataclass(frozen=True, slots=True)
class Countersignature:
    """A person's; key (SubjectPublicKeyInfo) and signature are missing in a demo home."""

    operator: str
    public_key: Hex | None
    signature: Hex | None

    def __post_init__(self) -> None:
        if (self.public_key is None) is not (self.signature is None):
            raise ValueError("a key without a signature")


@dataclass(frozen=True, slots=True)
class AuditKey:
    """The public key of checkpoints."""

    key: EcPublicKey

    @classmethod
    def read(cls, data: bytes) -> AuditKey:
        """From SubjectPublicKeyInfo in PEM or DER; raises :class:`BadInput` for anything else."""
        blocks = read_pem_or_der(data)
        if len(blocks) != 1:
            raise BadInput("public-key-malformed")
        return cls(EcPublicKey.from_spki(blocks[0][1]))

    @property
    def spki(self) -> bytes:
        """SubjectPublicKeyInfo in DER, with the curve's name."""
        return self.key.spki(explicit=False)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over it in hex: names the key."""
        return sha256(self.spki).hexdigest()

    def to_pem(self) -> bytes:
        """The key as a file."""
        text = base64.b64encode(self.spki).decode()
        lines = (text[start : start + _PEM_LINE] for start in range(0, len(text), _PEM_LINE))
        return "\n".join((f"-----BEGIN {_PEM_LABEL}-----", *lines, f"-----END {_PEM_LABEL}-----", "")).encode()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed statement about the row at ``position``; unverified until :meth:`is_signed_by` says so."""

    position: int
    hash: str
    number: int
    time: Annotated[datetime, Form(datetime.fromisoformat, time_text)]
    key: str
    countersigned: tuple[Countersignature, ...]
    signature: Hex

    def __post_init__(self) -> None:
        _ = self.signed  # text that is none has no signature

    @property
    def statement(self) -> Mapping[str, object]:
        """What people countersign."""
        return {"schema": SCHEMA, **to_plain(self, without=("countersigned", "signature"))}

    @property
    def signed(self) -> bytes:
        """What the audit key signs; raises :class:`ValueError` for text that is none."""
        return canonical({"schema": SCHEMA, **to_plain(self, without=("signature",))}).encode()

    def is_signed_by(self, key: AuditKey) -> bool:
        """Whether this very checkpoint was signed by the key."""
        return self.key == key.fingerprint and key.key.verify(self.signature, self.signed, DIGEST)

    def broken_countersignature(self) -> str | None:
        """Who did not sign though it says so: the first such name."""
        text = canonical(self.statement).encode()
        for person in self.countersigned:
            if person.public_key is not None and person.signature is not None:
                try:
                    good = EcPublicKey.from_spki(person.public_key).verify(person.signature, text, DIGEST)
                except BadInput:
                    good = False
                if not good:
                    return person.operator
        return None

    def is_ahead_of(self, other: Checkpoint) -> bool:
        """Whether this is a later one of the same log, or the same one with the signatures of more people."""
        if (self.position, self.hash, self.number) == (other.position, other.hash, other.number):
            return set(self.countersigned) > set(other.countersigned)
        return self.position > other.position and self.number > other.number

    def to_json(self) -> dict[str, object]:
        """The checkpoint as a file, and as a line of an export."""
        return {"schema": SCHEMA, **to_plain(self)}

    @classmethod
    def read(cls, data: bytes) -> Checkpoint:
        """Read the file of a checkpoint; raises :class:`ValueError` on anything else."""
        return read_json(cls, data, SCHEMA)


def sign(row: tuple[int, str], number: int, time: datetime, signer: Signer, people: Iterable[Operator]) -> Checkpoint:
    """A checkpoint on a row, given by position and hash, countersigned by ``people`` first."""
    unsigned = Checkpoint(*row, number, time, audit_key(signer).fingerprint, (), b"")
    return countersign(unsigned, signer, people)


def countersign(signed: Checkpoint, signer: Signer, people: Iterable[Operator]) -> Checkpoint:
    """The checkpoint with the signatures of more ``people``, signed anew by the audit key."""
    text = canonical(signed.statement).encode()
    added = tuple(
        Countersignature(person.name, person.keys.public_key if person.keys else None, person.sign(text))
        for person in people
    )
    complete = replace(signed, countersigned=(*signed.countersigned, *added))
    return replace(complete, signature=signer.sign(complete.signed))


def audit_key(signer: Signer) -> AuditKey:
    """The public half; raises :class:`IntegrityBroken` for a key that makes other signatures."""
    if (signer.algorithm.family, signer.algorithm.digest) != ("ecdsa", DIGEST):
        raise IntegrityBroken("audit-key-changed")
    return AuditKey.read(signer.public_key)
