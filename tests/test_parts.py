"""`make test` and `make check` are all tests together, and `.ci/run` runs both and adds them up."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def commands(target: str) -> list[str]:
    """What ``make`` would run for a target."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    dry = ["make", "--dry-run", target]
    return subprocess.run(
        dry, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=30
    ).stdout.splitlines()


def test_nothing_is_in_neither_part_and_nothing_in_both() -> None:
    """The one leaves out the very folder that is the other, and neither leaves out anything else."""
    how = ".venv/bin/pytest --dist worksteal"
    assert commands("test") == ["scripts/setup", f"{how} -n 3 --ignore tests/check"]
    assert commands("check") == ["scripts/setup", f"{how} -n 2 tests/check"]
    settings = (ROOT / "pyproject.toml").read_text("utf-8")
    assert 'testpaths = ["tests"]' in settings
    for way in ("norecursedirs", "collect_ignore", "--ignore", "--deselect", "python_files", "python_functions"):
        assert way not in settings


def test_no_test_is_where_neither_part_looks() -> None:
    parts = {path.relative_to(ROOT).parts[0] for path in ROOT.rglob("test_*.py") if not _is_made(path)}
    assert parts <= {"tests", "examples"}  # those of the examples are run by tests of their own
    for conftest in (ROOT / "tests").rglob("conftest.py"):
        assert "collect_ignore" not in conftest.read_text("utf-8"), conftest


def _is_made(path: Path) -> bool:
    return path.relative_to(ROOT).parts[0] in {".venv", "build", "dist"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose ``make`` prints what stands in a file of the target's name, and ends with the code in it."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci")
    program = tmp_path / "bin" / "make"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "made $1"\ncat "$1.out"\nexit "$(cat "$1.code")"\n')
    program.chmod(0o755)
    return tmp_path


def ci(project: Path, **parts: tuple[str, int]) -> tuple[int, list[str]]:
    for part in ("lint", "test", "check"):
        text, code = parts.get(part, ("", 0))
        (project / f"{part}.out").write_text(text + "\n")
        (project / f"{part}.code").write_text(str(code))
    path = f"{project / 'bin'}:/usr/bin:/bin"
    done = subprocess.run(
        [project / ".ci" / "run"], env={"PATH": path}, capture_output=True, text=True, check=False, timeout=30
    )
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("made ")] == ["made lint", "made test", "made check"]
    return done.returncode, lines


TESTED = "==== 8300 passed, 1 skipped in 250.10s (0:04:10) ===="
CHECKED = "==== 199 passed in 600.40s (0:10:00) ===="


def test_it_ends_with_the_sums_of_both(project: Path) -> None:
    code, lines = ci(project, test=(TESTED, 0), check=(CHECKED, 0))
    assert (code, lines[-1]) == (0, "==== 8499 passed, 1 skipped in 850.50s ====")


@pytest.mark.parametrize(
    ("codes", "status", "named"),
    [((0, 0, 1), 1, "failed: check; see above."), ((0, 3, 1), 3, "failed: test check; see above."),
     ((2, 0, 0), 2, "failed: lint; see above.")],
)  # fmt: skip
def test_it_runs_all_in_any_case_and_tells_the_first_that_failed(
    project: Path, codes: tuple[int, int, int], status: int, named: str
) -> None:
    lint, test, check = codes
    failing = "=== 2 failed, 197 passed, 1 error in 600.40s (0:10:00) ==="
    code, lines = ci(project, lint=("", lint), test=(TESTED, test), check=(failing if check else CHECKED, check))
    assert code == status and named in lines
    if check:
        assert lines[-1] == "==== 8497 passed, 1 skipped, 2 failed, 1 error in 850.50s ===="


def test_a_part_that_did_not_come_to_its_end_is_an_error(project: Path) -> None:
    code, lines = ci(project, test=("make: *** [Makefile:31: setup] Error 1", 2), check=(CHECKED, 0))
    assert (code, lines[-1]) == (2, "==== 1 error, 199 passed in 600.40s ====")


def test_what_is_begun_first_is_there() -> None:
    check = ROOT / "tests" / "check"
    listed = re.search(r"LONGEST = \((.*?)\)", (check / "conftest.py").read_text("utf-8"), re.DOTALL)
    assert listed is not None
    names = re.findall(r'"(.+?)"', listed[1])
    assert names and all((check / name).is_file() for name in names)
