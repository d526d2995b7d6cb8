"""Rows with a state held to the log in several processes, which all see one state of the database.

On a server the transaction of the one that began exports its snapshot, and the others take it. A file has no such
thing: there all begin to read while nobody can write, for some milliseconds. Where that cannot be had, one process
does it all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from eid_toolkit.books.audit.keeper import LogKeeper
from eid_toolkit.books.audit.proving import Prover
from eid_toolkit.books.audit.state_walk import Counted, Finding, Task, findings_of, walk_states
from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.ledger.register_address import RegisterAddress
from eid_toolkit.books.ledger.schema import audit, subject_head
from eid_toolkit.ground.crew import Crew
from eid_toolkit.ground.errors import EidError
from eid_toolkit.ground.plain_values import from_plain, to_plain
from eid_toolkit.ground.ports import SystemClock, SystemEntropy

if TYPE_CHECKING:
    from eid_toolkit.books.audit.verifying import Manner

PAYS_FROM = 4000
"""Rows with a state from which on it takes less time to start processes than they save."""
_ARE_YOU_THERE: Task = ("are you there", [])
_BEGIN = "begin"


@contextmanager
def walking_states(
    database: Database, address: RegisterAddress, foundation: Foundation, manner: Manner
) -> Iterator[Iterator[Finding | Counted]]:
    """As :func:`walk_states` of one state of the database at an address, in the given manner."""
    with database.read() as connection:
        size = _size(connection)
    processes = manner.count(size, PAYS_FROM)
    with ExitStack() as stack:
        shared: Connection | None = None
        if processes > 1:
            crew: Crew[Task, list[Finding]]
            crew = stack.enter_context(Crew(processes, _beginning, address, to_plain(foundation)))
            with suppress(EidError, SQLAlchemyError), ExitStack() as reading:
                shared = _together(database, crew, reading)
                if shared is not None:
                    stack.push(reading.pop_all())
        if shared is not None:
            yield _told(walk_states(shared, crew.map), size, manner)
        else:
            yield _told(walk_states(stack.enter_context(database.read())), size, manner)


def _together(database: Database, crew: Crew[Task, list[Finding]], reading: ExitStack) -> Connection | None:
    """A connection of this process, when all others read the same state; None if they do not."""
    if database.is_file:
        crew.everyone(_ARE_YOU_THERE)  # before anybody has to wait for it
        with database.write():
            connection = reading.enter_context(database.read())
            _size(connection)
            together = crew.everyone((_BEGIN, []))
    else:
        connection = reading.enter_context(database.read())
        snapshot = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar()
        together = crew.everyone((_BEGIN, [str(snapshot)]))
    return None if together is None else connection


def _size(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(subject_head)).scalar() or 0


def _told(walked: Iterator[Finding | Counted], size: int, manner: Manner) -> Iterator[Finding | Counted]:
    rows: dict[str, int] = {}
    for each in walked:
        if isinstance(each, Counted):
            rows[each.kind] = each.rows
            if manner.tell is not None:
                manner.tell(sum(rows.values()), size)
        yield each


def _beginning(address: RegisterAddress, foundation: dict[str, object]) -> Callable[[Task], list[Finding]]:
    """What a process of the crew does."""
    database = Database.reach(address, new=False)
    database.keeper = LogKeeper(from_plain(Foundation, foundation), SystemClock(), SystemEntropy())
    return _Reader(database)


@dataclass
class _Reader:
    database: Database
    prover: Prover | None = None
    reading: ExitStack = field(default_factory=ExitStack)

    def __call__(self, task: Task) -> list[Finding]:
        name, words = task
        if task == _ARE_YOU_THERE:
            return []
        if name == _BEGIN:
            connection = self.reading.enter_context(self.database.read())
            for snapshot in words:
                connection.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
            connection.execute(select(audit.c.position).limit(1)).first()
            self.prover = Prover(connection)
            return []
        assert self.prover is not None
        return findings_of(self.prover, task)
