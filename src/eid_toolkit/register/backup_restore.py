"""Restoring a back-up: everything is checked first; then the register is the back-up's, whole or not at all.

Into a register that is there the back-up goes by one transaction: whoever has it open sees the old state or the new.
An SQLite file that is missing or damaged is built beside its place and renamed. The audit log that came with the
back-up is verified before anything counts, a row ``register.restored`` says which rows are lost by it, and a checkpoint
signs that row in the same transaction: an audit log that was merely cut off has no such signature.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection, Integer, Table, func, insert, select, text

from eid_toolkit.audit import checkpoints, log
from eid_toolkit.audit.files import AuditFiles
from eid_toolkit.audit.log import AuditEvent
from eid_toolkit.audit.statements import Checkpoint
from eid_toolkit.audit.trail import items
from eid_toolkit.audit.walk import RESTORED, walk
from eid_toolkit.errors import BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.home.atomic import FILE_MODE, sync_directory
from eid_toolkit.home.home import Home
from eid_toolkit.ports import Clock, SystemEntropy
from eid_toolkit.register.backup import Manifest, Row, TableStart, check_backup, read_tables, reflected_tables
from eid_toolkit.register.data_keys import DataKeys
from eid_toolkit.register.database import VERSION_TABLE, Database, parse_address, upgrade, version_of
from eid_toolkit.register.erasure import erase_again, erased_persons
from eid_toolkit.register.schema import HEAD, audit
from eid_toolkit.stores.keys import KeyStore
from eid_toolkit.stores.operators import Operator

SUBJECT = "register"
_BATCH = 500
_SUFFIXES = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Lost:
    """Rows of the audit log that were known and are not in the back-up; ``first`` is None if it cannot be told."""

    first: int | None
    last: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, what is lost by it, and where the old register lies."""

    manifest: Manifest
    row: int
    """Of the audit log: where it is on record."""
    lost: Lost | None
    kept: Path | None


