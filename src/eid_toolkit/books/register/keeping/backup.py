"""A back-up of the register: one consistent state of all its tables, taken while stations work.

The lines of the file (``backup_container.py``): the manifest; for each table its name and columns, then its rows as
arrays, in an order that foreign keys allow. Bytes are ``{"b": base64}``. Nothing depends on which database it comes
from.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection, MetaData, Table, func, select

from eid_toolkit.books.audit import log
from eid_toolkit.books.audit.log import AuditEvent, Filter
from eid_toolkit.books.audit.rows import GENESIS
from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.books.ledger.canonical import canonical
from eid_toolkit.books.ledger.database import Database, version_of
from eid_toolkit.books.ledger.schema import metadata
from eid_toolkit.books.register.keeping.backup_container import BackupWriter, read_backup
from eid_toolkit.books.staff.operators import Operator, OperatorStore
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import DatabaseAway, IntegrityBroken, NotPermitted
from eid_toolkit.ground.home.atomic import new_file
from eid_toolkit.ground.home.config import HomeConfig
from eid_toolkit.ground.ports import Clock, Entropy

SCHEMA = "eid-register-backup/1"
SUBJECT = "register"
"""Whom rows of the audit log about back-ups are about."""
BEGUN, DONE = "register.backup-begun", "register.backed-up"
_FETCH = 500
_LAST = 10
"""Rows of the log in which the one that was written last is looked for."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a back-up holds."""

    version: str
    """Of the register's schema."""
    created: datetime
    country: str
    authority: str
    audit_rows: int
    audit_head: str
    tables: Mapping[str, int]
    """Rows by table."""

    @property
    def signed(self) -> bool:
        """Whether its audit log has checkpoints."""
        return self.tables.get("audit_checkpoint", 0) > 0

    def to_json(self) -> dict[str, object]:
        """Stable keys, in the file and for output."""
        return {
            "schema": SCHEMA,
            "version": self.version,
            "created": self.created.isoformat(timespec="microseconds"),
            "country": self.country,
            "authority": self.authority,
            "audit": {"rows": self.audit_rows, "head": self.audit_head},
            "tables": dict(self.tables),
        }

    @classmethod
    def from_json(cls, values: object) -> Manifest:
        """Read what :meth:`to_json` gave; raises :class:`IntegrityBroken` on anything else."""
        match values:
            case {
                "schema": "eid-register-backup/1",
                "version": str(version),
                "created": str(created),
                "country": str(country),
                "authority": str(authority),
                "audit": {"rows": int(rows), "head": str(head)},
                "tables": dict(tables),
            }:
                return cls(version, datetime.fromisoformat(created), country, authority, rows, head, tables)
        raise IntegrityBroken("backup-damaged")


@dataclass(frozen=True, slots=True)
class TableStart:
    """The beginning of a table in a back-up."""

    name: str
    columns: tuple[str, ...]


Row = list[Any]


def back_up(
    database: Database,
    foundation: Foundation,
    config: HomeConfig,
    path: Path,
    operator: Operator,
    clock: Clock,
    entropy: Entropy,
) -> Manifest:
    """Write the register's state of this moment to ``path``, which is there whole or not at all, with mode 0600.

    That it is begun is on record first, so that no back-up is without a record. Raises :class:`NotPermitted` if the
    operator may not, or if there is a file already, :class:`IntegrityBroken` if the register holds what it cannot.
    """
    operator.require(Permission.BACK_UP)
    if path.exists() or path.is_symlink():
        raise NotPermitted("backup-exists", file=path.name)
    _record(database, clock, operator, BEGUN, {})
    with new_file(path) as (stream, publish):
        manifest = write_state(database, foundation, config, stream, operator, clock, entropy)
        try:
            publish()
        except FileExistsError:  # it has come meanwhile
            raise NotPermitted("backup-exists", file=path.name) from None
        told = {"created": manifest.created.isoformat(), "rows": manifest.audit_rows, "head": manifest.audit_head}
        failure = _failure_to_record(database, clock, operator, told)
    if failure is not None:
        raise failure
    return manifest


