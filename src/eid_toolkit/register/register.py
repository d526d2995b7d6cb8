"""The register as a whole: one database with persons, applications, documents and the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eid_toolkit.audit import log
from eid_toolkit.audit.log import AuditEvent, AuditResult, AuditRow
from eid_toolkit.home.home import Home
from eid_toolkit.ports import Clock, Entropy
from eid_toolkit.register.applications import Applications
from eid_toolkit.register.database import Database
from eid_toolkit.register.documents import Documents
from eid_toolkit.register.persons import Persons
from eid_toolkit.stores.keys import KeyStore
from eid_toolkit.stores.operators import OperatorStore


@dataclass(frozen=True, slots=True)
class Register:
    """The opened register of a home."""

    database: Database
    persons: Persons
    applications: Applications
    documents: Documents
    clock: Clock

    @classmethod
    def open(cls, home: Home, keys: KeyStore, clock: Clock, entropy: Entropy, *, new: bool = False) -> Register:
        """Open the register, migrated where needed; the key store is unlocked when something is unsealed.

        A ``new`` one is made by the founding of a home alone.
        """
        database = Database.open(home.config.register_url or f"sqlite:///{home.register_path}", new=new)
        operators = OperatorStore(home.operators, demo=home.config.demo, keys=keys)
        applications = Applications(database, keys, operators, clock, entropy)
        documents = Documents(database, keys, applications, clock)
        return cls(database, Persons(database, clock, entropy), applications, documents, clock)

    def record(self, operator: str, action: str, subject: str, detail: Mapping[str, object]) -> None:
        """Add to the audit log what happened outside the register's tables."""
        with self.database.write() as connection:
            log.append(connection, self.clock.now(), operator, [AuditEvent(action, subject, detail)])

    def audit_rows(self, subject: str | None = None) -> tuple[AuditRow, ...]:
        """The audit log in order, of one subject if it is given."""
        with self.database.read() as connection:
            return tuple(log.read(connection, subject))

    def verify_audit(self) -> AuditResult:
        """Walk the audit log's hash chain."""
        with self.database.read() as connection:
            return log.verify(connection)

    def close(self) -> None:
        """Give the database back."""
        self.database.close()
