"""Rows that were removed: of the tables, where it is as if there had never been any, and of the log itself.

Whoever finds nothing is not to go on as if there had been nothing, where that makes more possible than before.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from eid_toolkit.books.ledger.kinds import DOCUMENTS
from eid_toolkit.books.ledger.schema import blank, blank_movement, card, document, vendor
from eid_toolkit.books.register.stock.manifests import Manifest
from eid_toolkit.books.register.stock.stations import Stations
from eid_toolkit.ground.errors import EidError, IntegrityBroken
from eid_toolkit.ground.home.home import Home
from eid_toolkit.work.office import appointing
from support.forging import approve
from support.homes import CLOCK, UTOPIAN, WorkingOffice, person
from support.manifests import SigningVendor, chip_of, manifest, serial_of
from support.meddling import Meddler, meddling
from support.real_offices import at_work, both, copied_real_home, differing, log_broken, looked_at, refused
from support.whole_life import POLICE, WholeLife, apply_for, bind_for, issue_for, prepare_for

__all__ = ["copied_real_home"]
STATION = "main"
DESTROYED, READY, USED = 1, 2, 3


@pytest.fixture
def life() -> WholeLife:
    return WholeLife()


@pytest.fixture
def meddler(real_home: Home) -> Iterator[Meddler]:
    with meddling(real_home) as found:
        yield found


@pytest.fixture
def stocked(real_home: Home, life: WholeLife) -> Home:
    """A blank that was destroyed, one that may be written to, one that is a card; and a document for another."""
    with at_work(real_home) as office:
        stock, people, anna = office.register.stock, both(office), office.clerk
        stock.receiving.receive(Manifest.read(manifest(DESTROYED, READY, USED)), anna)
        stock.hand_out(STATION, anna, [serial_of(READY), serial_of(USED)])
        stock.shifts.open(STATION, 2, people)
        stock.destroy([serial_of(DESTROYED)], "shredded", people)
        prepare_for(office, life, "holder")
        made = prepare_for(office, life, "other")
        office.register.documents.bind_chip(made.id, chip_of(USED), anna, STATION)
    return real_home


def test_a_card_is_not_issued_without_its_row(real_home: Home, meddler: Meddler, life: WholeLife) -> None:
    with at_work(real_home) as office:
        made = bind_for(office, life, "holder")
    meddler.run("DELETE FROM card")
    assert differing(real_home) == {("card", life.chip("holder")): "row-missing"}
    refused(real_home, "row-missing", lambda office: office.register.documents.issue(made.id, office.clerk))


def test_a_card_takes_two_people_to_spoil_though_its_row_is_gone(
    stocked: Home, meddler: Meddler, life: WholeLife
) -> None:
    def spoiled(office: WorkingOffice) -> object:
        return office.register.documents.spoil(life.documents["other"], "torn", office.clerk)

    refused(stocked, "card-spoiling-incomplete", spoiled)
    with meddler.kept(card):
        meddler.set(card, chip_of(USED), serial=None)
        refused(stocked, "row-changed", spoiled)
    meddler.delete(card, chip_of(USED))
    assert differing(stocked) == {("card", chip_of(USED)): "row-missing"}
    refused(stocked, "row-missing", spoiled)


def test_stock_is_kept_though_every_row_of_it_was_removed(stocked: Home, meddler: Meddler, life: WholeLife) -> None:
    for table in (blank, blank_movement):
        meddler.run(f"DELETE FROM {table.name}")
    assert set(differing(stocked).values()) == {"row-missing"}
    with looked_at(stocked) as office, pytest.raises(EidError):
        office.register.documents.bind_chip(life.documents["holder"], chip_of(DESTROYED), office.clerk, STATION)


@pytest.mark.parametrize("how", ["UPDATE shift SET state = 'closed'", "DELETE FROM shift"])
def test_no_second_shift_is_opened_beside_one_that_is_said_to_be_closed(
    stocked: Home, meddler: Meddler, how: str
) -> None:
    meddler.run(how)
    assert set(differing(stocked).values()) <= {"row-changed", "row-missing"}
    with looked_at(stocked) as office, pytest.raises(EidError, match="row-"):
        office.register.stock.shifts.open(STATION, 1, both(office))


@pytest.mark.parametrize("how", ["removed", "renamed"])
def test_no_delivery_is_taken_unsigned_in_the_name_of_a_vendor_who_signs(
    real_home: Home, meddler: Meddler, how: str
) -> None:
    with at_work(real_home) as office:
        office.register.stock.receiving.add_vendor("Cards Ltd", SigningVendor().certificate, both(office))
    if how == "removed":
        meddler.delete(vendor, "Cards Ltd")
    else:
        meddler.set(vendor, "Cards Ltd", name="Nobody Ltd")
    assert differing(real_home)[("vendor", "Cards Ltd")] == "row-missing"
    delivered = Manifest.read(manifest(51, 52))
    refused(real_home, "row-missing", lambda office: office.register.stock.receiving.receive(delivered, office.clerk))


def test_a_station_stays_paused_though_its_row_is_gone(real_home: Home, meddler: Meddler) -> None:
    with at_work(real_home) as office:
        Stations(office.register.database, office.clock).pause("desk-1", office.clerk)
    meddler.run("DELETE FROM station")
    assert differing(real_home) == {("station", "desk-1"): "row-missing"}
    refused(
        real_home, "row-missing", lambda office: Stations(office.register.database, office.clock).pause_of("desk-1")
    )


@pytest.mark.parametrize(
    ("how", "code"),
    [("UPDATE notice SET person_id = NULL", "row-changed"), ("DELETE FROM notice", "row-missing")],
)
def test_a_notice_that_holds_is_shown_and_protects_from_erasure(
    real_home: Home, meddler: Meddler, life: WholeLife, how: str, code: str
) -> None:
    with at_work(real_home) as office:
        agencies, anna = office.register.agencies, office.clerk
        made = apply_for(office, life, "person")
        agencies.add(POLICE, "Police of Utopia", ["id", "notices"], ["missing persons"], anna, may_report=True)
        notice = office.register.notices.add_person(made.person.id, POLICE, anna, "missing since Monday")
        office.register.applications.withdraw(made.id, anna, "moved away")
    meddler.run(how)
    assert differing(real_home) == {("notice", notice.id): code}
    for act in (
        lambda office: office.register.agencies.look_up(
            POLICE, "missing persons", office.clerk, reference=made.person.id
        ),
        lambda office: office.register.erasure.erase(made.person.id, "moved away", both(office)),
    ):
        refused(real_home, code, act)


# The log.


@pytest.mark.parametrize("how", ["DELETE FROM audit", "UPDATE audit SET kind = NULL", "UPDATE audit SET subject = 'D'"])
def test_a_report_that_was_taken_out_of_the_log_is_missed_by_the_walk(
    real_home: Home, meddler: Meddler, life: WholeLife, how: str
) -> None:
    """Everything else stands where it stood before."""
    with at_work(real_home) as office:
        stolen = issue_for(office, life, "robbed")
        office.register.statuses.change(stolen.id, "report-stolen", office.clerk, "on the train")
        issue_for(office, life, "other")
    issued, reported = meddler.told(DOCUMENTS, stolen.id)[-2:]
    meddler.run(f"{how} WHERE position = :position", position=reported.position)
    meddler.run(
        "UPDATE subject_head SET version = :version, position = :position, hash = :hash"
        " WHERE kind = 'document' AND subject = :subject",
        subject=stolen.id, version=issued.version, position=issued.position, hash=issued.hash,
    )  # fmt: skip
    meddler.run("DELETE FROM document_status")
    meddler.set(document, stolen.id, state="issued", version=issued.version, told_by=issued.hash)
    assert log_broken(real_home) in ("audit-row-missing", "audit-row-changed")


def test_of_what_a_home_has_seen_one_row_that_was_left_does_not_hide_the_others(
    real_home: Home, meddler: Meddler, life: WholeLife
) -> None:
    with at_work(real_home) as office:
        made = issue_for(office, life, "robbed")
        before = meddler.log()[-1].position
        office.register.statuses.change(made.id, "report-stolen", office.clerk, "on the train")
        reported = meddler.log()[-1].position
        office.person(UTOPIAN)
    newest = meddler.log()[-1]
    meddler.forget(before + 1, reported)
    meddler.run("DELETE FROM document_status")
    meddler.set(document, made.id, state="issued")
    assert meddler.log()[-1] == newest
    assert log_broken(real_home) == "audit-row-missing"


@pytest.mark.parametrize("how", ["removed", "moved", "hidden"])
def test_a_disabled_approver_does_not_approve_though_the_log_says_nothing_of_it_any_more(
    real_home: Home, life: WholeLife, meddler: Meddler, how: str
) -> None:
    """The row is gone, says that it came much later, or that it is about somebody else: the office's chain is broken.

    The last two are rows that were changed, whose hash is not their own any more.
    """
    with at_work(real_home) as office:
        made = apply_for(office, life, "holder")
        alan = person(office, "alan")
        appointing.disable_operator(office, "alan")
        appointing.disable_operator(office, "stan")
    (told,) = (row for row in meddler.log() if (row.action, row.subject) == ("operator.disabled", "alan"))
    if how == "removed":
        meddler.run("DELETE FROM audit WHERE position = :position", position=told.position)
    elif how == "moved":
        meddler.put(told._replace(detail=told.detail.replace('"chain_rows":0', '"chain_rows":99')))
    else:
        meddler.put(told._replace(subject="nobody"))
    with at_work(real_home) as office:
        approve(office, made.id, alan)
    assert log_broken(real_home) in ("audit-row-missing", "audit-row-changed")
    with looked_at(real_home) as office, pytest.raises(IntegrityBroken) as caught:
        office.preparation.prepare(made.id, office.clerk)
    assert caught.value.code in ("row-not-permitted", "audit-office-chain")


def test_no_list_is_made_of_a_register_that_was_set_back_to_before_any_report(
    real_home: Home, meddler: Meddler, life: WholeLife
) -> None:
    with at_work(real_home) as office:
        made = issue_for(office, life, "robbed")
        before = meddler.log()[-1].position
        office.register.statuses.change(made.id, "report-stolen", office.clerk, "on the train")
    meddler.forget(before + 1, meddler.log()[-1].position)
    meddler.run("DELETE FROM document_status")
    meddler.set(document, made.id, state="issued")
    assert log_broken(real_home) == "register-behind"
    refused(
        real_home, "register-behind", lambda office: list(office.register.statuses.listed("UTO", CLOCK.now().date()))
    )
