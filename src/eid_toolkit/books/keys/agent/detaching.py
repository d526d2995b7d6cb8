"""Leaving a command behind: a process of its own session, with nothing of the command but its memory (daemon(7))."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Collection
from contextlib import suppress

_STANDARD = 3
"""Descriptors of input, output and errors."""
_UNLISTED = 65536
"""Descriptors that are closed where the system does not list them."""


def detached(work: Callable[[], None], keep: Collection[int]) -> None:
    """Have ``work`` done in a process that nobody waits for; of the open descriptors it has those to ``keep``.

    It is a child of the child, so that it can never get a terminal again. Nothing of the caller's own code runs in it:
    no ``finally``, no handler, no flushed output.
    """
    child = os.fork()
    if child:
        with suppress(ChildProcessError):  # where the caller ignores SIGCHLD
            os.waitpid(child, 0)
        return
    try:
        os.setsid()
        if os.fork() == 0:
            _let_go(keep)
            work()
    finally:
        os._exit(0)


def _let_go(keep: Collection[int]) -> None:
    # Files of the caller that are forgotten in memory are closed when they are collected, by their numbers, which are
    # those of others by then: so nothing that was there before is ever collected.
    gc.freeze()
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(_STANDARD):
        os.dup2(nowhere, descriptor)
    for descriptor in _open_descriptors():
        if descriptor >= _STANDARD and descriptor not in keep:
            with suppress(OSError):
                os.close(descriptor)
    os.chdir("/")
    os.umask(0o077)


def _open_descriptors() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/dev/fd")]  # noqa: PTH208
    except OSError:
        return list(range(_UNLISTED))
