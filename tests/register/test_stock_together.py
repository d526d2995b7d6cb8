"""Several stations at the stock at once: no blank is handed out, used or counted by two of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from eid_toolkit.books.register.stock.manifests import Manifest
from eid_toolkit.ground.errors import NotPermitted
from support.homes import ANNA, BERT, WorkingOffice
from support.manifests import chip_of, manifest

BOTH = (ANNA, BERT)
STATIONS = 4


@pytest.fixture
def desks(office: WorkingOffice) -> Iterator[list[WorkingOffice]]:
    """The same home, opened by several stations."""
    opened = [WorkingOffice.at(office.home) for _ in range(STATIONS)]
    yield opened
    for each in opened:
        each.register.close()


def at_once(desks: list[WorkingOffice], work: Callable[[WorkingOffice], object]) -> list[object]:
    """What each station's work gives, or the code of what it was refused with."""

    def attempt(office: WorkingOffice) -> object:
        try:
            return work(office)
        except NotPermitted as error:
            return error.code

    with ThreadPoolExecutor(len(desks)) as pool:
        return list(pool.map(attempt, desks))


def test_no_blank_is_handed_out_twice(office: WorkingOffice, desks: list[WorkingOffice]) -> None:
    office.register.stock.receiving.receive(Manifest.read(manifest(*range(1, 41))), ANNA)

    def work(station: WorkingOffice) -> list[str]:
        return [
            each.serial for _ in range(5) for each in station.register.stock.hand_out(f"S{id(station)}", ANNA, count=2)
        ]

    taken = [serial for part in at_once(desks, work) for serial in part]  # type: ignore[attr-defined]
    assert len(taken) == len(set(taken)) == 40
    assert office.register.stock.counts().keys() == {f"S{id(station)}" for station in desks}


def test_one_station_alone_writes_to_a_blank(office: WorkingOffice, desks: list[WorkingOffice]) -> None:
    office.register.stock.receiving.receive(Manifest.read(manifest(1)), ANNA, "main")
    office.register.stock.shifts.open("main", 1, BOTH)

    def work(station: WorkingOffice) -> str | None:
        with station.register.database.write() as connection:
            return station.register.stock.use(connection, chip_of(1), "main", ANNA)

    assert sorted(map(str, at_once(desks, work))) == ["BL-00001"] + ["blank-not-at-station"] * (STATIONS - 1)


def test_a_shift_is_opened_and_closed_once(office: WorkingOffice, desks: list[WorkingOffice]) -> None:
    def open_(station: WorkingOffice) -> bool:
        return station.register.stock.shifts.open("main", 0, BOTH).agrees

    def close(station: WorkingOffice) -> bool:
        return station.register.stock.shifts.close("main", 0, BOTH).agrees

    assert sorted(map(str, at_once(desks, open_))) == ["True"] + ["shift-open-already"] * (STATIONS - 1)
    assert sorted(map(str, at_once(desks, close))) == ["True"] + ["shift-not-open"] * (STATIONS - 1)
    assert office.register.audit.verify().reason is None
