"""Notices of the police: who reports what, what a document's status becomes, and what stays on record."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Connection

from eid_toolkit.books.ledger.kinds import DOCUMENTS
from eid_toolkit.books.ledger.workflow import DocumentState
from eid_toolkit.books.register.agencies import notices as notices_module
from eid_toolkit.books.register.agencies.notices import NoticeKind, Notices
from eid_toolkit.books.register.documents.documents import Document
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import PERMISSIONS, Permission, Role
from eid_toolkit.ground.errors import BadInput, NotPermitted, ServiceAway
from support.arranging import put_on_record
from support.homes import ANNA, UTOPIAN, WorkingOffice
from support.waiting import LIMIT


@pytest.fixture
def notices(office: WorkingOffice) -> Notices:
    agencies = office.register.agencies
    agencies.add("police", "Police", ["notices"], ["a search"], ANNA, may_report=True)
    agencies.add("border", "Border Guard", ["notices"], ["a crossing"], ANNA, may_report=True)
    agencies.add("tax", "Tax Office", ["id"], ["a tax"], ANNA)
    return office.register.notices


@pytest.fixture
def issued(office: WorkingOffice) -> Document:
    document = office.document()
    office.register.documents.bind_chip(document.id, "c1", ANNA)
    return office.register.documents.issue(document.id, ANNA)


@pytest.mark.parametrize(
    ("kind", "state"), [(NoticeKind.LOST, DocumentState.LOST), (NoticeKind.STOLEN, DocumentState.STOLEN)]
)
def test_a_documents_notice_reaches_its_status(
    office: WorkingOffice, notices: Notices, issued: Document, kind: NoticeKind, state: DocumentState
) -> None:
    made = notices.add_document(kind, issued.document_number, "police", ANNA, "on a train")
    assert (made.document_id, made.operator, made.agency) == (issued.id, "anna", "police")
    assert office.register.documents.get(issued.id).state is state
    assert notices.withdraw(made.id, "by mistake", ANNA).withdrawn_by == "anna"
    assert office.register.documents.get(issued.id).state is state  # nobody knows who had it meanwhile


def test_a_notice_and_the_documents_status_stand_or_fall_together(
    office: WorkingOffice, notices: Notices, issued: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = notices_module.create

    def failing(connection: Connection, *told: Any) -> None:
        create(connection, *told)
        raise ServiceAway("register-disk-full")

    with monkeypatch.context() as patch:
        patch.setattr(notices_module, "create", failing)
        with pytest.raises(ServiceAway):
            notices.add_document(NoticeKind.STOLEN, issued.id, "police", ANNA, "on a train")
    assert notices.list(ANNA) == ()
    assert office.register.documents.get(issued.id).state is DocumentState.ISSUED
    assert office.register.statuses.history(issued.id) == ()
    told = {row.action for row in office.register.audit_rows()}
    assert not told & {"document.stolen", "notice.added"}
    notices.add_document(NoticeKind.STOLEN, issued.id, "police", ANNA, "on a train")
    (change,) = office.register.statuses.history(issued.id)
    assert (change.action, change.reason) == ("report-stolen", "on a train")


def test_of_two_who_report_the_same_one_does(office: WorkingOffice, notices: Notices, issued: Document) -> None:
    with ThreadPoolExecutor(6) as pool:
        waiting = [
            pool.submit(notices.add_document, NoticeKind.LOST, issued.id, agency, ANNA)
            for agency in ("police", "border") * 3
        ]
        errors = [each.exception(LIMIT) for each in waiting]
    assert sorted(str(getattr(each, "code", None)) for each in errors) == ["None"] * 2 + ["notice-exists"] * 4
    assert {each.agency for each in notices.list(ANNA)} == {"police", "border"}
    assert len(office.register.statuses.history(issued.id)) == 1


@pytest.mark.parametrize("reason", ["a" * 201, "red\x1b[31m"])
def test_reasons_of_notices_keep_the_rule_for_reasons(
    office: WorkingOffice, notices: Notices, issued: Document, reason: str
) -> None:
    person = office.person(UTOPIAN)
    with pytest.raises(BadInput, match="reason-malformed"):
        notices.add_document(NoticeKind.LOST, issued.id, "police", ANNA, reason)
    with pytest.raises(BadInput, match="reason-malformed"):
        notices.add_person(person.id, "police", ANNA, reason)
    assert notices.add_person(person.id, "police", ANNA, "  seen \n last  week ").reason == "seen last week"
    assert office.register.documents.get(issued.id).state is DocumentState.ISSUED


def test_a_lost_document_can_turn_out_to_be_stolen_and_not_the_other_way(
    office: WorkingOffice, notices: Notices, issued: Document
) -> None:
    office.register.statuses.change(issued.id, "report-lost", ANNA)
    notices.add_document(NoticeKind.LOST, issued.id, "police", ANNA)  # known at the counter already
    notices.add_document(NoticeKind.STOLEN, issued.id, "border", ANNA)
    notices.add_document(NoticeKind.LOST, issued.id, "border", ANNA)
    assert office.register.documents.get(issued.id).state is DocumentState.STOLEN
    assert {(each.kind, each.agency) for each in notices.list(ANNA, document=issued.id)} == {
        (NoticeKind.LOST, "police"),
        (NoticeKind.STOLEN, "border"),
        (NoticeKind.LOST, "border"),
    }


def test_what_never_left_the_office_is_not_lost_outside(office: WorkingOffice, notices: Notices) -> None:
    document = office.document()
    with pytest.raises(NotPermitted, match="document-never-issued"):
        notices.add_document(NoticeKind.LOST, document.id, "police", ANNA)
    with pytest.raises(BadInput, match="document-unknown"):
        notices.add_document(NoticeKind.LOST, "D-404", "police", ANNA)
    with pytest.raises(BadInput, match="notice-kind-and-subject"):
        notices.add_document(NoticeKind.WANTED, document.id, "police", ANNA)
    assert notices.list(ANNA, withdrawn=True) == ()


def test_a_withdrawn_notice_stays_on_record(office: WorkingOffice, notices: Notices) -> None:
    person = office.person(UTOPIAN)
    made = notices.add_person(person.id, "police", ANNA, "left the hospital")
    with pytest.raises(NotPermitted, match="notice-exists"):
        notices.add_person(person.id, "police", ANNA)
    assert notices.add_person(person.id, "border", ANNA).agency == "border"
    with pytest.raises(BadInput, match="reason-malformed"):
        notices.withdraw(made.id, " ", ANNA)
    notices.withdraw(made.id.lower(), "came home", ANNA)
    with pytest.raises(NotPermitted, match="notice-withdrawn"):
        notices.withdraw(made.id, "again", ANNA)
    assert [each.agency for each in notices.list(ANNA, person=person.id)] == ["border"]
    (kept,) = [each for each in notices.list(ANNA, withdrawn=True, person=person.id) if each.id == made.id]
    assert (kept.reason, kept.withdrawal_reason, kept.withdrawn_by) == ("left the hospital", "came home", "anna")
    assert notices.add_person(person.id, "police", ANNA).id != made.id
    added, withdrawn = office.register.audit_rows(made.id)
    assert [(row.action, row.version, row.state) for row in (added, withdrawn)] == [
        ("notice.added", 1, "open"),
        ("notice.withdrawn", 2, "withdrawn"),
    ]
    first, second = json.loads(added.detail), json.loads(withdrawn.detail)
    assert first.pop("row_sha256") != second.pop("row_sha256")
    assert first == {"kind": "wanted", "agency": "police", "person_id": person.id, "row_before": None}
    assert second == {"row_before": added.hash}
    with pytest.raises(BadInput, match="notice-unknown"):
        notices.withdraw("N-404", "x", ANNA)


def test_only_agencies_that_report_do(office: WorkingOffice, notices: Notices, issued: Document) -> None:
    person = office.person(UTOPIAN)
    office.register.agencies.disable("border", ANNA)
    for agency, code in (("tax", "agency-may-not-report"), ("border", "agency-disabled")):
        with pytest.raises(NotPermitted, match=code):
            notices.add_person(person.id, agency, ANNA)
        with pytest.raises(NotPermitted, match=code):
            notices.add_document(NoticeKind.LOST, issued.id, agency, ANNA)
    with pytest.raises(BadInput, match="agency-unknown"):
        notices.add_person(person.id, "nobody", ANNA)
    assert office.register.documents.get(issued.id).state is DocumentState.ISSUED


@pytest.mark.parametrize("role", list(Role))
def test_who_lacks_the_role_reports_nothing(
    office: WorkingOffice, notices: Notices, issued: Document, role: Role
) -> None:
    one = Operator(role.value, roles=frozenset({role}))
    person = office.person(UTOPIAN)
    made = notices.add_person(person.id, "border", ANNA)
    attempts = [
        (Permission.REPORT_NOTICES, lambda: notices.add_person(person.id, "police", one)),
        (Permission.REPORT_NOTICES, lambda: notices.add_document(NoticeKind.LOST, issued.id, "police", one)),
        (Permission.REPORT_NOTICES, lambda: notices.withdraw(made.id, "found", one)),
        (Permission.READ_PERSONS, lambda: notices.list(one)),
    ]
    for permission, attempt in attempts:
        if permission in PERMISSIONS[role]:
            attempt()
        else:
            with pytest.raises(NotPermitted, match="role-missing"):
                attempt()


@pytest.mark.parametrize("reference", ["", " "])
def test_no_number_is_nobodys_document(
    office: WorkingOffice, notices: Notices, issued: Document, reference: str
) -> None:
    put_on_record(office, DOCUMENTS, issued.id, document_number="")  # as erasure leaves one that tells of the person
    with pytest.raises(BadInput, match="document-unknown"):
        notices.add_document(NoticeKind.LOST, reference, "police", ANNA)
    assert office.register.documents.get(issued.id).state is DocumentState.ISSUED
