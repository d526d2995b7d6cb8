"""Agencies: each sees what it may, for what it said, and nothing is looked up without a trace."""

from __future__ import annotations

import json
from typing import Any

import pytest

from eid_toolkit.books.register.agencies.agencies import AGENCY_FIELDS, MOST_FOUND, Agencies
from eid_toolkit.books.register.agencies.notices import NoticeKind
from eid_toolkit.books.register.people.persons import Person
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import PERMISSIONS, Permission, Role
from eid_toolkit.ground.errors import BadInput, EidError, NotPermitted
from support.homes import ANNA, UTOPIAN, VIETNAMESE, WorkingOffice

TRAFFIC = "a driver was stopped"


@pytest.fixture
def agencies(office: WorkingOffice) -> Agencies:
    """A traffic police that sees little, and a court that sees everything."""
    found = office.register.agencies
    found.add("traffic", "Traffic Police", ["date_of_birth", "primary_identifier"], [TRAFFIC, "an accident"], ANNA)
    found.add("court", "District Court", AGENCY_FIELDS, ["a trial"], ANNA, may_report=True)
    return found


@pytest.fixture
def person(office: WorkingOffice) -> Person:
    return office.person(VIETNAMESE)


def told(office: WorkingOffice, subject: str = "traffic") -> list[dict[str, Any]]:
    """What the log knows of an agency's look-ups."""
    return [json.loads(row.detail) for row in office.register.audit_rows(subject) if row.action == "agency.looked-up"]


def test_an_agency_sees_its_fields_and_no_others(agencies: Agencies, person: Person) -> None:
    for asked in ({"reference": person.id}, {"reference": "099000000017"}, {"words": "nguyen van an"}):
        answer = agencies.look_up("traffic", TRAFFIC, ANNA, **asked)
        assert answer.persons == ({"primary_identifier": "Nguyễn", "date_of_birth": "1990-01-31"},)
        assert not answer.more
    (everything,) = agencies.look_up("court", "a trial", ANNA, reference=person.id).persons
    assert set(everything) == set(AGENCY_FIELDS)
    assert everything["id"] == person.id and everything["father"] == "Nguyễn Văn Bình"


def test_every_look_up_is_on_record_without_what_was_typed(
    office: WorkingOffice, agencies: Agencies, person: Person
) -> None:
    agencies.look_up("traffic", TRAFFIC, ANNA, words="Nguyễn An")
    agencies.look_up("traffic", TRAFFIC, ANNA, words="NGUYEN an")
    agencies.look_up("traffic", TRAFFIC, ANNA, words="Somebody Else")
    first, again, other = told(office)
    assert first == {
        "asked": office.register.persons.look_ups.typed("nguyen an"),
        "purpose": TRAFFIC,
        "persons": [person.id],
        "more": False,
        "fields": ["primary_identifier", "date_of_birth"],
    }
    assert again["asked"] == first["asked"] != other["asked"]
    assert other["persons"] == []
    for row in office.register.audit_rows():
        assert "guy" not in row.detail.lower() and "Else" not in row.detail


@pytest.mark.parametrize(
    ("code", "purpose", "asked", "error", "wanted"),
    [
        ("traffic", "curiosity", {"words": "nguyen"}, NotPermitted, "purpose-not-stated"),
        ("traffic", "a trial", {"words": "nguyen"}, NotPermitted, "purpose-not-stated"),
        ("old", "anything", {"words": "nguyen"}, NotPermitted, "agency-disabled"),
        ("nobody", TRAFFIC, {"words": "nguyen"}, BadInput, "agency-unknown"),
        ("Nguyễn An", TRAFFIC, {"words": "nguyen"}, BadInput, "agency-unknown"),
        ("099000000017", TRAFFIC, {"words": "nguyen"}, BadInput, "agency-unknown"),
        ("traffic", TRAFFIC, {"words": "n"}, BadInput, "look-up-too-short"),
        ("traffic", TRAFFIC, {"words": " "}, BadInput, "look-up-too-short"),
        ("traffic", TRAFFIC, {}, BadInput, "look-up-too-short"),
        ("traffic", TRAFFIC, {"reference": "000000000001"}, BadInput, "person-unknown"),
        ("traffic", TRAFFIC, {"reference": "\udcff"}, BadInput, "look-up-no-text"),
        ("traffic", TRAFFIC, {"words": "nguyen \udcff"}, BadInput, "look-up-no-text"),
        ("\udcff", TRAFFIC, {"words": "nguyen"}, BadInput, "agency-unknown"),
    ],
)
def test_a_refused_look_up_is_on_record_too(
    office: WorkingOffice,
    agencies: Agencies,
    person: Person,
    code: str,
    purpose: str,
    asked: dict[str, str],
    error: type[EidError],
    wanted: str,
) -> None:
    agencies.add("old", "Old Office", ["id"], ["anything"], ANNA)
    agencies.disable("old", ANNA)
    with pytest.raises(error, match=wanted):
        agencies.look_up(code, purpose, ANNA, **asked)
    (row,) = told(office, code if code in ("traffic", "old") else "unknown")
    assert (row["refused"], row["persons"], row["fields"]) == (wanted, [], [])
    assert len(row["asked"]) == 64
    for each in office.register.audit_rows():  # what was typed in place of a code may be a person's number or name
        assert not {"099000000017", "Nguyễn An", "nobody"} & {each.subject, *json.loads(each.detail)}
        assert "099000000017" not in each.detail


