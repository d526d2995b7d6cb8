"""Attacks with the database alone on blanks, shifts, vendors, manifests and stations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from eid_toolkit.books.ledger.schema import blank, blank_movement, manifest, shift, vendor
from eid_toolkit.books.register.stock.manifests import Manifest
from eid_toolkit.books.register.stock.stations import Stations
from eid_toolkit.books.register.stock.stock import Stock
from eid_toolkit.ground.errors import EidError
from eid_toolkit.ground.home.home import Home
from support.homes import WorkingOffice
from support.manifests import SigningVendor, chip_of, serial_of
from support.manifests import manifest as manifest_of
from support.meddling import Meddler, meddling
from support.real_offices import at_work, both, copied_real_home, differing, looked_at, refused
from support.whole_life import WholeLife, prepare_for

__all__ = ["copied_real_home"]
STORED, SPOILED, MISSING, DESTROYED, ELSEWHERE, READY, USED = range(1, 8)
ENDS = {STORED: "in-store", SPOILED: "spoiled", MISSING: "missing", DESTROYED: "destroyed", ELSEWHERE: "at-station"}
STATION, OTHER = "main", "window-2"


@pytest.fixture
def life() -> WholeLife:
    return WholeLife()


@pytest.fixture
def meddler(real_home: Home) -> Iterator[Meddler]:
    with meddling(real_home) as found:
        yield found


@pytest.fixture
def stocked(real_home: Home, life: WholeLife) -> Home:
    """Blanks that ended in different ways, one that may be written to, one that is a card, and a document for more."""
    with at_work(real_home) as office:
        stock, people, anna = office.register.stock, both(office), office.clerk
        stock.receiving.receive(Manifest.read(manifest_of(*range(1, 8))), anna)
        stock.hand_out(OTHER, anna, [serial_of(ELSEWHERE)])
        stock.hand_out(STATION, anna, [serial_of(READY), serial_of(USED)])
        stock.shifts.open(STATION, 2, people)
        stock.shifts.open(OTHER, 1, people)
        stock.spoil(serial_of(SPOILED), "bent", people)
        stock.miss([serial_of(MISSING)], "not in the box", people)
        stock.destroy([serial_of(DESTROYED)], "shredded", people)
        prepare_for(office, life, "holder")
        document = prepare_for(office, life, "other")
        office.register.documents.bind_chip(document.id, chip_of(USED), anna, STATION)
    return real_home


def written_to(number: int, life: WholeLife, office: WorkingOffice) -> object:
    """The prepared document onto the blank of this number."""
    holder = life.documents["holder"]
    return office.register.documents.bind_chip(holder, chip_of(number), office.clerk, STATION)


def test_no_blank_that_has_had_its_end_is_written_to(stocked: Home, meddler: Meddler, life: WholeLife) -> None:
    for number, state in ENDS.items():
        refused(stocked, "blank-of-other-station" if number == ELSEWHERE else "blank-not-at-station",
                lambda office, number=number: written_to(number, life, office))  # fmt: skip
        with meddler.kept(blank):
            assert meddler.values(blank, serial_of(number))["state"] == state
            meddler.set(blank, serial_of(number), state="at-station", station=STATION)
            refused(stocked, "row-changed", lambda office, number=number: written_to(number, life, office))
            refused(
                stocked, "row-changed",
                lambda office, number=number: office.register.stock.check_blank(chip_of(number), STATION),
            )  # fmt: skip
    meddler.set(blank, serial_of(MISSING), state="at-station", station=STATION)
    assert differing(stocked) == {("blank", serial_of(MISSING)): "row-changed"}


def test_no_blank_has_the_chip_of_another_one(stocked: Home, meddler: Meddler, life: WholeLife) -> None:
    meddler.set(blank, serial_of(READY), chip="00")
    meddler.set(blank, serial_of(DESTROYED), chip=chip_of(READY))
    meddler.set(blank, serial_of(READY), chip=chip_of(DESTROYED))
    refused(stocked, "row-changed", lambda office: written_to(DESTROYED, life, office))
    refused(stocked, "row-changed", lambda office: office.register.stock.shifts.close(STATION, 1, both(office)))
    assert len(differing(stocked)) == 2


def test_a_blank_that_was_taken_out_of_the_register_is_missed_where_it_is_counted(
    stocked: Home, meddler: Meddler, life: WholeLife
) -> None:
    with meddler.kept(blank):
        meddler.set(blank, serial_of(READY), station=None, state="in-store")
        refused(stocked, "row-changed", lambda office: office.register.stock.shifts.close(STATION, 0, both(office)))
    with meddler.kept(blank, blank_movement):
        meddler.delete(blank, serial_of(READY))
        meddler.run("DELETE FROM blank_movement WHERE serial = :serial", serial=serial_of(READY))
        with looked_at(stocked) as office, pytest.raises(EidError) as caught:
            office.register.stock.shifts.close(STATION, 0, both(office))
        assert caught.value.code in ("row-missing", "stock-does-not-add-up")
        assert differing(stocked) == {("blank", serial_of(READY)): "row-missing"}


def test_a_shift_is_what_the_log_says(stocked: Home, meddler: Meddler, life: WholeLife) -> None:
    with looked_at(stocked) as office:
        identifier = office.register.stock.shifts.running()[STATION].id
    for values in ({"counted_at_opening": 3}, {"opened_with": "olga"}, {"opened_by": "bert"}):
        with meddler.kept(shift):
            meddler.set(shift, identifier, **values)
            refused(stocked, "row-changed", lambda office: written_to(READY, life, office))
            with looked_at(stocked) as office, pytest.raises(EidError) as caught:
                office.register.stock.shifts.close(STATION, 1, both(office))
            assert caught.value.code in ("row-changed", "stock-does-not-add-up")
            assert differing(stocked) == {("shift", identifier): "row-changed"}


def test_a_shift_that_was_closed_is_not_open_again(stocked: Home, meddler: Meddler, life: WholeLife) -> None:
    with at_work(stocked) as office:
        closed = office.register.stock.shifts.close(STATION, 1, both(office)).shift
    assert closed is not None
    refused(stocked, "shift-not-open", lambda office: written_to(READY, life, office))
    meddler.set(shift, closed.id, state="open")
    refused(stocked, "row-changed", lambda office: written_to(READY, life, office))
    assert differing(stocked) == {("shift", closed.id): "row-changed"}


# Who makes blanks.


def received(stock: Stock, office: WorkingOffice, by: SigningVendor) -> object:
    delivered = manifest_of(51, 52)
    return stock.receiving.receive(Manifest.read(delivered, signature=by.sign(delivered)), office.clerk)


def test_a_vendors_certificate_is_the_one_that_two_people_have_put_there(real_home: Home, meddler: Meddler) -> None:
    right, wrong = SigningVendor(), SigningVendor()
    with at_work(real_home) as office:
        office.register.stock.receiving.add_vendor("Cards Ltd", right.certificate, both(office))
    meddler.set(vendor, "Cards Ltd", certificate=wrong.der)
    assert differing(real_home) == {("vendor", "Cards Ltd"): "row-changed"}
    refused(real_home, "row-changed", lambda office: received(office.register.stock, office, wrong))


def test_a_manifest_is_what_was_received(real_home: Home, meddler: Meddler) -> None:
    with at_work(real_home) as office:
        delivered = Manifest.read(manifest_of(51, 52))
        receipt = office.register.stock.receiving.receive(delivered, office.clerk)
    for values in ({"sha256": "00"}, {"vendor": "Other Ltd"}, {"blanks": 1}, {"signer": "00"}, {"operator": "bert"}):
        with meddler.kept(manifest):
            meddler.set(manifest, receipt.id, **values)
            assert differing(real_home) == {("manifest", receipt.id): "row-changed"}
            with looked_at(real_home) as office, pytest.raises(EidError):
                office.register.stock.receiving.receive(delivered, office.clerk)


def test_a_station_stays_paused(real_home: Home, meddler: Meddler) -> None:
    with at_work(real_home) as office:
        Stations(office.register.database, office.clock).pause("desk-1", office.clerk)
    meddler.run("UPDATE station SET paused_at = NULL, paused_by = NULL")
    assert differing(real_home) == {("station", "desk-1"): "row-changed"}
    refused(
        real_home, "row-changed", lambda office: Stations(office.register.database, office.clock).pause_of("desk-1")
    )


def test_a_station_is_paused_by_nobody_who_has_the_database_alone(stocked: Home, meddler: Meddler) -> None:
    at = "2026-01-01T00:00:00.000000Z"
    meddler.run("INSERT INTO station (name, paused_at, paused_by) VALUES ('desk-1', :at, 'anna')", at=at)
    with looked_at(stocked) as office, pytest.raises(EidError):
        Stations(office.register.database, office.clock).pause_of("desk-1")
    assert differing(stocked) == {("station", "desk-1"): "row-not-told"}
