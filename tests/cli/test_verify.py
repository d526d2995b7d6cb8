"""`eid verify`, `eid judge` and `eid read` as an officer uses them, on emulated cards."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from eid_toolkit.doors.cli.main import main
from support.authorities import new_key
from support.emulated import CAN, card_memory
from support.officer import Officer


@pytest.fixture(scope="module")
def officer(tmp_path_factory: pytest.TempPathFactory) -> Officer:
    made = Officer(tmp_path_factory.mktemp("officer") / "home")
    made.add_card("genuine", card_memory(made.document))
    made.add_card("copy", card_memory(made.document, chip_key=new_key(), aa_key=new_key()))
    return made


def run(officer: Officer, *arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, ["--home", str(officer.home.root), *arguments], input=stdin)


def verify(officer: Officer, *arguments: str, card: str = "genuine", stdin: str | None = None) -> Result:
    return run(officer, "verify", "--reader", f"emulator:{card}", *arguments, stdin=stdin)


def test_a_genuine_card_passes(officer: Officer) -> None:
    result = verify(officer, "--can", CAN, "--format", "json")
    data = json.loads(result.stdout)
    assert (result.exit_code, data["verdict"], data["trust"]["list_age_days"]) == (0, "passed", 3)
    assert {check["status"] for check in data["checks"]} == {"passed"}


def test_a_copy_fails_and_says_why_to_a_person(officer: Officer) -> None:
    result = verify(officer, "--can", CAN, card="copy")
    assert result.exit_code == 3
    assert result.stdout.startswith("FAILED")
    assert result.stdout.splitlines()[-1] == result.stdout.splitlines()[0]
    assert "it is a copy" in " ".join(result.stdout.split())


def test_brief_is_one_line_for_a_card_and_changes_no_data(officer: Officer) -> None:
    for card, decided in (("genuine", "PASSED        -"), ("copy", "FAILED        copied chip")):
        (line,) = verify(officer, "--can", CAN, "--brief", card=card).stdout.splitlines()
        assert line.endswith(f"{decided}  X0000001  Specimen, Erika")
        assert re.match(r"20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}", line)
    data = json.loads(verify(officer, "--can", CAN, "--brief", "--format", "json").stdout)
    assert data.keys() == json.loads(verify(officer, "--can", CAN, "--format", "json").stdout).keys()


def test_a_verdict_is_not_both_brief_and_in_full(officer: Officer) -> None:
    assert verify(officer, "--can", CAN, "--brief", "--verbose").exit_code == 2


def test_the_signer_and_how_the_card_was_opened_are_details(officer: Officer) -> None:
    look, full = (verify(officer, "--can", CAN, *more).stdout for more in ([], ["--verbose"]))
    for detail in ("Signer: ", "Opened by PACE", "commands"):
        assert detail not in look
        assert detail in full


def test_every_way_to_give_the_password_opens_the_card(officer: Officer) -> None:
    lines = "\n".join(officer.document.mrz.lines) + "\n"
    ways = [
        (["--can", "-"], f"{CAN}\n"),
        (["--mrz", lines], None),
        (["--mrz", "-"], lines),
        (["--mrz", "-"], officer.document.mrz.text),
        (["--document-number", "X0000001", "--birth", "1990-01-31", "--expiry", "2036-02-28"], None),
    ]
    assert [verify(officer, *arguments, stdin=stdin).exit_code for arguments, stdin in ways] == [0] * len(ways)


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (["--can", "999999"], 7),
        (["--can", "12345a"], 9),
        (["--mrz", "IDUTO"], 9),
        ([], 2),
        (["--can", CAN, "--birth", "1990-01-31"], 2),
        (["--birth", "1990-01-31"], 2),
        (["--can", CAN, "--policy", "nobody"], 2),
        (["--can", CAN, "--watch"], 2),
    ],
)
def test_a_card_that_is_not_opened_gives_an_error_and_no_verdict(
    officer: Officer, arguments: list[str], exit_code: int
) -> None:
    result = verify(officer, *arguments)
    assert (result.exit_code, result.stdout) == (exit_code, "")


def test_a_reader_that_is_not_there_is_named(officer: Officer) -> None:
    assert verify(officer, "--can", CAN, card="nothing").exit_code == 5


def test_without_lists_the_verdict_is_undetermined(officer: Officer, tmp_path: Path) -> None:
    evidence = tmp_path / "evidence.json"
    assert verify(officer, "--can", CAN, "--evidence", str(evidence)).exit_code == 0
    elsewhere = CliRunner().invoke(main, ["--home", str(tmp_path / "no-home"), "judge", str(evidence)])
    assert elsewhere.exit_code == 4
    assert "CN=CSCA, O=Ministry, C=UT" in " ".join(elsewhere.stdout.split())  # which one is missing


def test_saved_evidence_is_judged_again_at_any_time(officer: Officer, tmp_path: Path) -> None:
    evidence = tmp_path / "evidence.json"
    verify(officer, "--can", CAN, "--evidence", str(evidence))
    assert evidence.stat().st_mode & 0o777 == 0o600
    late = run(officer, "judge", str(evidence), "--at", "2036-03-15", "--format", "json")
    reasons = {check["id"]: check["reason"] for check in json.loads(late.stdout)["checks"]}
    assert (late.exit_code, reasons["document.expiry"]) == (3, "document-expired")
    assert run(officer, "judge", str(evidence)).exit_code == 0
    assert run(officer, "judge", str(evidence), "--at", "soon").exit_code == 2


def test_a_clock_set_back_makes_the_verdict_undetermined(officer: Officer, tmp_path: Path) -> None:
    highest = officer.home.trust / "trusted-time"
    verify(officer, "--can", CAN)
    before = highest.read_text()
    highest.write_text((datetime.now(UTC) + timedelta(days=1)).isoformat())
    result = verify(officer, "--can", CAN, "--format", "json")
    highest.write_text("nonsense")
    damaged = verify(officer, "--can", CAN)
    highest.write_text(before)
    reasons = [check["reason"] for check in json.loads(result.stdout)["checks"] if check["reason"]]
    assert (result.exit_code, reasons, damaged.exit_code) == (4, ["clock-set-back"], 12)


def test_a_report_is_written_as_a_page(officer: Officer, tmp_path: Path) -> None:
    verify(officer, "--can", CAN, "--report", str(tmp_path / "report.html"))
    assert "<h1>PASSED</h1>" in (tmp_path / "report.html").read_text()


def test_every_readable_file_is_saved_with_a_manifest(officer: Officer, tmp_path: Path) -> None:
    result = run(officer, "read", "--reader", "emulator:genuine", "--can", CAN, "--output", str(tmp_path / "files"))
    manifest = json.loads((tmp_path / "files" / "manifest.json").read_text())
    saved = {entry["file"]: entry for entry in manifest["files"] if entry["state"] == "read"}
    assert result.exit_code == 0
    assert set(saved) >= {"EF.COM", "EF.SOD", "EF.DG1", "EF.DG15", "EF.CardAccess", "EF.ATR/INFO"}
    for entry in saved.values():
        content = (tmp_path / "files" / entry["name"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    assert (tmp_path / "files" / "EF_DG1.bin").read_bytes() == officer.document.data_groups[1]


def test_the_trace_shows_the_conversation_without_can_or_mrz(officer: Officer, tmp_path: Path) -> None:
    trace = tmp_path / "trace.txt"
    assert verify(officer, "--mrz", officer.document.mrz.text, "--trace", str(trace)).exit_code == 0
    text = trace.read_text()
    assert "A0000002471001" not in text  # selected under secure messaging
    assert len(text.splitlines()) > 15
    assert officer.document.mrz.document_number.encode().hex().upper() not in text
    assert trace.stat().st_mode & 0o777 == 0o600
