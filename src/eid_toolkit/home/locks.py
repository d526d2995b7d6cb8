"""Exclusive locks between processes, released by the system when their holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eid_toolkit.errors import ServiceAway


@contextmanager
def exclusive(path: Path, subject: str) -> Iterator[None]:
    """Hold the lock file ``path`` for the time of the ``with`` block.

    ``subject`` says to a person what is locked. Raises :class:`ServiceAway` at once if another process
    (or another block of this one) holds it. The file stays: removing it would let two holders in.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
            raise ServiceAway("lock-held", subject=subject, holder=holder) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)
