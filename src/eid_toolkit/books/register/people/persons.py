"""Persons in the register: added, changed, and found by number, name and date of birth."""

from __future__ import annotations

from collections.abc import Iterator

from eid_toolkit.books.audit.log import AuditEvent, append
from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.books.ledger.database import Database, lock
from eid_toolkit.books.ledger.identifiers import new_identifier
from eid_toolkit.books.register.data_keys import DataKeys
from eid_toolkit.books.register.people.person_data import PersonData
from eid_toolkit.books.register.people.person_history import PersonHistory, record_addition
from eid_toolkit.books.register.people.person_import import PersonImports
from eid_toolkit.books.register.people.person_look_ups import PersonLookUps
from eid_toolkit.books.register.people.person_pairs import PersonPairs, propose_pairs_of
from eid_toolkit.books.register.people.person_record import (
    Person,
    insert_people,
    load_person,
    person_of,
    taken_numbers,
)
from eid_toolkit.books.register.people.person_search import Hit, search_persons, stream_persons
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import Clock, Entropy
from eid_toolkit.ground.zones import Zones
from eid_toolkit.standards.lds.dates import PartialDate

__all__ = ["Hit", "Person", "Persons", "person_of"]


class Persons:
    """The persons of one register.

    ``get`` and ``search`` are for the register's own parts, which answer for who asks; people look persons up by
    ``look_ups``, which checks and records it.
    """

    def __init__(
        self, database: Database, keys: KeyStore, data_keys: DataKeys, clock: Clock, entropy: Entropy, zones: Zones
    ) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy
        self._zones = zones
        self.history = PersonHistory(database, data_keys, clock, zones)
        """Changes, and what was before them."""
        self.imports = PersonImports(database, clock, entropy, zones)
        """Persons out of files."""
        self.pairs = PersonPairs(database, data_keys, clock)
        """Persons who may be the same."""
        self.look_ups = PersonLookUps(database, keys, clock)
        """What people look up."""

    def add(self, data: PersonData, operator: Operator, source: str = "") -> Person:
        """Add one person, as the ``source`` (a paper, a report) has it.

        Raises :class:`NotPermitted` for an operator who may not, :class:`BadInput` if the personal number is taken or a
        date lies ahead.
        """
        operator.require(Permission.CHANGE_PERSONS)
        now = self._clock.now()
        added = Person(new_identifier("P", self._entropy), data, now)
        error = data.objection(self._zones.today(now))
        if error is not None:
            raise error
        with self._database.write() as connection:
            if data.personal_number is not None:
                lock(connection, "personal-number", data.personal_number)
            if taken_numbers(connection, [data.personal_number]):
                raise BadInput("person-number-taken", field="personal_number")
            insert_people(connection, [added])
            record_addition(connection, added, operator, source)
            propose_pairs_of(connection, added, now)
            append(connection, now, operator, [AuditEvent("person.added", added.id, {})])
        return added

    def change(self, record: Person, data: PersonData, operator: Operator, source: str) -> Person:
        """As :meth:`PersonHistory.change`."""
        return self.history.change(record, data, operator, source)

    def get(self, reference: str) -> Person:
        """The person with this identifier or personal number; raises :class:`BadInput` if there is none."""
        with self._database.read() as connection:
            return load_person(connection, reference)

    def search(
        self, text: str = "", *, date_of_birth: PartialDate | None = None, limit: int = 50, offset: int = 0
    ) -> tuple[Hit, ...]:
        """Persons by number, name and date of birth, as :func:`search_persons` finds and orders them."""
        with self._database.read() as connection:
            return search_persons(connection, text, date_of_birth, limit, offset)

    def all(self) -> Iterator[Person]:
        """Every person, in the order of names."""
        with self._database.read() as connection:
            yield from stream_persons(connection)
