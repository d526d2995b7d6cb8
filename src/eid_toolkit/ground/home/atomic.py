"""Files that are there whole or not at all, also after a kill or a power cut."""

from __future__ import annotations

import errno
import glob
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

FILE_MODE = 0o600
DIRECTORY_MODE = 0o700
_RANDOM = 8
"""How many characters :mod:`tempfile` makes a name unique with."""
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EMLINK)
"""What file systems say where a file has one name only, as on most memory sticks."""


def private_directory(path: Path) -> Path:
    """``path`` as a directory that only its owner may enter; made with its parents where missing."""
    path.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    return path


def is_private(directory: Path) -> bool:
    """Whether this is a directory of the user's own, which nobody else can write to."""
    status = directory.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o022


def write_atomic(path: Path, data: bytes) -> None:
    """Replace the file by ``data``, readable by its owner only.

    A reader meets the old or the new content. On return both the content and the name are on the disk.
    """
    with atomic_stream(path) as file:
        file.write(data)


@contextmanager
def atomic_stream(path: Path) -> Iterator[BinaryIO]:
    """A stream whose content replaces the file on leaving, as in :func:`write_atomic`; an error leaves the old file."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # made with mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


@contextmanager
def new_file(path: Path) -> Iterator[tuple[BinaryIO, Callable[[], None]]]:
    """A stream, and what gives it the name ``path`` when it is written; replaces nothing.

    Giving the name raises :class:`FileExistsError` if there is a file by then. An error behind it takes the file away
    again, unless another one has its name.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # made with mode 0600
    temporary = Path(name)
    with os.fdopen(descriptor, "wb") as file:

        def publish() -> None:
            file.flush()
            os.fsync(file.fileno())
            try:
                os.link(temporary, path)
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE))  # the name is ours now
                temporary.replace(path)
            sync_directory(path.parent)

        try:
            yield file, publish
        except BaseException:
            with suppress(FileNotFoundError):
                if os.path.samestat(path.lstat(), os.fstat(file.fileno())):
                    path.unlink()
            raise
        finally:
            temporary.unlink(missing_ok=True)


def remove_unfinished(path: Path) -> None:
    """Remove what a killed process has left of writing ``path``; for its only writer."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.{'?' * _RANDOM}"):
        left.unlink(missing_ok=True)


def remove_durably(path: Path) -> None:
    """Remove the file, and have its absence on the disk on return."""
    path.unlink()
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Have the directory's names on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
