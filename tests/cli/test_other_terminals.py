"""Terminals that do not show every character, outputs that are not there: what was done is never told as refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from eid_toolkit.ground.home.home import Home

WORDS = ("person", "add", "--surname", "Đặng", "--given-names", "Thị", "--birth", "1990-01-31", "--sex", "F")
LOST = 11


def eid(home: Home, *arguments: str, encoding: str = "utf-8", shell: str = "") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "eid_toolkit.doors.cli.main", "--home", str(home.root), "--operator", "anna"]
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    words = [*command, *arguments]
    if shell:
        words = ["sh", "-c", f'"$@" {shell}', "sh", *words]
    return subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, env=environment, timeout=60, check=False
    )


def persons(home: Home) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(eid(home, "person", "search", "Đặng", "--format", "json").stdout)
    return found


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "gbk", "utf-8"])
def test_what_a_terminal_cannot_show_comes_as_an_escape(demo_home: Home, encoding: str) -> None:
    done = eid(demo_home, *WORDS, "--nationality", "VNM", encoding=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    shown = done.stdout.decode(encoding)
    assert ("Đặng" in shown) is (encoding == "utf-8")
    assert ("\\u1eb7ng" in shown) is (encoding != "utf-8")
    as_json = eid(demo_home, "person", "search", "Đặng", "--format", "json", encoding=encoding)
    assert json.loads(as_json.stdout.decode(encoding))[0]["primary_identifier"] == "Đặng"


@pytest.mark.parametrize("shell", [">&-", ">/dev/full"])
def test_a_result_that_is_lost_is_told_and_what_was_done_is_done(demo_home: Home, shell: str) -> None:
    if shell.endswith("full") and not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    done = eid(demo_home, *WORDS, "--nationality", "VNM", shell=shell)
    assert done.returncode == LOST
    first, hint = done.stderr.decode().splitlines()
    assert first.startswith("Error: The result could not be written") and "was carried out" in hint
    assert len(persons(demo_home)) == 1
