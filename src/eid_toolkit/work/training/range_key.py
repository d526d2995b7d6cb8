"""Keys of the range: a trainer's, which signs sheets and certificates, an officer's for answers, an author's for decks.

Each home makes its own at its first use, and keeps it in files that only its owner can read: they say who trained
or was trained, and open nothing but decks. A fingerprint is the SHA-256 of SubjectPublicKeyInfo.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from eid_toolkit.books.ledger.canonical import canonical
from eid_toolkit.ground.errors import AccessDenied, BadInput, IntegrityBroken
from eid_toolkit.ground.home.atomic import new_file, private_directory
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey, EcPublicKey
from eid_toolkit.work.training.case import FOLDER

_FILE, _UNWRAPPING, _CURVE, _DIGEST = "range-key.der", "range-unwrapping-key.der", "secp256r1", "sha256"


@dataclass(frozen=True)
class RangeKey:
    """The keys of one home: one signs, the other opens what is sealed for it."""

    key: EcPrivateKey
    unwrapping: EcPrivateKey

    @classmethod
    def at(cls, root: Path, entropy: Entropy) -> RangeKey:
        """The home's keys, made at their first use; raises :class:`IntegrityBroken` if one is damaged."""
        return cls(*(_kept(root / FOLDER / name, entropy) for name in (_FILE, _UNWRAPPING)))

    @classmethod
    def generate(cls, entropy: Entropy) -> RangeKey:
        """Fresh keys, kept nowhere."""
        return cls(*(EcPrivateKey.generate(ec_domain_by_name(_CURVE), entropy) for _ in range(2)))

    @cached_property
    def wrapping(self) -> bytes:
        """The public half of what opens sealed decks: SubjectPublicKeyInfo in DER."""
        return self.unwrapping.public_key.spki(explicit=False)

    @cached_property
    def public(self) -> bytes:
        """SubjectPublicKeyInfo in DER."""
        return self.key.public_key.spki(explicit=False)

    @property
    def fingerprint(self) -> str:
        """SHA-256 in hex."""
        return fingerprint_of(self.public)

    def sign(self, schema: str, values: dict[str, object]) -> bytes:
        """ECDSA with SHA-256 over the canonical JSON of the values under a schema, in DER."""
        return self.key.sign(_statement(schema, values), _DIGEST)


def _kept(path: Path, entropy: Entropy) -> EcPrivateKey:
    if not path.exists():
        private_directory(path.parent)
        key = EcPrivateKey.generate(ec_domain_by_name(_CURVE), entropy)
        with suppress(FileExistsError), new_file(path) as (stream, publish):  # another process may be first
            stream.write(key.pkcs8(None))
            publish()
    try:
        return EcPrivateKey.from_pkcs8(path.read_bytes(), None)
    except (BadInput, AccessDenied):
        raise IntegrityBroken("training-key-damaged", file=path.name) from None


def fingerprint_of(public: bytes) -> str:
    """SHA-256 over SubjectPublicKeyInfo, in hex."""
    return sha256(public).hexdigest()


def has_signed(public: bytes, schema: str, values: dict[str, object], signature: bytes) -> bool:
    """Whether the key (SPKI in DER) has signed the values under the schema; no key has for what is none."""
    try:
        return EcPublicKey.from_spki(public).verify(signature, _statement(schema, values), _DIGEST)
    except BadInput:
        return False


def _statement(schema: str, values: dict[str, object]) -> bytes:
    return canonical({"schema": schema, **values}).encode()
