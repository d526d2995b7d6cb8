"""`--trace-secrets` and `--reader replay:FILE`: a session recorded once, and had again without its card."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from eid_toolkit.doors.cli.main import main
from support.emulated import CAN, card_memory
from support.officer import Officer


@pytest.fixture(scope="module")
def officer(tmp_path_factory: pytest.TempPathFactory) -> Officer:
    made = Officer(tmp_path_factory.mktemp("officer") / "home")
    made.add_card("genuine", card_memory(made.document))
    return made


def run(officer: Officer, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--home", str(officer.home.root), *arguments, "--can", CAN])


@pytest.fixture(scope="module")
def recording(officer: Officer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recorded") / "session.rec"
    done = run(officer, "verify", "--reader", "emulator:genuine", "--trace", str(path), "--trace-secrets")
    assert (done.exit_code, "including keys and personal data" in done.stderr) == (0, True)
    assert path.stat().st_mode & 0o777 == 0o600
    return path


def test_the_verdict_is_had_again_without_the_card(officer: Officer, recording: Path) -> None:
    again = run(officer, "verify", "--reader", f"replay:{recording}", "--format", "json")
    data = json.loads(again.stdout)
    assert (again.exit_code, data["verdict"], data["data_groups"]["1"]) == (0, "passed", "read")


def test_newer_lists_judge_an_old_session_anew(officer: Officer, recording: Path, tmp_path: Path) -> None:
    elsewhere = ["--home", str(tmp_path / "no-home"), "verify", "--reader", f"replay:{recording}", "--can", CAN]
    assert CliRunner().invoke(main, elsewhere).exit_code == 4


def test_another_password_was_not_recorded(officer: Officer, recording: Path) -> None:
    wrong = ["--home", str(officer.home.root), "verify", "--reader", f"replay:{recording}", "--can", "999999"]
    assert CliRunner().invoke(main, wrong).exit_code in (6, 7)


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (["verify", "--reader", "emulator:genuine", "--trace-secrets"], 2),
        (["verify", "--reader", "replay:/nowhere"], 11),
    ],
)
def test_what_cannot_be_is_told(officer: Officer, arguments: list[str], exit_code: int) -> None:
    assert run(officer, *arguments).exit_code == exit_code


def test_a_trace_is_no_recording(officer: Officer, tmp_path: Path) -> None:
    trace = tmp_path / "trace.txt"
    run(officer, "verify", "--reader", "emulator:genuine", "--trace", str(trace))
    assert run(officer, "verify", "--reader", f"replay:{trace}").exit_code == 9
