"""A person as a row of the register."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from eid_toolkit.books.ledger.bulk import copy_begun_rows, copy_rows, those_there
from eid_toolkit.books.ledger.canonical import digest
from eid_toolkit.books.ledger.name_index import unknown_names, write_names
from eid_toolkit.books.ledger.schema import person
from eid_toolkit.books.ledger.stored import stored
from eid_toolkit.books.register.people.person_data import FIELDS, VALUES, PersonData
from eid_toolkit.ground.errors import BadInput, NotPermitted
from eid_toolkit.standards.lds.dates import PartialDate

_LATER_FIELDS = ("former_names", "guardians", "vital_status", "date_of_death", "national_name")


@dataclass(frozen=True, slots=True)
class Person:
    """A person with their place in the register."""

    id: str
    data: PersonData
    created_at: datetime
    version: int = 1
    """Counts the changes."""
    merged_into: str | None = None
    """The person that this one was found to be the same as."""
    source: str | None = None
    """The import that brought the person."""

    @property
    def digest(self) -> str:
        """SHA-256 over everything known of the person: what an approval binds.

        Fields that the register has only lately count where something stands in them: earlier approvals hold.
        """
        values = self.data.to_text()
        return digest({"id": self.id, **{n: v for n, v in values.items() if v is not None or n not in _LATER_FIELDS}})

    def to_json(self) -> dict[str, object]:
        """Stable keys for output."""
        return {
            "id": self.id,
            **self.data.to_text(),
            "created_at": self.created_at.isoformat(),
            "version": self.version,
            "merged_into": self.merged_into,
        }


def person_of(columns: RowMapping) -> Person:
    """The person among a row's columns."""
    values = {name: columns[person.c[name]] for name in FIELDS}
    data = stored(_data, values, "a person")
    return Person(
        columns[person.c.id],
        data,
        columns[person.c.created_at],
        columns[person.c.version],
        columns[person.c.merged_into],
        columns[person.c.source],
    )


def load_person(connection: Connection, reference: str) -> Person:
    """The person with this identifier or personal number; raises :class:`BadInput` if there is none."""
    conditions = (person.c.id == reference.upper(), person.c.personal_number == reference.upper())
    for condition in conditions if reference.isprintable() else ():  # a server takes not every character
        row = connection.execute(select(person).where(condition)).mappings().first()
        if row is not None:
            return person_of(row)
    raise BadInput("person-unknown", person=reference)


def refuse_erased(connection: Connection, identifier: str) -> None:
    """Raises :class:`NotPermitted` for a person who was erased."""
    query = select(person.c.erased_at).where(person.c.id == identifier)
    if connection.execute(query).scalar() is not None:
        raise NotPermitted("data-erased", subject=identifier)


def refuse_merged(connection: Connection, identifier: str) -> None:
    """Raises :class:`NotPermitted` for a person who was found to be the same as another, or was erased."""
    query = select(person.c.erased_at, person.c.merged_into).where(person.c.id == identifier)
    erased_at, into = connection.execute(query).first() or (None, None)
    if erased_at is not None:
        raise NotPermitted("data-erased", subject=identifier)
    if into is not None:
        raise NotPermitted("person-merged", person=identifier, other=into)


COLUMNS = ("id", "created_at", "source", *VALUES)
_NUMBER = COLUMNS.index("personal_number")


def insert_people(connection: Connection, people: Iterable[Person]) -> None:
    """Write new persons, with their names for the search."""
    rows = [(each.id, each.created_at, each.source, *each.data.row_values()) for each in people]
    write_names(connection, sorted(insert_unfindable(connection, rows)))


def insert_unfindable(connection: Connection, rows: Sequence[tuple[Any, ...]], *, lines: bool = False) -> set[str]:
    """Write new persons, of rows with the columns :data:`COLUMNS`; their folded names that nobody bore.

    By these they are found only behind :func:`write_names`. As ``lines``, for a server, the columns that follow from a
    person stand in COPY's text form between the personal number and the folded name. Rows are written in the order of
    their numbers: two who write the same ones do not wait for each other.
    """
    unknown = unknown_names(connection, {row[-1] for row in rows})
    ordered = sorted(rows, key=lambda row: row[_NUMBER] or "")
    if lines:
        copy_begun_rows(connection, person, COLUMNS, [row[:_NUMBER] for row in ordered], [row[-2] for row in ordered])
    else:
        copy_rows(connection, person, COLUMNS, ordered)
    return unknown


def refresh_statistics(connection: Connection) -> None:
    """Have a server count what it plans queries by; it would do so by itself, but minutes later."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql("ANALYZE person, name_word, name_variant, name_posting")


def taken_numbers(connection: Connection, numbers: Iterable[str | None]) -> set[str]:
    """Those of the personal numbers that stand in the register."""
    return those_there(connection, person.c.personal_number, [each for each in numbers if each is not None])


def _data(values: dict[str, Any]) -> PersonData:
    values["date_of_birth"] = PartialDate.parse(values["date_of_birth"])
    if values["date_of_death"] is not None:
        values["date_of_death"] = PartialDate.parse(values["date_of_death"])
    return PersonData(**values)
