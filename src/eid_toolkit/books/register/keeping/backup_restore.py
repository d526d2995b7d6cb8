"""Restoring a back-up: everything is checked first; then the register is the back-up's, whole or not at all.

Into a register that is there the back-up goes by one transaction: whoever has it open sees the old state or the new.
An SQLite file that is missing or damaged is built beside its place and renamed. The audit log that came with the
back-up is verified before anything counts, a row ``register.restored`` says which rows are lost by it, and a checkpoint
signs that row in the same transaction: an audit log that was merely cut off has no such signature.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Integer, Table, func, insert, select, text
from sqlalchemy.exc import DataError, IntegrityError

from eid_toolkit.books.audit import checkpoints, log
from eid_toolkit.books.audit.files import AuditFiles
from eid_toolkit.books.audit.home_notes import HomeNotes, restoring_note
from eid_toolkit.books.audit.items import ends, items
from eid_toolkit.books.audit.keeper import LogKeeper
from eid_toolkit.books.audit.log import AuditEvent
from eid_toolkit.books.audit.statements import Checkpoint, audit_key
from eid_toolkit.books.audit.taking_over import is_told, take_over, to_take_over
from eid_toolkit.books.audit.walk import RESTORED, walk
from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.books.ledger.database import VERSION_TABLE, Database, upgrade, version_of
from eid_toolkit.books.ledger.register_address import RegisterAddress
from eid_toolkit.books.ledger.schema import HEAD, audit
from eid_toolkit.books.register.data_keys import DataKeys
from eid_toolkit.books.register.keeping.backup import (
    SUBJECT,
    Manifest,
    Row,
    TableStart,
    check_backup,
    read_tables,
    reflected_tables,
)
from eid_toolkit.books.register.keeping.backup_places import Place
from eid_toolkit.books.register.keeping.erasure import erase_again, erased_persons
from eid_toolkit.books.staff.operators import Operator, OperatorStore
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.ports import Clock, Signer, SystemEntropy

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Checked:
    """A back-up that was read to its end and can be restored, and whether that would replace nothing."""

    path: Path
    manifest: Manifest
    vacant: bool


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
    erased_again: int
    """This many persons had been erased after the back-up was made, and were again."""
    erasures_known: bool
    """Whether all who had been erased were: it takes the register that was replaced, of this very version."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A back-up that is in the tables now, and on record."""

    checkpoint: Checkpoint
    lost: Lost | None
    erased_again: int
    erasures_known: bool

    def restored(self, manifest: Manifest, former: Path | None) -> Restored:
        row = self.checkpoint.position
        return Restored(manifest, row, self.lost, former, self.erased_again, self.erasures_known)


