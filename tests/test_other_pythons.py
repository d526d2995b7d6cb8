"""The scripts that run the tests on other Pythons and with the oldest dependencies, with stand-ins for the Pythons."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STAND_IN = """#!/bin/sh
case "$*" in
    "-c import ensurepip, venv") ;;
    "-m venv --clear "*) mkdir -p "$4/bin"; cp "$0" "$4/bin/python" ;;
    "-m pip "*) echo "pip $*" >> "$LOG" ;;
    "-m pytest "*) echo "$0 $*" >> "$LOG"; exit {tests} ;;
    -) exec {python} - ;;
    *) exit 9 ;;
esac
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the scripts, and a folder of programs without any Python."""
    for name in ("scripts/each-python", "scripts/lower-bounds", "pyproject.toml", "constraints.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    for program in ("sh", "dirname", "mkdir", "cp"):
        path = shutil.which(program)
        assert path is not None
        (tmp_path / "bin" / program).symlink_to(path)
    return tmp_path


def stand_in(path: Path, tests: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(STAND_IN.format(tests=tests, python=sys.executable))
    path.chmod(0o755)


def run(project: Path, name: str, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(project / "bin"), "HOME": str(project), "LOG": str(project / "log")}
    command = ["/bin/sh", str(project / "scripts" / name), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_the_tests_run_on_each_python_that_there_is_and_the_rest_are_named(project: Path) -> None:
    stand_in(project / "bin" / "python3.11")
    stand_in(project / ".pyenv" / "versions" / "3.13.0" / "bin" / "python")
    done = run(project, "each-python", "tests/crypto")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == (
        "each-python: 3.11 passed; 3.12 not installed; 3.13 passed; 3.14 not installed;"
    )
    log = (project / "log").read_text()
    assert [line.endswith("tests/crypto") for line in log.splitlines() if "-m pytest" in line] == [True, True]


def test_a_python_on_which_they_fail_is_named_and_the_others_still_run(project: Path) -> None:
    stand_in(project / "bin" / "python3.11", tests=1)
    stand_in(project / "bin" / "python3.14")
    done = run(project, "each-python")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(" 3.11 failed; 3.12 not installed; 3.13 not installed; 3.14 passed;")


def test_no_python_at_all_is_a_failure(project: Path) -> None:
    assert run(project, "each-python").returncode == 1


def test_the_versions_are_those_that_the_project_says_it_supports() -> None:
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["classifiers"]
    supported = [text.rpartition(" ")[2] for text in classifiers if re.search(r"Python :: 3\.\d+$", text)]
    assert f"for version in {' '.join(supported)}; do" in (ROOT / "scripts" / "each-python").read_text("utf-8")


def test_the_oldest_versions_are_those_of_every_dependency_of_users(project: Path) -> None:
    stand_in(project / "bin" / "python3.11")
    assert run(project, "lower-bounds").returncode == 0
    pinned = (project / "build" / "lower-bounds" / "constraints.txt").read_text().splitlines()
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = declared["optional-dependencies"]
    wanted = [*declared["dependencies"], *extras["server"], *extras["token"]]
    assert {requirement.replace("[binary]", "").replace(">=", "==") for requirement in wanted} <= set(pinned)
    assert len([line for line in pinned if line.startswith("pytest")]) == 3


def test_the_selection_for_the_oldest_versions_is_there() -> None:
    text = (ROOT / "scripts" / "lower-bounds").read_text("utf-8")
    selection = re.search(r'selection="([^"]+)"', text)
    assert selection is not None
    assert all((ROOT / path).exists() for path in selection[1].split())
