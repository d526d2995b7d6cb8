"""Attacks with the database alone on what was reported, and on what a process remembers that has run for a while."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from eid_toolkit.books.audit.states import BEFORE, CONTENT
from eid_toolkit.books.ledger.canonical import canonical
from eid_toolkit.books.ledger.kinds import DOCUMENTS
from eid_toolkit.books.ledger.schema import document, document_status
from eid_toolkit.books.ledger.workflow import DocumentState
from eid_toolkit.books.register.documents.documents import Document
from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.errors import EidError, IntegrityBroken
from eid_toolkit.ground.home.home import Home
from eid_toolkit.work.office.reporting import publish_reports, tell_inspections
from support.homes import NOW, PASSPHRASE, WorkingOffice
from support.meddling import Meddler, meddling
from support.real_offices import at_work, copied_real_home, differing, looked_at, refused
from support.whole_life import WholeLife, issue_for

__all__ = ["copied_real_home"]
TODAY = NOW.date()
STATUS = "UPDATE document_status SET"


@pytest.fixture
def life() -> WholeLife:
    return WholeLife()


@pytest.fixture
def meddler(real_home: Home) -> Iterator[Meddler]:
    with meddling(real_home) as found:
        yield found


def listed(office: WorkingOffice) -> dict[str, str]:
    return {each.id: each.status for each in office.register.statuses.listed("UTO", TODAY)}


def told_to_inspections(office: WorkingOffice) -> set[str]:
    """The numbers on the list that inspections in this home go by."""
    return {report.number for each in office.trust.own_reports() for report in each.reports}


@pytest.fixture
def stolen(real_home: Home, life: WholeLife) -> Document:
    """Reported as stolen, with another document issued afterwards; inspections know of it."""
    with at_work(real_home) as office:
        made = issue_for(office, life, "robbed")
        office.register.statuses.change(made.id, "report-stolen", office.clerk, "on the train")
        publish_reports(office)
        issue_for(office, life, "other")
    return made


def test_no_list_is_made_without_a_stolen_document_that_was_changed(
    real_home: Home, meddler: Meddler, stolen: Document
) -> None:
    for values, code in (
        ({"state": "issued"}, "row-changed"),
        ({"state": "expired"}, "row-changed"),
        ({"issuing_state": "VNM"}, "row-changed"),
        ({"date_of_expiry": "2020-01-01"}, "row-changed"),
        ({"document_number": "X"}, "row-changed"),
        ({"content_sha256": "00" * 32}, "row-changed"),
        ({"state": "issued", "version": 3}, "row-changed"),
        ({"id": "D-Z", "state": "issued"}, "row-missing"),
    ):
        with meddler.kept(document):
            meddler.set(document, stolen.id, **values)
            refused(real_home, code, listed)
            refused(real_home, code, publish_reports)
            assert differing(real_home)[("document", stolen.id)] == code
    with looked_at(real_home) as office:
        assert stolen.document_number in told_to_inspections(office)


def test_the_command_makes_no_list_without_a_stolen_document(
    real_home: Home, meddler: Meddler, stolen: Document
) -> None:
    words = ["--home", str(real_home.root), "--operator", "anna", "document", "status-list", "--format", "json"]
    given = {"EID_OPERATOR_PASSPHRASE": PASSPHRASE.reveal().decode()}
    whole = CliRunner().invoke(main, words, env=given)
    assert [row["document_number"] for row in json.loads(whole.stdout)] == [stolen.document_number]
    meddler.set(document, stolen.id, state="issued")
    refusal = CliRunner().invoke(main, words, env=given)
    assert refusal.exit_code == 12 and refusal.stdout == "" and stolen.id in refusal.stderr
    with looked_at(real_home) as office:
        assert told_to_inspections(office) == {stolen.document_number}


def test_no_list_is_made_without_a_stolen_document_that_is_gone(
    real_home: Home, meddler: Meddler, stolen: Document
) -> None:
    meddler.delete(document, stolen.id)
    refused(real_home, "row-missing", listed)
    assert differing(real_home)[("document", stolen.id)] == "row-missing"


def test_a_stolen_document_is_listed_whatever_became_of_the_report_itself(
    real_home: Home, meddler: Meddler, stolen: Document
) -> None:
    for statement, reason in (
        ("DELETE FROM document_status", "decision-removed"),
        (f"{STATUS} state = 'issued', action = 'resume'", "decision-changed"),
        (f"{STATUS} since = '2020-01-01T00:00:00.000000Z'", "decision-changed"),
        (f"{STATUS} operator = 'clara'", "decision-changed"),
        (f"{STATUS} reason = NULL", "decision-changed"),
        (f"{STATUS} signature = NULL", "decision-changed"),
    ):
        with meddler.kept(document_status):
            meddler.run(statement)
            with looked_at(real_home) as office:
                tell_inspections(office)
                assert listed(office) == {stolen.id: "stolen"}
                assert told_to_inspections(office) == {stolen.document_number}
            assert differing(real_home) == {("document", stolen.id): reason}


def test_a_report_reaches_inspections_though_another_one_was_removed(
    real_home: Home, meddler: Meddler, stolen: Document, life: WholeLife
) -> None:
    """Who counts the reports finds as many as before."""
    meddler.run("DELETE FROM document_status")
    with at_work(real_home) as office:
        other = office.register.statuses.change(life.documents["other"], "report-lost", office.clerk, "in a taxi")
        tell_inspections(office)
        assert told_to_inspections(office) == {stolen.document_number, other.document_number}


# A process that has been at work for a while.


def test_a_running_process_does_not_take_a_changed_row_of_the_log_for_the_one_it_has_seen(
    real_home: Home, meddler: Meddler, life: WholeLife
) -> None:
    """The hash that stands beside a row is what a process remembers it by."""
    with at_work(real_home) as office:
        made = issue_for(office, life, "robbed")
        office.register.statuses.change(made.id, "revoke", office.clerk, "no citizen any more")
        assert listed(office) == {made.id: "revoked"}
        revoked = meddler.told(DOCUMENTS, made.id)[-1]
        values = {**meddler.values(document, made.id), "state": DocumentState.EXPIRED}
        told = canonical({BEFORE: meddler.told(DOCUMENTS, made.id)[-2].hash, CONTENT: DOCUMENTS.content(values)})
        meddler.put(revoked._replace(action="document.expired", state="expired", detail=told))
        meddler.set(document, made.id, state="expired")
        with pytest.raises(EidError, match="row-"):
            listed(office)
            office.register.documents.load_package(made.id)


def test_a_running_process_notices_that_the_register_was_set_back(
    real_home: Home, meddler: Meddler, life: WholeLife
) -> None:
    with at_work(real_home) as office:
        made = issue_for(office, life, "robbed")
        before = len(meddler.log())
        office.register.statuses.change(made.id, "report-stolen", office.clerk, "on the train")
        meddler.run("DELETE FROM document_status")
        meddler.forget(before + 1, len(meddler.log()))
        meddler.set(document, made.id, state="issued")
        with pytest.raises(IntegrityBroken, match="register-behind"):
            office.register.documents.load_package(made.id)
