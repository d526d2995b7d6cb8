"""Waiting in tests: never without a limit, and no longer than the thread lives whose work is waited for."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

LIMIT = 60.0
"""Seconds after which a test gives up waiting: far above every need, for machines that do much else beside."""


class HelperFailed(BaseException):
    """A thread beside the test failed. No Exception, so that no code under test takes it for one of its own."""


def wait_for(condition: Callable[[], bool], complaint: str = "it never came", limit: float = LIMIT) -> None:
    """Return when ``condition`` holds; TimeoutError with the complaint if it never does, after ``limit`` seconds."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(complaint)
        time.sleep(0.02)


def ended(*threads: threading.Thread) -> None:
    """Return when the threads have ended; TimeoutError with their names if they do not."""
    deadline = time.monotonic() + LIMIT
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    if alive := [thread.name for thread in threads if thread.is_alive()]:
        raise TimeoutError(f"still running: {', '.join(alive)}")


@contextmanager
def beside(*works: Callable[[], object], stop: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Each of ``works`` in a thread meanwhile; they must end by themselves, and are stopped where something fails."""
    # Daemons: one that never ends fails its test, and does not keep the process from ending.
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
        ended(*threads)
    finally:
        stop()


def next_line(process: subprocess.Popen[str]) -> str:
    """The next line that the process prints, "" at its end; a process that is silent for too long is killed.

    No byte behind the line is taken, so that ``communicate`` has all the rest.
    """
    assert process.stdout is not None
    line, source = bytearray(), process.stdout.fileno()
    impatience = threading.Timer(LIMIT, process.kill)
    impatience.start()
    try:
        while not line.endswith(b"\n") and (byte := os.read(source, 1)):
            line += byte
        return line.decode()
    finally:
        impatience.cancel()


def status_of(child: int) -> int:
    """The status with which a forked process ends; one that takes too long is killed."""
    impatience = threading.Timer(LIMIT, os.kill, (child, signal.SIGKILL))
    impatience.start()
    try:
        return os.waitpid(child, 0)[1]
    finally:
        impatience.cancel()


@contextmanager
def failing_with_its_threads() -> Iterator[None]:
    """Raise :class:`HelperFailed` at once, whatever is waited for, when a thread ends by an exception."""
    failures: list[str] = []
    earlier_hook, test = threading.excepthook, threading.get_ident()

    def hook(failure: threading.ExceptHookArgs) -> None:
        earlier_hook(failure)
        failures.append(f"{failure.exc_type.__name__}: {failure.exc_value}")
        signal.pthread_kill(test, signal.SIGUSR1)

    def fail(number: int, frame: FrameType | None) -> None:
        raise HelperFailed("; ".join(failures))

    earlier_handler = signal.signal(signal.SIGUSR1, fail)
    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = earlier_hook
        signal.signal(signal.SIGUSR1, earlier_handler)
