"""Attacks with the database alone on what agencies may see, and on what they have reported."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from eid_toolkit.books.ledger.schema import agency, notice
from eid_toolkit.books.register.agencies.notices import Notice, NoticeKind
from eid_toolkit.ground.errors import EidError
from eid_toolkit.ground.home.home import Home
from support.homes import WorkingOffice
from support.meddling import Meddler, meddling
from support.real_offices import at_work, both, copied_real_home, differing, looked_at, refused
from support.whole_life import BANK, CLOSED, POLICE, WholeLife, apply_for, issue_for

__all__ = ["copied_real_home"]
WHEN = "2026-01-01T00:00:00.000000Z"


@pytest.fixture
def life() -> WholeLife:
    return WholeLife()


@pytest.fixture
def meddler(real_home: Home) -> Iterator[Meddler]:
    with meddling(real_home) as found:
        yield found


@pytest.fixture
def served(real_home: Home, life: WholeLife) -> Home:
    """A person whom agencies may look up: one that sees little, one that sees notices, one that sees nothing more."""
    with at_work(real_home) as office:
        agencies, anna = office.register.agencies, office.clerk
        apply_for(office, life, "person")
        agencies.add(POLICE, "Police of Utopia", ["id", "notices"], ["missing persons"], anna, may_report=True)
        agencies.add(BANK, "Bank of Utopia", ["id"], ["opening an account"], anna)
        agencies.add(CLOSED, "Nobody any more", ["id"], ["none any more"], anna)
        agencies.disable(CLOSED, anna)
    return real_home


def looked_up(life: WholeLife, code: str, purpose: str, office: WorkingOffice) -> object:
    return office.register.agencies.look_up(code, purpose, office.clerk, reference=life.persons["person"])


def test_an_agency_sees_what_it_was_granted_and_no_more(served: Home, meddler: Meddler, life: WholeLife) -> None:
    for code, values, purpose in (
        (BANK, {"fields": '["id", "religion"]'}, "opening an account"),
        (BANK, {"purposes": '["whatever we like"]'}, "whatever we like"),
        (BANK, {"name": "Other Bank"}, "opening an account"),
        (BANK, {"may_report": 1}, "opening an account"),
        (CLOSED, {"disabled_at": None}, "none any more"),
    ):
        with meddler.kept(agency):
            meddler.set(agency, code, **values)
            refused(served, "row-changed", lambda office, c=code, p=purpose: looked_up(life, c, p, office))
            refused(
                served, "row-changed",
                lambda office, c=code: office.register.agencies.change(c, office.clerk, fields=["id", "sex"]),
            )  # fmt: skip
            assert differing(served) == {("agency", code): "row-changed"}


def test_an_agency_reports_by_a_right_that_was_given_to_it(served: Home, meddler: Meddler, life: WholeLife) -> None:
    meddler.set(agency, BANK, may_report=1)
    refused(
        served, "row-changed",
        lambda office: office.register.notices.add_person(life.persons["person"], BANK, office.clerk, "owes us"),
    )  # fmt: skip


def test_an_agency_that_nobody_has_added_sees_nothing(served: Home, meddler: Meddler, life: WholeLife) -> None:
    meddler.run(
        "INSERT INTO agency (code, name, fields, purposes, created_at) VALUES ('own', 'x', '[\"id\"]', '[\"y\"]', :at)",
        at=WHEN,
    )
    with looked_at(served) as office, pytest.raises(EidError) as caught:
        looked_up(life, "own", "y", office)
    assert caught.value.code in ("row-not-told", "register-not-taken-over")
    assert differing(served) == {("agency", "own"): "row-not-told"}


# Notices.


@pytest.fixture
def wanted(served: Home, life: WholeLife) -> Notice:
    with at_work(served) as office:
        return office.register.notices.add_person(life.persons["person"], POLICE, office.clerk, "missing since Monday")


def test_a_notice_that_holds_is_not_withdrawn_by_its_row(
    served: Home, meddler: Meddler, life: WholeLife, wanted: Notice
) -> None:
    with at_work(served) as office:
        office.register.applications.withdraw(life.applications["person"], office.clerk, "moved away")

    def erased(office: WorkingOffice) -> object:
        return office.register.erasure.erase(life.persons["person"], "moved away", both(office))

    refused(served, "erasure-notice-holds", erased)
    meddler.run(f"UPDATE notice SET withdrawn_at = '{WHEN}', withdrawn_by = 'anna'")
    refused(served, "row-changed", erased)
    refused(served, "row-changed", lambda office: looked_up(life, POLICE, "missing persons", office))
    assert differing(served) == {("notice", wanted.id): "row-changed"}


def test_a_notice_that_was_changed_is_neither_shown_nor_withdrawn(
    served: Home, meddler: Meddler, wanted: Notice
) -> None:
    for values in ({"reason": "none"}, {"operator": "bert"}, {"kind": "lost"}, {"reported_at": WHEN}):
        with meddler.kept(notice):
            meddler.set(notice, wanted.id, **values)
            refused(served, "row-changed", lambda office: office.register.notices.list(office.clerk))
            refused(
                served, "row-changed",
                lambda office: office.register.notices.withdraw(wanted.id, "came home", office.clerk),
            )  # fmt: skip
            assert differing(served) == {("notice", wanted.id): "row-changed"}


def test_a_notice_that_was_withdrawn_is_not_open_again(served: Home, meddler: Meddler, wanted: Notice) -> None:
    with at_work(served) as office:
        office.register.notices.withdraw(wanted.id, "came home", office.clerk)
    meddler.set(notice, wanted.id, withdrawn_at=None, withdrawn_by=None, withdrawal_reason=None)
    refused(served, "row-changed", lambda office: office.register.notices.list(office.clerk))
    assert differing(served) == {("notice", wanted.id): "row-changed"}


def test_a_notice_on_a_document_leaves_the_document_reported(served: Home, meddler: Meddler, life: WholeLife) -> None:
    with at_work(served) as office:
        document = issue_for(office, life, "robbed")
        told = office.register.notices.add_document(NoticeKind.STOLEN, document.id, POLICE, office.clerk, "on a train")
    meddler.delete(notice, told.id)
    with looked_at(served) as office:
        (listed,) = office.register.statuses.listed("UTO", office.clock.now().date())
    assert (listed.id, listed.status) == (document.id, "stolen")
    assert differing(served) == {("notice", told.id): "row-missing"}
