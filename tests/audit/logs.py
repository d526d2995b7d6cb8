"""Logs of their own for tests: written by the log itself, then bent by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text

from eid_toolkit.books.audit import checkpoints
from eid_toolkit.books.audit.files import AuditFiles
from eid_toolkit.books.audit.heads import LAST
from eid_toolkit.books.audit.home_notes import HomeNotes
from eid_toolkit.books.audit.log import AuditEvent, any_text, append, stored_rows
from eid_toolkit.books.audit.rows import GENESIS, StoredRow, row_hash
from eid_toolkit.books.audit.statements import Checkpoint
from eid_toolkit.books.audit.trail import AuditTrail
from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.staff.operators import Operator, OperatorStore
from support.homes import CLOCK
from support.people import People


@dataclass
class LogBook:
    """One audit log in a database of its own, of one chain, begun anew for each example."""

    database: Database
    keys: KeyStore
    folder: Path

    @classmethod
    def open(cls, url: str, folder: Path) -> LogBook:
        return cls(Database.open(url), People(folder / "home", demo=True).keys, folder)

    @property
    def files(self) -> AuditFiles:
        return AuditFiles(self.folder / "audit")

    @property
    def trail(self) -> AuditTrail:
        """As a command opens it."""
        return self.trail_with(self.keys)

    def trail_with(self, keys: KeyStore) -> AuditTrail:
        operators = OperatorStore(self.folder / "operators", keys.foundation)
        notes = HomeNotes(self.folder / "audit", keys.foundation.home)
        return AuditTrail(self.database, keys, operators, self.files, CLOCK, notes)

    def add(self, rows: int) -> None:
        """More rows, unsigned."""
        with self.database.write() as connection:
            append(connection, CLOCK.now(), "anna", [AuditEvent("thing.done", "T9", {"n": n}) for n in range(rows)])

    def begin(self, rows: int, signed: Sequence[int] = (), people: Sequence[Operator] = ()) -> None:
        """A log of so many rows, with checkpoints on those at the positions ``signed``."""
        for name in ("head.json", "audit-key.pem"):
            (self.folder / "audit" / name).unlink(missing_ok=True)
        made: Checkpoint | None = None
        signer = checkpoints.signer(self.keys, self.files, new=True)
        with self.database.write() as connection:
            for table in ("audit", "chain_head", "audit_checkpoint"):
                connection.execute(text(f"DELETE FROM {table}"))
            self._go_on_behind(connection, 0)
            written = 0
            for end in sorted({rows, *(number for number in signed if number <= rows)}):
                numbers = range(written + 1, end + 1)
                events = [AuditEvent("thing.done", f"T{n % 3}", {"number": n, "note": "tên"}) for n in numbers]
                append(connection, CLOCK.now(), "anna", events)
                if end in signed:
                    made = checkpoints.checkpoint(connection, signer, CLOCK, people)
                written = end
        if made is not None:
            self.trail.remember(made, signer)

    def rows(self) -> list[StoredRow]:
        with self.database.read() as connection, any_text(connection):
            return list(stored_rows(connection))

    def write(self, rows: Sequence[StoredRow], head: StoredRow | None = None) -> None:
        """Put these rows in the place of what is there; the head too, if it is given."""
        with self.database.write() as connection:
            connection.execute(text("DELETE FROM audit"))
            names = ", ".join(StoredRow._fields)
            values = ", ".join(f":{name}" for name in StoredRow._fields)
            stored = [row._replace(time=row.time.removesuffix("+00:00") + "Z")._asdict() for row in rows]
            if stored:
                connection.execute(text(f"INSERT INTO audit ({names}) VALUES ({values})"), stored)
            if head is not None:
                there = {"number": head.number, "position": head.position, "hash": head.hash}
                connection.execute(
                    text("UPDATE chain_head SET number = :number, position = :position, hash = :hash"), there
                )
                self._go_on_behind(connection, head.position)

    def _go_on_behind(self, connection: Connection, position: int) -> None:
        """On a server the next row gets the next position; in a file it follows on the rows that are there."""
        if not self.database.is_file and position < LAST:
            sequence = "pg_get_serial_sequence('audit', 'position')"
            connection.execute(text(f"SELECT setval({sequence}, :next, false)"), {"next": position + 1})

    def run(self, statement: str, **values: object) -> None:
        with self.database.write() as connection:
            connection.execute(text(statement), values)


def rechained(rows: Sequence[StoredRow]) -> list[StoredRow]:
    """The rows with positions, numbers and hashes made anew, as somebody makes them who bends the whole log."""
    made: list[StoredRow] = []
    previous = GENESIS
    for position, row in enumerate(rows, start=1):
        row = with_own_hash(row._replace(position=position, number=position, previous=previous))
        made.append(row)
        previous = row.hash
    return made


def with_own_hash(row: StoredRow) -> StoredRow:
    return row._replace(hash=row_hash(*row[:7], row[8:11], row[11:]))