class Restorer:
    """Restores back-ups into the register of one home; raises :class:`NotPermitted` if the operator may not."""

    def __init__(
        self,
        home: Home,
        keys: KeyStore,
        people: Sequence[Operator],
        clock: Clock,
        address: RegisterAddress | None = None,
    ) -> None:
        """``address`` is where the register is to be, if not where the home's configuration says."""
        self._keys, self._people, self._operator, self._clock = keys, people, people[0], clock
        self._operators = OperatorStore(home.operators, keys.foundation)
        self._keeper = LogKeeper(keys.foundation, clock, SystemEntropy())
        self._files = AuditFiles(home.audit)
        self._notes = HomeNotes(home.audit, keys.foundation.home)
        self._address = address or RegisterAddress.of(home)
        self._place = Place(self._address.path, clock) if self._address.path is not None else None

    def check(self, path: Path) -> Checked:
        """Read it to its end; raises :class:`IntegrityBroken` if it is damaged, :class:`BadInput` if it is newer."""
        self._operator.require(Permission.BACK_UP)
        manifest = check_backup(path, self._keys, self._operators)
        if manifest.version > HEAD:
            raise BadInput("register-newer", version=manifest.version, supported=HEAD)
        return Checked(path, manifest, self._is_vacant())

    def restore(self, checked: Checked, *, replace: bool = False) -> Restored:
        """Put the back-up in the register's place, and record that.

        Raises :class:`NotPermitted` if there is a register and it is not to be replaced, :class:`IntegrityBroken` if
        the file is another one now.
        """
        self._operator.require(Permission.BACK_UP)
        if not checked.vacant and not replace:
            raise NotPermitted("restore-register-exists")
        signer = checkpoints.signer(self._keys, self._files, new=not checked.manifest.signed)
        with self._files.locked() as keep:  # nobody remembers a checkpoint that is just being lost
            seen = self._files.seen()
            work = _Work(checked, signer, seen, replace)
            if self._place is not None:
                self._place.tidy()
            if self._place is not None and (checked.vacant or not self._is_readable()):
                loaded, former = self._beside(work, self._place)
            else:
                loaded, former = self._inside(work)
            keep(loaded.checkpoint, audit_key(signer), seen)
            self._note(checked.manifest, loaded, signer)
        return loaded.restored(checked.manifest, former)

    def _note(self, manifest: Manifest, loaded: _Loaded, signer: Signer) -> None:
        """Remember in the home that it was restored, whatever is restored later."""
        lost = (None, None) if loaded.lost is None else (loaded.lost.first, loaded.lost.last)
        signed, names = loaded.checkpoint, [person.name for person in self._people]
        at = self._clock.now()
        note = restoring_note(at, names, manifest.created, (signed.position, signed.hash), lost, signer)
        self._notes.add_restoring(note, signer)
        self._notes.forget()
        if self._keeper.seen:
            self._notes.remember(self._keeper.seen.values(), restored=True)

    def _inside(self, work: _Work) -> tuple[_Loaded, Path | None]:
        """Into the register that is there, in one transaction; a file is copied first."""
        place = self._place
        database = Database.reach(self._address, new=True)
        try:
            database.keeper = self._keeper
            with database.write(exclusive=True) as connection:
                if place is not None:
                    place.copy()
                loaded = self._load(connection, work)
        except BaseException:
            if place is not None:
                place.drop_copy()
            raise
        finally:
            database.close()
        return loaded, place.keep_copy() if place is not None else None

    def _beside(self, work: _Work, place: Place) -> tuple[_Loaded, Path | None]:
        """Build a new file, then let it take the place; what was there is kept."""
        try:
            database = Database.reach(RegisterAddress.file(place.beside), new=True)
            try:
                database.keeper = self._keeper
                with database.write(exclusive=True) as connection:
                    loaded = self._load(connection, work)
            finally:
                database.close()
            former = place.set_aside(replace=work.replace)
            place.fill()
        except BaseException:
            place.clear_beside()
            raise
        return loaded, former

    def _load(self, connection: Connection, work: _Work) -> _Loaded:
        """Put the back-up in place of all tables, within the caller's transaction, and sign it."""
        manifest, seen = work.checked.manifest, work.seen
        if version_of(connection) is not None and not work.replace:  # it has come meanwhile
            raise NotPermitted("restore-register-exists")
        before = _Before.look(connection, manifest)
        _drop_all(connection)
        upgrade(connection, manifest.version)
        with work.checked.path.open("rb") as stream:
            _fill(connection, read_tables(stream, self._keys, self._operators), manifest)
        if manifest.version != HEAD:
            upgrade(connection)
        with log.any_text(connection):
            key = audit_key(work.signer) if manifest.signed else None
            result = walk(items(connection), lambda: ends(connection), key, foundation=self._keys.foundation)
        if result.reason is not None:
            raise IntegrityBroken("backup-log-broken", row=result.broken_at)
        lost = _lost(connection, manifest, before, seen)
        gone = seen is not None and not checkpoints.has(connection, seen)
        detail: dict[str, object] = {
            "back_up": {"created": manifest.created.isoformat(), "rows": manifest.audit_rows, "head": result.head},
            "lost": {"from": lost.first, "through": lost.last} if lost is not None else None,
            "seen": {"position": seen.position, "hash": seen.hash} if seen is not None and gone else None,
        }
        now = self._clock.now()
        if to_take_over(connection).rows and not is_told(
            connection
        ):  # by those who restore: the back-up is of an earlier version
            take_over(connection, self._operators.list(), self._people, self._keys.foundation, now)
        erased_again, erasures_known = 0, before is not None and before.erased is not None
        if before is not None and before.erased:  # their data must not come back with the back-up
            data_keys = DataKeys(self._keys, self._clock, SystemEntropy())
            erased_again = erase_again(connection, data_keys, before.erased, self._operator, now)
        detail |= {"erased_again": erased_again, "erasures_known": erasures_known}
        log.append(connection, self._clock.now(), self._operator, [AuditEvent(RESTORED, SUBJECT, detail)])
        checkpoint = checkpoints.checkpoint(connection, work.signer, self._clock, [self._operator], restored=True)
        return _Loaded(checkpoint, lost, erased_again, erasures_known)

    def _is_vacant(self) -> bool:
        """Whether there is nothing that a restoring would replace."""
        if self._place is not None:
            return self._place.is_vacant()
        try:
            database = Database.reach(self._address, new=False)
        except IntegrityBroken:
            return False
        try:
            return database.is_empty()
        except IntegrityBroken:  # damaged, and therefore there
            return False
        finally:
            database.close()

    def _is_readable(self) -> bool:
        """Whether the register that is there can be told from garbage."""
        try:
            database = Database.reach(self._address, new=False)
        except IntegrityBroken:
            return False
        try:
            return database.is_sound() and not database.is_empty()
        except IntegrityBroken:
            return False
        finally:
            database.close()


