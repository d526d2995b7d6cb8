"""Who an operator was as of a row of the log: by the newest record that the staff key had endorsed until then.

The log's rows about operators carry what was endorsed, and the endorsement: what somebody may do does not hang on the
files of a home, nor on who writes into its database.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from eid_toolkit.books.audit.heads import LAST
from eid_toolkit.books.audit.keeper import CHAIN_ROWS
from eid_toolkit.books.audit.rows import StoredRow
from eid_toolkit.books.audit.sessions import Voucher, verifies
from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.ledger.kinds import ACTIVE, DISABLED
from eid_toolkit.books.staff.records import SCHEMA, OperatorRecord
from eid_toolkit.books.staff.roles import Permission, Role, permissions_of
from eid_toolkit.ground.plain_values import Hex, parse_json

UNSIGNED = frozenset({"operator.added", "operator.migrated", "operator.taken-over"})
"""Rows that may tell of an operator before there is one whose signature could be known: endorsed alone."""
RECORD, ENDORSEMENT = "record", "endorsement"
"""In the detail of such a row."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the staff key vouches for of an operator, in one version."""

    name: str
    version: int
    public_key: Hex
    recovery_key: Hex
    permissions: frozenset[Permission]
    disabled: bool

    def may(self, rights: Iterable[Permission]) -> bool:
        """Whether the operator had one of the rights."""
        return not self.disabled and not self.permissions.isdisjoint(rights)

    def vouches_for(self, voucher: Voucher, *, deciding: bool) -> bool:
        """Whether it is the operator's session; a recovery share vouches for none in which a right is used."""
        if voucher.is_by(self.public_key):
            return True
        return not deciding and bool(self.recovery_key) and voucher.is_by(self.recovery_key)

    def has_signed(self, statement: bytes, signature: bytes) -> bool:
        """Whether the operator's key has signed it."""
        return verifies(self.public_key, statement, signature)


def in_detail(record: OperatorRecord, foundation: Foundation) -> dict[str, object]:
    """For the detail of the row that tells of a record."""
    statement = record.statement(foundation).decode()
    return {RECORD: json.loads(statement), ENDORSEMENT: record.endorsement.hex()}


def state_of(record: OperatorRecord) -> str:
    """The state that the row puts there."""
    return DISABLED if record.disabled is not None else ACTIVE


def chain_rows(row: StoredRow) -> int:
    """How many rows the operator's own chain had when this one was written: those behind it are by what it tells."""
    try:
        rows = parse_json(row.detail)[CHAIN_ROWS]
    except (ValueError, TypeError, KeyError):
        return LAST
    return rows if isinstance(rows, int) else LAST


def standing_in(row: StoredRow, foundation: Foundation) -> Standing | None:
    """What a row tells of an operator; None unless the staff key has endorsed just that."""
    try:
        detail = parse_json(row.detail)
        listed, endorsement = detail[RECORD], bytes.fromhex(detail[ENDORSEMENT])
        schema, home, name, version, public_key, _, recovery_key, roles, _, disabled, _ = listed
        if not foundation.is_endorsed(json.dumps(listed).encode(), endorsement):
            return None
        if (schema, home, name, version) != (SCHEMA, foundation.home.hex(), row.subject, row.version):
            return None
        if row.state != (ACTIVE if disabled is None else DISABLED):
            return None
        known = frozenset(Role(role) for role in roles if role in set(Role))
        keys = bytes.fromhex(public_key), bytes.fromhex(recovery_key)
        return Standing(name, version, *keys, permissions_of(known), disabled is not None)
    except (ValueError, TypeError, KeyError):
        return None
