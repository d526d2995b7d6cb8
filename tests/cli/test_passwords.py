"""What opens a card is asked for at a terminal, and only there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EID = [sys.executable, "-m", "eid_toolkit.doors.cli.main"]
READER = ["--reader", "spec:utopia-id"]


def at_terminal(typed: str, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """A run whose standard input is a terminal at which ``typed`` is entered."""
    ours, theirs = os.openpty()
    try:
        os.write(ours, typed.encode())
        return subprocess.run(
            [*EID, "--home", str(home), *arguments], stdin=theirs, capture_output=True, text=True, check=False,
            timeout=120,
        )  # fmt: skip
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("command", [("verify",), ("read", "--output", "read.json")], ids=lambda command: command[0])
def test_the_can_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
    monkeypatch.chdir(tmp_path)
    done = at_terminal("123456\n", *command, *READER, home=tmp_path / "home")
    assert "CAN (printed on the card):" in done.stderr
    assert "123456" not in done.stdout + done.stderr
    assert "Eriksson" in done.stdout or (tmp_path / "read.json").stat().st_size > 0, done.stderr


def test_what_is_no_can_is_refused_as_on_the_command_line(tmp_path: Path) -> None:
    typed, given = (
        at_terminal("12345x\n", "verify", *READER, home=tmp_path),
        at_terminal("", "verify", *READER, "--can", "12345x", home=tmp_path),
    )
    assert typed.returncode == given.returncode != 0
    assert typed.stderr.endswith(given.stderr)


def test_end_of_input_ends_the_command(tmp_path: Path) -> None:
    done = at_terminal("\x04", "verify", *READER, home=tmp_path)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "given", [("--mrz", "x"), ("--document-number", "L898902C3", "--birth", "1974-08-12", "--expiry", "none")]
)
def test_nothing_is_asked_where_something_is_given(tmp_path: Path, given: tuple[str, ...]) -> None:
    assert "CAN" not in at_terminal("", "verify", *READER, *given, home=tmp_path).stderr.split("\n")[0]


def test_without_a_terminal_nothing_is_asked(tmp_path: Path) -> None:
    done = subprocess.run(
        [*EID, "--home", str(tmp_path), "verify", *READER], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2
    assert "CAN (printed" not in done.stderr
    assert "--can" in done.stderr