@dataclass(frozen=True, slots=True)
class _Work:
    """One restoring: with what it is signed, and what the home had seen signed before."""

    checked: Checked
    signer: Signer
    seen: Checkpoint | None
    replace: bool


@dataclass(frozen=True, slots=True)
class _Before:
    """The audit log that is replaced: its newest row, and whether the back-up's newest row is one of its own."""

    head: tuple[int, str]
    follows: bool
    erased: tuple[str, ...] | None
    """The persons who were erased in it; None for a register of another version, which is not asked."""

    @classmethod
    def look(cls, connection: Connection, manifest: Manifest) -> _Before | None:
        if version_of(connection) is None:
            return None
        if version_of(connection) == HEAD:
            newest, same = log.head(connection), log.has(connection, manifest.audit_rows, manifest.audit_head)
        else:  # of before there were several chains
            newest, same = _old_head(connection, manifest)
        if newest is None:
            return None
        erased = tuple(erased_persons(connection)) if version_of(connection) == HEAD else None
        return cls(newest, same, erased)


def _old_head(connection: Connection, manifest: Manifest) -> tuple[tuple[int, str] | None, bool]:
    with log.any_text(connection):
        newest = connection.execute(
            select(audit.c.position, audit.c.hash).order_by(audit.c.position.desc()).limit(1)
        ).first()
        same = connection.execute(select(audit.c.hash).where(audit.c.position == manifest.audit_rows)).scalar()
    return None if newest is None else (newest.position, newest.hash), same == manifest.audit_head


def _lost(connection: Connection, manifest: Manifest, before: _Before | None, seen: Checkpoint | None) -> Lost | None:
    """What was known of the log before, by its own rows or by the checkpoint seen, and is not in the back-up."""
    behind = manifest.audit_rows + 1
    known = []
    if before is not None and not log.has(connection, *before.head):
        known.append(Lost(behind if before.follows else None, before.head[0]))
    if seen is not None and not log.has(connection, seen.position, seen.hash):
        known.append(Lost(behind if seen.position >= behind else None, seen.position))
    if not known:
        return None
    certain = all(each.first is not None for each in known)
    return Lost(behind if certain else None, max(each.last for each in known))


def _drop_all(connection: Connection) -> None:
    for table in reversed(reflected_tables(connection)):
        table.drop(connection)
    if version_of(connection) is not None:
        connection.execute(text(f"DROP TABLE {VERSION_TABLE}"))


def _fill(connection: Connection, read: tuple[Manifest, Iterator[TableStart | Row]], manifest: Manifest) -> None:
    """Insert all rows; raises :class:`IntegrityBroken` if they do not fit the tables, or are not the manifest's."""
    tables = {table.name: table for table in reflected_tables(connection)}
    actual, values = read
    if actual != manifest:
        raise IntegrityBroken("backup-changed")
    table: Table | None = None
    columns: tuple[str, ...] = ()
    batch: list[Row] = []

    def flush() -> None:
        if batch and table is not None:
            try:
                connection.execute(insert(table), [dict(zip(columns, row, strict=True)) for row in batch])
            except (DataError, IntegrityError):
                raise IntegrityBroken("backup-damaged") from None
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
        for filled in tables.values():
            _advance_sequence(connection, filled)


def _advance_sequence(connection: Connection, table: Table) -> None:
    """Let numbers that the server gives out go on behind those that came with the back-up."""
    for column in table.primary_key.columns:
        if isinstance(column.type, Integer) and column.server_default is not None:
            newest = connection.execute(select(func.coalesce(func.max(column), 0))).scalar_one()
            statement = text("SELECT setval(pg_get_serial_sequence(:table, :column), :next, false)")
            connection.execute(statement, {"table": table.name, "column": column.name, "next": newest + 1})
