"""What the system can do for a process that holds keys: no core dump, no debugger, no page of it on the disk.

setrlimit(2), PR_SET_DUMPABLE of prctl(2), mlockall(2). What a system or a limit forbids is told, and no failure.
"""

from __future__ import annotations

import ctypes
import mmap
import resource
import sys
from dataclasses import dataclass

_PR_SET_DUMPABLE = 4
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4
_ROOM = 64 << 20
"""Bytes that the process must still be able to use once its memory is locked; else it would fail at some request."""


@dataclass(frozen=True, slots=True)
class Hardening:
    """What was reached."""

    no_core_dumps: bool
    """No crash writes the memory to a file."""
    untraceable: bool
    """No other process of the same user can read the memory or attach a debugger; on Linux only."""
    memory_locked: bool
    """No page goes to swap space; a limit (``ulimit -l``) often forbids that to all but root."""


def harden() -> Hardening:
    """Protect this process, for the rest of its life."""
    return Hardening(_forbid_core_dumps(), _forbid_tracing(), _lock_memory())


def _forbid_core_dumps() -> bool:
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (OSError, ValueError):
        return False
    return True


def _forbid_tracing() -> bool:
    return sys.platform == "linux" and not _libc().prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _lock_memory() -> bool:
    if sys.platform != "linux":
        return False
    libc = _libc()
    _raise_limit()
    # Locked when first touched: else all that is mapped of every library would be read into memory for it.
    if libc.mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT) != 0:
        return False
    try:
        mmap.mmap(-1, _ROOM).close()
    except OSError:
        libc.munlockall()
        return False
    return True


def _raise_limit() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (most, most))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
