"""`eid register`: back-up, restoring and numbers as the people of an office meet them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from support.offices import ENVIRONMENT, CommandLine, new_office, prepared

UNREADABLE = [b"eid-register-backup/%d\n" % version + bytes(200) for version in (1, 2)]
PEOPLE = ("--operator", "anna", "--second-operator", "bert")
BERT = {"EID_OPERATOR_PASSPHRASE": ENVIRONMENT["EID_SECOND_PASSPHRASE"]}


@pytest.fixture(scope="module")
def office_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("office") / "home"
    office = new_office(root)
    prepared(office, root.parent)
    office.add("carla", BERT["EID_OPERATOR_PASSPHRASE"], "clerk")
    return root


@pytest.fixture
def office(office_template: Path, tmp_path: Path) -> CommandLine:
    shutil.copytree(office_template, tmp_path / "home")
    return CommandLine(tmp_path / "home")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "register.backup"


def as_json(office: CommandLine, *words: object) -> Any:
    return json.loads(office.one(*words, "--format", "json").stdout)


def test_a_register_is_backed_up_and_restored_with_what_is_lost_told(office: CommandLine, file: Path) -> None:
    made = as_json(office, "register", "backup", file)
    assert (made["schema"], made["tables"]["person"], made["bytes"]) == (
        "eid-register-backup/1", 1, file.stat().st_size,
    )  # fmt: skip
    assert b"Eriksson" not in file.read_bytes()
    rows = made["audit"]["rows"]
    assert as_json(office, "audit", "show", "--limit", "1")[0]["action"] == "register.backed-up"
    office.one("register", "restore", "--replace", file, code=10)  # by one
    office.both("register", "restore", file, code=10)
    office.call(*PEOPLE, "register", "restore", "--replace", file, code=130)  # nobody says yes
    result = office.both("--yes", "register", "restore", "--replace", file)
    assert f"Rows {rows + 1} to {rows + 1} of the audit log are missing" in result.stderr
    assert "redone by hand" in result.stderr
    assert "destroy it when it is no longer needed" in result.stderr
    assert "Persons erased after" not in result.stderr
    verdict = as_json(office, "audit", "verify")
    assert (verdict["intact"], verdict["restorings"][0]["lost_through"]) == (True, rows + 1)
    assert len(list(office.root.glob("register.sqlite.replaced-*"))) == 1


def test_a_register_that_is_gone_is_restored_by_two_security_officers(office: CommandLine, file: Path) -> None:
    office.one("register", "backup", file)
    for path in office.root.glob("register.sqlite*"):
        path.unlink()
    office.one("document", "list", code=12)
    office.call(*PEOPLE, "register", "restore", file, code=7, EID_SECOND_PASSPHRASE="a wrong passphrase")
    assert not (office.root / "register.sqlite").exists()
    result = office.both("register", "restore", file, "--format", "json")
    done = json.loads(result.stdout)
    assert (done["kept"], done["erased_again"], done["erasures_known"]) == (None, 0, False)
    assert "Persons erased after the backup was made are not known here" in result.stderr
    assert len(as_json(office, "document", "list")) == 1


def test_a_dry_run_says_what_a_back_up_holds(office: CommandLine, file: Path) -> None:
    made = as_json(office, "register", "backup", file)
    shown = office.two("register", "restore", "--dry-run", file)
    assert shown == {name: value for name, value in made.items() if name not in ("file", "bytes")}


def test_who_may_not_back_up_is_told(office: CommandLine, file: Path) -> None:
    office.call("--operator", "carla", "register", "backup", file, code=10, **BERT)
    assert not file.exists()
    office.one("register", "backup", file)
    office.call("--operator", "carla", "--yes", "register", "restore", "--replace", file, code=10, **BERT)
    office.call("register", "backup", file.with_suffix(".2"), code=2)


def test_a_back_up_replaces_no_file(office: CommandLine, file: Path) -> None:
    office.one("register", "backup", file)
    office.one("register", "backup", file, code=10)


@pytest.mark.parametrize(
    "content",
    [b"", b"no back-up at all", b"eid-register-backup/1\n" + bytes(200), b"eid-register-backup/2\n" + bytes(200)],
)
def test_a_file_that_is_no_back_up_is_told(office: CommandLine, file: Path, content: bytes) -> None:
    file.write_bytes(content)
    office.both("--yes", "register", "restore", "--replace", file, code=12)
    assert not list(office.root.glob("*.replaced-*"))


def test_the_register_in_numbers(office: CommandLine) -> None:
    found = as_json(office, "register", "stats")
    assert (found["schema"], found["database"], found["counts"]["person"]["total"]) == (
        "eid-register-stats/1", "sqlite", 1,
    )  # fmt: skip
    assert found["counts"]["document"] == {"total": 1, "prepared": 1}
    assert found["size_bytes"] == (office.root / "register.sqlite").stat().st_size
    assert found["audit"]["rows"] == as_json(office, "audit", "verify")["rows"]
    assert "prepared" in office.one("register", "stats").stdout
