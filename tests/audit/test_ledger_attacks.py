"""Attacks with the database alone: what was written there without a key is refused where it is used, and is named.

Here on applications, documents and cards.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from eid_toolkit.books.ledger.kinds import APPLICATIONS
from eid_toolkit.books.ledger.schema import application, card, document
from eid_toolkit.books.register.documents.documents import Document
from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.home.home import Home
from support.homes import PASSPHRASE, WorkingOffice
from support.meddling import Meddler, meddling
from support.real_offices import at_work, copied_real_home, differing, log_broken, refused
from support.whole_life import WholeLife, apply_for, bind_for, issue_for, prepare_for, renew

__all__ = ["copied_real_home"]


@pytest.fixture
def life() -> WholeLife:
    return WholeLife()


@pytest.fixture
def meddler(real_home: Home) -> Iterator[Meddler]:
    with meddling(real_home) as found:
        yield found


def prepared(office: WorkingOffice, application_id: str) -> Document:
    return office.preparation.prepare(application_id, office.clerk)


def bound(office: WorkingOffice, document_id: str) -> Document:
    return office.register.documents.bind_chip(document_id, "c9", office.clerk)


def test_a_rejected_application_that_was_made_approved_is_not_prepared(
    real_home: Home, meddler: Meddler, life: WholeLife
) -> None:
    with at_work(real_home) as office:
        made = apply_for(office, life, "rejected")
        office.register.applications.reject(made.id, office.approver, "blurred portrait")
    meddler.set(application, made.id, state="approved")
    refused(real_home, "row-changed", lambda office: prepared(office, made.id))
    assert differing(real_home) == {("application", made.id): "row-changed"}
    assert log_broken(real_home) is None


def test_the_command_names_what_was_changed_and_how(real_home: Home, meddler: Meddler, life: WholeLife) -> None:
    with at_work(real_home) as office:
        made = apply_for(office, life, "rejected")
        office.register.applications.reject(made.id, office.approver, "blurred portrait")
    words = ["--home", str(real_home.root), "--operator", "anna", "register", "verify"]
    given = {"EID_OPERATOR_PASSPHRASE": PASSPHRASE.reveal().decode()}
    assert CliRunner().invoke(main, words, env=given).exit_code == 0
    meddler.set(application, made.id, state="approved")
    as_json = CliRunner().invoke(main, [*words, "--format", "json"], env=given)
    told = json.loads(as_json.stdout)
    row = meddler.told(APPLICATIONS, made.id)[-1].position
    assert (as_json.exit_code, told["intact"], told["differing"], told["rows"]["application"]) == (12, False, 1, 1)
    assert told["findings"] == [{"kind": "application", "subject": made.id, "reason": "row-changed", "row": row}]
    as_text = CliRunner().invoke(main, words, env=given)
    assert made.id in as_text.stdout and f"row {row} of the audit log" in as_text.stdout


def test_a_rejected_application_is_not_approved_by_a_rejection_under_another_name(
    real_home: Home, meddler: Meddler, life: WholeLife
) -> None:
    with at_work(real_home) as office:
        made = apply_for(office, life, "rejected")
        office.register.applications.reject(made.id, office.approver, "blurred portrait")
    meddler.set(application, made.id, state="approved")
    rejected = meddler.told(APPLICATIONS, made.id)[-1]
    meddler.put(rejected._replace(action="application.approved", state="approved"))
    meddler.run("UPDATE decision SET action = 'approve'")
    refused(real_home, "row-not-signed", lambda office: prepared(office, made.id))
    assert differing(real_home) == {("application", made.id): "row-not-signed"}
    assert log_broken(real_home) == "audit-row-changed"


def test_a_creator_who_has_the_row_name_somebody_else_does_not_approve_it(
    real_home: Home, meddler: Meddler, life: WholeLife
) -> None:
    with at_work(real_home) as office:
        made = apply_for(office, life, "own")
    meddler.set(application, made.id, creator="clara")
    refused(real_home, "row-changed", lambda office: office.register.applications.approve(made.id, office.clerk))
    assert differing(real_home) == {("application", made.id): "row-changed"}


def test_one_approval_comes_to_one_card(real_home: Home, meddler: Meddler, life: WholeLife) -> None:
    with at_work(real_home) as office:
        first = bind_for(office, life, "holder")
    for statement, code in (
        ("UPDATE document SET state = 'spoiled'", "row-changed"),
        ("DELETE FROM document", "row-missing"),
        ("UPDATE document SET application_id = 'A-OTHER'", "row-changed"),
        ("UPDATE document SET version = 0, told_by = NULL", "row-changed"),
        ("UPDATE document SET id = 'D-Z', application_id = 'A-OTHER'", "row-missing"),
    ):
        with meddler.kept(document):
            meddler.run(statement)
            refused(real_home, code, lambda office: prepared(office, life.applications["holder"]))
            assert differing(real_home)[("document", first.id)] == code


def test_an_application_that_has_had_its_end_begins_no_second_time(
    real_home: Home, meddler: Meddler, life: WholeLife
) -> None:
    with at_work(real_home) as office:
        first = issue_for(office, life, "holder")
    meddler.set(application, life.applications["holder"], state="approved")
    meddler.set(document, first.id, state="spoiled")
    refused(real_home, "row-changed", lambda office: prepared(office, life.applications["holder"]))
    assert len(differing(real_home)) == 2


def test_a_person_whose_document_is_said_to_be_spoiled_does_not_apply_for_a_first_one(
    real_home: Home, meddler: Meddler, life: WholeLife
) -> None:
    with at_work(real_home) as office:
        first = issue_for(office, life, "holder")
        before = office.register.documents.application_of(first)
        portrait = office.register.applications.portrait(before)
    meddler.set(document, first.id, state="spoiled")
    refused(
        real_home,
        "row-changed",
        lambda office: office.register.applications.create(
            before.person, office.profile("utopia-id"), portrait, office.clerk
        ),
    )
    assert differing(real_home) == {("document", first.id): "row-changed"}


def test_a_successor_is_not_issued_beside_a_document_that_is_said_to_be_destroyed(
    real_home: Home, meddler: Meddler, life: WholeLife
) -> None:
    with at_work(real_home) as office:
        first = issue_for(office, life, "holder")
        second = renew(office, life, "holder", "successor")
        office.register.documents.bind_chip(second.id, "c2", office.clerk)
    meddler.set(document, first.id, state="destroyed")
    refused(real_home, "row-changed", lambda office: office.register.documents.issue(second.id, office.clerk))
    assert differing(real_home) == {("document", first.id): "row-changed"}


def test_a_document_that_was_changed_is_written_to_no_card(real_home: Home, meddler: Meddler, life: WholeLife) -> None:
    with at_work(real_home) as office:
        made = prepare_for(office, life, "holder")
    for values in ({"remake": 1}, {"chip": "c9"}, {"sod_sha256": "00"}, {"profile_hash": "00"}):
        with meddler.kept(document):
            meddler.set(document, made.id, **values)
            refused(real_home, "row-changed", lambda office: office.register.documents.load_package(made.id))
            refused(real_home, "row-changed", lambda office: bound(office, made.id))
            assert differing(real_home) == {("document", made.id): "row-changed"}


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE card SET document_id = 'D-OTHER'", "row-changed"),
        ("UPDATE card SET serial = 'BL-1'", "row-changed"),
    ],
)
def test_a_card_that_was_changed_is_not_issued(
    real_home: Home, meddler: Meddler, life: WholeLife, statement: str, code: str
) -> None:
    with at_work(real_home) as office:
        made = bind_for(office, life, "holder")
    meddler.run(statement)
    assert differing(real_home) == {("card", life.chip("holder")): code}
    refused(real_home, code, lambda office: office.register.documents.issue(made.id, office.clerk))


def test_a_card_that_was_spoiled_with_its_document_is_not_made_good(
    real_home: Home, meddler: Meddler, life: WholeLife
) -> None:
    with at_work(real_home) as office:
        made = bind_for(office, life, "holder")
        office.register.documents.spoil(made.id, "torn", office.clerk)
    meddler.set(document, made.id, state="bound")
    meddler.set(card, life.chip("holder"), state="writing")
    refused(real_home, "row-changed", lambda office: office.register.documents.issue(made.id, office.clerk))
    assert differing(real_home) == {("document", made.id): "row-changed", ("card", life.chip("holder")): "row-changed"}
