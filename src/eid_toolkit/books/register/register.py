"""The register as a whole: one database with persons, applications, documents and the audit log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eid_toolkit.books.audit import log
from eid_toolkit.books.audit.files import AuditFiles
from eid_toolkit.books.audit.log import AuditEvent, AuditRow, Filter
from eid_toolkit.books.audit.trail import AuditTrail
from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.ledger.register_address import RegisterAddress
from eid_toolkit.books.register.agencies.agencies import Agencies
from eid_toolkit.books.register.agencies.notices import Notices
from eid_toolkit.books.register.data_keys import DataKeys
from eid_toolkit.books.register.documents.applications import Applications
from eid_toolkit.books.register.documents.document_status import DocumentStatuses
from eid_toolkit.books.register.documents.documents import Documents
from eid_toolkit.books.register.keeping.erasure import Erasure
from eid_toolkit.books.register.people.persons import Persons
from eid_toolkit.books.register.queues import Queue, queues
from eid_toolkit.books.register.stock.stock import Stock
from eid_toolkit.books.staff.operators import OperatorStore
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.ports import Clock, Entropy


@dataclass(frozen=True, slots=True)
class Register:
    """The opened register of a home."""

    database: Database
    persons: Persons
    applications: Applications
    documents: Documents
    statuses: DocumentStatuses
    stock: Stock
    agencies: Agencies
    notices: Notices
    erasure: Erasure
    clock: Clock
    audit: AuditTrail

    @classmethod
    def open(cls, home: Home, keys: KeyStore, clock: Clock, entropy: Entropy, *, new: bool = False) -> Register:
        """Open the register, migrated where needed; the key store is unlocked when something is unsealed.

        A ``new`` one is made by the founding of a home alone.
        """
        address = RegisterAddress.of(home)
        database = Database.found(address) if new else Database.open(address, new=False)
        operators = OperatorStore(home.operators, demo=home.config.demo, keys=keys)
        data_keys = DataKeys(keys, clock, entropy)
        applications = Applications(database, data_keys, operators, clock, entropy)
        statuses = DocumentStatuses(database, clock)
        trail = AuditTrail(database, keys, operators, AuditFiles(home.audit), clock)
        stock = Stock(database, trail, clock, entropy)
        documents = Documents(database, data_keys, applications, statuses, stock, clock)
        persons = Persons(database, keys, data_keys, clock, entropy)
        agencies = Agencies(database, persons.look_ups, clock)
        notices = Notices(database, statuses, clock, entropy)
        erasure = Erasure(database, data_keys, clock)
        return cls(
            database,
            persons,
            applications,
            documents,
            statuses,
            stock,
            agencies,
            notices,
            erasure,
            clock,
            trail,
        )

    def queues(self) -> tuple[Queue, ...]:
        """What waits at each stage of the office."""
        with self.database.read() as connection:
            return queues(connection)

    def record(self, operator: str, action: str, subject: str, detail: Mapping[str, object]) -> None:
        """Add to the audit log what happened outside the register's tables."""
        self.record_all([(operator, action, subject, detail)])

    def record_all(self, rows: Iterable[tuple[str, str, str, Mapping[str, object]]]) -> None:
        """Add rows of operator, action, subject and detail: all of them, or after a stop none."""
        with self.database.write() as connection:
            for operator, action, subject, detail in rows:
                log.append(connection, self.clock.now(), operator, [AuditEvent(action, subject, detail)])

    def last_position(self) -> int:
        """The position of the audit log's newest row; 0 if there is none."""
        with self.database.read() as connection:
            return log.last_position(connection)

    def is_on_record(self, after: int, action: str, subject: str) -> bool:
        """Whether the log has a row of this action and subject behind the position ``after``."""
        with self.database.read() as connection:
            return log.has_after(connection, after, action, subject)

    def audit_rows(self, subject: str | None = None) -> tuple[AuditRow, ...]:
        """The audit log in order, of one subject if it is given; people see it by :meth:`AuditTrail.rows`."""
        with self.database.read() as connection, log.any_text(connection):
            return tuple(log.read(connection, Filter(subject)))

    def close(self) -> None:
        """Give the database back."""
        self.database.close()
