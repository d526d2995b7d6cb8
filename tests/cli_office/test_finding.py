"""A counter without identifiers: a person by name and birth, a document by what is printed on it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from eid_toolkit.books.staff.roles import Permission, permissions_of
from eid_toolkit.ground.home.home import Home
from support.homes import PASSPHRASE, UTOPIAN
from support.offices import CommandLine
from support.real_offices import STAFF, at_work, copied_real_home

__all__ = ["copied_real_home"]
BAD_INPUT, NOT_PERMITTED = 9, 10
NAME, BORN, NUMBER = "Eriksson Anna Maria", "1974-08-12", "ZE184226B"


@pytest.fixture
def office(demo_home: Home) -> CommandLine:
    return CommandLine(demo_home.root)


def as_json(office: CommandLine, *words: object, by: str = "anna") -> Any:
    return json.loads(office.call("--operator", by, "--yes", *words, "--format", "json").stdout)


def added(
    office: CommandLine, *more: str, surname: str = "Eriksson", given: str = "Anna Maria", born: str = BORN
) -> str:
    names = ("--surname", surname, "--given-names", given, "--birth", born, "--sex", "F", "--nationality", "UTO")
    return str(as_json(office, "person", "add", *names, *more)["id"])


def issued(office: CommandLine, person: str, portrait: Path) -> dict[str, str]:
    """Applied for, approved, prepared and written, each by what the people at the counter have."""
    as_json(office, "application", "create", "--person", person, "--profile", "utopia-id", "--portrait", portrait)
    as_json(office, "application", "approve", person, by="bert")
    (document,) = as_json(office, "document", "prepare", person)
    office.one("emulator", "blank", "card")
    as_json(
        office, "card", "personalize", "--without-print-check", document["document_number"], "--reader", "emulator:card"
    )
    shown: dict[str, str] = as_json(office, "document", "show", document["document_number"])
    return shown


@pytest.mark.parametrize("person", [NUMBER, NUMBER.lower(), f"{NAME} {BORN}", f"{BORN}, anna eriksson"])
def test_a_card_is_issued_lost_and_replaced_without_an_identifier(
    office: CommandLine, portrait: Path, person: str
) -> None:
    identifier = added(office, "--personal-number", NUMBER)
    document = issued(office, person, portrait)
    assert document["state"] == "issued"
    lost = as_json(office, "document", "report-lost", person)
    assert (lost["id"], lost["state"]) == (document["id"], "lost")
    applied = as_json(office, "document", "reissue", person)
    assert (applied["replaces"], applied["person"]) == (document["id"], identifier)
    page = as_json(office, "person", "show", person)
    assert [each["state"] for each in page["applications"]] == ["created", "completed"]
    assert [each["next"] for each in page["applications"]][1] == []
    assert "application approve" in page["applications"][0]["next"]
    (shown,) = page["documents"]
    assert (shown["id"], shown["state"]) == (document["id"], "lost")
    assert "document report-stolen" in shown["next"] and "document report-lost" not in shown["next"]


def test_what_was_found_otherwise_than_by_identifier_is_on_record(office: CommandLine, portrait: Path) -> None:
    added(office, "--personal-number", NUMBER)
    document = issued(office, NUMBER, portrait)
    before = len(as_json(office, "audit", "show"))
    as_json(office, "document", "report-lost", document["document_number"])
    as_json(office, "document", "history", f"{NAME} {BORN}")
    rows = as_json(office, "audit", "show")[before:]
    looked = [(row["action"], row["operator"]) for row in rows if row["action"].endswith("looked-up")]
    searched_and_meant = [("person.looked-up", "anna")] * 2
    assert looked == [("document.looked-up", "anna"), *searched_and_meant]


def test_of_several_that_fit_one_has_to_be_named(office: CommandLine, portrait: Path) -> None:
    first, second = added(office), added(office, "--personal-number", NUMBER)
    refused = office.one("person", "show", f"{NAME} {BORN}", code=BAD_INPUT)
    assert first in refused.stderr and second in refused.stderr and NUMBER in refused.stderr
    words = ("--profile", "utopia-id", "--portrait", portrait)
    office.one("application", "create", "--person", f"{NAME} {BORN}", *words, code=BAD_INPUT)
    assert as_json(office, "application", "list") == []
    for words in (("document", "report-lost"), ("application", "show"), ("document", "list", "--person")):
        refused = office.one("--yes", *words, f"{NAME} {BORN}", code=BAD_INPUT)
        assert first in refused.stderr and second in refused.stderr


def test_of_two_documents_that_one_is_meant_with_which_it_can_be_done(office: CommandLine, portrait: Path) -> None:
    added(office, "--personal-number", NUMBER)
    old = issued(office, NUMBER, portrait)
    as_json(office, "document", "report-lost", NUMBER)
    as_json(office, "document", "reissue", NUMBER)
    as_json(office, "application", "approve", NUMBER, by="bert")
    (new,) = as_json(office, "document", "prepare", NUMBER)
    office.one("emulator", "blank", "second")
    as_json(office, "card", "personalize", "--without-print-check", NUMBER, "--reader", "emulator:second")
    assert as_json(office, "document", "report-stolen", NUMBER)["id"] == new["id"]
    refused = office.one("document", "show", NUMBER, code=BAD_INPUT)
    assert old["document_number"] in refused.stderr and new["document_number"] in refused.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("document", "report-lost", "U99999999"), "U99999999"),
        (("document", "report-lost", "Nobody 1974-08-12"), "Nobody 1974-08-12"),
        (("document", "show", NUMBER), "no document"),
        (("application", "show", NUMBER), "no application"),
        (("application", "show", "Nobody 1974-08-12"), "Nobody"),
        (("person", "show", "Nobody 1974-08-12"), "Nobody"),
        (("person", "show", "Eriksson 1974-13-12"), "1974-13"),
        (("document", "show", "D-0"), "D-0"),
    ],
)
def test_what_fits_nobody_is_told(office: CommandLine, words: tuple[str, ...], told: str) -> None:
    added(office, "--personal-number", NUMBER)
    refused = office.one("--yes", *words, code=BAD_INPUT)
    assert told in refused.stderr and "Traceback" not in refused.stderr


def test_a_page_is_there_to_be_read(office: CommandLine, portrait: Path) -> None:
    added(office, "--personal-number", NUMBER)
    document = issued(office, NUMBER, portrait)
    shown = office.one("person", "show", NUMBER).stdout
    assert document["document_number"] in shown and "document report-lost" in shown and "completed" in shown


def test_lists_are_narrowed_to_a_person_a_number_and_a_state(office: CommandLine, portrait: Path) -> None:
    added(office, "--personal-number", NUMBER)
    other = added(office, surname="Berg", given="Carl", born="1980-01-01")
    document = issued(office, NUMBER, portrait)
    as_json(office, "application", "create", "--person", other, "--profile", "utopia-id", "--portrait", portrait)

    def listed(*words: str) -> list[str]:
        return [each["id"] for each in as_json(office, *words)]

    assert len(listed("application", "list")) == 2
    assert listed("application", "list", "--person", NUMBER) == [document["application"]]
    assert listed("application", "list", "--person", NUMBER, "--state", "created") == []
    assert len(listed("application", "list", "--person", "Berg Carl 1980-01-01")) == 1
    for words in (("--person", NUMBER), ("--number", document["document_number"].lower()),
                  ("--person", NUMBER, "--number", document["document_number"], "--state", "issued")):  # fmt: skip
        assert listed("document", "list", *words) == [document["id"]]
    for words in (("--person", other), ("--number", "U99999999"), ("--person", NUMBER, "--state", "lost")):
        assert listed("document", "list", *words) == []


def test_what_a_person_has_is_shown_to_who_may_read_persons_alone(
    real_home: Home, tmp_path: Path, portrait: Path
) -> None:
    """Whether the person is named by identifier or by number; and it is on record."""
    with at_work(real_home) as office:
        person = office.application({**UTOPIAN, "personal_number": NUMBER}).person.id
        allowed = {name for name, role in STAFF.items() if Permission.READ_PERSONS in permissions_of([role])}
    assert {"clara"} <= allowed < set(STAFF)
    home = CommandLine(real_home.root)
    given = {"EID_OPERATOR_PASSPHRASE": PASSPHRASE.reveal().decode()}
    for name in STAFF:
        for what in ("application", "document"):
            for reference in (person, NUMBER):
                words = ("--operator", name, what, "list", "--person", reference)
                home.call(*words, code=0 if name in allowed else NOT_PERMITTED, **given)
    with at_work(real_home) as office:
        looked = [row for row in office.register.audit_rows(person) if row.action == "person.looked-up"]
    assert {row.operator for row in looked} == allowed
    assert len(looked) == 4 * len(allowed)


def test_who_may_read_no_persons_learns_of_none(real_home: Home, portrait: Path) -> None:
    """Not by a document or an application that is asked for by its person, either."""
    with at_work(real_home) as office:
        made = office.application({**UTOPIAN, "personal_number": NUMBER})
    given = {"EID_OPERATOR_PASSPHRASE": PASSPHRASE.reveal().decode()}
    for reference in (made.person.id, NUMBER, f"{made.person.data.name} {made.person.data.date_of_birth.iso}"):
        for words in (("application", "show"), ("document", "show"), ("card", "spoil", "--reason", "torn")):
            refused = CommandLine(real_home.root).call("--operator", "stan", *words, reference, code=BAD_INPUT, **given)
            assert made.id not in refused.output and made.person.data.primary_identifier not in refused.stdout


def test_notices_are_listed_by_what_stands_on_the_card_or_by_name(office: CommandLine, portrait: Path) -> None:
    person = added(office, "--personal-number", NUMBER)
    document = issued(office, person, portrait)
    as_json(office, "document", "report-lost", document["id"])
    told = as_json(office, "notice", "list", "--document", document["id"])
    for words in (("--document", document["document_number"]), ("--document", NUMBER)):
        assert as_json(office, "notice", "list", *words) == told
    of_person = as_json(office, "notice", "list", "--person", person)
    assert as_json(office, "notice", "list", "--person", f"{NAME} {BORN}") == of_person
    assert as_json(office, "notice", "list", "--person", NUMBER) == of_person


def test_a_batch_takes_numbers_and_names_too(office: CommandLine, portrait: Path) -> None:
    person = added(office, "--personal-number", NUMBER)
    as_json(office, "application", "create", "--person", person, "--profile", "utopia-id", "--portrait", portrait)
    as_json(office, "application", "approve", person, by="bert")
    as_json(office, "document", "prepare", person)
    office.one("emulator", "blank", "b-1")
    words = ("card", "batch", f"{NAME} {BORN}", "--without-print-check", "--reader", "emulator:b-*")
    assert as_json(office, *words)["counts"]["issued"] == 1


def test_lists_have_the_names_of_whom_they_are_about(office: CommandLine, portrait: Path) -> None:
    person = added(office, "--personal-number", NUMBER)
    document = issued(office, NUMBER, portrait)
    as_json(office, "document", "report-lost", document["document_number"])
    before = len(as_json(office, "audit", "show"))
    (row,) = as_json(office, "document", "list")
    assert (row["id"], row["name"]) == (document["id"], NAME)
    assert [each["action"] for each in as_json(office, "audit", "show")[before:]] == ["document.looked-up"]
    assert NAME in office.one("document", "list", "--person", person).stdout
    assert "name" not in as_json(office, "document", "list", "--without-names")[0]
    assert NAME not in office.one("document", "list", "--without-names").stdout
    agency = ("--field", "id", "--purpose", "a search", "--may-report")
    office.one("--yes", "agency", "add", "police", "--name", "Police", *agency)
    words = ("--kind", "wanted", "--person", NUMBER, "--agency", "police", "--reason", "a search")
    as_json(office, "notice", "add", *words)
    (notice,) = as_json(office, "notice", "list")
    assert (notice["person"], notice["name"]) == (person, NAME)
    assert NAME in office.one("notice", "list").stdout
    (job,) = as_json(office, "card", "jobs")
    assert (job["document"], job["name"]) == (document["id"], NAME)
    for words in (("application", "list"), ("person", "search"), ("card", "jobs")):
        assert NAME in office.one(*words).stdout, words


def test_a_notice_is_withdrawn_by_the_document_or_the_person_it_is_about(office: CommandLine, portrait: Path) -> None:
    person = added(office, "--personal-number", NUMBER)
    document = issued(office, NUMBER, portrait)
    agency = ("--field", "id", "--purpose", "a search", "--may-report")
    office.one("--yes", "agency", "add", "police", "--name", "Police", *agency)
    told = ("--agency", "police", "--reason", "a search")
    wanted = as_json(office, "notice", "add", "--kind", "wanted", "--person", NUMBER, *told)
    lost = as_json(office, "notice", "add", "--kind", "lost", "--document", document["document_number"], *told)
    for subject, notice in ((f"{NAME} {BORN}", wanted), (document["document_number"], lost)):
        withdrawn = as_json(office, "notice", "withdraw", subject, "--reason", "found")
        assert (withdrawn["id"], withdrawn["withdrawn_at"] is not None) == (notice["id"], True), person
        assert "There is no notice" in office.one("notice", "withdraw", subject, "--reason", "x", code=9).stderr


def test_who_may_read_no_persons_sees_documents_without_names(real_home: Home, portrait: Path) -> None:
    with at_work(real_home) as office:
        document = office.document({**UTOPIAN, "personal_number": NUMBER})
        allowed = {name for name, role in STAFF.items() if Permission.READ_PERSONS in permissions_of([role])}
    home, given = CommandLine(real_home.root), {"EID_OPERATOR_PASSPHRASE": PASSPHRASE.reveal().decode()}
    for name in STAFF:
        (row,) = json.loads(home.call("--operator", name, "document", "list", "--format", "json", **given).stdout)
        assert row["id"] == document.id
        assert ("name" in row) is (name in allowed), name
    nobody = json.loads(home.call("document", "list", "--format", "json").stdout)
    assert "name" not in nobody[0]


def test_duplicates_are_decided_by_what_is_known_of_both(office: CommandLine) -> None:
    first = added(office, "--personal-number", NUMBER)
    second = added(office, "--personal-number", "X-1", given="Anna Marie")
    decided = as_json(office, "person", "duplicate", NUMBER.lower(), f"Eriksson Anna Marie {BORN}", "--different")
    assert {first, second} <= set(json.dumps(decided).split('"'))
    office.one("person", "duplicate", NUMBER, "Nobody 1974-08-12", "--different", code=BAD_INPUT)


def test_the_log_is_asked_about_a_document_by_its_number_and_a_person_by_theirs(
    office: CommandLine, portrait: Path, tmp_path: Path
) -> None:
    person = added(office, "--personal-number", NUMBER)
    document = issued(office, NUMBER, portrait)
    for told, identifier in ((document["document_number"].lower(), document["id"]), (NUMBER, person)):
        wanted = as_json(office, "audit", "show", "--subject", identifier)
        found = as_json(office, "audit", "show", "--subject", told)
        assert wanted and [row["position"] for row in found[: len(wanted)]] == [row["position"] for row in wanted]
    as_json(office, "audit", "checkpoint")
    proof = tmp_path / "proof.json"
    office.one("audit", "export", "--subject", document["document_number"], "--output", proof)
    assert document["id"] in proof.read_text()
    office.one("--yes", "agency", "add", "police2", "--name", "Police", "--field", "id", "--purpose", "a search")
    assert as_json(office, "audit", "show", "--subject", "police2")
    assert as_json(office, "audit", "show", "--subject", "U99999999") == []


def test_a_job_is_decided_by_the_document_that_it_is_of(office: CommandLine, portrait: Path) -> None:
    added(office, "--personal-number", NUMBER)
    as_json(office, "application", "create", "--person", NUMBER, "--profile", "utopia-id", "--portrait", portrait)
    as_json(office, "application", "approve", NUMBER, by="bert")
    (document,) = as_json(office, "document", "prepare", NUMBER)
    refused = office.one("card", "resolve", document["document_number"], "--resume", code=BAD_INPUT)
    assert "No card was ever begun" in refused.stderr
    office.one("emulator", "blank", "card")
    office.one(
        *("--yes", "card", "personalize", "--without-print-check", NUMBER, "--reader", "emulator:card"),
    )
    (job,) = as_json(office, "card", "jobs")
    refused = office.one("card", "resolve", document["document_number"], "--resume", code=NOT_PERMITTED)
    again = office.one("card", "resolve", job["id"], "--resume", code=NOT_PERMITTED)
    assert refused.stderr == again.stderr and job["id"] in refused.stderr


def test_times_are_typed_as_they_are_shown(office: CommandLine) -> None:
    config = office.root / "eid.toml"
    config.write_text(config.read_text("utf-8") + 'time_zone = "Asia/Ho_Chi_Minh"\n', "utf-8")
    added(office)
    newest = datetime.fromisoformat(as_json(office, "audit", "show")[-1]["time"])
    for zone, words in ((ZoneInfo("Asia/Ho_Chi_Minh"), ()), (UTC, ("--utc",))):
        local = newest.astimezone(zone)
        for since, there in ((local - timedelta(seconds=1), True), (local + timedelta(hours=1), False)):
            for typed in (f"{since:%Y-%m-%dT%H:%M:%S}", f"{since:%Y-%m-%d %H:%M:%S}"):
                asked = ("audit", "show", "--since", typed)
                found = json.loads(office.one(*words, *asked, "--format", "json").stdout)
                assert bool(found) is there, (zone, typed)


@pytest.mark.parametrize("typed", ["yesterday", "2026-13-01", "01.12.2026", "0001-01-01T00:00+14:00", ""])
def test_what_is_no_time_is_refused_with_the_form_that_is_wanted(office: CommandLine, typed: str) -> None:
    told = office.one("audit", "show", "--since", typed, code=2).stderr
    assert f"{typed} is not a valid time" in told and "2026-11-24T12:00" in told