def test_an_agency_asks_for_somebody_and_does_not_copy_the_register(office: WorkingOffice, agencies: Agencies) -> None:
    for number in range(MOST_FOUND + 5):
        office.person({**UTOPIAN, "date_of_birth": f"19{number + 50}-01-01"})
    answer = agencies.look_up("traffic", TRAFFIC, ANNA, words="eriksson")
    assert (len(answer.persons), answer.more) == (MOST_FOUND, True)
    assert len(told(office)[0]["persons"]) == MOST_FOUND


def test_a_person_who_was_merged_is_shown_as_the_one_that_holds(office: WorkingOffice, agencies: Agencies) -> None:
    from sqlalchemy import update

    from eid_toolkit.books.ledger.schema import person as table

    kept, double = office.person(UTOPIAN), office.person({**UTOPIAN, "secondary_identifier": "Ana Maria"})
    with office.register.database.write() as connection:
        connection.execute(update(table).where(table.c.id == double.id).values(merged_into=kept.id))
    for asked in ({"reference": double.id}, {"words": "eriksson"}):
        (shown,) = agencies.look_up("court", "a trial", ANNA, **asked).persons
        assert shown["id"] == kept.id


def test_a_notice_of_a_double_is_seen_with_the_one_that_holds(office: WorkingOffice, agencies: Agencies) -> None:
    from sqlalchemy import update

    from eid_toolkit.books.ledger.schema import person as table

    kept, double = office.person(UTOPIAN), office.person({**UTOPIAN, "secondary_identifier": "Ana Maria"})
    office.register.notices.add_person(double.id, "court", ANNA)
    with office.register.database.write() as connection:
        connection.execute(update(table).where(table.c.id == double.id).values(merged_into=kept.id))
    (shown,) = agencies.look_up("court", "a trial", ANNA, reference=kept.id).persons
    assert [each["kind"] for each in shown["notices"]] == ["wanted"]


def test_who_is_only_similar_is_told_as_such(agencies: Agencies, person: Person) -> None:
    for words, similar in (("nguyen", False), ("nguyan", True)):
        answer = agencies.look_up("traffic", TRAFFIC, ANNA, words=words)
        assert (len(answer.persons), answer.similar) == (1, similar)


def test_notices_are_for_agencies_that_may_see_them(office: WorkingOffice, agencies: Agencies, person: Person) -> None:
    notices = office.register.notices
    kept = notices.add_person(person.id, "court", ANNA, "did not appear")
    gone = notices.add_person(office.person(UTOPIAN).id, "court", ANNA)
    notices.withdraw(gone.id, "was found", ANNA)
    (shown,) = agencies.look_up("court", "a trial", ANNA, reference=person.id).persons
    assert shown["notices"] == [
        {
            "kind": "wanted",
            "document": None,
            "agency": "court",
            "reported_at": kept.reported_at.isoformat(),
            "reason": "did not appear",
        }
    ]
    (nothing,) = agencies.look_up("court", "a trial", ANNA, words="eriksson").persons
    assert nothing["notices"] == []
    (little,) = agencies.look_up("traffic", TRAFFIC, ANNA, reference=person.id).persons
    assert "notices" not in little


def test_a_lost_document_shows_with_its_holder(office: WorkingOffice, agencies: Agencies) -> None:
    document = office.document(VIETNAMESE, "vn-cccd")
    office.register.documents.bind_chip(document.id, "c1", ANNA)
    office.register.documents.issue(document.id, ANNA)
    office.register.notices.add_document(NoticeKind.LOST, document.id, "court", ANNA)
    (shown,) = agencies.look_up("court", "a trial", ANNA, words="nguyen").persons
    assert [(each["kind"], each["document"]) for each in shown["notices"]] == [("lost", document.id)]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"code": "A"}, "agency-code-malformed"),
        ({"code": "x" * 41}, "agency-code-malformed"),
        ({"code": "police "}, "agency-code-malformed"),
        ({"fields": ["portrait"]}, "agency-field-unknown"),
        ({"fields": []}, "agency-field-unknown"),
        ({"purposes": []}, "agency-purposes-count"),
        ({"purposes": ["x" * 201]}, "agency-text-malformed"),
        ({"purposes": ["a\x1b[2J"]}, "agency-text-malformed"),
        ({"name": "  "}, "agency-text-malformed"),
    ],
)
def test_what_is_no_agency_is_refused(office: WorkingOffice, values: dict[str, Any], code: str) -> None:
    good: dict[str, Any] = {"code": "police", "name": "Police", "fields": ["id"], "purposes": ["a search"]}
    with pytest.raises(BadInput, match=code):
        office.register.agencies.add(operator=ANNA, **{**good, **values})
    assert office.register.agencies.all(ANNA) == ()


