"""Nothing waits without a limit: tests, benchmarks, examples and scripts read as source, and what stuck tests do."""

from __future__ import annotations

import ast
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.waiting import HelperFailed, beside, ended

ROOT = Path(__file__).parents[1]
FOLDERS = ("tests", "benchmarks", "fuzz", "examples", "scripts")
SOURCES = {path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")} - {ROOT / "tests/support/waiting.py"}
PROGRAMS = ("run", "call", "check_call", "check_output")
"""Of the module subprocess."""
BARE = ("wait", "join", "get", "result", "acquire", "exception")
"""Without an argument, these wait for a process, thread, queue, future or lock as long as it takes."""
PIPES = ("stdout", "stderr")
SOCKETS = ("accept", "recv", "recvfrom", "recv_into")


def without_limit(source: str) -> Iterator[tuple[int, str]]:
    """The line and the words of each call that may wait for ever."""
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    limited = {id(call) for function in functions if "settimeout" in ast.dump(function) for call in ast.walk(function)}
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        owner, name = call.func.value, call.func.attr
        keywords = {keyword.arg for keyword in call.keywords}
        of_module = owner.id if isinstance(owner, ast.Name) else None
        if (
            (of_module == "subprocess" and name in PROGRAMS and "timeout" not in keywords)
            or (name == "communicate" and "timeout" not in keywords)
            or (name in BARE and not call.args and not keywords)
            or (name in ("read", "readline", "readlines") and isinstance(owner, ast.Attribute) and owner.attr in PIPES)
            or (name in SOCKETS and not (call.args and name == "accept") and id(call) not in limited)
            or (of_module == "os" and name in ("wait", "waitpid") and "WNOHANG" not in ast.dump(call))
        ):
            yield call.lineno, ast.unparse(call.func)


def test_nothing_waits_without_a_limit() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {words}"
        for path in sorted(SOURCES)
        for line, words in without_limit(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "call",
    [
        "subprocess.run(words)", "process.communicate()", "process.wait()", "thread.join()", "waiting.get()",
        "gate.wait()", "process.stdout.readline()", "server.accept()", "line.recv(2)", "os.waitpid(child, 0)",
    ],
)  # fmt: skip
def test_what_may_wait_for_ever_is_found(call: str) -> None:
    assert [line for line, _ in without_limit(f"\n{call}")] == [2]


@pytest.mark.parametrize(
    "call",
    [
        "subprocess.run(words, timeout=9)", "process.communicate(timeout=9)", "thread.join(9)", "', '.join(words)",
        "facts.get('name')", "gate.wait(9)", "trust.accept(certificate)", "os.waitpid(child, os.WNOHANG)",
        "sys.stdin.readline()",
    ],
)  # fmt: skip
def test_what_has_a_limit_is_left_alone(call: str) -> None:
    assert list(without_limit(call)) == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_fails_ends_its_test_at_once() -> None:
    """The thread would have opened the gate; nobody waits for the gate's own limit."""
    gate = threading.Event()

    def feeder() -> None:
        raise TimeoutError("no card is seen")

    began = time.monotonic()
    with pytest.raises(HelperFailed, match="TimeoutError: no card is seen"), beside(feeder):
        gate.wait(600)
    assert time.monotonic() - began < 300  # and not by its limit


def test_a_thread_that_does_not_end_fails_its_test(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    monkeypatch.setattr("support.waiting.LIMIT", 0.05)
    thread = threading.Thread(target=gate.wait, args=(60,), name="stuck", daemon=True)
    thread.start()
    with pytest.raises(TimeoutError, match="still running: stuck"):
        ended(thread)
    gate.set()
