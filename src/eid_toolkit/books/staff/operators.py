"""Operators: who acts. Outside a demo home each has two keys, and what they decide is signed with one of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from eid_toolkit.books.keys.custody import Recipient
from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.keys.holding import HeldKeys, KeyPair
from eid_toolkit.books.keys.sealing_key import SealingKey
from eid_toolkit.books.keys.stretching import PassphraseLock
from eid_toolkit.books.staff.records import FormerKey, OperatorRecord
from eid_toolkit.books.staff.roles import EVERY_ROLE, Permission, Role, permissions_of, roles_with
from eid_toolkit.ground.errors import AccessDenied, BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.ground.home.undo import change
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.crypto.key_wrapping import CURVE

RECOVERY = "#recovery"
"""Behind a name: the recovery share of that operator."""

OPERATOR_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_SIGNING, _UNWRAPPING = ".p8", ".unwrap.p8"
_PIN_PURPOSE = "foundation"

Endorse = Callable[[bytes], bytes]
"""The staff key's signature over a statement."""
RolesAt = Callable[[str, datetime], "frozenset[str] | None"]
"""The roles that an operator had at a time, by the audit log; None where it says nothing."""
Newest = Callable[[str], "tuple[int, str] | None"]
"""Version and digest of an operator's record by the newest row of the audit log; None where it has none."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who acts now; without a key only in a demo home."""

    name: str
    keys: HeldKeys | None = None
    roles: frozenset[Role] = EVERY_ROLE
    """In a demo home everybody has every role."""
    recovery: HeldKeys | None = None
    """What a recovery share stands for: it vouches for who acts, and decides nothing."""

    def require(self, permission: Permission) -> None:
        """Raises :class:`NotPermitted` unless one of the operator's roles may do that."""
        require_role(self.name, self.roles, permission)

    def sign(self, statement: bytes) -> bytes | None:
        """The operator's signature over what is decided on; None in a demo home."""
        return self.keys.sign(statement) if self.keys is not None else None

    def vouch(self, statement: bytes) -> bytes | None:
        """As :meth:`sign`, but also by a recovery share."""
        keys = self.keys or self.recovery
        return keys.sign(statement) if keys is not None else None

    def is_same_person_as(self, name: str) -> bool:
        """Whether ``name`` is this operator, whatever the letter case."""
        return self.name.casefold() == name.casefold()


def require_role(name: str, roles: frozenset[Role], permission: Permission) -> None:
    """Raises :class:`NotPermitted` unless one of the roles may do that."""
    if permission not in permissions_of(roles):
        role_names = ", ".join(roles_with(permission))
        raise NotPermitted("role-missing", operator=name, permission=str(permission), roles=role_names)


