"""The set-up on a fresh machine: what it asks for, and what a wheel must hold."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

import eid_toolkit

ROOT = Path(__file__).parents[1]
DEMO = {"python3-venv", "python3-dev", "gcc", "libpcsclite-dev"}
TESTS = (
    DEMO
    | {"pcscd", "vsmartcard-vpcd", "opensc", "openssl", "softhsm2", "openpace", "postgresql", "zsh", "fish"}
    | {"chromium", "fonts-dejavu-core"}
)
purposes = pytest.mark.parametrize(("words", "packages"), [((), TESTS), (("demo",), DEMO)], ids=["tests", "demo"])


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine without system packages: a copy of the project, and the programs that the script may find."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "project" / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "setup", tmp_path / "project" / "scripts" / "setup")
    for name in ("sh", "cat", "dirname", "grep", "env", "rm", "sha256sum"):
        found = shutil.which(name)
        assert found is not None
        (tmp_path / "bin" / name).symlink_to(found)
    return tmp_path


def program(machine: Path, name: str, script: str) -> None:
    path = machine / "bin" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def run_setup(machine: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(machine / "project" / "scripts" / "setup"), *words],
        env={"PATH": str(machine / "bin"), "LOG": str(machine / "log")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@purposes
def test_without_root_and_sudo_the_missing_packages_are_named(
    machine: Path, words: tuple[str, ...], packages: set[str]
) -> None:
    program(machine, "dpkg-query", "exit 1")
    program(machine, "apt-get", "exit 0")
    program(machine, "id", "echo 1000")
    result = run_setup(machine, *words)
    assert result.returncode != 0
    assert set(result.stderr.rpartition(":")[2].split()) == packages


@purposes
def test_without_apt_the_missing_packages_are_named(machine: Path, words: tuple[str, ...], packages: set[str]) -> None:
    program(machine, "id", "echo 0")
    result = run_setup(machine, *words)
    assert result.returncode != 0
    assert set(result.stderr.rpartition(":")[2].split()) == packages


def test_another_purpose_is_refused(machine: Path) -> None:
    result = run_setup(machine, "everything")
    assert (result.returncode, "'demo'" in result.stderr) == (1, True)


def test_the_demo_is_set_up_without_the_tests_and_the_tests_serve_the_demo(machine: Path) -> None:
    program(machine, "dpkg-query", 'echo "install ok installed"')
    program(machine, "../project/.venv/bin/eid", "exit 0")
    log = 'case "$*" in *install*) echo "$*" >> "$LOG";; *-VV*) echo 3.13;; esac'
    program(machine, "../project/.venv/bin/python", log)
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, machine / "project")
    for words, installed in [
        (("demo",), ["--editable ."]), (("demo",), []), ((), ["--editable .[dev]"]), (("demo",), []), ((), []),
    ]:  # fmt: skip
        (machine / "log").write_text("")
        assert run_setup(machine, *words).returncode == 0
        lines = (machine / "log").read_text().splitlines()
        assert [line[line.index("--editable") :] for line in lines] == installed, words


def test_a_set_up_that_failed_is_begun_again(machine: Path) -> None:
    program(machine, "dpkg-query", 'echo "install ok installed"')
    program(machine, "../project/.venv/bin/eid", "exit 0")
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, machine / "project")
    program(machine, "../project/.venv/bin/python", "exit 0")
    assert run_setup(machine, "demo").returncode == 0
    assert [path.name for path in (machine / "project" / ".venv").glob("fingerprint*")] == ["fingerprint-demo"]
    (machine / "project" / "constraints.txt").write_text("# other versions\n")
    program(machine, "../project/.venv/bin/python", 'case "$*" in *install*) exit 1;; esac')
    assert run_setup(machine, "demo").returncode != 0
    assert not list((machine / "project" / ".venv").glob("fingerprint*"))


def test_make_demo_sets_up_for_the_demo_alone() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    asked = subprocess.run(
        ["make", "--dry-run", "demo"], cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=30
    )
    assert asked.stdout.splitlines() == ["scripts/setup demo", ".venv/bin/eid demo"]


@pytest.mark.parametrize(("user", "sudo"), [("0", False), ("1000", True)])
def test_root_or_sudo_installs_just_what_is_missing(machine: Path, user: str, sudo: bool) -> None:
    program(machine, "dpkg-query", 'case "$*" in *opensc*|*pcscd*) exit 1;; *) echo "install ok installed";; esac')
    program(machine, "apt-get", 'echo "$*" >> "$LOG"')
    program(machine, "id", f"echo {user}")
    if sudo:
        program(machine, "sudo", '[ "$1" = -n ] && shift; echo sudo >> "$LOG"; exec "$@"')
        program(machine, "true", "exit 0")
    program(machine, "../project/.venv/bin/python", "exit 0")
    run_setup(machine)
    log = (machine / "log").read_text()
    assert "install -y --no-install-recommends pcscd opensc" in log
    assert ("sudo" in log) is sudo


def test_the_set_up_waits_while_another_program_holds_the_lock_of_apt(machine: Path) -> None:
    program(machine, "dpkg-query", 'case "$*" in *opensc*) exit 1;; *) echo "install ok installed";; esac')
    program(machine, "id", "echo 0")
    program(machine, "sleep", "exit 0")
    program(machine, "../project/.venv/bin/python", "exit 0")
    held = 'echo "E: Could not get lock /var/lib/apt/lists/lock." >&2; exit 100'
    program(
        machine,
        "apt-get",
        f'echo "$*" >> "$LOG"; case "$*" in *update) [ "$(grep -c update "$LOG")" -gt 2 ] || {{ {held}; }};; esac',
    )
    result = run_setup(machine)
    calls = (machine / "log").read_text().splitlines()
    assert [call.split()[-1] for call in calls] == ["update", "update", "update", "opensc"]
    assert "DPkg::Lock::Timeout=600" in calls[-1]
    assert "lists" not in result.stderr
    program(machine, "apt-get", 'echo "$*" >> "$LOG"; case "$*" in *update) echo "no network" >&2; exit 100;; esac')
    (machine / "log").write_text("")
    assert "trying with the lists there are" in run_setup(machine).stderr
    assert len((machine / "log").read_text().splitlines()) == 2


def test_constraints_are_names_and_versions_and_meet_the_lower_bounds() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9a-z.]*", line) for line in lines)
    pinned = {re.sub(r"[-_.]+", "-", name).lower() for name, _, _ in (line.partition("==") for line in lines)}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = (requirement for extra in project["optional-dependencies"].values() for requirement in extra)
    wanted = [*project["dependencies"], *(requirement for requirement in extras if "eid-toolkit[" not in requirement)]
    assert all(">=" in requirement for requirement in wanted)
    assert {
        re.sub(r"[-_.]+", "-", requirement.partition(">=")[0].partition("[")[0]).lower() for requirement in wanted
    } <= pinned


def test_the_development_extra_has_every_extra_that_users_may_choose() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert extras["all"] == [f"eid-toolkit[{','.join(sorted(extras.keys() - {'all', 'dev', 'fuzz'}))}]"]
    assert "eid-toolkit[all]" in extras["dev"]


def test_a_wheel_holds_the_data_files() -> None:
    """hatchling packs what is in the folder and not ignored: so every data file must lie in the package, tracked."""
    package = Path(eid_toolkit.__file__).parent
    data = {path.suffix for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert data == {".py", ".typed", ".toml", ".yaml"}
    for needed in (
        "ground/messages/en/cli.toml",
        "standards/profiles/shipped/utopia-id.toml",
        "work/specimens/persons.toml",
        "work/cardspec/shipped/vietnam.toml",
    ):
        assert (package / needed).is_file()


@pytest.mark.skipif(not os.access(ROOT / ".venv" / "fingerprint-tests", os.R_OK), reason="not set up by scripts/setup")
def test_a_second_set_up_has_nothing_to_do() -> None:
    result = subprocess.run([ROOT / "scripts" / "setup"], capture_output=True, text=True, timeout=30, check=True)
    assert (result.stdout, result.stderr) == ("", "")
