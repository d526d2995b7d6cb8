"""No sequence of operations loses or doubles a serial, and every closing reconciles exactly."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from eid_toolkit.books.ledger.schema import blank_movement
from eid_toolkit.books.register.stock.manifests import Manifest
from eid_toolkit.books.register.stock.stock import Stock
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.ground.errors import BadInput, EidError, NotPermitted
from support.homes import ANNA, BERT, HomeCopies, WorkingOffice
from support.manifests import chip_of, serial_of
from support.manifests import manifest as manifest_of

Fresh = Callable[[], WorkingOffice]

BOTH = (ANNA, BERT)
STATIONS = st.sampled_from(["main", "two"])
PICKS = st.lists(st.integers(0, 40), min_size=1, max_size=4)
MAY = {
    "hand-out": {"in-store"},
    "hand-back": {"at-station"},
    "spoil": {"in-store", "at-station", "used"},
    "miss": {"in-store", "at-station", "spoiled"},
    "find": {"missing"},
    "destroy": {"in-store", "spoiled"},
}
BECOMES = {
    "hand-out": "at-station",
    "hand-back": "in-store",
    "spoil": "spoiled",
    "miss": "missing",
    "find": "spoiled",
    "destroy": "destroyed",
}


@dataclass
class Told:
    """What a shift has been told of the movements at its station."""

    opening: int
    moved: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("received", "used", "spoiled", "returned", "missing"), 0)
    )


class StockMachine(RuleBasedStateMachine):
    """The stock beside a plain model of it, which knows its rules by the lists above, not by the software's table."""

    numbers: ClassVar[count[int]] = count(1)

    def __init__(self, fresh: Fresh) -> None:
        super().__init__()
        self.office = fresh()
        self.stock = self.office.register.stock
        self.state: dict[str, str] = {}
        self.station: dict[str, str | None] = {}
        self.chip: dict[str, str] = {}
        self.shifts: dict[str, Told] = {}

    def teardown(self) -> None:
        self.office.register.close()
        shutil.rmtree(self.office.home.root)

    # What people do.

    @rule(fresh=st.integers(1, 4), known=st.booleans(), station=st.none() | STATIONS)
    def receive(self, fresh: int, known: bool, station: str | None) -> None:
        numbers = [next(self.numbers) for _ in range(fresh)]
        repeated = [int(next(iter(self.state))[3:])] if known and self.state else []
        delivered = Manifest.read(manifest_of(*numbers, *repeated))
        if repeated:
            assert self.refused(lambda: self.stock.receiving.receive(delivered, ANNA, station)) == BadInput
            return
        self.stock.receiving.receive(delivered, ANNA, station)
        for number in numbers:
            self.chip[serial_of(number)] = chip_of(number)
            self.put(serial_of(number), "in-store", None)
            if station is not None:
                self.note("received", station)
                self.put(serial_of(number), "at-station", station)

    @rule(station=STATIONS, wanted=st.integers(1, 4))
    def hand_out_some(self, station: str, wanted: int) -> None:
        there = sorted(serial for serial, state in self.state.items() if state == "in-store")
        if len(there) < wanted:
            assert self.refused(lambda: self.stock.hand_out(station, ANNA, count=wanted)) == BadInput
            return
        moved = [each.serial for each in self.stock.hand_out(station, ANNA, count=wanted)]
        assert moved == there[:wanted]
        for serial in moved:
            self.note("received", station)
            self.put(serial, "at-station", station)

    @rule(action=st.sampled_from(sorted(MAY)), picks=PICKS, station=STATIONS)
    def move(self, action: str, picks: list[int], station: str) -> None:
        serials = self.chosen(picks)
        if not serials:
            return
        if action in ("spoil", "find"):
            serials = serials[:1]
        calls: dict[str, Callable[[], object]] = {
            "hand-out": lambda: self.stock.hand_out(station, ANNA, serials),
            "hand-back": lambda: self.stock.hand_back(serials, ANNA),
            "spoil": lambda: self.stock.spoil(serials[0], "bent", BOTH),
            "miss": lambda: self.stock.miss(serials, "gone", BOTH),
            "find": lambda: self.stock.find(serials[0], "there", BOTH),
            "destroy": lambda: self.stock.destroy(serials, "shredded", BOTH),
        }
        if any(self.state[serial] not in MAY[action] for serial in serials):
            assert self.refused(calls[action]) == NotPermitted
            return
        calls[action]()
        names = {"hand-back": "returned", "spoil": "spoiled", "miss": "missing"}
        for serial in serials:
            place = station if action == "hand-out" else self.station[serial]
            if action == "hand-out":
                self.note("received", station)
            elif action in names and self.state[serial] == "at-station":
                self.note(names[action], place)
            self.put(serial, BECOMES[action], None if action == "hand-back" else place)

    # What personalization does.

    @rule(pick=st.integers(0, 40), station=STATIONS)
    def use(self, pick: int, station: str) -> None:
        for serial in self.chosen([pick]):
            good = self.state[serial] == "at-station" and self.station[serial] == station and station in self.shifts

            def attempt(serial: str = serial) -> None:
                self.stock.check_blank(self.chip[serial], station)
                with self.office.register.database.write() as connection:
                    assert self.stock.use(connection, self.chip[serial], station, ANNA) == serial

            if not good:
                assert self.refused(attempt) == NotPermitted
                return
            attempt()
            self.note("used", station)
            self.put(serial, "used", station)

    @rule(pick=st.integers(0, 40))
    def spoil_used(self, pick: int) -> None:
        for serial in self.chosen([pick]):
            with self.office.register.database.write() as connection:
                assert self.stock.spoil_used(connection, self.chip[serial], ANNA, "torn") == serial
            if self.state[serial] == "used":
                self.put(serial, "spoiled", self.station[serial])

    # What two people count.

    @rule(station=STATIONS, wrong_by=st.sampled_from([0, 0, 1]), scan=st.booleans())
    def open(self, station: str, wrong_by: int, scan: bool) -> None:
        there = self.there(station)
        if station in self.shifts:
            assert self.refused(lambda: self.stock.shifts.open(station, len(there), BOTH)) == NotPermitted
            return
        account = self.stock.shifts.open(
            station, len(there) + wrong_by, BOTH, there + ["XX-404"] * wrong_by if scan else None
        )
        assert account.agrees is (wrong_by == 0) is (account.shift is not None)
        if account.agrees:
            self.shifts[station] = Told(len(there))

    @rule(station=STATIONS, lost=st.integers(0, 2), scan=st.booleans(), own_up=st.booleans())
    def close(self, station: str, lost: int, scan: bool, own_up: bool) -> None:
        there = self.there(station)
        gone, seen = there[:lost], there[lost:]

        def attempt() -> object:
            return self.stock.shifts.close(station, len(seen), BOTH, seen if scan else None, gone if own_up else ())

        if station not in self.shifts:
            assert self.refused(attempt) == NotPermitted
            return
        account = self.stock.shifts.close(station, len(seen), BOTH, seen if scan else None, gone if own_up else ())
        told = self.shifts[station]
        assert account.agrees is (account.shift is not None) is (not gone or own_up)
        if not account.agrees:
            assert account.serials == tuple(there)
            assert account.missing == (tuple(gone) if scan else None)
            return
        for serial in gone:
            self.note("missing", station)
            self.put(serial, "missing", station)
        assert dict(account.moved) == told.moved
        assert account.opening == told.opening
        left = told.moved["used"] + told.moved["spoiled"] + told.moved["returned"] + told.moved["missing"]
        assert told.opening + told.moved["received"] - left == account.counted == len(self.there(station))
        del self.shifts[station]

    # What must hold at any time.

    @invariant()
    def every_serial_is_in_one_place(self) -> None:
        found = {each.serial: (str(each.state), each.station) for each in self.stock.blanks()}
        assert found == {serial: (state, self.station[serial]) for serial, state in self.state.items()}
        assert set(self.stock.shifts.running()) == set(self.shifts)

    @invariant()
    def the_movements_lead_to_where_the_blanks_are(self) -> None:
        with self.office.register.database.read() as connection:
            ends = select(blank_movement.c.serial, blank_movement.c.after, blank_movement.c.position)
            last = {row.serial: row for row in connection.execute(ends.order_by(blank_movement.c.position))}
            numbered = connection.execute(
                select(blank_movement.c.serial, func.count()).group_by(blank_movement.c.serial)
            ).all()
            chained = connection.execute(select(blank_movement).order_by(blank_movement.c.position)).all()
        assert {serial: row.after for serial, row in last.items()} == self.state
        assert all(last[serial].position == number for serial, number in numbered)
        before: dict[str, str | None] = {}
        for row in chained:
            assert row.before == before.get(row.serial)
            before[row.serial] = row.after

    # The model.

    def put(self, serial: str, state: str, station: str | None) -> None:
        self.state[serial], self.station[serial] = state, station

    def note(self, name: str, station: str | None) -> None:
        if station in self.shifts:
            self.shifts[station].moved[name] += 1

    def there(self, station: str) -> list[str]:
        return sorted(
            serial for serial, state in self.state.items() if state == "at-station" and self.station[serial] == station
        )

    def chosen(self, picks: list[int]) -> list[str]:
        serials = sorted(self.state)
        return list(dict.fromkeys(serials[pick % len(serials)] for pick in picks)) if serials else []

    def refused(self, attempt: Callable[[], object]) -> type[EidError] | None:
        try:
            attempt()
        except EidError as error:
            return type(error)
        return None