class OperatorStore:
    """The operators of one home; each record is held to the staff key's endorsement, and to the audit log."""

    def __init__(self, directory: Path, foundation: Foundation) -> None:
        self._directory = directory
        self._foundation = foundation
        self._newest: Newest = lambda _: None
        self._roles_at: RolesAt | None = None
        self._known: set[str] = set()

    def hold_to(self, newest: Newest, roles_at: RolesAt | None = None) -> None:
        """Have a record refused that is older than the one on record, and decisions of who had no role for them."""
        self._newest = newest
        self._roles_at = roles_at
        self._known.clear()

    # Who there is.

    def get(self, name: str) -> OperatorRecord:
        """One operator; raises :class:`BadInput` if there is none of that name, :class:`IntegrityBroken` if the record
        is not as the staff key has endorsed it, or is an older one than the log knows."""
        try:
            record = OperatorRecord.parse(self._path(name).read_bytes())
        except FileNotFoundError:
            raise BadInput("operator-unknown", name=name) from None
        if record.name.casefold() != name.casefold():
            raise IntegrityBroken("operator-record-damaged")
        self._check(record)
        return record

    def list(self) -> tuple[OperatorRecord, ...]:
        """All operators by name, disabled ones included."""
        return tuple(self.get(path.stem) for path in sorted(self._directory.glob("*.json")))

    def active(self, role: Role | None = None) -> tuple[OperatorRecord, ...]:
        """Those who are not disabled, and have the role if one is given."""
        records = (record for record in self.list() if record.disabled is None)
        return tuple(record for record in records if role is None or role in record.roles)

    def require_free(self, name: str) -> None:
        """Raises :class:`NotPermitted` if the name is taken, :class:`BadInput` if nobody can be called so."""
        if self._path(name).exists() or self._newest(name) is not None:
            raise NotPermitted("operator-exists", name=name)

    def check_name(self, name: str) -> None:
        """Raises :class:`BadInput` if nobody can be called so."""
        self._path(name)

    def require_active(self, name: str) -> OperatorRecord:
        """One operator; raises :class:`NotPermitted` if disabled, and as :meth:`get`."""
        record = self.get(name)
        if record.disabled is not None:
            raise NotPermitted("operator-disabled", name=record.name)
        return record

    def _check(self, record: OperatorRecord) -> None:
        digest = record.digest(self._foundation)
        if digest + record.endorsement.hex() in self._known:
            return
        if not self._foundation.is_endorsed(record.statement(self._foundation), record.endorsement):
            raise IntegrityBroken("operator-not-endorsed", name=record.name)
        version, recorded = self._newest(record.name) or (0, "")
        if record.version < version or (record.version == version and digest != recorded):
            raise IntegrityBroken("operator-record-old", name=record.name)
        self._known.add(digest + record.endorsement.hex())

    # Who acts.

    def unlock(self, record: OperatorRecord, passphrase: Secret) -> KeyPair:
        """An operator's keys; raises :class:`AccessDenied` for a wrong passphrase.

        Raises :class:`IntegrityBroken` if the home is not the one that the operator was enrolled in, or the key files
        are not the record's.
        """
        if not record.wrapping_key:
            raise NotPermitted("operator-needs-re-enrolment", name=record.name)
        try:
            key = record.lock.open(passphrase)
        except AccessDenied:
            raise AccessDenied("operator-passphrase-wrong", name=record.name) from None
        if not key_pin(key, self._foundation).matches(record.pin):
            raise IntegrityBroken("foundation-changed", name=record.name)
        try:
            signing, unwrapping = (
                EcPrivateKey.from_pkcs8(self._file(record.name, suffix).read_bytes(), key.pkcs8_passphrase(suffix))
                for suffix in (_SIGNING, _UNWRAPPING)
            )
        except (FileNotFoundError, AccessDenied, BadInput):
            raise IntegrityBroken("operator-keys-exchanged", name=record.name) from None
        pair = KeyPair(signing, unwrapping)
        pair.require(record.public_key, record.wrapping_key, record.name)
        return pair

    def verify(
        self,
        name: str,
        statement: bytes,
        signature: bytes | None,
        decided_at: datetime,
        permission: Permission | None = None,
    ) -> bool:
        """Whether the operator decided so; in a demo home there is no signature to check.

        With a ``permission``, by a role of now or, where the audit log is at hand, of then: a role that was taken away
        leaves earlier decisions as they are.

        Raises :class:`IntegrityBroken` for an operator whom the staff key does not vouch for.
        """
        if self._foundation.demo:
            return True
        try:
            record = self.get(name)
        except BadInput:  # nobody of that name
            return False
        if permission is not None and not self._had(record, permission, decided_at):
            return False
        return signature is not None and record.signed(statement, signature, decided_at)

    def _had(self, record: OperatorRecord, permission: Permission, at: datetime) -> bool:
        if permission in permissions_of(record.roles) or self._roles_at is None:
            return True
        roles = self._roles_at(record.name, at)
        return roles is None or permission in permissions_of(
            frozenset(Role(role) for role in roles if role in set(Role))
        )

    # What the staff does.

    def enrol(
        self,
        name: str,
        passphrase: Secret,
        roles: frozenset[Role],
        now: datetime,
        endorse: Endorse,
        entropy: Entropy,
        recovery_key: bytes = b"",
        signing: EcPrivateKey | None = None,
    ) -> OperatorRecord:
        """A new operator with new keys under ``passphrase``; raises :class:`NotPermitted` if the name is taken.

        Who comes from a home of before brings the ``signing`` key along.
        """
        self.require_free(name)
        lock, pin, pair = self._new_keys(name, passphrase, entropy, signing)
        public, wrapping = pair.public_key, pair.wrapping_key
        record = OperatorRecord(name, 1, public, wrapping, recovery_key, roles, now, None, (), lock, pin, b"")
        return self._endorsed(record, endorse)

    def keep(self, record: OperatorRecord, endorse: Endorse) -> OperatorRecord:
        """Somebody of a home of before, who has no keys that open anything yet."""
        return self._endorsed(record, endorse)

    def assign(
        self, name: str, roles: frozenset[Role], endorse: Endorse, recovery_key: bytes | None = None
    ) -> OperatorRecord:
        """From now on the operator has these roles and no others."""
        record = self.require_active(name)
        recovery_key = record.recovery_key if recovery_key is None else recovery_key
        return self._endorsed(self._next(record, roles=roles, recovery_key=recovery_key), endorse)

    def disable(self, name: str, now: datetime, endorse: Endorse) -> OperatorRecord:
        """From ``now`` on the operator decides nothing; earlier decisions stand."""
        return self._endorsed(self._next(self.require_active(name), disabled=now), endorse)

    def re_enrol(
        self, name: str, passphrase: Secret, now: datetime, endorse: Endorse, entropy: Entropy, recovery_key: bytes
    ) -> OperatorRecord:
        """New keys under a new passphrase for somebody who has forgotten theirs; earlier decisions stand."""
        record = self.require_active(name)
        lock, pin, pair = self._new_keys(record.name, passphrase, entropy)
        former = (*record.former, FormerKey(record.public_key, now))
        keys = {"public_key": pair.public_key, "wrapping_key": pair.wrapping_key, "recovery_key": recovery_key}
        return self._endorsed(self._next(record, **keys, former=former, lock=lock, pin=pin), endorse)

    def change_passphrase(self, record: OperatorRecord, pair: KeyPair, passphrase: Secret, entropy: Entropy) -> None:
        """One's own new passphrase: the keys stay as they are."""
        lock, key = PassphraseLock.create(passphrase, entropy)
        self._keep_keys(record.name, pair, key)
        self._keep(replace(record, lock=lock, pin=key_pin(key, self._foundation).reveal()))

    def _next(self, record: OperatorRecord, **changes: object) -> OperatorRecord:
        return replace(record, version=record.version + 1, **changes)  # type: ignore[arg-type]

    def _endorsed(self, record: OperatorRecord, endorse: Endorse) -> OperatorRecord:
        record = replace(record, endorsement=endorse(record.statement(self._foundation)))
        self._keep(record)
        return record

    def _new_keys(
        self, name: str, passphrase: Secret, entropy: Entropy, signing: EcPrivateKey | None = None
    ) -> tuple[PassphraseLock, bytes, KeyPair]:
        lock, key = PassphraseLock.create(passphrase, entropy)
        domain = ec_domain_by_name(CURVE)
        pair = KeyPair(signing or EcPrivateKey.generate(domain, entropy), EcPrivateKey.generate(domain, entropy))
        self._keep_keys(name, pair, key)
        return lock, key_pin(key, self._foundation).reveal(), pair

    def _keep_keys(self, name: str, pair: KeyPair, key: SealingKey) -> None:
        for suffix, private in ((_SIGNING, pair.signing), (_UNWRAPPING, pair.unwrapping)):
            change(self._file(name, suffix), private.pkcs8(key.pkcs8_passphrase(suffix)))

    def _keep(self, record: OperatorRecord) -> None:
        change(self._path(record.name), record.encode())

    def _path(self, name: str) -> Path:
        return self._file(name, ".json")

    def _file(self, name: str, suffix: str) -> Path:
        if not OPERATOR_NAME.fullmatch(name):
            raise BadInput("operator-name-malformed", name=name)
        return self._directory / f"{name.casefold()}{suffix}"


def key_pin(key: SealingKey, foundation: Foundation) -> Secret:
    """An operator's mark over the foundation of their home: 32 bytes."""
    return Secret(hashlib.sha256(key.for_purpose(_PIN_PURPOSE).reveal() + foundation.digest).digest())


def recipients_of(record: OperatorRecord) -> tuple[Recipient, ...]:
    """For whom a compartment's key is wrapped: the operator."""
    return (Recipient(record.name, record.wrapping_key, record.name),)


def recovery_of(record: OperatorRecord) -> tuple[Recipient, ...]:
    """The operator's recovery share, if there is one."""
    if not record.recovery_key:
        return ()
    return (Recipient(f"{record.name}{RECOVERY}", record.recovery_key, record.name),)
