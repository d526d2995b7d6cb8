"""A transaction sees one state: what was written since is not missed in it, whoever knows of it meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from eid_toolkit.books.audit.states import hold_one
from eid_toolkit.books.audit.verifying import Manner
from eid_toolkit.books.ledger.kinds import APPLICATIONS
from eid_toolkit.books.ledger.schema import audit
from support.homes import WorkingOffice, both_backends

__all__ = ["both_backends"]


@pytest.fixture
def another(office: WorkingOffice) -> Iterator[WorkingOffice]:
    """The same home, as another process has it open."""
    opened = WorkingOffice.at(office.home)
    yield opened
    opened.register.close()


def test_what_is_written_after_a_transaction_began_need_not_be_found_in_it(office: WorkingOffice) -> None:
    """By another thread of this process, which remembers it at once: several readers write cards side by side."""
    application = office.application()
    with office.register.database.read() as connection:
        connection.execute(select(audit.c.position).limit(1)).all()  # from here on it sees one state
        office.register.record(office.clerk, "test.written", "somebody", {})
        hold_one(connection, APPLICATIONS, application.id)
    with office.register.database.read() as connection:
        hold_one(connection, APPLICATIONS, application.id)


def test_what_another_process_has_written_after_a_transaction_began_need_not_be_found_in_it(
    office: WorkingOffice, another: WorkingOffice
) -> None:
    application = office.application()
    with another.register.database.read() as connection:
        connection.execute(select(audit.c.position).limit(1)).all()
        office.register.record(office.clerk, "test.written", "somebody", {})
        office.register.audit.settle()  # the home remembers it
        hold_one(connection, APPLICATIONS, application.id)


def test_a_log_that_others_write_to_meanwhile_is_verified_as_it_was(
    office: WorkingOffice, another: WorkingOffice
) -> None:
    office.application()
    written: list[int] = []

    def write(at: int, size: int) -> None:
        if not written:
            another.register.record(another.clerk, "test.written", "somebody", {})
            another.register.audit.settle()
            written.append(at)

    result = office.register.audit.verify(manner=Manner(1, write, from_start=True))
    assert (result.reason, len(written)) == (None, 1)
