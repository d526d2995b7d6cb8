"""`eid profile`: document types listed, shown, checked, and new ones made, by a security officer and on record."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from support.offices import CommandLine, new_office


@pytest.fixture(scope="module")
def office_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("office") / "home"
    new_office(root).add("carla", "carla's passphrase", "clerk")
    return root


@pytest.fixture
def office(office_template: Path, tmp_path: Path) -> CommandLine:
    shutil.copytree(office_template, tmp_path / "home")
    return CommandLine(tmp_path / "home")


def as_json(office: CommandLine, *words: object, code: int = 0) -> Any:
    return json.loads(office.one(*words, "--format", "json", code=code).stdout)


NEW = ("profile", "new", "resident", "--from", "utopia-id", "--title", "Resident card", "--document-code", "IR")


def test_a_new_type_is_made_listed_and_issued_by(office: CommandLine) -> None:
    made = as_json(office, *NEW, "--number-prefix", "R", "--years", "5")
    assert (made["name"], made["document_code"], made["validity"]["years"]) == ("resident", "IR", 5)
    listed = {row["name"]: row for row in as_json(office, "profile", "list")}
    assert (listed["resident"]["from"], listed["resident"]["issued"]) == ("home", True)
    assert (listed["passport"]["from"], listed["passport"]["issued"]) == ("package", False)
    assert as_json(office, "profile", "show", "resident")["hash"] == listed["resident"]["hash"]
    checked = as_json(office, "profile", "check", "resident")
    assert checked["good"] and checked["bytes"] > 5000
    actions = [row["action"] for row in as_json(office, "audit", "show", "--limit", "20")]
    assert "profile.add.decided" in actions and "profile.added" in actions
    assert "Resident card" in office.one("profile", "show", "resident").stdout


def test_what_is_taken_or_no_name_is_refused_and_nothing_is_left(office: CommandLine) -> None:
    office.one(*NEW)
    before = sorted((office.root / "profiles").iterdir())
    office.one(*NEW, code=9)
    office.one(*NEW[:2], "../evil", *NEW[3:], code=9)
    office.one(*NEW[:2], "other", *NEW[3:], "--state", "1", code=9)
    office.one("profile", "new", "other", "--from", "nothing", "--title", "x", code=9)
    assert sorted((office.root / "profiles").iterdir()) == before


def test_a_clerk_makes_no_document_type(office: CommandLine) -> None:
    refused = office.call("--operator", "carla", *NEW, code=10, EID_OPERATOR_PASSPHRASE="carla's passphrase")
    assert "Traceback" not in refused.stderr
    assert not (office.root / "profiles" / "resident.toml").exists()


def test_a_file_is_checked_before_it_is_in_the_home(office: CommandLine, tmp_path: Path) -> None:
    office.one(*NEW)
    text = (office.root / "profiles" / "resident.toml").read_text("utf-8")
    good, foreign, broken = (tmp_path / f"{name}.toml" for name in ("draft", "foreign", "broken"))
    good.write_text(text, "utf-8")
    assert as_json(office, "profile", "check", good)["good"]
    foreign.write_text(text.replace('issuing_state = "UTO"', 'issuing_state = "SGP"'), "utf-8")
    told = as_json(office, "profile", "check", foreign, code=10)
    assert [each["code"] for each in told["objections"]] == ["profile-of-another-state"]
    broken.write_text(text.replace("data_groups = [", "data_groups = [99, "), "utf-8")
    office.one("profile", "check", broken, code=9)
    office.one("profile", "check", "nothing", code=9)