class Restorer:
    """Restores back-ups into the register of one home."""

    def __init__(self, home: Home, keys: KeyStore, clock: Clock) -> None:
        self._home, self._keys, self._clock = home, keys, clock
        self._files = AuditFiles(home.audit)
        self._url = home.register_url

    def check(self, path: Path) -> Manifest:
        """Read it to its end; raises :class:`IntegrityBroken` if it is damaged, :class:`BadInput` if it is newer."""
        manifest = check_backup(path, self._keys)
        if manifest.version > HEAD:
            raise BadInput("register-newer", version=manifest.version, supported=HEAD)
        return manifest

    def is_vacant(self) -> bool:
        """Whether there is nothing that a restoring would replace."""
        if (place := self._place()) is not None and (not place.exists() or place.stat().st_size == 0):
            return True
        try:
            database = Database.reach(self._url, new=False)
        except IntegrityBroken:
            return False
        try:
            return database.is_empty()
        except IntegrityBroken:  # damaged, and therefore there
            return False
        finally:
            database.close()

    def restore(self, path: Path, operator: Operator, *, replace: bool = False) -> Restored:
        """Put the back-up in the register's place, and record that; raises as :meth:`check` before anything changes.

        Raises :class:`NotPermitted` if there is a register and it is not to be replaced.
        """
        manifest = self.check(path)
        vacant = self.is_vacant()
        if not vacant and not replace:
            raise NotPermitted("restore-register-exists")
        seen = self._files.seen()
        place = self._place()
        if place is not None and (vacant or not self._is_readable()):
            return self._beside(path, manifest, operator, seen, place)
        kept: Path | None = None
        database = Database.reach(self._url, new=True)
        try:
            with database.write() as connection:
                kept = self._copy_aside(place) if place is not None else None
                lost, made = self._load(connection, path, manifest, operator, seen)
        except BaseException:
            if kept is not None:
                kept.unlink()
            raise
        finally:
            database.close()
        self._files.keep(made, checkpoints.public_key(self._keys))
        return Restored(manifest, made.position, lost, kept)

    def _beside(
        self, path: Path, manifest: Manifest, operator: Operator, seen: Checkpoint | None, place: Path
    ) -> Restored:
        """Build a new file, then let it take the place; what was there is kept."""
        beside = place.with_name(f".{place.name}.restoring")
        _remove(beside)
        try:
            database = Database.reach(f"sqlite:///{beside}", new=True)
            try:
                with database.write() as connection:
                    lost, made = self._load(connection, path, manifest, operator, seen)
            finally:
                database.close()
            kept = self._set_aside(place)
            beside.replace(place)
            sync_directory(place.parent)
        except BaseException:
            _remove(beside)
            raise
        self._files.keep(made, checkpoints.public_key(self._keys))
        return Restored(manifest, made.position, lost, kept)

    def _load(
        self, connection: Connection, path: Path, manifest: Manifest, operator: Operator, seen: Checkpoint | None
    ) -> tuple[Lost | None, Checkpoint]:
        """Put the back-up in place of all tables, within the caller's transaction, and sign it."""
        before = _Before.look(connection, manifest)
        _drop_all(connection)
        upgrade(connection, manifest.version)
        with path.open("rb") as stream:
            _fill(connection, stream, self._keys)
        if manifest.version != HEAD:
            upgrade(connection)
        key = checkpoints.public_key(self._keys) if manifest.signed else None
        if key is not None:
            self._files.check(key)
        with log.any_text(connection):
            result = walk(items(connection), lambda: log.head(connection), key)
        if result.reason is not None:
            raise IntegrityBroken("backup-log-broken", row=result.broken_at)
        lost = _lost(connection, manifest, before, seen)
        detail: dict[str, object] = {
            "back_up": {"created": manifest.created.isoformat(), "rows": manifest.audit_rows, "head": result.head},
            "lost": {"from": lost.first, "through": lost.last} if lost is not None else None,
            "seen": {"position": seen.position, "hash": seen.hash} if seen is not None and lost is not None else None,
        }
        if before is not None and before.erased:  # their data must not come back with the back-up
            data_keys = DataKeys(self._keys, self._clock, SystemEntropy())
            now = self._clock.now()
            detail["erased_again"] = erase_again(connection, data_keys, before.erased, operator.name, now)
        log.append(connection, self._clock.now(), operator.name, [AuditEvent(RESTORED, SUBJECT, detail)])
        return lost, checkpoints.checkpoint(connection, self._keys, self._clock, [operator], restored=True)

    def _place(self) -> Path | None:
        """The register's file; None if it is on a server."""
        address = parse_address(self._url)
        return Path(str(address.database)) if address.get_backend_name() == "sqlite" else None

    def _is_readable(self) -> bool:
        """Whether the register that is there can be told from garbage."""
        try:
            database = Database.reach(self._url, new=False)
        except IntegrityBroken:
            return False
        try:
            return database.is_sound() and not database.is_empty()
        except IntegrityBroken:
            return False
        finally:
            database.close()

    def _dated(self, place: Path) -> Path:
        """A name for what is replaced, that nothing has yet."""
        stamp = self._clock.now().strftime("%Y%m%dT%H%M%SZ")
        names = (
            place.with_name(f"{place.name}.replaced-{stamp}{more}") for more in ("", *(f"-{n}" for n in range(2, 99)))
        )
        return next(name for name in names if not name.exists())

    def _copy_aside(self, place: Path) -> Path:
        """The old state as a file of its own, while the caller's transaction keeps others from changing it."""
        kept = self._dated(place)
        kept.touch(mode=FILE_MODE)
        database = Database.reach(f"sqlite:///{place}", new=False)
        try:
            database.copy_to(kept)
            with kept.open("rb+") as file:
                os.fsync(file.fileno())
            sync_directory(kept.parent)
        except BaseException:
            kept.unlink()
            raise
        finally:
            database.close()
        return kept

    def _set_aside(self, place: Path) -> Path | None:
        """Rename a file that is no register any more, with what belongs to it."""
        if not place.exists() or place.stat().st_size == 0:
            _remove(place)
            return None
        kept = self._dated(place)
        for suffix in _SUFFIXES:
            old = place.with_name(place.name + suffix)
            if old.exists():
                old.replace(kept.with_name(kept.name + suffix))
        return kept


