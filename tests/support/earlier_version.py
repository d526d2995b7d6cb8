"""Registers as a version from before the log told of states has left them: made of today's, and opened anew."""

from __future__ import annotations

import json
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, delete, insert, text, update

from eid_toolkit.books.audit.endorsed import ENDORSEMENT, RECORD
from eid_toolkit.books.audit.home_notes import NEWEST_FILE
from eid_toolkit.books.audit.keeper import CHAIN_ROWS
from eid_toolkit.books.audit.rows import GENESIS, StoredRow
from eid_toolkit.books.audit.states import BEFORE, CONTENT
from eid_toolkit.books.ledger import database
from eid_toolkit.books.ledger.canonical import canonical
from eid_toolkit.books.ledger.kinds import KINDS
from eid_toolkit.books.ledger.register_address import RegisterAddress
from eid_toolkit.books.ledger.schema import (
    audit,
    audit_checkpoint,
    audit_session,
    audit_signature,
    chain_head,
    subject_head,
)
from eid_toolkit.ground.home.home import Home
from support.homes import WorkingOffice
from support.meddling import log_of, with_own_hash
from support.real_offices import both, looked_at

_NEW = (CONTENT, BEFORE, RECORD, ENDORSEMENT, CHAIN_ROWS)
_BEFORE = "0006"


def make_earlier(home: Home) -> None:
    """From now on the home has a register of the version before: it is migrated when it is opened."""
    for name in (NEWEST_FILE, "head.json"):
        (home.audit / name).unlink(missing_ok=True)
    with looked_at(home) as office:
        _strip(office)
        people = (office.clerk,) if home.config.demo else both(office)
        office.register.audit.checkpoint(people)
    _downgrade(home)


def _strip(office: WorkingOffice) -> None:
    """One chain, in which nothing vouches for a state; and no signature but a checkpoint's."""
    with office.register.database.write() as connection:
        rows = log_of(connection)
        for table in (audit_signature, audit_session, subject_head, chain_head, audit_checkpoint, audit):
            connection.execute(delete(table))
        previous, position = GENESIS, 0
        for row in rows:
            position += 1
            detail = {name: value for name, value in json.loads(row.detail).items() if name not in _NEW}
            told = StoredRow(position, *row[1:5], canonical(detail), previous, "")
            previous = _insert(connection, with_own_hash(told))
        connection.execute(
            insert(chain_head), {"chain": "office", "number": position, "position": position, "hash": previous}
        )
        for kind in KINDS.values():
            connection.execute(update(kind.table).values(version=0, told_by=None))


def _insert(connection, row: StoredRow) -> str:  # type: ignore[no-untyped-def]
    names = ", ".join(StoredRow._fields)
    values = ", ".join(f":{name}" for name in StoredRow._fields)
    stored = {**row._asdict(), "time": row.time.replace("+00:00", "Z")}
    connection.execute(text(f"INSERT INTO audit ({names}) VALUES ({values})"), stored)
    return row.hash


def _downgrade(home: Home) -> None:
    address = RegisterAddress.of(home)
    engine = create_engine(address.url, connect_args=dict(address.arguments))
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.downgrade(config, _BEFORE)
    finally:
        engine.dispose()
