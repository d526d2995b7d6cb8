"""Opening files that others may have put there: no links are followed, and no pipe or device is waited for."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from eid_toolkit.ground.errors import BadInput

FILE_MODE = 0o600


def open_regular(path: Path, flags: int = os.O_RDONLY) -> int:
    """A descriptor of the file, made for its owner only where ``flags`` have it made.

    Raises :class:`BadInput` for a link, a pipe, a device or a folder, and :class:`OSError` as :func:`os.open` does.
    """
    try:
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, FILE_MODE)
    except OSError as error:
        # A link (ELOOP), a folder to write to, a socket or a pipe that nobody reads.
        if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
            raise BadInput("file-not-regular", file=path) from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BadInput("file-not-regular", file=path)
    return descriptor


def read_regular(path: Path, limit: int) -> bytes:
    """The file's first ``limit`` bytes; raises as :func:`open_regular`."""
    with os.fdopen(open_regular(path), "rb") as stream:
        return stream.read(limit)
