"""Operators of a home from before the key store had compartments: their records, as they are migrated."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from eid_toolkit.books.keys.stretching import StoredLock
from eid_toolkit.books.staff.roles import EVERY_ROLE, Role
from eid_toolkit.ground.errors import AccessDenied, BadInput, IntegrityBroken, SealBroken
from eid_toolkit.ground.plain_values import REQUIRED, Hex, Named, from_plain, parse_json, to_plain
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.crypto.symmetric import aes_gcm_open

_SCHEMA, _SCHEMA_WITHOUT_ROLES = "eid-operator/2", "eid-operator/1"


@dataclass(frozen=True, slots=True)
class OldRecord:
    """An operator with one key, endorsed by the data key of the home; ``public_key`` is SPKI in DER."""

    name: str
    public_key: Hex
    lock: Annotated[StoredLock, Named("passphrase")]
    created: datetime
    disabled: Annotated[datetime | None, REQUIRED] = None
    endorsement: Annotated[Hex, REQUIRED] = b""
    voucher: Hex = b""
    roles: frozenset[Role] | None = None

    @property
    def held_roles(self) -> frozenset[Role]:
        """The operator's roles; before there were roles, everybody had every one."""
        return EVERY_ROLE if self.roles is None else self.roles

    @property
    def endorsed(self) -> bytes:
        """What the data key has endorsed."""
        without = ("lock", "endorsement", "voucher", *(("roles",) if self.roles is None else ()))
        schema = _SCHEMA_WITHOUT_ROLES if self.roles is None else _SCHEMA
        return json.dumps([schema, *to_plain(self, without).values()]).encode()

    def check(self, data_key: Secret) -> None:
        """Raises :class:`IntegrityBroken` unless the data key has endorsed the record."""
        try:
            aes_gcm_open(data_key, self.endorsement, self.endorsed)
        except SealBroken:
            raise IntegrityBroken("operator-not-endorsed", name=self.name) from None

    def unlock(self, directory: Path, passphrase: Secret) -> EcPrivateKey:
        """The operator's key; raises :class:`AccessDenied` for a wrong passphrase."""
        try:
            key = self.lock.open(passphrase)
        except AccessDenied:
            raise AccessDenied("operator-passphrase-wrong", name=self.name) from None
        try:
            data = (directory / f"{self.name.casefold()}.p8").read_bytes()
            private = EcPrivateKey.from_pkcs8(data, key.pkcs8_passphrase(self.name))
        except (FileNotFoundError, AccessDenied, BadInput):
            raise IntegrityBroken("operator-keys-exchanged", name=self.name) from None
        if private.public_key.spki() != self.public_key:
            raise IntegrityBroken("operator-keys-exchanged", name=self.name)
        return private

    @classmethod
    def parse(cls, data: bytes) -> OldRecord:
        """Read the file; raises :class:`IntegrityBroken` on anything else."""
        try:
            values = parse_json(data)
            if values["schema"] == _SCHEMA_WITHOUT_ROLES:
                return from_plain(cls, values, known={"roles": None})
            if values["schema"] == _SCHEMA and values["roles"] is not None:
                return from_plain(cls, values)
        except (ValueError, TypeError, KeyError):
            pass
        raise IntegrityBroken("operator-record-damaged")


def old_records(directory: Path, data_key: Secret) -> tuple[OldRecord, ...]:
    """All operators by name; raises :class:`IntegrityBroken` if one was not made by this home."""
    records = tuple(OldRecord.parse(path.read_bytes()) for path in sorted(directory.glob("*.json")))
    for record in records:
        record.check(data_key)
    return records
