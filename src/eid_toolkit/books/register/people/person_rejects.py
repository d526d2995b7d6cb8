"""The rejects file of an import: its bad rows, to be mended and imported again."""

from __future__ import annotations

import fcntl
import io
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, cast

from eid_toolkit.books.register.people.person_files import Row, csv_writer, harmless_cell
from eid_toolkit.books.register.people.person_source import Kind
from eid_toolkit.ground.errors import NotPermitted
from eid_toolkit.ground.home.atomic import FILE_MODE, sync_directory

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Written:
    """What an import has in its rejects file: the number of bytes, and their SHA-256 in hex."""

    size: int = 0
    sha256: str | None = None


NOTHING = Written()


class RejectsFile:
    """Written as a stream, and made with the first bad row; an import that goes on cuts off what belongs to no row.

    It takes no file that holds anything else; the beginning of the very rows that are to be written may stand there,
    since an import that was killed leaves that. While it is open no other import writes to it. A character device is
    only written to; a pipe or socket, which might wait for a reader for ever, is refused.
    """

    def __init__(self, path: Path, kind: Kind, columns: Iterable[str]) -> None:
        self.path = path
        self._kind = kind
        self._columns = tuple(columns)
        self._stream: BinaryIO | None = None
        self._content = sha256()

    @property
    def is_written(self) -> bool:
        """Whether a bad row was written."""
        return self._stream is not None

    def check(self, rows: Iterable[Row], before: Written) -> None:
        """Before anything is imported, ``rows`` being the first bad ones: raises as :meth:`write`, where that shows."""
        with self._told():
            try:
                status = self.path.stat()
            except FileNotFoundError:
                return
            self._check_kind(status)
            if stat.S_ISREG(status.st_mode) and not before.size:
                data = self._data(rows, before)
                with self.path.open("rb") as stream:
                    self._check_own(stream.read(len(data)), data)

    def write(self, rows: Iterable[Row], before: Written) -> Written:
        """Add rows behind what the import has written ``before``, and have them on the disk.

        Raises :class:`NotPermitted` if another import writes to the file, if what was written before is not in it or,
        where nothing was, anything else is, and for a pipe or socket; :class:`OSError` with the file's name if it
        cannot be written in full.
        """
        rows = list(rows)
        if not rows and (self._stream is not None or not before.size):
            return before
        data = self._data(rows, before) if rows else b""
        with self._told():
            if self._stream is None:
                self._stream = self._open(before, data)
            if not rows:
                return before
            _write_whole(self._stream, data)
            if _is_regular(self._stream):
                os.fsync(self._stream.fileno())
        self._content.update(data)
        return Written(before.size + len(data), self._content.hexdigest())

    def take_back(self, before: Written) -> None:
        """Cut off what was written behind ``before``: its rows do not count."""
        if self._stream is not None and _is_regular(self._stream):
            with suppress(OSError):  # whoever goes on behind ``before`` cuts it off then
                self._stream.truncate(before.size)

    def close(self) -> None:
        """Give the file back."""
        if self._stream is not None:
            self._stream.close()

    def _open(self, before: Written, data: bytes) -> BinaryIO:
        """The file, locked, with what was written before and nothing else; ``data`` is to follow."""
        special = self.path.exists() and not self.path.is_file()
        flags = os.O_WRONLY if special else os.O_RDWR | (0 if before.size else os.O_CREAT)
        try:
            descriptor = os.open(self.path, flags | os.O_NONBLOCK, FILE_MODE)  # a pipe may have come meanwhile
        except FileNotFoundError:
            if before.size:
                raise self._lost(before) from None
            raise
        os.set_blocking(descriptor, True)
        stream = cast(BinaryIO, os.fdopen(descriptor, "wb" if special else "r+b", buffering=0))
        try:
            self._check_kind(os.fstat(descriptor))
            if _is_regular(stream):
                self._take(stream, before, data)
                sync_directory(self.path.parent)
        except BaseException:
            stream.close()
            raise
        return stream

    def _take(self, stream: BinaryIO, before: Written, data: bytes) -> None:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotPermitted("import-rejects-in-use", file=self.path.name) from None
        if not before.size:
            self._check_own(stream.read(len(data) + 1), data)
            stream.seek(0)
        left = before.size
        while left and (block := stream.read(min(left, _BLOCK))):
            self._content.update(block)
            left -= len(block)
        if left or (before.size and self._content.hexdigest() != before.sha256):
            raise self._lost(before)
        stream.truncate(before.size)

    def _check_kind(self, status: os.stat_result) -> None:
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISCHR(status.st_mode)):
            raise NotPermitted("import-rejects-no-file", file=self.path.name)

    def _check_own(self, content: bytes, data: bytes) -> None:
        if not data.startswith(content):
            raise NotPermitted("import-rejects-not-empty", file=self.path.name)

    def _lost(self, before: Written) -> NotPermitted:
        return NotPermitted("import-rejects-lost", file=self.path.name, size=before.size)

    def _data(self, rows: Iterable[Row], before: Written) -> bytes:
        head = [self._columns] if self._kind == "csv" and not before.size else []
        return self._encode([*head, *(row.cells for row in rows)])

    def _encode(self, rows: list[tuple[str, ...]]) -> bytes:
        text = io.StringIO()
        if self._kind == "csv":
            csv_writer(text).writerows([list(map(harmless_cell, cells)) for cells in rows])
        else:
            text.writelines(f"{cells[0]}\n" for cells in rows)
        return text.getvalue().encode("utf-8", "backslashreplace")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """An error of the system names the file."""
        try:
            yield
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.path)) from None


def _write_whole(stream: BinaryIO, data: bytes) -> None:
    """All of the data: a disk that becomes full takes a part of it first, and raises only then."""
    rest = memoryview(data)
    while rest:
        rest = rest[stream.write(rest) :]


def _is_regular(stream: BinaryIO) -> bool:
    return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
