"""The trust store's file: every object once, by its SHA-256, beside what it is found by and where it came from.

An SQLite file. A master list is kept as the pieces between its certificates, so that thirty editions of a list hold
each certificate once; put together again it is the list as it was signed, byte for byte.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from eid_toolkit.ground.errors import BadInput, EidError, IntegrityBroken, LockHeld
from eid_toolkit.ground.home.atomic import FILE_MODE, private_directory, sync_directory
from eid_toolkit.ground.home.undo import before_transaction

FILE = "trust.sqlite"
VERSION = 1
"""Of the tables; stands in the file as ``user_version``, and is 0 as long as there are none."""
_APPLICATION = 0x65494454
_PATIENCE = 10.0
"""Seconds that another process may take with the file."""
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_TABLES = """
CREATE TABLE object (id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, data BLOB);
CREATE TABLE piece (
    whole INTEGER NOT NULL, position INTEGER NOT NULL, before BLOB NOT NULL, object INTEGER,
    PRIMARY KEY (whole, position)
) WITHOUT ROWID;
CREATE TABLE fact (
    object INTEGER NOT NULL, role TEXT NOT NULL, country TEXT, key_identifier BLOB, name TEXT, dated TEXT,
    PRIMARY KEY (object, role)
) WITHOUT ROWID;
CREATE TABLE single (object INTEGER PRIMARY KEY, kind TEXT NOT NULL, imported_at TEXT NOT NULL, origin TEXT NOT NULL);
CREATE TABLE pack (
    sha256 TEXT PRIMARY KEY, kind TEXT NOT NULL, imported_at TEXT NOT NULL, header TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE member (
    pack TEXT NOT NULL, position INTEGER NOT NULL, role TEXT NOT NULL, object INTEGER NOT NULL,
    PRIMARY KEY (pack, position)
) WITHOUT ROWID;
CREATE INDEX member_object ON member (object, role);
CREATE TABLE removed (sha256 TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_LEFT_OVER = """
DELETE FROM piece WHERE whole NOT IN (SELECT object FROM member UNION SELECT object FROM single);
DELETE FROM fact WHERE object NOT IN (SELECT object FROM member UNION SELECT object FROM single);
DELETE FROM object WHERE id NOT IN (
    SELECT object FROM member UNION SELECT object FROM single UNION SELECT object FROM piece WHERE object IS NOT NULL
);
"""


class Predecessor(Protocol):
    """What an earlier version of the toolkit left in a directory."""

    def files(self, directory: Path) -> list[Path]:
        """Its files."""

    def take_over(self, connection: sqlite3.Connection, files: list[Path]) -> None:
        """Their content as rows; what is there already stays as it is."""


class TrustDatabase:
    """The file in ``directory``; nothing is written before something is kept."""

    def __init__(self, directory: Path, predecessor: Predecessor) -> None:
        self.directory = directory
        self._path = directory / FILE
        self._predecessor = predecessor
        self._settled = False

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """What is kept; in a directory that cannot be written to also what an earlier version left."""
        with _clear_errors(self._path):
            self._settle(create=False)
            with closing(self._open() if self._is_there() else self._in_memory()) as connection:
                connection.execute("BEGIN")  # one state of it, also while another process writes
                yield connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: on leaving it is on the disk, after an error or a power cut nothing of it is."""
        private_directory(self.directory)
        with _clear_errors(self._path):
            self._settle(create=True)
            with closing(self._open()) as connection, _transaction(connection):
                before_transaction(self._path)
                yield connection

    def _settle(self, *, create: bool) -> None:
        """Have the tables, with what an earlier version left: its files go when the rows are on the disk."""
        if self._settled and not create:
            return
        old = self._predecessor.files(self.directory)
        if (old and os.access(self.directory, os.W_OK)) or (create and not self._is_there()):
            if not self._path.exists():
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE))
                sync_directory(self.directory)
            with closing(self._open()) as connection, _transaction(connection):
                if _version(connection) == 0:
                    _create(connection)
                self._predecessor.take_over(connection, old)
            for path in old:
                path.unlink(missing_ok=True)
            sync_directory(self.directory)
        self._settled = True

    def _is_there(self) -> bool:
        """Whether there are tables: with them came all that an earlier version had left."""
        if not self._path.exists():
            return False
        with closing(self._open()) as connection:
            return _version(connection) > 0

    def _in_memory(self) -> sqlite3.Connection:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        _create(connection)
        self._predecessor.take_over(connection, self._predecessor.files(self.directory))
        return connection

    def _open(self) -> sqlite3.Connection:
        address = f"{self._path.absolute().as_uri()}?mode=rw"  # read only where the file is
        connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=_PATIENCE)
        try:
            if (version := _version(connection)) > VERSION:
                raise BadInput("trust-store-newer", version=version, supported=VERSION)
        except BaseException:
            connection.close()
            raise
        return connection


def keep(connection: sqlite3.Connection, data: bytes, within: Sequence[bytes] = ()) -> int:
    """The row of an object, which is kept if it is new; ``within`` are kept objects that it consists of, in order."""
    fingerprint = sha256(data).hexdigest()
    if (row := connection.execute("SELECT id FROM object WHERE sha256 = ?", (fingerprint,)).fetchone()) is not None:
        return int(row[0])
    stored = None if within else data
    cursor = connection.execute(
        "INSERT INTO object (sha256, size, data) VALUES (?, ?, ?)", (fingerprint, len(data), stored)
    )
    number = int(cursor.lastrowid or 0)
    rows: list[tuple[int, int, bytes, int | None]] = []
    at = 0
    for part in within:
        start = data.find(part, at)
        if start < 0:
            continue  # written otherwise there, or out of order: it stays in the piece
        rows.append((number, len(rows), data[at:start], keep(connection, part)))
        at = start + len(part)
    if within:
        rows.append((number, len(rows), data[at:], None))
        connection.executemany("INSERT INTO piece VALUES (?, ?, ?, ?)", rows)
    return number


def fetch(connection: sqlite3.Connection, fingerprint: str) -> bytes:
    """An object's bytes; raises :class:`IntegrityBroken` if it is not what it was, or is gone."""
    row = connection.execute("SELECT id, data FROM object WHERE sha256 = ?", (fingerprint,)).fetchone()
    if row is None:
        raise IntegrityBroken("trust-entry-damaged", fingerprint=fingerprint)
    data = row[1]
    if data is None:
        pieces = connection.execute(
            "SELECT before, data FROM piece LEFT JOIN object ON object.id = piece.object WHERE whole = ?"
            " ORDER BY position",
            (row[0],),
        )
        data = b"".join(before + (part or b"") for before, part in pieces)
    if not isinstance(data, bytes) or sha256(data).hexdigest() != fingerprint:
        raise IntegrityBroken("trust-entry-damaged", fingerprint=fingerprint)
    return data


def sweep(connection: sqlite3.Connection) -> None:
    """Let go of objects that nothing refers to any more."""
    for statement in filter(None, map(str.strip, _LEFT_OVER.split(";"))):
        connection.execute(statement)


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _create(connection: sqlite3.Connection) -> None:
    for statement in filter(None, map(str.strip, _TABLES.split(";"))):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {_APPLICATION}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("PRAGMA synchronous = EXTRA")
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _clear_errors(path: Path) -> Iterator[None]:
    """What SQLite says in the toolkit's words; what the disk says as the system says it."""
    try:
        yield
    except EidError:
        raise
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _BUSY:
            raise LockHeld("lock-held", subject="trust store", holder="unknown") from None
        if code in _DAMAGED or not isinstance(error, sqlite3.OperationalError):
            raise IntegrityBroken("trust-store-damaged", file=path.name) from None
        raise OSError(0, str(error), str(path)) from None
    except UnicodeDecodeError:  # what SQLite says of a damaged schema repeats its bytes
        raise IntegrityBroken("trust-store-damaged", file=path.name) from None
