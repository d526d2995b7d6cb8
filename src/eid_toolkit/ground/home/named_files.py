"""Files that the user names: read up to a limit, and written without harm to what is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.home.atomic import atomic_stream, write_atomic


def read_file(path: Path, limit: int) -> bytes:
    """The file's bytes; raises :class:`BadInput` for more than ``limit``, also where no size is known beforehand."""
    with path.open("rb") as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise BadInput("input-file-too-large", file=path.name, limit=limit)
    return data


def read_start(path: Path, count: int) -> bytes:
    """The first ``count`` bytes of the file, for those who can tell by them that it is not for them."""
    with path.open("rb") as stream:
        return stream.read(count)


def write_file(path: Path, data: bytes) -> None:
    """Write a result: a file whole or not at all; a device, a pipe or a link is written to and never replaced."""
    if is_kept(path):
        path.write_bytes(data)
    else:
        write_atomic(path, data)


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """A stream into the file, which is there whole or not at all; a device, a pipe or a link is written to directly."""
    if is_kept(path):
        with path.open("wb") as stream:
            yield stream
    else:
        with atomic_stream(path) as stream:
            yield stream


def is_kept(path: Path) -> bool:
    """Whether this is a device, a pipe or a link, which is written to and never replaced."""
    return path.exists() and (path.is_symlink() or not path.is_file())