@pytest.fixture
def fresh(home_copies: HomeCopies, tmp_path: Path) -> Fresh:
    """Makes an office whose stock is empty."""
    numbers = count(1)
    return lambda: WorkingOffice.at(home_copies.copy(tmp_path / str(next(numbers))))


def test_no_sequence_of_operations_loses_or_doubles_a_serial(fresh: Fresh, backend: str) -> None:
    examples = 40 if backend == "sqlite" else 10
    wanted = settings(
        max_examples=examples,
        stateful_step_count=30,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(lambda: StockMachine(fresh), settings=wanted)  # type: ignore[arg-type]


def test_the_machine_itself_finds_a_lost_serial(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stock that forgets to put on record what is said to be handed out is caught."""

    def forgetful(self: Stock, station: str, operator: Operator, serials: Sequence[str] = (), count: int = 0) -> object:
        there = [each for each in self.blanks() if each.state == "in-store"]
        return [each for each in there if each.serial in serials] if serials else there[:count]

    monkeypatch.setattr(Stock, "hand_out", forgetful)
    wanted = settings(
        max_examples=50,
        derandomize=True,
        stateful_step_count=30,
        deadline=None,
        phases=(Phase.generate,),
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    with pytest.raises(AssertionError):
        run_state_machine_as_test(lambda: StockMachine(fresh), settings=wanted)  # type: ignore[arg-type]