def _failure_to_record(
    database: Database, clock: Clock, operator: Operator, told: Mapping[str, object]
) -> DatabaseAway | None:
    """Put it on record that it is done; what the database says after the row is there takes no file away."""
    try:
        _record(database, clock, operator, DONE, told)
    except DatabaseAway as error:
        if not _may_be_on_record(database, told):
            raise
        return error
    return None


def _may_be_on_record(database: Database, told: Mapping[str, object]) -> bool:
    """Whether the row is there; also where nobody can say."""
    try:
        with database.read() as connection:
            rows = log.read(connection, Filter(SUBJECT, DONE, limit=_LAST))
            return canonical(told) in {row.detail for row in rows}
    except DatabaseAway:
        return True


def _record(database: Database, clock: Clock, operator: Operator, action: str, detail: Mapping[str, object]) -> None:
    with database.write() as connection:
        log.append(connection, clock.now(), operator, [AuditEvent(action, SUBJECT, detail)])


def write_state(
    database: Database,
    foundation: Foundation,
    config: HomeConfig,
    stream: BinaryIO,
    operator: Operator,
    clock: Clock,
    entropy: Entropy,
) -> Manifest:
    """Write the register's state of this moment, and put nothing on record: that is for the caller."""
    with database.read() as connection:
        tables = reflected_tables(connection)
        manifest = _manifest(connection, tables, config, clock.now())
        writer = BackupWriter(stream, foundation, entropy)
        writer.write(manifest.to_json())
        for table in tables:
            writer.write({"table": table.name, "columns": [column.name for column in table.columns]})
            with connection.execute(select(table), execution_options={"yield_per": _FETCH}) as rows:
                for row in rows:
                    writer.write([_to_json(value) for value in row])
        writer.finish(operator)
    return manifest


def read_tables(
    stream: BinaryIO, keys: KeyStore, operators: OperatorStore
) -> tuple[Manifest, Iterator[TableStart | Row]]:
    """The manifest of a back-up, and its tables with their rows, each of which is counted.

    Raises :class:`IntegrityBroken`, also while rows are read, if anything is not as it was written.
    """

    def is_signed(name: str, statement: bytes, signature: bytes | None) -> bool:
        return operators.verify(name, statement, signature, manifest.created, Permission.BACK_UP)

    values = read_backup(stream, keys, is_signed)
    manifest = Manifest.from_json(next(values, None))
    return manifest, _counted(values, manifest)


def _counted(values: Iterator[Any], manifest: Manifest) -> Iterator[TableStart | Row]:
    counts: dict[str, int] = {}
    current, width = "", 0
    for value in values:
        match value:
            case {"table": str(current), "columns": list(columns)}:
                counts[current], width = 0, len(columns)
                yield TableStart(current, tuple(columns))
            case list() if current and len(value) == width:
                counts[current] += 1
                yield [_from_json(cell) for cell in value]
            case _:
                raise IntegrityBroken("backup-damaged")
    if counts != manifest.tables:
        raise IntegrityBroken("backup-damaged")


def check_backup(path: Path, keys: KeyStore, operators: OperatorStore) -> Manifest:
    """Read a back-up to its end; raises :class:`IntegrityBroken` if anything is not as it was written."""
    with path.open("rb") as stream:
        manifest, values = read_tables(stream, keys, operators)
        for _ in values:
            pass
    return manifest


_FORMER = ("audit_head",)
"""Tables of earlier versions, which their back-ups hold."""


def reflected_tables(connection: Connection) -> list[Table]:
    """The register's tables as they are in the database, those first that others refer to.

    They know the types of the database only: values come as they are stored.
    """
    schema = MetaData()
    schema.reflect(connection, only=lambda name, _: name in metadata.tables or name in _FORMER)
    return schema.sorted_tables


def _manifest(connection: Connection, tables: list[Table], config: HomeConfig, now: datetime) -> Manifest:
    version = version_of(connection)
    if version is None:
        raise IntegrityBroken("register-missing")
    counts = {table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}
    rows, head = log.head(connection) or (0, GENESIS)
    return Manifest(version, now, config.country, config.authority, rows, head, counts)


def _to_json(value: object) -> object:
    if isinstance(value, (bytes, memoryview)):
        return {"b": base64.b64encode(value).decode()}
    return value


def _from_json(value: object) -> object:
    match value:
        case {"b": str(text)}:
            return base64.b64decode(text)
    return value
