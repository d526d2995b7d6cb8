"""Whatever an office does with a row is refused where the row lies, or comes to the same as if it did not lie.

Each thing that is done is done once as it should be, and then again and again, each time with one value changed, or one
row taken out, of all that it is about: a read that is not held to the log shows by another outcome.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis.errors import UnsatisfiedAssumption
from sqlalchemy import Table

from eid_toolkit.books.ledger import schema
from eid_toolkit.books.ledger.kinds import KINDS
from eid_toolkit.books.ledger.schema.base import TOLD_BY, VERSION
from eid_toolkit.ground.errors import EidError
from support.one_change import Pristine, Row, replace
from support.real_offices import at_work, looked_at, real_home_copies
from support.uses import USES, Use
from support.whole_life import WholeLife, live

STATES = [kind.table for kind in KINDS.values()]
PAPERS = [schema.decision, schema.document_status, schema.blank_movement]
ROWS, VALUES, STATE_VALUES = 2, 1, 9
"""Of each table so many rows are changed, each value to so many others, and a state to so many."""
_NEIGHBOURS = ("id", "application_id", "document_id", "chip", "serial", "manifest_id", "subject", "person_id")
_TOLD = ("action", "subject", "kind", "state")
Cells = dict[tuple[str, object, str], object]


@dataclass(frozen=True)
class Outcome:
    """What came of it: the code of a refusal or what was returned, and what the register has then."""

    refused: str | None
    returned: str
    cells: Cells


class Trial:
    """One use, done in copies of the register."""

    def __init__(self, lived: Pristine, life: WholeLife, use: Use) -> None:
        self._lived, self._life, self._use = lived, life, use
        self._remembered = lived.file.parent / "audit"
        first, second = self.outcome(), self.outcome()
        self.refused = first.refused
        assert first.refused == second.refused
        self._returned = first.returned if first.returned == second.returned else None
        self._cells = {place: value for place, value in first.cells.items() if second.cells.get(place) == value}
        self._places = first.cells.keys()

    def outcome(self, table: Table | None = None, old: Row | None = None, new: Row | None = None) -> Outcome:
        """Done in a copy, in which the one row may stand for the other, or for nothing."""
        with self._lived.changing() as connection:
            if table is not None and old is not None:
                replace(connection, table, [old], [] if new is None else [new])
        shutil.rmtree(self._lived.home.root / "audit", ignore_errors=True)
        shutil.copytree(self._remembered, self._lived.home.root / "audit")
        refused, returned = None, ""
        with looked_at(self._lived.home) as office:
            office.register.database.keeper.proofs.update(self._lived.proofs)  # type: ignore[attr-defined]
            try:
                returned = repr(self._use.do(office, self._life))
            except EidError as error:
                refused = error.code
        after = Pristine(self._lived.home, self._lived.home.register_path)
        return Outcome(refused, returned, {} if refused else self._cells_of(after))

    def _cells_of(self, after: Pristine) -> Cells:
        cells: Cells = {}
        for table in (*STATES, *PAPERS):
            known = {_key(table, row) for row in self._lived.rows(table)}
            new = 0
            for row in after.rows(table):
                key: object = _key(table, row)
                if key not in known:
                    key, new = new, new + 1
                cells |= {
                    (table.name, key, name): value for name, value in row.items() if name not in (VERSION, TOLD_BY)
                }
        for number, row in enumerate(after.rows(schema.audit)[len(self._lived.rows(schema.audit)) :]):
            cells |= {("audit", number, name): row[name] for name in _TOLD}
            cells |= {
                ("audit", number, f"detail {name}"): repr(value) for name, value in json.loads(row["detail"]).items()
            }
        return cells

    def differs(self, outcome: Outcome, table: Table, old: Row, column: str | None) -> str | None:
        """What the lie has changed; None if it was refused, or has changed nothing but itself."""
        if outcome.refused is not None:
            return None
        if self.refused is not None:
            return f"not refused ({self.refused})"
        if self._returned is not None and outcome.returned != self._returned:
            return f"returned {outcome.returned} instead of {self._returned}"
        own = _key(table, old)
        for place in sorted(outcome.cells.keys() | self._places, key=repr):
            if place[:2] == (table.name, own) and column in (None, place[2]):
                continue
            if column is None and table in PAPERS and place[0] == table.name:  # those that follow are numbered anew
                continue
            if (place in outcome.cells) != (place in self._places):
                return f"{place} {'is there' if place in outcome.cells else 'is missing'}"
            if place in self._cells and outcome.cells[place] != self._cells[place]:
                return f"{place}: {outcome.cells[place]} instead of {self._cells[place]}"
        return None


def _key(table: Table, row: Row) -> tuple[object, ...]:
    return tuple(row[column.name] for column in table.primary_key.columns)


def concerned(lived: Pristine, about: list[str]) -> Iterator[tuple[Table, Row]]:
    """The rows that name what it is about, and then those that these name."""
    sought = [set(about)]
    for _ in range(2):
        near = {
            row[name]
            for table in (*STATES, *PAPERS)
            for row in lived.rows(table)
            if sought[-1] & set(map(str, row.values()))
            for name in _NEIGHBOURS
            if row.get(name) is not None
        }
        sought.append(sought[-1] | near)
    for table in (*STATES, *PAPERS):
        rows: dict[tuple[object, ...], Row] = {}
        for near in sought:
            rows |= {_key(table, row): row for row in lived.rows(table) if near & set(map(str, row.values()))}
        yield from ((table, row) for row in list(rows.values())[:ROWS])


def other_values(lived: Pristine, table: Table, column: str, old: object) -> Iterator[object]:
    """Values that others have there, and that somebody might like."""
    others = sorted({row[column] for row in lived.rows(table)} - {old}, key=repr)
    chosen = [each for each in others if each is not None][: STATE_VALUES if column == "state" else VALUES]
    yield from chosen
    if table.columns[column].nullable and old is not None:
        yield None
    if isinstance(old, int) and not chosen:
        yield old + 1


def lies(lived: Pristine, about: list[str]) -> Iterator[tuple[Table, Row, Row | None, str | None]]:
    for table, row in concerned(lived, about):
        yield table, row, None, None
        for name in row:
            if name not in (VERSION, TOLD_BY, *table.primary_key.columns.keys()):  # another key: removed, and made up
                for value in other_values(lived, table, name, row[name]):
                    yield table, row, {**row, name: value}, name


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Pristine, WholeLife]:
    folder = tmp_path_factory.mktemp("uses")
    home = real_home_copies(folder / "founded", None).copy(folder / "home")
    with at_work(home) as office:
        life = live(office)
    with looked_at(home) as office:
        office.register.database.copy_to(folder / "pristine.sqlite")
    shutil.copytree(home.root / "audit", folder / "audit")
    pristine = Pristine(home, folder / "pristine.sqlite")
    pristine.prove()
    return pristine, life


@pytest.mark.parametrize("name", USES)
def test_what_is_done_with_a_row_that_lies_is_refused_or_the_same(lived: tuple[Pristine, WholeLife], name: str) -> None:
    pristine, life = lived
    use = USES[name]
    trial = Trial(pristine, life, use)
    found, tried = [], 0
    for table, old, new, column in lies(pristine, use.about(life)):
        try:
            outcome = trial.outcome(table, old, new)
        except UnsatisfiedAssumption:  # the database itself does not take it
            continue
        tried += 1
        told = trial.differs(outcome, table, old, column)
        if told is not None:
            was, now = (None, "removed") if new is None or column is None else (old[column], new[column])
            found.append(f"{table.name} {_key(table, old)} {column}: {was} -> {now}: {told}")
    assert tried > 2
    assert not found, "\n".join(found)


def test_a_read_that_is_not_held_is_found(lived: tuple[Pristine, WholeLife], monkeypatch: pytest.MonkeyPatch) -> None:
    """With a stock that believes what stands in the row of a blank."""
    from eid_toolkit.books.register.stock import stock

    believed: Callable[..., Any] = lambda connection, kind, subject: None  # noqa: E731
    monkeypatch.setattr(stock, "hold_one", believed)
    pristine, life = lived
    use = USES["check a missing blank"]
    trial = Trial(pristine, life, use)
    found = [
        trial.differs(trial.outcome(table, old, new), table, old, column)
        for table, old, new, column in lies(pristine, use.about(life))
        if table is schema.blank and column == "state"
    ]
    assert trial.refused == "blank-not-at-station"
    assert any(found)
