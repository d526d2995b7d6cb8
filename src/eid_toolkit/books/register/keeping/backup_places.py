"""The place of a register that is a file, while a back-up is restored into it: what is built and kept beside it.

Names with a dot are of a restoring that is at work, or was killed: the new file, and the copy of the old register until
its transaction has come to its end.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, text

from eid_toolkit.books.audit import log
from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.ledger.register_address import RegisterAddress
from eid_toolkit.ground.errors import EidError, IntegrityBroken, NotPermitted
from eid_toolkit.ground.home.atomic import FILE_MODE, sync_directory
from eid_toolkit.ground.ports import Clock

_SUFFIXES = ("", "-wal", "-shm", "-journal")


class Place:
    """The file of a register, one restoring at a time."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._copy = path.with_name(f".{path.name}.replaced")
        self.beside = path.with_name(f".{path.name}.restoring")
        """Where a new file is built."""

    def is_vacant(self) -> bool:
        """Whether there is no file, or nothing in it, or a database without any table."""
        if not self._path.exists() or self._path.stat().st_size == 0:
            return True
        try:
            with _reading(self._path) as connection:
                return connection.execute(text("SELECT name FROM sqlite_master")).first() is None
        except IntegrityBroken:  # damaged, and therefore there
            return False

    def tidy(self) -> None:
        """Remove what a killed restoring has left, but a register that it had replaced: that gets its dated name."""
        self.clear_beside()
        if self._copy.exists() and self._was_replaced():
            self.keep_copy()
        else:
            self.drop_copy()

    def copy(self) -> None:
        """Copy the old state, while the caller's transaction keeps others from changing it."""
        self._copy.touch(mode=FILE_MODE)
        database = Database.reach(RegisterAddress.file(self._path), new=False)
        try:
            database.copy_to(self._copy)
        finally:
            database.close()
        with self._copy.open("rb+") as file:
            os.fsync(file.fileno())
        sync_directory(self._path.parent)

    def keep_copy(self) -> Path:
        """Give the copy its name, which nothing has yet, when the register was replaced."""
        former = dated(self._path, "replaced", self._clock)
        self._copy.replace(former)
        sync_directory(former.parent)
        return former

    def drop_copy(self) -> None:
        """Remove the copy: nothing was replaced."""
        _remove(self._copy)

    def set_aside(self, *, replace: bool) -> Path | None:
        """Rename a file that is no register any more, with what belongs to it; returns its new name.

        Raises :class:`NotPermitted` if there is one that is not to be replaced.
        """
        if self.is_vacant():
            _remove(self._path)
            return None
        if not replace:
            raise NotPermitted("restore-register-exists")
        former = dated(self._path, "replaced", self._clock)
        for suffix in _SUFFIXES:
            old = self._path.with_name(self._path.name + suffix)
            if old.exists():
                old.replace(former.with_name(former.name + suffix))
        return former

    def fill(self) -> None:
        """Let the new file take the place."""
        self.beside.replace(self._path)
        sync_directory(self._path.parent)

    def clear_beside(self) -> None:
        """Remove the new file."""
        _remove(self.beside)

    def _was_replaced(self) -> bool:
        """Whether the copy is a whole register whose newest row in the audit log is not in the present one."""
        newest = _newest_row(self._copy)
        if newest is None:
            return False
        try:
            with _reading(self._path) as connection:
                return not log.has(connection, *newest)
        except EidError:
            return True


def dated(path: Path, what: str, clock: Clock) -> Path:
    """A name for what was the register at ``path``, by what became of it and when, that nothing has yet."""
    stamp = clock.now().strftime("%Y%m%dT%H%M%SZ")
    first = f"{path.name}.{what}-{stamp}"
    names = (path.with_name(first + more) for more in ("", *(f"-{number}" for number in range(2, 99))))
    return next(name for name in names if not name.exists())


@contextmanager
def _reading(path: Path) -> Iterator[Connection]:
    """A register's file, whatever is in it."""
    database = Database.reach(RegisterAddress.file(path), new=False)
    try:
        with database.read() as connection:
            yield connection
    finally:
        database.close()


def _newest_row(path: Path) -> tuple[int, str] | None:
    """Of the audit log in a register's file; None if the file is no whole register."""
    database = Database.reach(RegisterAddress.file(path), new=False)
    try:
        if not database.is_sound() or database.is_empty():
            return None
        with database.read() as connection:
            return log.head(connection)
    except EidError:
        return None
    finally:
        database.close()


def _remove(path: Path) -> None:
    for suffix in _SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
