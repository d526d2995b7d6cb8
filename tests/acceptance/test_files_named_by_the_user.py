"""Files that the user names: too large, not to be written, no files at all. Nothing is lost, the cause is told."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.home.named_files import write_file
from support.acceptance import Process, Run
from support.emulated import CAN
from support.officer import Officer

VERIFY = ["verify", "--reader", "emulator:genuine", "--can", CAN]


@pytest.fixture
def huge(tmp_path: Path) -> Path:
    path = tmp_path / "huge"
    with path.open("wb") as stream:
        stream.truncate(400 << 20)  # takes no room
    return path


@pytest.mark.parametrize(
    "command",
    [
        ["decode"],
        ["judge"],
        ["trust", "import"],
        ["person", "import"],
        ["application", "create", "--person", "1", "--profile", "utopia-id", "--portrait"],
    ],
)
@pytest.mark.parametrize("endless", [False, True])
def test_a_file_without_end_is_not_read_to_its_end(
    run: Run, home: Home, huge: Path, command: list[str], endless: bool
) -> None:
    result = run(home.root, *command, "/dev/zero" if endless else huge, code=9)
    assert "bytes" in result.stderr


@pytest.mark.parametrize("option", ["--evidence", "--report"])
def test_where_nothing_can_be_written_the_card_is_not_opened(run: Run, officer: Officer, option: str) -> None:
    result = run(officer.home.root, *VERIFY, option, "/nowhere/file", code=2)
    assert result.stdout == ""


@pytest.mark.parametrize("option", ["--evidence", "--report"])
def test_a_full_disk_takes_no_verdict_away(run: Run, officer: Officer, option: str) -> None:
    result = run(officer.home.root, *VERIFY, option, "/dev/full", "--format", "json", code=11)
    assert json.loads(result.stdout)["verdict"] == "passed"
    assert "No space left" in result.stderr


def test_a_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe, link, target = tmp_path / "pipe", tmp_path / "link", tmp_path / "target"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_file(pipe, b"content")
    assert os.read(reading, 20) == b"content"
    os.close(reading)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_file(link, b"new")
    assert (link.is_symlink(), target.read_bytes()) == (True, b"new")


def test_a_full_standard_output_is_told(process: Process, officer: Officer) -> None:
    with Path("/dev/full").open("wb") as full:
        done = process(officer.home.root, "trust", "list", stdout=full)
    assert (done.returncode, "Traceback" in done.stderr) == (11, False)


def test_a_reader_of_the_output_that_goes_away_ends_the_command_quietly(process: Process, officer: Officer) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = process(officer.home.root, "trust", "list", stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "tomorrow"])
def test_a_time_that_is_none_is_a_usage_error(run: Run, officer: Officer, tmp_path: Path, time: str) -> None:
    run(officer.home.root, *VERIFY, "--evidence", tmp_path / "evidence")
    run(officer.home.root, "judge", tmp_path / "evidence", "--at", time, code=2)


@pytest.mark.parametrize("elapsed", ["Infinity", "NaN", "-1", "1e999"])
def test_evidence_with_a_time_that_cannot_be_is_refused(
    run: Run, officer: Officer, tmp_path: Path, elapsed: str
) -> None:
    evidence = tmp_path / "evidence"
    run(officer.home.root, *VERIFY, "--evidence", evidence)
    text = evidence.read_text()
    before = json.dumps(json.loads(text)["elapsed_ms"])
    evidence.write_text(text.replace(f'"elapsed_ms": {before}', f'"elapsed_ms": {elapsed}'))
    run(officer.home.root, "judge", evidence, code=9)


@pytest.mark.parametrize(
    ("closed", "words", "code"),
    [
        ("<&-", ["verify", "--reader", "emulator:genuine", "--can", "-"], 9),
        ("<&- 2>&-", ["verify", "--reader", "emulator:genuine", "--can", CAN], 0),
        ("<&- >&- 2>&-", ["verify", "--reader", "emulator:genuine", "--can", CAN], 11),  # nobody has read the verdict
        (">&-", ["decode", "/dev/null"], 9),
    ],
)
def test_closed_standard_streams_change_nothing(
    process: Process, officer: Officer, closed: str, words: list[str], code: int
) -> None:
    done = process(officer.home.root, *words, through=closed)
    assert (done.returncode, "internal error" in done.stderr) == (code, False)
