"""The register as a whole: one database with persons, applications, documents and the audit log."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.books.audit import log
from eid_toolkit.books.audit.files import AuditFiles
from eid_toolkit.books.audit.home_notes import HomeNotes
from eid_toolkit.books.audit.keeper import LogKeeper
from eid_toolkit.books.audit.log import AuditEvent, AuditRow, Filter
from eid_toolkit.books.audit.log_book import LogBook
from eid_toolkit.books.audit.made import MadeHere
from eid_toolkit.books.audit.standing import LoggedStanding
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
from eid_toolkit.books.register.queues import Queue, left_open, queues, to_decide
from eid_toolkit.books.register.stock.stock import Stock
from eid_toolkit.books.staff.operators import Operator, OperatorStore
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.ports import Clock, Entropy
from eid_toolkit.standards.lds.issuer_time import zones_of

PORTION = 500
"""Data keys that are wrapped anew at the end of a command."""
RESEALED = "data-keys.resealed"


@dataclass(frozen=True, slots=True)
class Register(LogBook):
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
    data_keys: DataKeys
    made: MadeHere

    @classmethod
    def open(
        cls,
        home: Home,
        keys: KeyStore,
        operators: OperatorStore,
        clock: Clock,
        entropy: Entropy,
        *,
        new: bool = False,
    ) -> Register:
        """Open the register, migrated where needed; the key store is unlocked when something is unsealed.

        From now on the operators' records and the compartments of the key store are held to the audit log. A ``new``
        register is made by the founding of a home alone.
        """
        address = RegisterAddress.of(home)
        database = Database.found(address) if new else Database.open(address, new=False)
        notes = HomeNotes(home.audit, keys.foundation.home)
        database.keeper = LogKeeper(keys.foundation, clock, entropy, notes.newest_now)
        standing = LoggedStanding(database)
        operators.hold_to(standing.of_operator, standing.roles_of)
        keys.hold_to(standing.of_compartment)
        data_keys, zones = DataKeys(keys, clock, entropy), zones_of(home.config)
        applications = Applications(database, data_keys, operators, clock, entropy, zones)
        statuses = DocumentStatuses(database, clock)
        trail = AuditTrail(database, keys, operators, AuditFiles(home.audit), clock, notes)
        stock = Stock(database, trail, clock, entropy)
        documents = Documents(database, data_keys, applications, statuses, stock, clock)
        persons = Persons(database, keys, data_keys, clock, entropy, zones)
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
            data_keys,
            MadeHere(database, operators, keys.foundation),
        )

    def reseal(self, operator: Operator) -> int:
        """Wrap a portion of the data keys anew that somebody who has left could have opened; how many, on record."""
        with self.database.read() as connection:
            if not self.data_keys.waiting(connection, most=1):
                return 0
        with self.database.write() as connection:
            resealed = self.data_keys.reseal(connection, PORTION)
            log.append(connection, self.clock.now(), operator, [AuditEvent(RESEALED, "register", {"keys": resealed})])
        return resealed

    def queues(self) -> tuple[Queue, ...]:
        """What waits at each stage of the office."""
        with self.database.read() as connection:
            return queues(connection)

    def waiting_for(self, name: str | None) -> tuple[Queue, ...]:
        """Likewise as somebody sees it who does not decide on what they created, and what was begun and left open."""
        with self.database.read() as connection:
            rest = (queue for queue in queues(connection) if queue.stage != "approval")
            return (to_decide(connection, name), *rest, *left_open(connection))

    def audit_rows(self, criteria: Filter | str | None = None) -> tuple[AuditRow, ...]:
        """The audit log in order, of one subject or by a filter; people see it by :meth:`AuditTrail.rows`."""
        with self.database.read() as connection, log.any_text(connection):
            return tuple(log.read(connection, criteria if isinstance(criteria, Filter) else Filter(criteria)))

    def audit_head(self) -> tuple[int, str]:
        """The position of the log's newest row, and the one hash over the heads of its chains."""
        with self.database.read() as connection:
            head = log.head(connection)
        if head is None:
            raise IntegrityBroken("audit-head-lost")
        return head

    def close(self) -> None:
        """Give the database back."""
        self.database.close()
