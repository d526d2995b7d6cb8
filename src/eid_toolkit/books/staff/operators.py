"""Operators: who acts. Outside a demo home each is a key, and what they decide is signed with it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.books.keys.stretching import PassphraseLock, PassphraseProvider, StoredLock
from eid_toolkit.books.staff.roles import EVERY_ROLE, Permission, Role, permissions_of, roles_with
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted, UsageError
from eid_toolkit.ground.home.undo import change
from eid_toolkit.ground.plain_values import REQUIRED, Hex, Named, from_plain, parse_json, to_plain
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey, EcPublicKey

SCHEMA, SCHEMA_WITHOUT_ROLES = "eid-operator/2", "eid-operator/1"

VOUCHING_KEY = "audit"
"""The key of the key store whose public half lies in the home for everybody to verify by."""

_CURVE = "secp256r1"
_DIGEST = "sha256"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_public_key = lru_cache(maxsize=64)(EcPublicKey.from_spki)  # those who decide in an office are few


@dataclass(frozen=True, slots=True)
class OperatorRecord:
    """What is known of an operator; ``public_key`` is SubjectPublicKeyInfo in DER.

    The ``endorsement`` is the key store's over :attr:`endorsed`: whoever lacks its passphrase makes no operator.
    """

    name: str
    public_key: Hex
    lock: Annotated[StoredLock, Named("passphrase")]
    created: datetime
    disabled: Annotated[datetime | None, REQUIRED] = None
    endorsement: Annotated[Hex, REQUIRED] = b""
    voucher: Hex = b""
    """The audit key's signature over :attr:`endorsed`: by it the roles hold without the key store's passphrase."""
    roles: frozenset[Role] | None = None
    """None in a record that was made before there were roles: its operator has every one."""

    @property
    def held_roles(self) -> frozenset[Role]:
        """The operator's roles."""
        return EVERY_ROLE if self.roles is None else self.roles

    @property
    def schema(self) -> str:
        """The form of the record."""
        return SCHEMA_WITHOUT_ROLES if self.roles is None else SCHEMA

    @property
    def endorsed(self) -> bytes:
        """Who the operator is, by which key and in which roles, since when and until when."""
        return json.dumps([self.schema, *self._standing().values()]).encode()

    def encode(self) -> bytes:
        """The record's file."""
        values = {"schema": self.schema, **self._standing(), **to_plain(self, without=("roles",))}
        return json.dumps(values, indent=1).encode()

    def _standing(self) -> dict[str, object]:
        without = ("lock", "endorsement", "voucher")
        return to_plain(self, without if self.roles is not None else (*without, "roles"))

    @classmethod
    def parse(cls, data: bytes) -> OperatorRecord:
        """Read the file; raises :class:`IntegrityBroken` on anything else."""
        try:
            values = parse_json(data)
            if values["schema"] == SCHEMA_WITHOUT_ROLES:
                return from_plain(cls, values, known={"roles": None})
            if values["schema"] == SCHEMA and values["roles"] is not None:
                return from_plain(cls, values)
        except (ValueError, TypeError, KeyError):
            pass
        raise IntegrityBroken("operator-record-damaged")


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who acts now; without a key only in a demo home."""

    name: str
    key: EcPrivateKey | None = None
    roles: frozenset[Role] = EVERY_ROLE
    """In a demo home everybody has every role."""

    def require(self, permission: Permission) -> None:
        """Raises :class:`NotPermitted` unless one of the operator's roles may do that."""
        if permission not in permissions_of(self.roles):
            role_names = ", ".join(roles_with(permission))
            raise NotPermitted("role-missing", operator=self.name, permission=str(permission), roles=role_names)

    def sign(self, statement: bytes) -> bytes | None:
        """The operator's signature over what is decided on; None in a demo home."""
        return self.key.sign(statement, _DIGEST) if self.key is not None else None

    def is_same_person_as(self, name: str) -> bool:
        """Whether ``name`` is this operator, whatever the letter case."""
        return self.name.casefold() == name.casefold()


