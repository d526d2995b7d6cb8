"""What no document could come of is refused at the counter, when it is applied for: nobody approves it first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eid_toolkit.ground.home.home import Home
from support.homes import portrait_file
from support.offices import CommandLine

BAD_INPUT, NOT_PERMITTED = 9, 10
BORN = ["--birth", "1990-01-31", "--sex", "M"]


@pytest.fixture
def office(demo_home: Home) -> CommandLine:
    return CommandLine(demo_home.root)


def added(office: CommandLine, surname: str, *more: str) -> str:
    words = ("person", "add", "--surname", surname, *BORN, *more, "--format", "json")
    return str(json.loads(office.one(*words).stdout)["id"])


@pytest.mark.parametrize(
    ("surname", "more", "profile", "told"),
    [
        ("Иванов", ["--given-names", "Пётр", "--nationality", "RUS"], "utopia-id", "U+0418"),
        ("李", ["--given-names", "小龙", "--nationality", "SGP"], "sgp-id", "U+674E"),
        ("Nguyễn", ["--nationality", "VNM"], "vn-cccd", "identity number"),
    ],
)
def test_nothing_is_applied_for_that_cannot_be_prepared(
    office: CommandLine, portrait: Path, surname: str, more: list[str], profile: str, told: str
) -> None:
    person = added(office, surname, *more)
    before = office.one("audit", "show", "--format", "json").stdout
    words = ("application", "create", "--person", person, "--profile", profile, "--portrait", portrait)
    refused = office.one(*words, code=BAD_INPUT)
    assert told in refused.stderr and refused.stdout == ""
    listed = office.one("application", "list", "--format", "json")
    assert json.loads(listed.stdout) == []
    after = json.loads(office.one("audit", "show", "--format", "json").stdout)
    assert not [row for row in after if row["action"].startswith("application.") and row not in json.loads(before)
                and row["action"] != "application.looked-up"]  # fmt: skip


def test_a_reissue_is_tried_too(office: CommandLine, portrait: Path) -> None:
    """The person's data of today may be others than those of the old document."""
    person = added(office, "Eriksson", "--nationality", "UTO")
    words = ("application", "create", "--person", person, "--profile", "utopia-id", "--portrait", portrait)
    application = json.loads(office.one(*words, "--format", "json").stdout)["id"]
    office.call("--operator", "bert", "--yes", "application", "approve", application)
    (document,) = json.loads(office.one("document", "prepare", application, "--format", "json").stdout)
    office.one("emulator", "blank", "card")
    office.one("--yes", "card", "personalize", "--without-print-check", document["id"], "--reader", "emulator:card")
    office.one("person", "change", person, "--surname", "Эрикссон", "--source", "a passport")
    refused = office.one("--yes", "document", "reissue", document["id"], "--kind", "renewal", code=BAD_INPUT)
    assert "U+042D" in refused.stderr


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, "bell\x07"])
@pytest.mark.parametrize(
    "words",
    [
        ("application", "withdraw", "A-000000000000"),
        ("application", "reject", "A-000000000000"),
        ("document", "revoke", "D-000000000000"),
        ("card", "spoil", "D-000000000000"),
        ("stock", "spoil", "BL-00001"),
        ("stock", "destroy", "BL-00001"),
        ("person", "erase", "P-000000000000"),
        ("notice", "withdraw", "N-000000000000"),
    ],
    ids=" ".join,
)
def test_a_reason_is_looked_at_before_anything_else(tmp_path: Path, words: tuple[str, ...], reason: str) -> None:
    """There is not even a home here."""
    refused = CommandLine(tmp_path / "nowhere").one(*words, "--reason", reason, code=BAD_INPUT)
    assert "A reason must be" in refused.stderr


@pytest.mark.parametrize("fmt", ["text", "json"])
def test_with_which_application_something_is_wrong_is_said(office: CommandLine, portrait: Path, fmt: str) -> None:
    made = []
    for number, name in enumerate(("Eriksson", "Berg", "Sund")):
        portrait.write_bytes(portrait_file(number))
        words = ("--person", added(office, name, "--nationality", "UTO"), "--profile", "utopia-id")
        created = office.one("application", "create", *words, "--portrait", portrait, "--format", "json")
        made.append(json.loads(created.stdout)["id"])
    office.call("--operator", "bert", "--yes", "application", "approve", made[0])
    done = office.one("document", "prepare", *made, "--format", fmt, code=NOT_PERMITTED)
    assert made[0] in done.stdout
    if fmt == "text":
        assert [line.partition(":")[2].strip()[:14] for line in done.stderr.splitlines() if "Error" in line] == made[1:]
        return
    errors = _errors(done.stderr)
    assert [each["facts"]["subject"] for each in errors] == made[1:]
    assert all(each["code"] and each["message"] for each in errors)


def _errors(text: str) -> list[dict[str, Any]]:
    """The JSON documents in a text, one behind the other."""
    decoder, found = json.JSONDecoder(), []
    while text := text.strip():
        value, end = decoder.raw_decode(text)
        found.append(value["error"])
        text = text[end:]
    return found


@pytest.mark.parametrize("words", [("person", "show", "nobody"), ("document", "show", "D-0")])
def test_where_results_are_json_errors_are_too(office: CommandLine, words: tuple[str, ...]) -> None:
    told = office.one("--yes", *words, "--format", "json", code=BAD_INPUT)
    assert told.stdout == ""
    (error,) = _errors(told.stderr)
    assert error.keys() == {"code", "message", "hint", "facts"}
