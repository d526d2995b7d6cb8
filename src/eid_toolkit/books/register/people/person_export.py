"""Persons into a file: one state of the register, whole or not at all; an export that was stopped goes on.

Until it is whole the file is called ``NAME.part``, and ``NAME.part.json`` says how far it has come: up to whom, and
which state of the persons that is. Only an export of the same state goes on with it; else one file would hold two.
"""

from __future__ import annotations

import fcntl
import gzip
import io
import json
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from eid_toolkit.books.register.people.person_files import TextSink, write_csv, write_jsonl
from eid_toolkit.books.register.people.person_record import Person
from eid_toolkit.books.register.people.person_source import Kind
from eid_toolkit.ground.errors import NotPermitted
from eid_toolkit.ground.home.atomic import FILE_MODE, sync_directory, write_atomic
from eid_toolkit.ground.plain_values import read_json, to_plain

SCHEMA = "eid-person-export-part/1"
BYTE_ORDER_MARK = "\ufeff"
"""By which a spreadsheet knows that a file is UTF-8."""
CHUNK = 5000
"""Persons after whom the part is on the disk, and what is noted of it."""
_NOTE_LIMIT = 1 << 12


class People(Protocol):
    """Where the persons come from."""

    def __call__(self, go_on: GoOn, /) -> Generator[Person, None, None]:
        """All persons in their order, those behind the one whom ``go_on`` names for this state of the register."""
        ...


class GoOn(Protocol):
    """Told the state of the persons, says behind whom to go on; None for a new beginning."""

    def __call__(self, state: str, /) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Exported:
    """How many persons the file has, and how many of them a stopped export had written."""

    count: int
    before: int
    begun_anew: bool
    """Whether what a stopped export had written was of no use: another state, or another kind of file."""


@dataclass(frozen=True, slots=True)
class _Note:
    state: str
    form: str
    size: int
    count: int
    last: str

    @classmethod
    def read(cls, path: Path) -> _Note | None:
        """What stands there; None if nothing does that this software can have written."""
        try:
            with path.open("rb") as file:
                return read_json(cls, file.read(_NOTE_LIMIT), SCHEMA)
        except (FileNotFoundError, ValueError):
            return None

    def encode(self) -> bytes:
        return json.dumps({"schema": SCHEMA, **to_plain(self)}).encode()


def export_persons(
    people: People,
    target: Path,
    kind: Kind,
    *,
    zipped: bool,
    marked: bool = False,
    told: Callable[[int], None] = lambda count: None,
) -> Exported:
    """Write all ``people`` to ``target``, with mode 0600, or go on with an export that was stopped.

    A file that is ``marked`` begins with :data:`BYTE_ORDER_MARK`. How many stand in the file is ``told`` from time to
    time. Raises :class:`NotPermitted` if another export writes there now, or if ``NAME.part`` is of somebody else.
    """
    encode = partial(_encode, kind=kind, zipped=zipped, marked=marked)
    with _Part.open(target, f"{kind}{'.gz' * zipped}{'.bom' * marked}") as part:
        with closing(people(part.go_on)) as coming:
            while chunk := list(islice(coming, CHUNK)):
                part.add(encode(chunk, first=part.count == 0), chunk)
                told(part.count)
        if part.count == 0:
            part.add(encode([], first=True), [])
        part.complete()
        return Exported(part.count, part.before, part.begun_anew)


def write_people(people: Iterable[Person], stream: TextSink, kind: Kind, *, first: bool = True) -> None:
    """Persons as text; ``first`` are those at the beginning of a file."""
    values = (each.data.to_text() for each in people)
    if kind == "csv":
        write_csv(values, stream, header=first)
    else:
        write_jsonl(values, stream)


class _Part:
    """The file that is not whole yet, for one export at a time."""

    def __init__(self, target: Path, form: str, stream: BinaryIO) -> None:
        self._target, self._form, self._stream = target, form, stream
        self._path, self._note = _names(target)
        self._state = ""
        self.count = 0
        self.before = 0
        self.begun_anew = False
        self.is_complete = False

    @classmethod
    @contextmanager
    def open(cls, target: Path, form: str) -> Iterator[_Part]:
        """Locked; one in which nothing counts is removed at the end."""
        path, note = _names(target)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
        with cast(BinaryIO, os.fdopen(descriptor, "r+b")) as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                is_there = os.path.samestat(os.fstat(descriptor), path.lstat())
            except (BlockingIOError, FileNotFoundError):
                is_there = False
            if not is_there:  # another export has it, or has just completed it
                raise NotPermitted("export-in-use", file=path.name)
            if os.fstat(descriptor).st_size and _Note.read(note) is None:
                raise NotPermitted("export-part-foreign", file=path.name)
            part = cls(target, form, stream)
            try:
                yield part
            finally:
                if part.count == 0 and not part.is_complete and not note.exists():
                    path.unlink(missing_ok=True)

    def go_on(self, state: str) -> str | None:
        """Cut off what does not count, and say behind whom it goes on."""
        note, self._state = _Note.read(self._note), state
        size = os.fstat(self._stream.fileno()).st_size
        fits = note is not None and (note.state, note.form) == (state, self._form) and note.size <= size
        if note is None or not fits:
            self.begun_anew = note is not None
            self._stream.truncate(0)
            self._note.unlink(missing_ok=True)
            return None
        self._stream.truncate(note.size)
        self._stream.seek(note.size)
        self.count = self.before = note.count
        return note.last

    def add(self, data: bytes, people: list[Person]) -> None:
        """Write, and note it when it is on the disk."""
        self._stream.write(data)
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self.count += len(people)
        if people:
            note = _Note(self._state, self._form, self._stream.tell(), self.count, people[-1].id)
            write_atomic(self._note, note.encode())

    def complete(self) -> None:
        """Let the file take its place."""
        self._path.replace(self._target)
        self.is_complete = True
        sync_directory(self._target.parent)
        self._note.unlink(missing_ok=True)


def _names(target: Path) -> tuple[Path, Path]:
    return target.with_name(f"{target.name}.part"), target.with_name(f"{target.name}.part.json")


def _encode(people: list[Person], *, kind: Kind, zipped: bool, marked: bool, first: bool) -> bytes:
    """Persons as they stand in the file; compressed each time as a member of its own (RFC 1952 2.2)."""
    text = io.StringIO(newline="")
    if marked and first:
        text.write(BYTE_ORDER_MARK)
    write_people(people, text, kind, first=first)
    data = text.getvalue().encode()
    return gzip.compress(data, mtime=0) if zipped else data
