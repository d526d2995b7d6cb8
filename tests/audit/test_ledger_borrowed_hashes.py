"""Attacks with the database alone: a made-up row of the log that stands there under the hash of a genuine one.

Whatever has been proved of a hash was proved of the row that it is the hash of.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from eid_toolkit.books.audit.states import BEFORE, CONTENT
from eid_toolkit.books.ledger.canonical import canonical
from eid_toolkit.books.ledger.kinds import AGENCIES, DOCUMENTS, NOTICES, STATIONS, Kind
from eid_toolkit.books.ledger.schema import agency
from eid_toolkit.books.register.stock.stations import Stations
from eid_toolkit.ground.home.home import Home
from support.homes import NOW, WorkingOffice
from support.meddling import Meddler, meddling
from support.real_offices import at_work, copied_real_home, differing, log_broken, refused
from support.whole_life import BANK, POLICE, WholeLife, apply_for, issue_for

__all__ = ["copied_real_home"]


@pytest.fixture
def life() -> WholeLife:
    return WholeLife()


@pytest.fixture
def meddler(real_home: Home) -> Iterator[Meddler]:
    with meddling(real_home) as found:
        yield found


def made_up(meddler: Meddler, kind: Kind, subject: str, action: str, **values: object) -> None:
    """A step that nobody has taken, by whom the last one was: it stands under the hash of that one."""
    last = meddler.told(kind, subject)[-1]
    meddler.set(kind.table, subject, **values, version=(last.version or 0) + 1, told_by=last.hash)
    row = meddler.values(kind.table, subject)
    detail = {**json.loads(last.detail), CONTENT: kind.content(row), BEFORE: last.hash}
    newest = meddler.log()[-1].position
    meddler.add(
        last._replace(
            position=newest + 1000, number=(last.number or 0) + 1000, action=f"{kind.name}.{action}",
            detail=canonical(detail), version=(last.version or 0) + 1, state=kind.state(row),
        )
    )  # fmt: skip
    meddler.run(
        "UPDATE subject_head SET version = version + 1, position = :position WHERE kind = :kind AND subject = :subject",
        position=newest + 1000, kind=kind.name, subject=subject,
    )  # fmt: skip


def test_an_agencys_rights_are_not_widened(real_home: Home, meddler: Meddler, life: WholeLife) -> None:
    with at_work(real_home) as office:
        made = apply_for(office, life, "person")
        office.register.agencies.add(BANK, "Bank of Utopia", ["id"], ["opening an account"], office.clerk)
    made_up(meddler, AGENCIES, BANK, "changed", fields='["id", "religion"]')
    assert log_broken(real_home) is not None
    assert differing(real_home) == {("agency", BANK): "row-not-signed"}
    refused(
        real_home, "row-not-signed",
        lambda office: office.register.agencies.look_up(
            BANK, "opening an account", office.clerk, reference=made.person.id
        ),
    )  # fmt: skip
    assert meddler.values(agency, BANK)["version"] == 2


def test_a_suspended_document_is_not_made_good(real_home: Home, meddler: Meddler, life: WholeLife) -> None:
    with at_work(real_home) as office:
        made = issue_for(office, life, "holder")
        office.register.statuses.change(made.id, "suspend", office.clerk, "doubts")
    made_up(meddler, DOCUMENTS, made.id, "resumed", state="issued")
    assert log_broken(real_home) is not None
    assert ("document", made.id) in differing(real_home)
    refused(real_home, "row-not-signed", lambda office: list(office.register.statuses.listed("UTO", NOW.date())))


def test_a_paused_station_does_not_go_on(real_home: Home, meddler: Meddler) -> None:
    def pause(office: WorkingOffice) -> object:
        return Stations(office.register.database, office.clock).pause_of("desk-1")

    with at_work(real_home) as office:
        Stations(office.register.database, office.clock).pause("desk-1", office.clerk)
        assert pause(office) is not None
    made_up(meddler, STATIONS, "desk-1", "resumed", paused_at=None, paused_by=None)
    assert differing(real_home) == {("station", "desk-1"): "row-not-signed"}
    refused(real_home, "row-not-signed", pause)


def test_a_notice_is_not_withdrawn(real_home: Home, meddler: Meddler, life: WholeLife) -> None:
    with at_work(real_home) as office:
        made = apply_for(office, life, "person")
        office.register.agencies.add(POLICE, "Police", ["id", "notices"], ["missing"], office.clerk, may_report=True)
        notice = office.register.notices.add_person(made.person.id, POLICE, office.clerk, "missing since Monday")
    made_up(meddler, NOTICES, notice.id, "withdrawn", withdrawn_at="2026-01-01T00:00:00.000000Z", withdrawn_by="anna")
    assert differing(real_home) == {("notice", notice.id): "row-not-signed"}
    refused(real_home, "row-not-signed", lambda office: office.register.notices.list(office.clerk))
