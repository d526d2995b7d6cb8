"""What unlocking costs: the stretched passphrase, and a command beside an agent as in a demo home, without either."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks import clocks
from benchmarks.clocks import Times, medians
from eid_toolkit.books.keys.stretching import PassphraseLock
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.ground.secret import Secret

_RUNS = 9
_PATIENCE = 60.0
_PASSPHRASE = "the words of anna"
_SHELL = "eid unlock --for 10m > /dev/null 2>&1; echo $?; read waits"


def measure_unlocking() -> dict[str, Times]:
    """Medians by name: a look-up as a whole process, in a demo home, with a typed passphrase, and beside an agent."""
    with tempfile.TemporaryDirectory(prefix="eid-") as folder:
        demo, office = Path(folder) / "demo", Path(folder) / "office"
        given = {"EID_OPERATOR_PASSPHRASE": _PASSPHRASE, "EID_SECOND_PASSPHRASE": "the words of bert"}
        two = ("--operator", "anna", "--second-operator", "bert")
        _eid(demo, {}, "init", "--demo")
        _eid(office, given, *two, "init", "--authority", "Benchmark")
        _eid(office, given, *two, "operator", "roles", "anna", "--role", "all")
        rows = {
            "stretching a passphrase": medians(_stretched() for _ in range(_RUNS)),
            "a look-up in a demo home": _look_up(demo, {}),
            "a look-up with a passphrase": _look_up(office, given),
        }
        with _unlocked(office, given) as runtime:
            return rows | {"a look-up beside an agent": _look_up(office, {"XDG_RUNTIME_DIR": str(runtime)})}


def _stretched() -> Times:
    lock, _ = PassphraseLock.create(Secret(_PASSPHRASE.encode()), SystemEntropy())
    began = clocks.here()
    lock.open(Secret(_PASSPHRASE.encode()))
    return clocks.here() - began


def _look_up(home: Path, given: Mapping[str, str]) -> Times:
    def once() -> Times:
        began = clocks.children()
        _eid(home, given, "--operator", "anna", "person", "search", "Nobody")
        return clocks.children() - began

    return medians(once() for _ in range(_RUNS))


@contextmanager
def _unlocked(home: Path, given: Mapping[str, str]) -> Iterator[Path]:
    """A shell that has unlocked: the agent ends with it."""
    runtime = home.parent / "run"
    runtime.mkdir(0o700)
    environment = _environment(home, {**given, "XDG_RUNTIME_DIR": str(runtime), "EID_OPERATOR": "anna"})
    script = _SHELL.replace("eid ", f"{sys.executable} -m eid_toolkit.doors.cli.main ")
    with subprocess.Popen(
        [shutil.which("sh") or "/bin/sh", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    ) as shell:
        assert shell.stdin is not None and shell.stdout is not None
        ready, _, _ = select.select([shell.stdout], [], [], _PATIENCE)
        if not ready or os.read(shell.stdout.fileno(), 2) != b"0\n":
            raise RuntimeError("the keys were not unlocked")
        yield runtime
        shell.stdin.close()  # the shell ends, and the agent with it


def _eid(home: Path, given: Mapping[str, str], *words: str) -> None:
    command = (sys.executable, "-m", "eid_toolkit.doors.cli.main", *words)
    subprocess.run(command, env=_environment(home, given), check=True, capture_output=True, timeout=60)


def _environment(home: Path, given: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EID_", "XDG_"))}
    return {**kept, "EID_HOME": str(home), **given}
