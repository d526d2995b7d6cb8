"""What no document could come of is refused at the counter, when it is applied for: nobody approves it first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eid_toolkit.ground.home.home import Home
from support.homes import portrait_file
from support.offices import CommandLine

BAD_INPUT = 9
BORN = ["--birth", "1990-01-31", "--sex", "M"]


@pytest.fixture
def office(demo_home: Home) -> CommandLine:
    return CommandLine(demo_home.root)


@pytest.fixture
def portrait(tmp_path: Path) -> Path:
    path = tmp_path / "portrait.png"
    path.write_bytes(portrait_file())
    return path


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
    office.one("--yes", "card", "personalize", document["id"], "--reader", "emulator:card")
    office.one("person", "change", person, "--surname", "Эрикссон", "--source", "a passport")
    refused = office.one("--yes", "document", "reissue", document["id"], "--kind", "renewal", code=BAD_INPUT)
    assert "U+042D" in refused.stderr
