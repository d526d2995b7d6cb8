"""What every test has: a PC/SC world of its own, and nothing of the person's who runs the tests."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from support.clean_environment import built, clean
from support.homes import backend, demo_home, demo_home_template, home_copies, office, postgres_home_copies
from support.pcscd import PrivatePcscd, missing_for_pcscd
from support.postgres import memory_folder, postgres
from support.softhsm import softhsm
from support.stretching import stretched_little
from support.waiting import failing_with_its_threads

if TYPE_CHECKING:
    from eid_toolkit.work.inspection.case import Case
    from eid_toolkit.work.inspection.result import CheckResult

settings.register_profile("patient", deadline=None)  # no test measures speed
settings.load_profile("patient")

__all__ = [
    "backend",
    "built",
    "clean",
    "demo_home",
    "demo_home_template",
    "home_copies",
    "office",
    "postgres",
    "postgres_home_copies",
    "softhsm",
    "stretched_little",
]  # fmt: skip

# Read by the PC/SC library at its first call: set before any test, so that no test meets the system's own pcscd.
_PCSC_FOLDER = Path(tempfile.mkdtemp(prefix="eid-pcsc-"))
os.environ["PCSCLITE_CSOCK_NAME"] = str(_PCSC_FOLDER / "run" / "pcscd.comm")

# Thousands of small synced files: in memory where there is room for them.
if (_folder := memory_folder()) is not None:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", _folder)

for _name in [name for name in os.environ if name.startswith("EID_")]:
    del os.environ[_name]
for _name in ("LC_ALL", "LC_MESSAGES"):
    os.environ.pop(_name, None)
os.environ["LANG"] = "C.UTF-8"  # nor their language
os.environ["XDG_CONFIG_HOME"] = str(_PCSC_FOLDER / "config")  # no defaults of the person's who runs the tests
os.environ["NO_COLOR"] = "1"

# A job in the background ignores the interrupt, and its children would too: some tests interrupt theirs.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have counted: of a run on several processes, nothing else that they print is seen."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, ())]
    told = [value for report in reports for name, value in report.user_properties if name == "counts"]
    if told:
        terminalreporter.section("counts")
        for line in sorted(told):
            terminalreporter.write_line(line)


def pytest_unconfigure() -> None:
    shutil.rmtree(_PCSC_FOLDER, ignore_errors=True)


@pytest.fixture(autouse=True)
def own_default_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default home, and the file of defaults, lie in the test's own folder."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture(autouse=True, scope="session")
def verdicts_are_held_to_their_table() -> Iterator[None]:
    """Whatever a test inspects: each reason amounts to what the table of reasons says, and to nothing else."""
    from eid_toolkit.work.inspection import verdict
    from eid_toolkit.work.inspection.reasons import amounts_to

    run_checks = verdict.run_checks

    def held(case: Case) -> tuple[CheckResult, ...]:
        results = run_checks(case)
        for result in results:
            assert result.reason is None or result.status.value in amounts_to(result.reason), result
            assert all("finding" in amounts_to(each.reason) for each in result.outcome.findings), result
        return results

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(verdict, "run_checks", held)
        yield


@pytest.fixture(autouse=True, scope="session")
def passphrases_are_stretched_once() -> Iterator[None]:
    """The same passphrase with the same salt at its real cost, but only the first time in a process."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(hashlib, "scrypt", lru_cache(1024)(hashlib.scrypt))
        yield


@pytest.fixture(autouse=True)
def helper_threads() -> Iterator[None]:
    """A thread that fails ends its test at once, though the test waits for what the thread would have done."""
    with failing_with_its_threads():
        yield


@pytest.fixture(scope="session")
def pcscd_process() -> Iterator[PrivatePcscd]:
    missing = missing_for_pcscd()
    if missing:  # a developer's machine may lack it; the continuous integration may not
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no private pcscd here: {missing}")
    pcscd = PrivatePcscd(_PCSC_FOLDER)
    pcscd.start()
    yield pcscd
    pcscd.stop()


@pytest.fixture
def pcscd(pcscd_process: PrivatePcscd) -> Iterator[PrivatePcscd]:
    """A running pcscd with virtual readers, beside the system's own; started again if the last test killed it."""
    pcscd_process.start()
    yield pcscd_process
    pcscd_process.empty_slots()
