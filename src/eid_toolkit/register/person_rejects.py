"""The rejects file of an import: its bad rows, to be mended and imported again."""

from __future__ import annotations

import csv
import io
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, cast

from eid_toolkit.home.atomic import FILE_MODE
from eid_toolkit.register.person_files import Row, harmless_cell
from eid_toolkit.register.person_source import Kind


class RejectsFile:
    """Written as a stream, and made with the first bad row; an import that goes on cuts off what belongs to no row."""

    def __init__(self, path: Path, kind: Kind, columns: Iterable[str]) -> None:
        self.path = path
        self._kind = kind
        self._columns = tuple(columns)
        self._stream: BinaryIO | None = None
        self._size = 0

    @property
    def is_written(self) -> bool:
        """Whether a bad row was written."""
        return self._stream is not None

    def resume(self, size: int) -> None:
        """Go on behind the first ``size`` bytes, if the file has them."""
        if size and self.path.exists() and self.path.stat().st_size >= size:
            os.truncate(self.path, size)
            self._open(os.O_WRONLY)
            self._size = size

    def write(self, rows: Iterable[Row]) -> int:
        """Add rows, and have them on the disk; the size of the file in bytes."""
        rows = list(rows)
        if rows and self._stream is None:
            self._open(os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            if self._kind == "csv":
                self._put([self._columns])
        self._put([row.cells for row in rows])
        if rows and self._stream is not None and _is_regular(self._stream):
            os.fsync(self._stream.fileno())
        return self._size

    def close(self) -> None:
        """Give the file back."""
        if self._stream is not None:
            self._stream.close()

    def _open(self, flags: int) -> None:
        self._stream = cast(BinaryIO, os.fdopen(os.open(self.path, flags, FILE_MODE), "wb", buffering=0))
        if _is_regular(self._stream):
            self._stream.seek(0, os.SEEK_END)

    def _put(self, rows: list[tuple[str, ...]]) -> None:
        text = io.StringIO()
        if self._kind == "csv":
            csv.writer(text, lineterminator="\n").writerows([list(map(harmless_cell, cells)) for cells in rows])
        else:
            text.writelines(f"{cells[0]}\n" for cells in rows)
        data = text.getvalue().encode("utf-8", "backslashreplace")
        if self._stream is not None:
            self._stream.write(data)
            self._size += len(data)


def _is_regular(stream: BinaryIO) -> bool:
    return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
