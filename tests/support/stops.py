"""Stops of a command at each of its writes: what is counted, watched, refused or killed, and what a home holds then."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.register.stock.leases import KEEPER
from eid_toolkit.books.trust.database import TrustDatabase
from eid_toolkit.ground.errors import DatabaseAway

_FILE_CALLS = ("replace", "link", "unlink", "rename")
_APART = ("register.sqlite", "locks")
"""What of a home says nothing of an act: the rows are looked at by themselves, as the log is."""
_TABLES_APART = ("audit", "chain_head", "audit_session", "audit_signature", "lease")
"""The log's own: decisions and look-ups move them too."""
_BESIDE = ("decided", "abandoned", "backup-begun", "looked-up", "searched")
_DIGEST = re.compile(r"[0-9a-f]{24,64}")


class Tripwire:
    """Counts what happens, and stops at the event number ``at``."""

    def __init__(self, at: int = 0, stop: Callable[[str], None] = lambda _: None) -> None:
        self.events: list[str] = []
        self._at, self._stop = at, stop

    def pass_over(self, event: str) -> None:
        self.events.append(event)
        if len(self.events) == self._at:
            self._stop(event)


def kill(_: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def refuse(event: str) -> None:
    if event in ("commit", "committed"):  # the second: the server was lost before it could say that it is done
        raise DatabaseAway("register-away", reason="connection lost")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def commits_watched(tripwire: Tripwire) -> Iterator[None]:
    """Trips before and after each commit of a register.

    Not at those of the thread that keeps leases alive: whether there is one depends on how long the run takes.
    """
    real = Database.write

    @contextmanager
    def write(self: Database, *, exclusive: bool = False) -> Iterator[Connection]:
        counts = threading.current_thread().name != KEEPER
        with real(self, exclusive=exclusive) as connection:
            yield connection
            if counts:
                tripwire.pass_over("commit")
        if counts:
            tripwire.pass_over("committed")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "write", write)
        yield


@contextmanager
def writes_watched(tripwire: Tripwire, folder: Path) -> Iterator[None]:
    """Trips before and after each commit of a register and of a trust store, and before each change of a name.

    Only names in ``folder`` count.
    """
    real_trust = TrustDatabase.write

    @contextmanager
    def trust(self: TrustDatabase) -> Iterator[sqlite3.Connection]:
        with real_trust(self) as connection:
            yield connection
            tripwire.pass_over("trust")
        tripwire.pass_over("trusted")

    def counted(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(*arguments: Any, **options: Any) -> Any:
            if any(str(folder) in str(argument) for argument in arguments if isinstance(argument, str | os.PathLike)):
                tripwire.pass_over(name)
            return real(*arguments, **options)

        return call

    with commits_watched(tripwire), pytest.MonkeyPatch.context() as patch:
        patch.setattr(TrustDatabase, "write", trust)
        for name in _FILE_CALLS:
            patch.setattr(os, name, counted(name))
        yield


@dataclass(frozen=True)
class Picture:
    """What a folder with a home holds: its files, the rows of its tables, and the log; leases lapse by themselves."""

    files: dict[str, str]
    tables: dict[str, str]
    log: list[dict[str, Any]]

    @classmethod
    def of(cls, folder: Path, home: Path) -> Picture:
        """Of all files in ``folder``, and the register of ``home``."""
        files = {}
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not _is_apart(path.relative_to(folder)):
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                files[_DIGEST.sub("<digest>", str(path.relative_to(folder)))] = digest
        with closing(sqlite3.connect(f"file:{home / 'register.sqlite'}?mode=ro", uri=True)) as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            tables = {name: _digest(connection, name) for name in names if name not in _TABLES_APART}
            columns = ("position", "operator", "action", "subject", "detail")
            query = f"SELECT {', '.join(columns)} FROM audit ORDER BY position"
            log = [dict(zip(columns, row, strict=True)) for row in connection.execute(query)]
        return cls(files, tables, [{**row, "detail": json.loads(row["detail"])} for row in log])

    def since(self, before: Picture) -> tuple[frozenset[str], frozenset[str], list[str]]:
        """Which files and tables have changed, and what was done by the log: no decisions, and no look-ups."""
        files = {name for name in {*self.files, *before.files} if self.files.get(name) != before.files.get(name)}
        tables = {name for name in self.tables if self.tables[name] != before.tables.get(name)}
        actions = [row["action"] for row in self.log[len(before.log) :]]
        done = [action for action in actions if action.rpartition(".")[2] not in _BESIDE]
        return frozenset(files), frozenset(tables), done


def _is_apart(path: Path) -> bool:
    """A signature is counted in any case, before it is made; half a list is no harm.

    What was seen last in the log is remembered at the end of a command, or at that of the operator's next one.
    """
    if path.name.startswith((".own-reports", ".trusted-time", ".head.json", ".newest.json", "newest.json")):
        return True
    return any(part.startswith(_APART) for part in path.parts) or path.suffix in (".lock", ".count")


def _digest(connection: sqlite3.Connection, table: str) -> str:
    rows = sorted(map(repr, connection.execute(f'SELECT * FROM "{table}"')))
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()
