"""Whatever cannot be written ends with one line where there is room for one, and with the exit code of its cause."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

FULL = Path("/dev/full")
pytestmark = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")


def eid(*arguments: str, out: IO[bytes] | int = subprocess.DEVNULL, err: IO[bytes] | int = subprocess.PIPE):  # type: ignore[no-untyped-def]
    words = [sys.executable, "-m", "eid_toolkit.doors.cli.main", *arguments]
    return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=out, stderr=err, timeout=60, check=False)


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), ("-h",), ("verify", "--help"), ("pki", "csca", "--help")], ids=" ".join
)
def test_help_and_version_on_a_full_disk(arguments: tuple[str, ...]) -> None:
    with FULL.open("wb") as full:
        done = eid(*arguments, out=full)
    first, *rest = done.stderr.decode().splitlines()
    assert (done.returncode, first.startswith("Error: "), "No space left" in first) == (11, True, True)
    assert [line.partition(" ")[0] for line in rest] == ["Hint:"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--help",), 0),
        (("--version",), 0),
        (("nosuch",), 2),
        (("--nosuch",), 2),
        (("verify",), 2),
        (("decode", "/dev/null"), 9),
        (("--home", "/nowhere", "person", "show", "P1"), 9),
    ],
)
def test_a_complaint_that_cannot_be_written_keeps_its_exit_code(arguments: tuple[str, ...], code: int) -> None:
    with FULL.open("wb") as full:
        assert eid(*arguments, err=full).returncode == code
        if code:
            assert eid(*arguments, out=full, err=full).returncode == code


def test_where_nothing_at_all_can_be_written_the_exit_code_still_tells_it() -> None:
    with FULL.open("wb") as full:
        assert eid("--help", out=full, err=full).returncode == 11
