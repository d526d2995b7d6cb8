"""Persons in the register: added one by one or by file, found by number, name and date of birth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection, RowMapping, and_, insert, or_, select

from eid_toolkit.audit.log import AuditEvent, append
from eid_toolkit.errors import BadInput
from eid_toolkit.lds.dates import PartialDate
from eid_toolkit.lds.transliteration import fold
from eid_toolkit.ports import Clock, Entropy
from eid_toolkit.register import person_files
from eid_toolkit.register.canonical import digest
from eid_toolkit.register.database import Database
from eid_toolkit.register.identifiers import new_identifier
from eid_toolkit.register.person_data import FIELDS, PersonData, birth_text
from eid_toolkit.register.schema import person
from eid_toolkit.register.stored import stored
from eid_toolkit.stores.operators import Operator

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Person:
    """A person with their place in the register."""

    id: str
    data: PersonData
    created_at: datetime

    @property
    def digest(self) -> str:
        """SHA-256 over everything known of the person: what an approval binds."""
        return digest({"id": self.id, **self.data.to_text()})

    def to_json(self) -> dict[str, object]:
        """Stable keys for output."""
        return {"id": self.id, **self.data.to_text(), "created_at": self.created_at.isoformat()}


@dataclass(frozen=True, slots=True)
class ImportReport:
    """How an import went; ``rejected`` are the rows that hold no good person."""

    imported: int
    rejected: tuple[person_files.Row, ...]
    written: bool


class Persons:
    """The persons of one register."""

    def __init__(self, database: Database, clock: Clock, entropy: Entropy) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy

    def add(self, data: PersonData, operator: Operator) -> Person:
        """Add one person; raises :class:`BadInput` if the personal number is taken or the birth lies ahead."""
        now = self._clock.now()
        added = Person(new_identifier("P", self._entropy), data, now)
        with self._database.write() as connection:
            error = self._objection(data, _taken_numbers(connection, [data]))
            if error is not None:
                raise error
            self._insert(connection, [added], operator)
        return added

    def import_rows(
        self, rows: Iterable[person_files.Row], operator: Operator, *, keep_going: bool = False, dry_run: bool = False
    ) -> ImportReport:
        """Add the persons of a file in one transaction.

        One bad row keeps all out, unless ``keep_going``; ``dry_run`` keeps all out whatever the rows are.
        """
        rejected: list[person_files.Row] = []
        good = 0
        source = iter(rows)
        with self._database.write() as connection:
            while batch := list(islice(source, _BATCH)):
                people, refused = self._sort_out(connection, batch)
                rejected += refused
                good += len(people)
                self._insert(connection, people, operator)
            written = not dry_run and (keep_going or not rejected)
            if not written:
                connection.rollback()
        return ImportReport(good, tuple(rejected), written)

    def get(self, reference: str) -> Person:
        """The person with this identifier or personal number; raises :class:`BadInput` if there is none."""
        query = select(person).where(or_(person.c.id == reference.upper(), person.c.personal_number == reference))
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            raise BadInput("person-unknown", person=reference)
        return person_of(row)

    def search(
        self, text: str = "", *, date_of_birth: PartialDate | None = None, limit: int = 50, offset: int = 0
    ) -> tuple[Person, ...]:
        """Persons whose number, or name with every word of ``text`` in it, fits; diacritics and case do not count."""
        query = select(person).order_by(person.c.folded_name, person.c.id).limit(limit).offset(offset)
        words = [person.c.folded_name.contains(word, autoescape=True) for word in fold(text).split()]
        if words:
            query = query.where(or_(and_(*words), person.c.personal_number == text.strip()))
        if date_of_birth is not None:
            query = query.where(person.c.date_of_birth == birth_text(date_of_birth))
        with self._database.read() as connection:
            return tuple(map(person_of, connection.execute(query).mappings()))

    def all(self) -> Iterator[Person]:
        """Every person, in the order of names."""
        with self._database.read() as connection:
            query = select(person).order_by(person.c.folded_name, person.c.id)
            for row in connection.execution_options(yield_per=_BATCH).execute(query).mappings():
                yield person_of(row)

    def _sort_out(
        self, connection: Connection, rows: list[person_files.Row]
    ) -> tuple[list[Person], list[person_files.Row]]:
        """The persons of a batch that may come in, and the rows refused."""
        taken = _taken_numbers(connection, [row.person for row in rows if row.person is not None])
        now = self._clock.now()
        people, refused = [], []
        for row in rows:
            error = row.error if row.person is None else self._objection(row.person, taken)
            if row.person is None or error is not None:
                refused.append(person_files.Row(row.line, row.raw, None, error))
                continue
            if row.person.personal_number is not None:
                taken.add(row.person.personal_number)
            people.append(Person(new_identifier("P", self._entropy), row.person, now))
        return people, refused

    def _objection(self, data: PersonData, taken: set[str]) -> BadInput | None:
        """What the register has against a record that is well formed."""
        if data.personal_number in taken:
            return BadInput("person-number-taken", field="personal_number")
        if data.date_of_birth.earliest > self._clock.now().date():
            return BadInput("person-birth-in-future", field="date_of_birth")
        return None

    def _insert(self, connection: Connection, people: list[Person], operator: Operator) -> None:
        if not people:
            return
        rows = [
            {
                "id": each.id,
                "folded_name": each.data.folded_name,
                "created_at": each.created_at,
                **each.data.to_text(),
            }
            for each in people
        ]
        connection.execute(insert(person), rows)
        events = [AuditEvent("person.added", each.id, {}) for each in people]
        append(connection, self._clock.now(), operator.name, events)


def _taken_numbers(connection: Connection, people: list[PersonData]) -> set[str]:
    numbers = [each.personal_number for each in people if each.personal_number is not None]
    query = select(person.c.personal_number).where(person.c.personal_number.in_(numbers))
    return set(connection.execute(query).scalars())


def person_of(columns: RowMapping) -> Person:
    """The person among a row's columns."""
    values = {name: columns[person.c[name]] for name in FIELDS}
    values["date_of_birth"] = stored(PartialDate.parse, values["date_of_birth"], "a date of birth")
    data = stored(lambda values: PersonData(**values), values, "a person")
    return Person(columns[person.c.id], data, columns[person.c.created_at])
