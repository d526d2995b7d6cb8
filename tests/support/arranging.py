"""States that no single act of the office leads to, made all the same as the register makes them: on record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time

from eid_toolkit.books.audit.states import change
from eid_toolkit.books.ledger.kinds import Kind
from support.homes import ENTROPY, NoQuestions, WorkingOffice
from support.scripted import FixedClock

UNCHANGED = "erased"
"""The step of applications, documents, blanks and notices that leaves their state as it is."""


def put_on_record(office: WorkingOffice, kind: Kind, subject: str, action: str = UNCHANGED, **values: object) -> None:
    """Give a row other values, with a row of the log that vouches for them.

    So does whoever holds the office's own keys, and what comes to a row by other ways than the office has today.
    """
    with office.register.database.write() as connection:
        change(connection, kind, [subject], values, action, office.clerk, office.clock.now())


@contextmanager
def office_on(office: WorkingOffice, day: date) -> Iterator[WorkingOffice]:
    """The same office at noon of another day."""
    clock = FixedClock(datetime.combine(day, time(12), UTC))
    later = WorkingOffice.open(office.home.root, NoQuestions(), clock, ENTROPY)
    assert isinstance(later, WorkingOffice)
    try:
        yield later
    finally:
        later.register.close()