def test_rights_are_not_changed_in_silence(office: WorkingOffice, agencies: Agencies) -> None:
    with pytest.raises(NotPermitted, match="agency-exists"):
        agencies.add("traffic", "Traffic", AGENCY_FIELDS, ["anything"], ANNA)
    agencies.disable("traffic", ANNA)
    with pytest.raises(NotPermitted, match="agency-disabled"):
        agencies.disable("traffic", ANNA)
    assert agencies.get("traffic", ANNA).disabled_at is not None
    assert [row.action for row in office.register.audit_rows("traffic")] == ["agency.added", "agency.disabled"]


def test_rights_are_changed_with_before_and_after_on_record(
    office: WorkingOffice, agencies: Agencies, person: Person
) -> None:
    changed = agencies.change("traffic", ANNA, fields=["id"], may_report=True)
    assert (changed.fields, changed.may_report) == (("id",), True)
    assert changed.purposes == (TRAFFIC, "an accident")
    assert agencies.get("traffic", ANNA) == changed
    assert agencies.look_up("traffic", TRAFFIC, ANNA, reference=person.id).persons == ({"id": person.id},)
    assert office.register.notices.add_person(person.id, "traffic", ANNA).agency == "traffic"
    agencies.change("traffic", ANNA, purposes=["a parade"], may_report=False)
    with pytest.raises(NotPermitted, match="purpose-not-stated"):
        agencies.look_up("traffic", TRAFFIC, ANNA, reference=person.id)
    rows = [row for row in office.register.audit_rows("traffic") if row.kind is not None]
    assert [(row.action, row.version) for row in rows] == [
        ("agency.added", 1), ("agency.changed", 2), ("agency.changed", 3),
    ]  # fmt: skip
    first, second = (json.loads(row.detail) for row in rows[1:])
    assert [each.pop("row_before") for each in (first, second)] == [row.hash for row in rows[:2]]
    assert first.pop("row_sha256") != second.pop("row_sha256")
    old = {"fields": ["primary_identifier", "date_of_birth"], "purposes": [TRAFFIC, "an accident"], "may_report": False}
    assert first == {"before": old, "after": {**old, "fields": ["id"], "may_report": True}}
    assert second == {"before": first["after"], "after": {**old, "fields": ["id"], "purposes": ["a parade"]}}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"fields": ["portrait"]}, "agency-field-unknown"),
        ({"purposes": ["a\x1b[2J"]}, "agency-text-malformed"),
        ({"purposes": [str(number) for number in range(51)]}, "agency-purposes-count"),
        ({"fields": ["primary_identifier", "date_of_birth"], "may_report": False}, "agency-unchanged"),
        ({}, "agency-unchanged"),
    ],
)
def test_a_change_that_is_none_changes_nothing(
    office: WorkingOffice, agencies: Agencies, values: dict[str, Any], code: str
) -> None:
    before = agencies.get("traffic", ANNA)
    with pytest.raises(BadInput, match=code):
        agencies.change("traffic", ANNA, **values)
    assert agencies.get("traffic", ANNA) == before
    with pytest.raises(BadInput, match="agency-unknown"):
        agencies.change("nobody", ANNA, fields=["id"])
    agencies.disable("traffic", ANNA)
    with pytest.raises(NotPermitted, match="agency-disabled"):
        agencies.change("traffic", ANNA, fields=["id"])
    assert "agency.changed" not in {row.action for row in office.register.audit_rows()}


@pytest.mark.parametrize("role", list(Role))
def test_who_lacks_the_role_neither_manages_nor_asks(
    office: WorkingOffice, agencies: Agencies, person: Person, role: Role
) -> None:
    one = Operator(role.value, roles=frozenset({role}))
    managing = [
        lambda: agencies.add("other", "Other", ["id"], ["x"], one),
        lambda: agencies.all(one),
        lambda: agencies.get("court", one),
        lambda: agencies.change("court", one, fields=["id"]),
        lambda: agencies.disable("court", one),
    ]
    for attempt in managing:
        if Permission.MANAGE_AGENCIES in PERMISSIONS[role]:
            attempt()
        else:
            with pytest.raises(NotPermitted, match="role-missing"):
                attempt()
    if Permission.READ_PERSONS in PERMISSIONS[role]:
        assert agencies.look_up("traffic", TRAFFIC, one, reference=person.id).persons
    else:
        with pytest.raises(NotPermitted, match="role-missing"):
            agencies.look_up("traffic", TRAFFIC, one, reference=person.id)
        assert told(office)[-1]["refused"] == "role-missing"
