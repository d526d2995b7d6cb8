"""Files that an act changes, and that are put back as they were unless the act comes to its end.

Before a file is changed for the first time, what it was lies on the disk in the act's folder, with a line in its
journal; so whoever finds the folder after a kill or a power cut can put the files back. What has been done when the act
is over is for its owner to say: the folder is put back or discarded, never both.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from eid_toolkit.ground.home.atomic import (
    FILE_MODE,
    private_directory,
    remove_durably,
    remove_unfinished,
    sync_directory,
    write_atomic,
)

_JOURNAL = "journal.jsonl"
_SQLITE_JOURNAL = "-journal"


class Undo:
    """The folder of one act: its journal, and what the changed files were before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: set[Path] = set()

    @classmethod
    def begin(cls, folder: Path, about: Mapping[str, object]) -> Undo:
        """A new folder, whose journal begins with a line ``about`` the act; both are on the disk on return."""
        undo = cls(private_directory(folder))
        undo.note(about)
        sync_directory(folder)
        sync_directory(folder.parent)
        return undo

    def note(self, line: Mapping[str, object]) -> None:
        """Add a line to the journal, on the disk on return."""
        descriptor = os.open(self.folder / _JOURNAL, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        try:
            os.write(descriptor, json.dumps(line).encode() + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def lines(self) -> list[dict[str, Any]]:
        """The journal; a line that was cut off with the power stands for a change that was never made."""
        lines = []
        with suppress(FileNotFoundError), (self.folder / _JOURNAL).open("rb") as stream:
            for line in stream:
                with suppress(ValueError, RecursionError):
                    lines.append(json.loads(line))
        return [line for line in lines if isinstance(line, dict)]

    def keep(self, path: Path, after: bytes | None) -> None:
        """Keep what ``path`` is now, unless that was done; ``after`` is what it becomes, if that is known."""
        path = path.absolute()
        line: dict[str, object] = {"path": str(path), "after": _digest(after)}
        if path not in self._known:
            before = path.read_bytes() if path.exists() else None
            line["before"] = None
            if before is not None:
                line["before"] = f"{len(self._known)}.before"
                write_atomic(self.folder / str(line["before"]), before)
            self._known.add(path)
        self.note(line)

    def put_back(self) -> None:
        """Have every changed file as it was; may be repeated.

        A file that somebody else has changed since is theirs, and stays, where it is known what it became here.
        """
        befores: dict[Path, str | None] = {}
        afters: dict[Path, set[str | None]] = {}
        for line in self.lines():
            if "path" in line:
                path = Path(line["path"])
                befores.setdefault(path, line.get("before"))
                afters.setdefault(path, set()).add(line["after"])
        for path, name in reversed(befores.items()):
            is_ours = None in afters[path] or not path.exists() or _digest(path.read_bytes()) in afters[path]
            if name is not None and is_ours:
                before = (self.folder / name).read_bytes()
                if not path.exists() or path.read_bytes() != before:
                    write_atomic(path, before)
            elif path.exists() and is_ours:
                remove_durably(path)
        self.clear_up()

    def clear_up(self) -> None:
        """Remove what a kill in the middle of a write has left beside the files."""
        for path in {Path(line["path"]) for line in self.lines() if "path" in line}:
            remove_unfinished(path)

    def discard(self) -> None:
        """Forget what the files were: the journal goes first."""
        with suppress(FileNotFoundError):
            remove_durably(self.folder / _JOURNAL)
        shutil.rmtree(self.folder, ignore_errors=True)


_ACTIVE: ContextVar[Undo | None] = ContextVar("active", default=None)


@contextmanager
def recorded(undo: Undo) -> Iterator[None]:
    """Have ``undo`` keep what :func:`change` and :func:`take_away` change within the block."""
    token = _ACTIVE.set(undo)
    try:
        yield
    finally:
        _ACTIVE.reset(token)


def change(path: Path, data: bytes) -> None:
    """Replace the file as :func:`write_atomic` does, in an act so that it can be put back."""
    if (undo := _ACTIVE.get()) is not None:
        undo.keep(path, data)
    write_atomic(path, data)


def take_away(path: Path) -> None:
    """Remove the file if it is there, in an act so that it can be put back."""
    if not path.exists():
        return
    if (undo := _ACTIVE.get()) is not None:
        undo.keep(path, None)
    remove_durably(path)


def before_transaction(path: Path) -> None:
    """In an act, keep an SQLite file as it is; called by its only writer, before the first change."""
    if (undo := _ACTIVE.get()) is not None:
        undo.keep(path, None)
        journal = path.with_name(path.name + _SQLITE_JOURNAL)  # a hot one would be rolled back onto what is put back
        undo.note({"path": str(journal.absolute()), "after": None, "before": None})


def _digest(data: bytes | None) -> str | None:
    return hashlib.sha256(data).hexdigest() if data is not None else None
