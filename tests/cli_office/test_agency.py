"""`eid agency`, `eid notice` and `eid person erase` in an office of several people."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from eid_toolkit.books.staff.roles import PERMISSIONS, Permission, Role
from support.offices import CommandLine
from support.staff import acting as by
from support.staff import staffed_office

PURPOSE = "a search"
HOLDER = ("--surname", "Zwyrtek", "--given-names", "Quibbly", "--birth", "1974-08-12", "--sex", "F")


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One agency, and one person."""
    office = staffed_office(tmp_path_factory.mktemp("office") / "home")
    fields = ("--field", "primary_identifier", "--field", "notices")
    words = ("agency", "add", "police", "--name", "Police", *fields, "--purpose", PURPOSE, "--may-report")
    office.one(*words)
    office.one("person", "add", *HOLDER, "--nationality", "UTO", "--personal-number", "77")
    return office.root


@pytest.fixture
def office(staffed: Path, tmp_path: Path) -> CommandLine:
    return CommandLine(Path(shutil.copytree(staffed, tmp_path / "home")))


def shown(result: Result) -> Any:
    return json.loads(result.stdout)


def person_of(office: CommandLine) -> str:
    (found,) = shown(by(office, "clerk", "person", "search", "zwyrtek", "--format", "json"))
    return str(found["id"])


def test_an_agency_is_let_in_asks_and_is_shut_out(office: CommandLine) -> None:
    by(
        office,
        "security-officer",
        "agency",
        "add",
        "tax-office",
        "--name",
        "Tax CommandLine",
        "--field",
        "id",
        "--purpose",
        "a tax",
    )
    listed = shown(by(office, "security-officer", "agency", "list", "--format", "json"))
    assert [each["code"] for each in listed] == ["police", "tax-office"]
    assert "a search" in by(office, "security-officer", "agency", "show", "police").stdout
    words = ("agency", "look-up", "police", "--purpose", PURPOSE)
    answer = shown(by(office, "clerk", *words, "77", "--format", "json"))
    assert answer["schema"] == "eid-agency-look-up/1"
    assert answer["persons"] == [{"primary_identifier": "Zwyrtek", "notices": []}]
    assert "Zwyrtek" in by(office, "clerk", *words, "--search", "quibbly").stdout
    assert "No person found" in by(office, "clerk", *words, "--search", "nobody such").stdout
    refused = by(office, "clerk", "agency", "look-up", "police", "--purpose", "curiosity", "77", code=10)
    assert "Its purposes are: a search" in refused.stderr
    by(office, "clerk", *words, code=2)
    by(office, "clerk", *words, "77", "--search", "x", code=2)
    by(office, "security-officer", "agency", "disable", "police")
    assert "is disabled" in by(office, "clerk", *words, "77", code=10).stderr
    rows = shown(office.one("audit", "show", "--subject", "police", "--format", "json"))
    asked = [row["detail"].get("refused") for row in rows if row["action"] == "agency.looked-up"]
    assert asked == [None, None, None, "purpose-not-stated", "agency-disabled"]


def test_a_notice_is_reported_seen_and_withdrawn(office: CommandLine) -> None:
    words = ("notice", "add", "--kind", "wanted", "--person", "77", "--agency", "police", "--reason", "left home")
    made = shown(by(office, "clerk", *words, "--format", "json"))
    asked = by(office, "clerk", "agency", "look-up", "police", "--purpose", PURPOSE, "77")
    assert "wanted police" in asked.stdout and "left home" in asked.stdout
    assert made["id"] in by(office, "approver", "notice", "list").stdout
    by(office, "clerk", *words, code=10)
    by(office, "clerk", "notice", "withdraw", made["id"], "--reason", "came home")
    assert shown(by(office, "clerk", "notice", "list", "--format", "json")) == []
    (kept,) = shown(by(office, "clerk", "notice", "list", "--all", "--format", "json"))
    assert kept["withdrawn_by"] == "clerk"
    by(office, "clerk", "notice", "add", "--kind", "lost", "--person", "77", "--agency", "police", code=2)
    by(office, "clerk", "notice", "add", "--kind", "wanted", "--document", "D-1", "--agency", "police", code=2)