class OperatorStore:
    """The operators of one home; with ``keys``, records are endorsed and their endorsements are checked."""

    def __init__(self, directory: Path, *, demo: bool, keys: KeyStore | None = None) -> None:
        self._directory = directory
        self._demo = demo
        self._keys = keys

    def add(
        self,
        name: str,
        passphrase: Secret,
        now: datetime,
        entropy: Entropy,
        roles: frozenset[Role] = EVERY_ROLE,
    ) -> OperatorRecord:
        """A new operator with a new key under ``passphrase``; raises :class:`NotPermitted` if the name is taken."""
        self.require_free(name)
        lock, stretched = PassphraseLock.create(passphrase, entropy)
        key = EcPrivateKey.generate(ec_domain_by_name(_CURVE), entropy)
        record = self._endorse(OperatorRecord(name, key.public_key.spki(), lock, now, roles=roles))
        change(self._path(name).with_suffix(".p8"), key.pkcs8(stretched.pkcs8_passphrase(name)))
        change(self._path(name), record.encode())
        return record

    def require_free(self, name: str) -> None:
        """Raises :class:`NotPermitted` if the name is taken, :class:`BadInput` if nobody can be called so."""
        if self._path(name).exists():
            raise NotPermitted("operator-exists", name=name)

    def disable(self, name: str, now: datetime) -> OperatorRecord:
        """From ``now`` on the operator decides nothing; earlier decisions stand."""
        record = self.get(name)
        if record.disabled is not None:
            raise NotPermitted("operator-disabled", name=name)
        record = self._endorse(replace(record, disabled=now))
        change(self._path(name), record.encode())
        return record

    def assign(self, name: str, roles: frozenset[Role]) -> OperatorRecord:
        """From now on the operator has these roles and no others."""
        record = self.get(name)
        if record.disabled is not None:
            raise NotPermitted("operator-disabled", name=name)
        record = self._endorse(replace(record, roles=roles))
        change(self._path(name), record.encode())
        return record

    def get(self, name: str) -> OperatorRecord:
        """One operator; raises :class:`BadInput` if there is none of that name."""
        try:
            record = OperatorRecord.parse(self._path(name).read_bytes())
        except FileNotFoundError:
            raise BadInput("operator-unknown", name=name) from None
        if record.name.casefold() != name.casefold():
            raise IntegrityBroken("operator-record-damaged")
        return record

    def list(self) -> tuple[OperatorRecord, ...]:
        """All operators by name, disabled ones included."""
        return tuple(OperatorRecord.parse(path.read_bytes()) for path in sorted(self._directory.glob("*.json")))

    def act_as(self, name: str | None, passphrase: PassphraseProvider) -> Operator:
        """Let ``name`` act; outside a demo home that takes the operator's passphrase."""
        if name is None:
            raise UsageError("operator-not-named")
        if self._demo:
            self._path(name)  # checks the name
            return Operator(name)
        record = self.get(name)
        if record.disabled is not None:
            raise NotPermitted("operator-disabled", name=name)
        if self._keys is not None and self._keys.is_unlocked:  # else the voucher has been checked
            self._check_endorsement(record)
        stretched = record.lock.open(passphrase())
        data = self._path(name).with_suffix(".p8").read_bytes()
        key = EcPrivateKey.from_pkcs8(data, stretched.pkcs8_passphrase(record.name))
        return Operator(record.name, key, record.held_roles)

    def verify(self, name: str, statement: bytes, signature: bytes | None, decided_at: datetime) -> bool:
        """Whether the operator decided so; in a demo home there is no signature to check.

        Raises :class:`IntegrityBroken` for an operator whom the key store does not know.
        """
        if self._demo:
            return True
        try:
            record = self.get(name)
        except BadInput:  # nobody of that name
            return False
        self._check_endorsement(record)
        if signature is None or (record.disabled is not None and decided_at > record.disabled):
            return False
        return _public_key(record.public_key).verify(signature, statement, _DIGEST)

    def _check_endorsement(self, record: OperatorRecord) -> None:
        if self._keys is None:
            return
        try:
            self._keys.unseal(record.endorsement, record.endorsed)
        except IntegrityBroken:
            raise IntegrityBroken("operator-not-endorsed", name=record.name) from None

    def _endorse(self, record: OperatorRecord) -> OperatorRecord:
        if self._keys is None:
            return record
        endorsed = replace(record, endorsement=self._keys.seal(b"", record.endorsed))
        # For this nobody is asked for a token's PIN, and a home of earlier versions may have no such key.
        if not self._keys.signs_unasked or VOUCHING_KEY not in self._keys.names():
            return replace(endorsed, voucher=b"")
        return replace(endorsed, voucher=self._keys.signer(VOUCHING_KEY).sign(record.endorsed))

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise BadInput("operator-name-malformed", name=name)
        return self._directory / f"{name.casefold()}.json"
