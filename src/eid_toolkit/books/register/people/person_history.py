"""What the register knew of a person before: every change with before and after, its source, who made it, and when.

The fields are sealed with the person's data key, so that destroying the key erases the history in every copy too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from eid_toolkit.books.audit.log import AuditEvent, append
from eid_toolkit.books.ledger.canonical import canonical
from eid_toolkit.books.ledger.database import Database, lock
from eid_toolkit.books.ledger.name_index import forget_name, unknown_names, write_names
from eid_toolkit.books.ledger.reasons import MAX_REASON, clean_reason
from eid_toolkit.books.ledger.schema import person, person_change, person_import
from eid_toolkit.books.ledger.stored import stored
from eid_toolkit.books.register.data_keys import DataKeys
from eid_toolkit.books.register.people.person_data import VALUES, PersonData
from eid_toolkit.books.register.people.person_record import (
    Person,
    load_person,
    refuse_erased,
    refuse_merged,
    taken_numbers,
)
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import BadInput, NotPermitted
from eid_toolkit.ground.plain_values import read_json
from eid_toolkit.ground.ports import Clock
from eid_toolkit.ground.zones import Zones

Fields = Mapping[str, tuple[str | None, str | None]]
"""Before and after, by field."""


@dataclass(frozen=True, slots=True)
class Change:
    """One step of a person's history; the first, with no fields, is how the person came into the register."""

    version: int
    time: datetime
    operator: str
    source: str
    fields: Fields

    def to_json(self) -> dict[str, object]:
        """Stable keys for output."""
        return {
            "version": self.version,
            "time": self.time.isoformat(),
            "operator": self.operator,
            "source": self.source,
            "fields": {name: {"before": before, "after": after} for name, (before, after) in self.fields.items()},
        }


class PersonHistory:
    """The histories of one register's persons."""

    def __init__(self, database: Database, data_keys: DataKeys, clock: Clock, zones: Zones) -> None:
        self._database = database
        self.data_keys = data_keys
        self._clock = clock
        self._zones = zones

    def change(self, record: Person, data: PersonData, operator: Operator, source: str) -> Person:
        """Let ``data`` stand for what ``record`` says, as the ``source`` (a paper, a report) has it.

        Raises :class:`NotPermitted` for an operator who may not, and for a person who was merged, erased, or changed
        since ``record`` was read; :class:`BadInput` if nothing changes, the source is missing, or a rule is broken.
        """
        operator.require(Permission.CHANGE_PERSONS)
        source = checked_source(source)
        before, after = record.data.to_text(), data.to_text()
        fields = {name: (before[name], after[name]) for name in after if before[name] != after[name]}
        if not source:
            raise BadInput("person-source-missing")
        if not fields:
            raise BadInput("person-unchanged", person=record.id)
        now = self._clock.now()
        objection = data.objection(self._zones.today(now))
        with self._database.write() as connection:
            lock(connection, "person", record.id)
            if "personal_number" in fields and data.personal_number is not None:
                lock(connection, "personal-number", data.personal_number)
            refuse_merged(connection, record.id)
            if objection is not None:
                raise objection
            current = load_person(connection, record.id)
            if current.version != record.version:
                raise NotPermitted("person-changed-meanwhile", person=record.id, version=current.version)
            if "personal_number" in fields and taken_numbers(connection, [data.personal_number]):
                raise BadInput("person-number-taken", field="personal_number")
            unknown = unknown_names(connection, {data.folded_name})
            values = {**dict(zip(VALUES, data.row_values(), strict=True)), "version": record.version + 1}
            connection.execute(update(person).where(person.c.id == record.id).values(values))
            write_names(connection, unknown)
            if data.folded_name != record.data.folded_name:
                forget_name(connection, record.data.folded_name)
            record_change(connection, self.data_keys, record, operator, source, fields, now)
            event = AuditEvent("person.changed", record.id, {"fields": sorted(fields), "version": record.version + 1})
            append(connection, now, operator, [event])
            return load_person(connection, record.id)

    def of(self, record: Person, operator: Operator) -> tuple[Change, ...]:
        """The person's history, oldest first; raises :class:`NotPermitted` also if it was erased.

        It shows what the person is known by, so :meth:`PersonLookUps.person` comes before it.
        """
        operator.require(Permission.READ_PERSONS)
        query = select(person_change).where(person_change.c.person_id == record.id).order_by(person_change.c.version)
        with self._database.read() as connection:
            refuse_erased(connection, record.id)
            changes = [
                Change(
                    row.version,
                    row.changed_at,
                    row.operator,
                    row.source,
                    self._fields(connection, record.id, row.version, row.content),
                )
                for row in connection.execute(query).all()
            ]
            if record.source is not None:
                changes.insert(0, _import(connection, record, record.source))
        return tuple(changes)

    def _fields(self, connection: Connection, identifier: str, version: int, content: bytes) -> Fields:
        if not content:
            return {}
        plain = self.data_keys.unseal(connection, identifier, content, _context(identifier, version)).reveal()
        return stored(_read_fields, plain, "the history of a person")


def record_addition(connection: Connection, added: Person, operator: Operator, source: str) -> None:
    """Write down who typed a person in, and by what source; what was typed stands in the register itself."""
    values = {
        "person_id": added.id,
        "version": added.version,
        "changed_at": added.created_at,
        "operator": operator.name,
        "source": checked_source(source),
        "content": b"",
    }
    connection.execute(insert(person_change), values)


def record_change(
    connection: Connection,
    data_keys: DataKeys,
    record: Person,
    operator: Operator,
    source: str,
    fields: Fields,
    now: datetime,
) -> None:
    """Write down what changes in ``record``, whose version goes up by one."""
    version = record.version + 1
    plain = canonical({name: list(values) for name, values in fields.items()}).encode()
    values = {
        "person_id": record.id,
        "version": version,
        "changed_at": now,
        "operator": operator.name,
        "source": source,
        "content": data_keys.sealer(connection, record.id)(plain, _context(record.id, version)),
    }
    connection.execute(insert(person_change), values)


def checked_source(text: str) -> str:
    """A source or purpose, which may be missing, by the rule for reasons; raises :class:`BadInput` if it breaks it."""
    try:
        return clean_reason(text) if text.strip() else ""
    except BadInput:
        raise BadInput("person-source-malformed", limit=MAX_REASON) from None


def _import(connection: Connection, record: Person, identifier: str) -> Change:
    query = select(person_import.c.operator).where(person_import.c.id == identifier)
    operator = connection.execute(query).scalar()
    return Change(1, record.created_at, operator or "unknown", f"import {identifier}", {})


def _read_fields(plain: bytes) -> Fields:
    return read_json(dict[str, tuple[str | None, str | None]], plain)


def _context(identifier: str, version: int) -> bytes:
    return f"person:{identifier}:change:{version}".encode()