def test_two_people_erase_a_person(office: CommandLine) -> None:
    found = person_of(office)
    words = ("person", "erase", "77", "--reason", "request of the person")
    assert "second" in by(office, "security-officer", *words, code=10).stderr
    by(office, "security-officer", *words, code=10, second="Security-Officer")
    erased = shown(by(office, "security-officer", *words, "--format", "json", second="bert"))
    assert (erased["person"], erased["left_files"]) == (found, True)
    assert shown(by(office, "clerk", "person", "search", "zwyrtek", "--format", "json")) == []
    rows = shown(office.one("audit", "show", "--subject", found, "--format", "json"))
    decided = [row for row in rows if row["action"] == "person.erase.decided"]
    assert [row["operator"] for row in decided] == ["security-officer", "bert"]
    assert all(row["detail"]["signature"] for row in decided)
    assert "Zwyrtek" not in json.dumps(rows)
    by(office, "security-officer", *words, code=9, second="bert")
    office.one("audit", "verify")


def test_rights_of_an_agency_are_changed(office: CommandLine) -> None:
    words = ("agency", "change", "police")
    by(office, "security-officer", *words, code=2)
    changed = shown(
        by(office, "security-officer", *words, "--field", "id", "--purpose", "a trial", "--no-may-report",
           "--format", "json")
    )  # fmt: skip
    assert (changed["fields"], changed["purposes"], changed["may_report"]) == (["id"], ["a trial"], False)
    assert "would not change" in by(office, "security-officer", *words, "--field", "id", code=9).stderr
    refused = by(office, "clerk", "notice", "add", "--kind", "wanted", "--person", "77", "--agency", "police", code=10)
    assert "eid agency change police --may-report" in refused.stderr
    assert shown(by(office, "security-officer", *words, "--may-report", "--format", "json"))["may_report"] is True
    rows = shown(office.one("audit", "show", "--subject", "police", "--format", "json"))
    told = [row["detail"] for row in rows if row["action"] == "agency.changed"]
    assert [each["after"]["may_report"] for each in told] == [False, True]
    assert told[0]["before"]["purposes"] == ["a search"]


PERMITTED = {
    ("agency", "add", "x-1", "--name", "X", "--field", "id", "--purpose", "x"): Permission.MANAGE_AGENCIES,
    ("agency", "list"): Permission.MANAGE_AGENCIES,
    ("agency", "show", "police"): Permission.MANAGE_AGENCIES,
    ("agency", "change", "police", "--field", "id"): Permission.MANAGE_AGENCIES,
    ("agency", "disable", "police"): Permission.MANAGE_AGENCIES,
    ("agency", "look-up", "police", "--purpose", PURPOSE, "77"): Permission.READ_PERSONS,
    ("notice", "add", "--kind", "wanted", "--person", "77", "--agency", "police"): Permission.REPORT_NOTICES,
    ("notice", "add", "--kind", "lost", "--document", "D-1", "--agency", "police"): Permission.REPORT_NOTICES,
    ("notice", "list"): Permission.READ_PERSONS,
    ("notice", "withdraw", "N-1", "--reason", "x"): Permission.REPORT_NOTICES,
    ("person", "erase", "77", "--reason", "x", "--second-operator", "bert"): Permission.ERASE_PERSONS,
}


def test_what_each_role_may_not_do(office: CommandLine) -> None:
    refused = 0
    for words, permission in PERMITTED.items():
        for role in Role:
            if permission not in PERMISSIONS[role]:
                found = by(office, role, *words, code=10)
                assert f"{role.value} lacks the permission" in found.stderr
                assert "Zwyrtek" not in found.output
                refused += 1
    assert refused == 53
    assert shown(office.one("notice", "list", "--all", "--format", "json")) == []
    assert [each["disabled_at"] for each in shown(office.one("agency", "list", "--format", "json"))] == [None]
    assert person_of(office)


def test_a_look_up_for_what_is_no_text_is_refused_on_record(office: CommandLine) -> None:
    typed = b"\xff".decode("utf-8", "surrogateescape")  # as Python takes it from the command line
    refused = by(office, "clerk", "agency", "look-up", "police", typed, "--purpose", PURPOSE, code=9)
    assert "not valid UTF-8" in refused.stderr
    rows = shown(by(office, "auditor", "audit", "show", "--subject", "police", "--format", "json"))
    (told,) = [row["detail"] for row in rows if row["action"] == "agency.looked-up"]
    assert "look-up-no-text" in json.dumps(told)
