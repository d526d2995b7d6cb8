"""Exclusive locks between processes, released by the system when their holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eid_toolkit.ground.errors import LockHeld
from eid_toolkit.ground.home.regular import open_regular

_POLL = 0.02
"""Seconds between two tries."""


@contextmanager
def exclusive(path: Path, subject: str, patience: float = 0.0) -> Iterator[None]:
    """Hold the lock file ``path`` for the time of the ``with`` block.

    ``subject`` says to a person what is locked. Raises :class:`LockHeld` if another process (or another block of
    this one) still holds it after ``patience`` seconds, :class:`BadInput` if a link or no file is in its place. The
    file stays: removing it would let two holders in.
    """
    descriptor = open_regular(path, os.O_RDWR | os.O_CREAT)
    try:
        deadline = time.monotonic() + patience
        while not _is_taken(descriptor):
            if time.monotonic() >= deadline:
                holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
                raise LockHeld("lock-held", subject=subject, holder=holder)
            time.sleep(_POLL)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _is_taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
