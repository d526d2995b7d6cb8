"""What the audit log says of operators, key store and crypto policy: the files are held to the newest row of each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from eid_toolkit.books.audit import log
from eid_toolkit.books.audit.endorsed import RECORD
from eid_toolkit.books.audit.log import Filter
from eid_toolkit.books.audit.rows import NOTHING, Told
from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.ledger.kinds import ACTIVE, DISABLED, OPERATOR
from eid_toolkit.ground.errors import IntegrityBroken

OPERATOR_ROWS = (
    "operator.added",
    "operator.roles",
    "operator.disabled",
    "operator.re-enrolled",
    "operator.migrated",
    "operator.taken-over",
)
"""What changes an operator's record; each names its version, and its digest."""
POLICY_CHANGED = "crypto-policy.changed"
"""The crypto policy is another from then on; the row names its version, and its digest."""
RENEWED = "compartment.renewed"
"""A compartment has a new key from then on; the subject is the compartment."""


def told_in(action: str, detail: Mapping[str, object]) -> Told:
    """What a row puts there of an operator, if it carries the record that the staff key has endorsed."""
    record = detail.get(RECORD)
    if action not in OPERATOR_ROWS or not isinstance(record, list):
        return NOTHING
    _, _, _, version, *_, disabled, _ = record
    return OPERATOR, version, ACTIVE if disabled is None else DISABLED


def _roles_in(detail: str) -> frozenset[str]:
    try:
        return frozenset(map(str, json.loads(detail).get("roles", ())))
    except (ValueError, TypeError, AttributeError):
        return frozenset()


class LoggedStanding:
    """The newest row of each subject in one register."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_operator(self, name: str) -> tuple[int, str] | None:
        """Version and digest of an operator's record; None for one of whom the log has nothing."""
        return self._version(name, OPERATOR_ROWS, "record_sha256")

    def of_crypto_policy(self, subject: str) -> tuple[int, str] | None:
        """Version and digest of the crypto policy; None where none was ever set."""
        return self._version(subject, (POLICY_CHANGED,), "policy_sha256")

    def _version(self, subject: str, actions: tuple[str, ...], digest: str) -> tuple[int, str] | None:
        with self._database.read() as connection:
            row = log.newest(connection, subject, actions)
        if row is None:
            return None
        try:
            detail = json.loads(row.detail)
            return int(detail["version"]), str(detail[digest])
        except (ValueError, TypeError, KeyError):
            raise IntegrityBroken("audit-row-damaged", row=row.position) from None

    def roles_of(self, name: str, at: datetime) -> frozenset[str] | None:
        """The roles that an operator had then, or was first given; None for one of whom the log says nothing."""
        given: list[tuple[datetime, frozenset[str]]] = []
        with self._database.read() as connection, log.any_text(connection):
            for row in log.read(connection, Filter(subject=name)):
                if row.action in OPERATOR_ROWS:
                    given.append((row.time, _roles_in(row.detail)))
        if not given:
            return None
        earlier = [roles for time, roles in given if time <= at]
        return earlier[-1] if earlier else given[0][1]

    def of_compartment(self, compartment: Compartment) -> int:
        """The generation of a compartment's key; 0 where nobody has renewed it."""
        with self._database.read() as connection:
            row = log.newest(connection, str(compartment), (RENEWED,))
        if row is None:
            return 0
        try:
            return int(json.loads(row.detail)["generation"])
        except (ValueError, TypeError, KeyError):
            raise IntegrityBroken("audit-row-damaged", row=row.position) from None
