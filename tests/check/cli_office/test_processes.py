"""The same commands as real processes: passphrases by environment and descriptor, and two at one time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from eid_toolkit.ground.home.home import Home
from support.homes import build_home, portrait_file

BASE = {name: value for name, value in os.environ.items() if not name.startswith("EID_")}


def eid(home: Path, *arguments: str, code: int = 0, pass_fds: tuple[int, ...] = (), **variables: str) -> str:
    command = [sys.executable, "-m", "eid_toolkit.doors.cli.main", "--home", str(home), *arguments]
    done = subprocess.run(
        command,
        env=BASE | variables,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        pass_fds=pass_fds,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def descriptor(text: str) -> int:
    reading, writing = os.pipe()
    os.write(writing, text.encode() + b"\n")
    os.close(writing)
    return reading


def test_a_real_authority_from_init_to_a_prepared_document(tmp_path: Path) -> None:
    home, portrait = tmp_path / "home", tmp_path / "portrait.png"
    portrait.write_bytes(portrait_file())
    anna = {"EID_OPERATOR": "anna", "EID_OPERATOR_PASSPHRASE": "anna's passphrase"}
    bert = {"EID_OPERATOR": "bert", "EID_OPERATOR_PASSPHRASE": "bert's passphrase"}
    both = {"EID_OPERATOR": "anna", "EID_SECOND_OPERATOR": "bert"}

    def by_both(*arguments: str, code: int = 0, **variables: str) -> str:
        """By two officers, whose passphrases come by descriptors."""
        first, second = descriptor("anna's passphrase"), descriptor("bert's passphrase")
        words = ("--operator-passphrase-fd", str(first), "--second-passphrase-fd", str(second))
        try:
            return eid(home, *arguments, *words, code=code, pass_fds=(first, second), **both, **variables)
        finally:
            os.close(first)
            os.close(second)

    by_both("init", "--authority", "Ministry")
    for name in ("anna", "bert"):
        by_both("operator", "roles", name, "--role", "all")
    new = descriptor("carl's passphrase")
    first, second = (each["EID_OPERATOR_PASSPHRASE"] for each in (anna, bert))
    given = {"EID_OPERATOR_PASSPHRASE": first, "EID_SECOND_PASSPHRASE": second}
    words = ("operator", "add", "carl", "--role", "clerk", "--new-passphrase-fd", str(new))
    eid(home, *words, pass_fds=(new,), **both, **given)
    os.close(new)
    wrong = given | {"EID_SECOND_PASSPHRASE": "a wrong passphrase"}
    eid(home, "operator", "add", "dora", "--role", "clerk", code=7, EID_NEW_PASSPHRASE="hers", **both, **wrong)
    carl = {"EID_OPERATOR": "carl", "EID_OPERATOR_PASSPHRASE": "carl's passphrase"}

    person = ["--surname", "Eriksson", "--birth", "1974-08-12", "--sex", "F", "--nationality", "UTO"]
    eid(home, "person", "add", *person, "--personal-number", "7", **carl)
    eid(home, "person", "add", *person, code=7, EID_OPERATOR="anna", EID_OPERATOR_PASSPHRASE="bert's passphrase")
    create = ["application", "create", "--person", "7", "--profile", "utopia-id", "--portrait", str(portrait)]
    application = json.loads(eid(home, *create, "--format", "json", **anna))["id"]
    eid(home, "application", "approve", application, code=10, **anna)
    eid(home, "application", "approve", application, **bert)
    (document,) = json.loads(eid(home, "document", "prepare", "--all", "--format", "json", **anna))
    assert document["specimen"]  # Utopia is the state of specimens, whoever issues
    assert json.loads(eid(home, "audit", "verify", "--format", "json"))["intact"]


@pytest.fixture
def demo(tmp_path: Path) -> Home:
    return build_home(tmp_path / "home")


def test_processes_that_write_at_one_time_all_get_through(demo: Home) -> None:
    command = [sys.executable, "-m", "eid_toolkit.doors.cli.main", "--home", str(demo.root), "--operator", "anna"]
    person = ["person", "add", "--birth", "1990", "--sex", "F", "--nationality", "UTO", "--surname"]
    started = [subprocess.Popen([*command, *person, f"P{n}"], env=BASE, stdout=subprocess.DEVNULL) for n in range(4)]
    assert [each.wait(60) for each in started] == [0] * 4
    assert json.loads(eid(demo.root, "audit", "verify", "--format", "json"))["rows"] == 3 + 4


def test_a_locked_document_is_told_with_the_holder(demo: Home) -> None:
    with demo.lock("application-A-1"):
        complaint = subprocess.run(
            [sys.executable, "-m", "eid_toolkit.doors.cli.main", "--home", demo.root, "document", "prepare", "A-1"],
            env=BASE | {"EID_OPERATOR": "anna"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert complaint.returncode == 11
    assert str(os.getpid()) in complaint.stderr


def test_nothing_asks_when_nobody_can_answer(tmp_path: Path) -> None:
    eid(tmp_path / "home", "init", "--authority", "Ministry", code=130)
    assert not (tmp_path / "home").exists()
