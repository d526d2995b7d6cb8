"""Bytes that are no UTF-8, in arguments, the environment and files: told, or taken as they are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from eid_toolkit.ground.home.home import Home
from support.acceptance import Run

BYTES = b"\xff\x80".decode("utf-8", "surrogateescape")  # as Python takes them from the command line


@pytest.mark.parametrize(
    "command",
    [
        ["person", "search", BYTES],
        ["application", "show", BYTES],
        ["document", "show", BYTES],
        ["card", "resolve", BYTES, "--resume"],
        ["audit", "show", "--subject", BYTES],
    ],
)
def test_an_argument_that_is_no_text_is_a_usage_error(run: Run, home: Home, command: list[str]) -> None:
    assert "not valid UTF-8" in run(home.root, *command, code=2).stderr


def test_a_passphrase_is_bytes(tmp_path: Path) -> None:
    eid = [sys.executable, "-m", "eid_toolkit.doors.cli.main"]
    command = [
        *eid,
        "--home",
        tmp_path / "home",
        "init",
        "--authority",
        "A",
        "--operator",
        "a",
        "--second-operator",
        "b",
    ]
    given = dict.fromkeys((b"EID_OPERATOR_PASSPHRASE", b"EID_SECOND_PASSPHRASE"), b"\xff\xfe bytes")
    environment = {**os.environb, **given}
    assert subprocess.run(command, env=environment, capture_output=True, check=False, timeout=60).returncode == 0


def test_rows_that_are_no_text_come_back_as_rejects(run: Run, home: Home, tmp_path: Path) -> None:
    people = tmp_path / "people.jsonl"
    good = '{"primary_identifier": "A", "date_of_birth": "1990", "sex": "F", "nationality": "UTO"}\n'
    people.write_text(good + good.replace('"A"', '"\\ud800"'))
    run(home.root, "person", "import", people, "--keep-going")
    assert "\\ud800" in (tmp_path / "people.rejects.jsonl").read_text()
    run(home.root, "person", "import", tmp_path / "people.rejects.jsonl", code=9)
