"""The audit log as those use it who do things outside the register's tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from eid_toolkit.books.audit import log
from eid_toolkit.books.audit.log import AuditEvent
from eid_toolkit.books.audit.standing import told_in
from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.ground.ports import Clock


class LogBook:
    """The log in a ``database``: rows are added, and asked for by what they tell."""

    __slots__ = ()
    database: Database
    clock: Clock

    def record(self, operator: Operator | str, action: str, subject: str, detail: Mapping[str, object]) -> None:
        """Add to the audit log what happened outside the register's tables."""
        self.record_all([(operator, action, subject, detail)])

    def record_all(self, rows: Iterable[tuple[Operator | str, str, str, Mapping[str, object]]]) -> None:
        """Add rows of operator, action, subject and detail: all of them, or after a stop none."""
        with self.database.write() as connection:
            for operator, action, subject, detail in rows:
                log.append(
                    connection,
                    self.clock.now(),
                    operator,
                    [AuditEvent(action, subject, detail, told_in(action, detail))],
                )

    def last_position(self) -> int:
        """The position of the audit log's newest row; 0 if there is none."""
        with self.database.read() as connection:
            return log.last_position(connection)

    def is_on_record(self, after: int, action: str, subject: str) -> bool:
        """Whether the log has a row of this action and subject behind the position ``after``."""
        with self.database.read() as connection:
            return log.has_after(connection, after, action, subject)
