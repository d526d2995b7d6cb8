"""One change to a register in an SQLite file: a value changed, a row removed or repeated, two values exchanged.

Made on a copy, which the home then opens as its register; whatever a file can hold comes into question.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.errors import UnsatisfiedAssumption
from sqlalchemy import Table

from eid_toolkit.books.audit.state_walk import Finding, walk_states
from eid_toolkit.ground.errors import EidError
from eid_toolkit.ground.home.home import Home
from support.homes import CLOCK, ENTROPY, NoQuestions, WorkingOffice

Row = dict[str, Any]


@dataclass
class Pristine:
    """A register as it should be, and the home that it is opened in."""

    home: Home
    file: Path
    proofs: dict[str, object] = field(default_factory=dict)
    """What a walk has proved of the log: where the log is not what is changed, it need not be proved again."""
    _rows: dict[str, list[Row]] = field(default_factory=dict)

    def rows(self, table: Table) -> list[Row]:
        """All rows of a table as they are stored."""
        if table.name not in self._rows:
            self._rows[table.name] = self._read(table)
        return self._rows[table.name]

    def _read(self, table: Table) -> list[Row]:
        with closing(sqlite3.connect(self.file)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(f"SELECT * FROM {table.name}")]

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """A copy in the register's place, to be changed without any foreign key in the way."""
        place = self.home.register_path
        for path in place.parent.glob(f"{place.name}*"):
            path.unlink()
        shutil.copy(self.file, place)
        with closing(sqlite3.connect(place)) as connection:
            try:
                with connection:
                    yield connection
            except sqlite3.IntegrityError:  # the database itself does not take it
                raise UnsatisfiedAssumption from None

    def named(self, *, log: bool = False) -> list[str]:
        """Why the walks do not take the copy: none if they do. Of a ``log`` that was changed nothing is known."""
        with self._opened(proved=not log) as office:
            return (_log(office) or _states(office)) if log else (_states(office) or _log(office))

    @contextmanager
    def _opened(self, *, proved: bool) -> Iterator[WorkingOffice]:
        office = WorkingOffice.open(self.home.root, NoQuestions(), CLOCK, ENTROPY)
        assert isinstance(office, WorkingOffice)
        if proved:
            office.register.database.keeper.proofs.update(self.proofs)  # type: ignore[attr-defined]
        try:
            yield office
        finally:
            office.register.close()

    def prove(self) -> None:
        """Walk it once, as it is."""
        with self.changing():
            pass
        with self._opened(proved=False) as office:
            assert (_states(office), _log(office)) == ([], [])
            self.proofs = dict(office.register.database.keeper.proofs)  # type: ignore[attr-defined]


def _states(office: WorkingOffice) -> list[str]:
    try:
        with office.register.database.read() as connection:
            return [each.reason for each in walk_states(connection) if isinstance(each, Finding)]
    except EidError as error:
        return [error.code]


def _log(office: WorkingOffice) -> list[str]:
    try:
        reason = office.register.audit.verify().reason
    except EidError as error:
        return [error.code]
    return [] if reason is None else [reason]


# What is changed.


@st.composite
def other_values(draw: st.DrawFn, table: Table, column: str, old: object) -> object:
    """Another value of the same kind, or none where there may be none."""
    values: st.SearchStrategy[object]
    if isinstance(old, bytes):
        values = st.binary(max_size=40) | st.just(old[:-1]) | st.just(old + b"\0")
    elif isinstance(old, int):
        values = st.integers(-1, 5) | st.sampled_from([old - 1, old + 1])
    elif isinstance(old, str):
        values = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
        values |= st.sampled_from(
            [old[:-1], f"{old} ", old.swapcase(), "issued", "anna", "2026-01-01T00:00:00.000000Z"]
        )
    else:
        values = st.sampled_from(["x", "anna", 1, b"x"])
    if table.columns[column].nullable:
        values |= st.none()
    value = draw(values)
    assume(value != old)
    return value


def replace(connection: sqlite3.Connection, table: Table, old: list[Row], new: list[Row]) -> None:
    """These rows in the place of those."""
    keys = [column.name for column in table.primary_key.columns] or list(table.columns.keys())
    for row in old:
        where = " AND ".join(f"{name} IS ?" for name in keys)
        connection.execute(f"DELETE FROM {table.name} WHERE {where}", [row[name] for name in keys])
    for row in new:
        names, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" for _ in row)
        connection.execute(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", list(row.values()))
    before, after = (sorted(map(repr, (row.values() for row in rows))) for rows in (old, new))
    if before == after:
        raise UnsatisfiedAssumption


def under_another_key(table: Table, row: Row, rows: list[Row]) -> Row:
    """The row once more, where the database takes it."""
    unique = {index_column.name for index in table.indexes if index.unique for index_column in index.columns}
    unique |= {column.name for column in table.columns if column.unique or column.primary_key}
    again = dict(row)
    for name in unique:
        if isinstance(row[name], int):
            again[name] = max(each[name] for each in rows if isinstance(each[name], int)) + 1
        elif row[name] is not None:
            again[name] = f"{row[name]}Z"
    return again
