"""Persons as people look them up, on record: who did, what for, and how many were found.

What was typed is recorded by its keyed hash alone: with the key an auditor can tell whether somebody in particular was
looked up, and without it the log tells nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

from eid_toolkit.books.audit.log import AuditEvent, append
from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.register.people.person_data import birth_text
from eid_toolkit.books.register.people.person_history import checked_source
from eid_toolkit.books.register.people.person_record import Person, load_person
from eid_toolkit.books.register.people.person_search import (
    Hit,
    count_persons,
    search_persons,
    state_of_persons,
    stream_persons,
)
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import Clock
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.transliteration import fold

LOOKED_UP, EXPORTED = "person.looked-up", "persons.exported"
"""In the audit log."""
_EVERYBODY = "persons"


class PersonLookUps:
    """Looking persons up, on record; each raises :class:`NotPermitted` for an operator who may not."""

    def __init__(self, database: Database, keys: KeyStore, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock

    def person(self, reference: str, operator: Operator, purpose: str | None = None) -> Person:
        """The person with this identifier or personal number; raises :class:`BadInput` if there is none."""
        operator.require(Permission.READ_PERSONS)
        try:
            with self._database.read() as connection:
                person = load_person(connection, reference)
        except BadInput:
            self._record(operator, _EVERYBODY, reference, None, 0, purpose)
            raise
        self._record(operator, person.id, reference, None, 1, purpose)
        return person

    def search(
        self,
        text: str,
        operator: Operator,
        purpose: str | None = None,
        *,
        date_of_birth: PartialDate | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[Hit, ...]:
        """As :func:`search_persons`."""
        operator.require(Permission.READ_PERSONS)
        with self._database.read() as connection:
            hits = search_persons(connection, text, date_of_birth, limit, offset)
        self._record(operator, _EVERYBODY, text, date_of_birth, len(hits), purpose)
        return hits

    def count(self, operator: Operator) -> int:
        """How many persons an export has."""
        operator.require(Permission.READ_PERSONS)
        with self._database.read() as connection:
            return count_persons(connection)

    def export(
        self, operator: Operator, purpose: str | None = None, go_on: Callable[[str], str | None] = lambda state: None
    ) -> Generator[Person, None, None]:
        """Every person in the order of names; recorded before the first one leaves, and the count after the last.

        ``go_on`` is told what stands for this state of the persons, and may name one behind whom to go on.
        """
        operator.require(Permission.READ_PERSONS)
        stated = {} if purpose is None else {"purpose": checked_source(purpose)}
        self._append(operator, _EVERYBODY, EXPORTED, {"state": "begun", **stated})
        count = 0
        with self._database.read() as connection:
            for person in stream_persons(connection, go_on(state_of_persons(connection))):
                count += 1
                yield person
        self._append(operator, _EVERYBODY, EXPORTED, {"state": "done", "count": count, **stated})

    def typed(self, text: str, date_of_birth: PartialDate | None = None) -> str:
        """The keyed hash by which the log knows what was typed, whatever its diacritics and letter case."""
        birth = "" if date_of_birth is None else birth_text(date_of_birth)
        return self._keys.keyed_hash(f"{fold(text)}|{birth}".encode())

    def _record(
        self,
        operator: Operator,
        subject: str,
        text: str,
        date_of_birth: PartialDate | None,
        hits: int,
        purpose: str | None,
    ) -> None:
        detail: dict[str, object] = {"typed": self.typed(text, date_of_birth), "hits": hits}
        if purpose is not None:
            detail["purpose"] = checked_source(purpose)
        self._append(operator, subject, LOOKED_UP, detail)

    def _append(self, operator: Operator, subject: str, action: str, detail: dict[str, object]) -> None:
        with self._database.write() as connection:
            append(connection, self._clock.now(), operator, [AuditEvent(action, subject, detail)])