@dataclass(frozen=True, slots=True)
class _Before:
    """The audit log that is replaced: its newest row, and whether the back-up's newest row is one of its own."""

    head: tuple[int, str]
    follows: bool
    erased: tuple[str, ...]
    """The persons who were erased in it."""

    @classmethod
    def look(cls, connection: Connection, manifest: Manifest) -> _Before | None:
        if version_of(connection) is None:
            return None
        newest = connection.execute(
            select(audit.c.position, audit.c.hash).order_by(audit.c.position.desc()).limit(1)
        ).first()
        if newest is None:
            return None
        same = connection.execute(select(audit.c.hash).where(audit.c.position == manifest.audit_rows)).scalar()
        erased = erased_persons(connection) if version_of(connection) == HEAD else []
        return cls((newest.position, newest.hash), same == manifest.audit_head, tuple(erased))


def _lost(connection: Connection, manifest: Manifest, before: _Before | None, seen: Checkpoint | None) -> Lost | None:
    """What was known of the log before, by its own rows or by the checkpoint seen, and is not in the back-up."""
    behind = manifest.audit_rows + 1
    known = []
    if before is not None and not _has(connection, *before.head):
        known.append(Lost(behind if before.follows else None, before.head[0]))
    if seen is not None and not _has(connection, seen.position, seen.hash):
        known.append(Lost(behind if seen.position >= behind else None, seen.position))
    if not known:
        return None
    certain = all(each.first is not None for each in known)
    return Lost(behind if certain else None, max(each.last for each in known))


def _has(connection: Connection, position: int, row_hash: str) -> bool:
    """Whether the log has that very row."""
    row = connection.execute(select(audit.c.position).where(audit.c.position == position, audit.c.hash == row_hash))
    return row.first() is not None


def _drop_all(connection: Connection) -> None:
    for table in reversed(reflected_tables(connection)):
        table.drop(connection)
    if version_of(connection) is not None:
        connection.execute(text(f"DROP TABLE {VERSION_TABLE}"))


def _fill(connection: Connection, stream: BinaryIO, keys: KeyStore) -> None:
    """Insert all rows; raises :class:`IntegrityBroken` if they do not fit the tables."""
    tables = {table.name: table for table in reflected_tables(connection)}
    _, values = read_tables(stream, keys)
    table: Table | None = None
    columns: tuple[str, ...] = ()
    batch: list[Row] = []

    def flush() -> None:
        if batch and table is not None:
            connection.execute(insert(table), [dict(zip(columns, row, strict=True)) for row in batch])
        batch.clear()

    for value in values:
        if isinstance(value, TableStart):
            flush()
            table, columns = tables.get(value.name), value.columns
            if table is None or not set(columns) <= set(table.columns.keys()):
                raise IntegrityBroken("backup-damaged")
        else:
            batch.append(value)
            if len(batch) >= _BATCH:
                flush()
    flush()
    if connection.dialect.name == "postgresql":
        for each in tables.values():
            _advance_sequence(connection, each)


def _advance_sequence(connection: Connection, table: Table) -> None:
    """Let numbers that the server gives out go on behind those that came with the back-up."""
    for column in table.primary_key.columns:
        if isinstance(column.type, Integer) and column.server_default is not None:
            newest = connection.execute(select(func.coalesce(func.max(column), 0))).scalar_one()
            statement = text("SELECT setval(pg_get_serial_sequence(:table, :column), :next, false)")
            connection.execute(statement, {"table": table.name, "column": column.name, "next": newest + 1})


def _remove(path: Path) -> None:
    for suffix in _SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
