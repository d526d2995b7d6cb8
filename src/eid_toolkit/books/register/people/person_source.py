"""A file of persons, or what comes by a pipe, to be read several times in constant memory: plain or gzip (RFC 1952)."""

from __future__ import annotations

import gzip
import os
import stat
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Literal, cast

from eid_toolkit.ground.errors import BadInput

Kind = Literal["csv", "jsonl"]
Progress = Callable[[float], None]
"""Told from time to time which part of the work, 0 to 1, is done."""

LINE_LIMIT = 64 << 10
"""The longest line in bytes."""
PIPE_LIMIT = 4 << 30
"""The most bytes that are taken from a pipe; they are kept in a temporary file that has no name."""
EXPANSION_LIMIT = 200
"""A gzip file may become this many times larger, once :data:`EXPANSION_FREE` bytes have come out of it."""
EXPANSION_FREE = 16 << 20

_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How workbooks begin, those of today and of before."""
_GZIP = b"\x1f\x8b"
_BLOCK = 1 << 20
_SUFFIXES: dict[str, Kind] = {".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}
_TOLD_EVERY = 2000


class PersonSource:
    """An open file of persons."""

    def __init__(self, raw: BinaryIO, kind: Kind | None) -> None:
        self._raw = raw
        self.size = max(1, raw.seek(0, os.SEEK_END))
        """In bytes, as they are in the file."""
        raw.seek(0)
        start = raw.read(len(_WORKBOOKS[0]))
        self._zipped = start.startswith(_GZIP)
        if start in _WORKBOOKS:
            raise BadInput("import-workbook")
        self.kind: Kind = kind or self._guess()

    @classmethod
    @contextmanager
    def open(cls, path: Path | None, pipe: BinaryIO | None = None, kind: Kind | None = None) -> Iterator[PersonSource]:
        """The file at ``path``, or what ``pipe`` has; of a ``kind`` by its name, else by its first character.

        Raises :class:`BadInput` for a line that is too long and for a pipe that does not end.
        """
        if path is None:
            assert pipe is not None
            with _spooled(pipe) as stream:
                yield cls(stream, kind)
            return
        name = path.with_suffix("") if path.suffix.lower() == ".gz" else path
        kind = kind or _SUFFIXES.get(name.suffix.lower())
        with path.open("rb") as file:
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                yield cls(file, kind)
            else:
                with _spooled(file) as stream:
                    yield cls(stream, kind)

    @classmethod
    @contextmanager
    def of_text(cls, text: str, kind: Kind = "csv") -> Iterator[PersonSource]:
        """A source that holds ``text``."""
        with tempfile.TemporaryFile() as stream:
            stream.write(text.encode("utf-8"))
            yield cls(cast(BinaryIO, stream), kind)

    def survey(self, progress: Progress) -> str:
        """SHA-256, in hex, of the content out of its gzip; every line is of a fit size and UTF-8."""
        content = sha256()
        for line in self.text(progress):
            content.update(line.encode())
        return content.hexdigest()

    def text(self, progress: Progress) -> Iterator[str]:
        """The lines with their ends, without a byte order mark; raises :class:`BadInput` if they are not UTF-8."""
        for number, line in enumerate(self.lines(progress), start=1):
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError:
                raise BadInput("import-not-utf8", line=number) from None
            yield text.removeprefix("\ufeff") if number == 1 else text

    def lines(self, progress: Progress) -> Iterator[bytes]:
        """The lines as they are in the file, with their ends, checked one by one."""
        self._raw.seek(0)
        stream = cast(BinaryIO, gzip.GzipFile(fileobj=self._raw)) if self._zipped else self._raw
        size = 0
        number = 0
        try:
            while line := stream.readline(LINE_LIMIT + 1):
                number += 1
                size += len(line)
                if len(line) > LINE_LIMIT:
                    raise BadInput("import-line-too-long", line=number, limit=LINE_LIMIT)
                if number % _TOLD_EVERY == 0 or len(line) > LINE_LIMIT // 2:
                    self._check_expansion(size)
                    progress(min(1.0, self._raw.tell() / self.size))
                yield line
        except (OSError, EOFError, zlib.error) as error:
            if not self._zipped:
                raise
            raise BadInput("import-gzip-damaged", line=number, reason=type(error).__name__) from None
        progress(1.0)

    def _check_expansion(self, size: int) -> None:
        if self._zipped and size > EXPANSION_FREE + EXPANSION_LIMIT * self._raw.tell():
            raise BadInput("import-gzip-expands", limit=EXPANSION_LIMIT)

    def _guess(self) -> Kind:
        first = next(self.lines(lambda _: None), b"")
        return "jsonl" if first.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{" else "csv"


@contextmanager
def _spooled(pipe: BinaryIO) -> Iterator[BinaryIO]:
    """What the pipe has, in a temporary file that is gone when it is closed."""
    with tempfile.TemporaryFile() as stream:
        size, number, length = 0, 1, 0
        zipped = False
        while block := pipe.read(_BLOCK):
            zipped = zipped or (size == 0 and block.startswith(_GZIP))
            size += len(block)
            if size > PIPE_LIMIT:
                raise BadInput("import-pipe-too-long", limit=PIPE_LIMIT)
            number += block.count(b"\n")
            length = len(block) - block.rfind(b"\n") - 1 if b"\n" in block else length + len(block)
            if length > LINE_LIMIT and not zipped:
                raise BadInput("import-line-too-long", line=number, limit=LINE_LIMIT)
            stream.write(block)
        yield cast(BinaryIO, stream)
