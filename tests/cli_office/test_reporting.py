"""A document's new status is told to the home's inspections in one place, whoever changes it and however that ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from eid_toolkit.books.trust.store import open_trust
from eid_toolkit.doors.cli.context import App
from eid_toolkit.doors.cli.office import CLOCK, ENTROPY, open_office
from eid_toolkit.ground.errors import ServiceAway
from eid_toolkit.ground.secret import Secret
from eid_toolkit.work.office.office import Office
from eid_toolkit.work.office.reporting import publish_reports, tell_inspections
from support.bureau import Bureau
from support.homes import BERT, Desk


@pytest.fixture
def issued(desk: Desk) -> str:
    """A document that was issued in the home of ``desk``."""
    bureau = Bureau(desk)
    document = desk.document()
    bureau.personalize(document, bureau.blank())
    return document.id


class Nobody:
    """Credentials of a demo home: there is nothing to ask for."""

    operator, second_operator = "anna", None

    def passphrase(self) -> Secret:
        raise AssertionError("asked")

    pin = operator_passphrase = second_passphrase = passphrase


def reported(root: Path) -> list[str]:
    return [str(report.status) for reports in open_trust(root).own_reports() for report in reports.reports]


def test_whoever_reports_a_loss_the_inspections_of_the_home_know(desk: Desk, issued: str) -> None:
    app = App(desk.home.root, operator="bert")
    with open_office(app) as office:
        office.register.statuses.change(issued, "report-lost", BERT)
    assert reported(desk.home.root) == ["lost"]


def test_they_know_though_the_command_fails_afterwards(desk: Desk, issued: str) -> None:
    with pytest.raises(ServiceAway), open_office(App(desk.home.root)) as office:
        office.register.statuses.change(issued, "report-stolen", BERT)
        raise ServiceAway("register-disk-full")
    assert reported(desk.home.root) == ["stolen"]


def test_nothing_is_written_where_nothing_has_changed(desk: Desk, issued: str) -> None:
    office = Office.open(desk.home.root, Nobody(), CLOCK, ENTROPY)
    publish_reports(office)
    before = {path: path.stat().st_mtime_ns for path in desk.home.trust.rglob("*")}
    tell_inspections(office)
    office.register.close()
    assert {path: path.stat().st_mtime_ns for path in desk.home.trust.rglob("*")} == before


def test_an_office_needs_no_command_line(desk: Desk, issued: str) -> None:
    office = Office.open(desk.home.root, Nobody(), CLOCK, ENTROPY)
    operator = office.operator()
    office.register.statuses.change(issued, "suspend", operator)
    tell_inspections(office)
    office.register.close()
    assert reported(desk.home.root) == ["suspended"]
