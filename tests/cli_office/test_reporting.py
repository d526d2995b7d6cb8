"""A document's new status is told to the home's inspections in one place, whoever changes it and however that ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from eid_toolkit.books.trust.store import open_trust
from eid_toolkit.doors.cli.context import App
from eid_toolkit.doors.cli.office import CLOCK, ENTROPY, open_office
from eid_toolkit.ground.errors import ServiceAway
from eid_toolkit.ground.secret import Secret
from eid_toolkit.work.office.at_work import office_at_work
from eid_toolkit.work.office.office import Office
from eid_toolkit.work.office.reporting import publish_reports, tell_inspections
from support.homes import BERT, WorkingOffice


@pytest.fixture
def issued(office: WorkingOffice) -> str:
    """A document that was issued in the home of ``office``."""
    document = office.document()
    office.personalize(document, office.blank())
    return document.id


class Nobody:
    """Credentials of a demo home: there is nothing to ask for."""

    operator, second_operator = "anna", None

    def passphrase(self) -> Secret:
        raise AssertionError("asked")

    pin = operator_passphrase = second_passphrase = passphrase


def reported(root: Path) -> list[str]:
    return [str(report.status) for reports in open_trust(root).own_reports() for report in reports.reports]


def test_whoever_reports_a_loss_the_inspections_of_the_home_know(office: WorkingOffice, issued: str) -> None:
    app = App(office.home.root, operator="bert")
    with open_office(app) as opened:
        opened.register.statuses.change(issued, "report-lost", BERT)
    assert reported(office.home.root) == ["lost"]


def test_they_know_though_the_command_fails_afterwards(office: WorkingOffice, issued: str) -> None:
    with pytest.raises(ServiceAway), open_office(App(office.home.root)) as opened:
        opened.register.statuses.change(issued, "report-stolen", BERT)
        raise ServiceAway("register-disk-full")
    assert reported(office.home.root) == ["stolen"]


def test_nothing_is_written_where_nothing_has_changed(office: WorkingOffice, issued: str) -> None:
    opened = Office.open(office.home.root, Nobody(), CLOCK, ENTROPY)
    publish_reports(opened)
    before = {path: path.stat().st_mtime_ns for path in office.home.trust.rglob("*")}
    tell_inspections(opened)
    opened.register.close()
    assert {path: path.stat().st_mtime_ns for path in office.home.trust.rglob("*")} == before


def test_an_office_needs_no_command_line(office: WorkingOffice, issued: str) -> None:
    with office_at_work(office.home.root, Nobody(), CLOCK, ENTROPY) as opened:
        opened.register.statuses.change(issued, "suspend", opened.operator())
    assert reported(office.home.root) == ["suspended"]
