"""Somebody with the database's own tools, and no key: rows are changed, removed and made up as they like.

Nothing here goes through the register: statements go to the database as they are, and no foreign key stands in the way.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, delete, insert, select, text

from eid_toolkit.books.audit.rows import GENESIS, StoredRow, row_hash
from eid_toolkit.books.audit.states import BEFORE, CONTENT
from eid_toolkit.books.ledger.canonical import canonical
from eid_toolkit.books.ledger.kinds import KINDS, Kind
from eid_toolkit.books.ledger.register_address import RegisterAddress
from eid_toolkit.books.ledger.schema import chain_head
from eid_toolkit.ground.home.home import Home

Edit = Callable[[StoredRow], StoredRow]


class Meddler:
    """One who writes into the register of a home."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction."""
        with self._engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SET session_replication_role = replica")
                connection.commit()
            with connection.begin():
                yield connection

    def run(self, statement: str, **values: object) -> int:
        """One statement; how many rows it has changed, of which there is one at least."""
        with self.writing() as connection:
            count = connection.execute(text(statement), values).rowcount
        assert count, statement
        return count

    def set(self, table: Table, key: str, **values: object) -> None:
        """Other values for one row."""
        (column,) = table.primary_key.columns
        named = ", ".join(f"{name} = :{name}" for name in values)
        self.run(f"UPDATE {table.name} SET {named} WHERE {column.name} = :the_key", the_key=key, **values)

    def delete(self, table: Table, key: str) -> None:
        """One row is gone."""
        (column,) = table.primary_key.columns
        self.run(f"DELETE FROM {table.name} WHERE {column.name} = :the_key", the_key=key)

    def values(self, table: Table, key: str) -> dict[str, Any]:
        """The values of one row, by its columns."""
        (column,) = table.primary_key.columns
        with self.writing() as connection:
            return dict(connection.execute(select(table).where(column == key)).mappings().one())

    @contextmanager
    def kept(self, *tables: Table) -> Iterator[None]:
        """What is done to the tables within a block is undone at its end."""
        with self.writing() as connection:
            before = {table: connection.execute(select(table)).mappings().all() for table in tables}
        yield
        with self.writing() as connection:
            for table, rows in before.items():
                connection.execute(delete(table))
                if rows:
                    connection.execute(insert(table), [dict(row) for row in rows])

    # The log.

    def log(self) -> list[StoredRow]:
        """All rows of the log."""
        with self.writing() as connection:
            return log_of(connection)

    def told(self, kind: Kind, subject: str) -> list[StoredRow]:
        """The rows of the log that put a state of the subject there, oldest first."""
        return [row for row in self.log() if (row.kind, row.subject) == (kind.name, subject)]

    def forget(self, first: int, last: int) -> None:
        """Rows of the log are gone, with the signatures on them, and with what they put into the heads.

        Who stood there in them stands where they stood before, as far as versions and heads tell.
        """
        with self.writing() as connection:
            gone = {"first": first, "last": last}
            subjects = {
                (row.kind, row.subject)
                for row in log_of(connection)
                if row.kind in KINDS and first <= row.position <= last
            }
            connection.execute(text("DELETE FROM audit WHERE position BETWEEN :first AND :last"), gone)
            connection.execute(text("DELETE FROM audit_signature WHERE position BETWEEN :first AND :last"), gone)
            connection.execute(text("DELETE FROM audit_checkpoint WHERE position BETWEEN :first AND :last"), gone)
            left = log_of(connection)
            _run(connection, "DELETE FROM chain_head")
            connection.execute(insert(chain_head), [_end(row) for row in {row.place[0]: row for row in left}.values()])
            newest = {(row.kind, row.subject): row for row in left}
            for place in subjects:
                _set_head(connection, place, newest.get(place))

    def rewrite(self, edits: Mapping[int, Edit]) -> None:
        """Change rows of the log, and make everything behind them fit: hashes, heads, and what rows point to."""
        with self.writing() as connection:
            renamed: dict[str, StoredRow] = {}
            ends: dict[str, str] = {}
            for old in log_of(connection):
                row = edits.get(old.position, _as_it_was)(old)
                detail = json.loads(row.detail)
                if detail.get(BEFORE) in renamed:
                    detail[BEFORE] = renamed[detail[BEFORE]].hash
                previous = ends.get(row.place[0], GENESIS)
                row = with_own_hash(row._replace(previous=previous, detail=canonical(detail)))
                ends[row.place[0]] = row.hash
                if row != old:
                    renamed[old.hash] = row
                    _put(connection, row)
            for old_hash, row in renamed.items():
                for table in ("subject_head", "chain_head"):
                    _run(connection, f"UPDATE {table} SET hash = :new WHERE hash = :old", new=row.hash, old=old_hash)
                if row.kind in KINDS:
                    name = KINDS[row.kind].table.name
                    _run(connection, f"UPDATE {name} SET told_by = :new WHERE told_by = :old",
                         new=row.hash, old=old_hash)  # fmt: skip

    def add(self, row: StoredRow) -> None:
        """One more row of the log, as it is given."""
        names, marks = ", ".join(StoredRow._fields), ", ".join(f":{name}" for name in StoredRow._fields)
        values = {**row._asdict(), "time": row.time.replace("+00:00", "Z")}
        self.run(f"INSERT INTO audit ({names}) VALUES ({marks})", **values)

    def put(self, row: StoredRow) -> None:
        """Other values in the place of a row of the log, whatever its hash."""
        with self.writing() as connection:
            _put(connection, row)


@contextmanager
def meddling(home: Home) -> Iterator[Meddler]:
    """With the database of a home, for the time of a block."""
    address = RegisterAddress.of(home)
    engine = create_engine(address.url, connect_args=dict(address.arguments))
    try:
        yield Meddler(engine)
    finally:
        engine.dispose()


def with_own_hash(row: StoredRow) -> StoredRow:
    return row._replace(hash=row_hash(*row[:7], row[8:11], row[11:]))


def vouching(row: StoredRow, kind: Kind, values: Mapping[str, Any]) -> StoredRow:
    """The row with another content to vouch for."""
    return row._replace(detail=canonical({**json.loads(row.detail), CONTENT: kind.content(values)}))


def _end(row: StoredRow) -> dict[str, Any]:
    chain, number = row.place
    return {"chain": chain, "number": number, "position": row.position, "hash": row.hash}


def log_of(connection: Connection) -> list[StoredRow]:
    names = ", ".join(StoredRow._fields)
    rows = connection.execute(text(f"SELECT {names} FROM audit ORDER BY position"))
    return [row._replace(time=row.time.replace("Z", "+00:00")) for row in (StoredRow(*each) for each in rows)]


def _put(connection: Connection, row: StoredRow) -> None:
    named = ", ".join(f"{name} = :{name}" for name in StoredRow._fields[1:])
    values = {**row._asdict(), "time": row.time.replace("+00:00", "Z")}
    _run(connection, f"UPDATE audit SET {named} WHERE position = :position", **values)


def _set_head(connection: Connection, place: tuple[str | None, str], row: StoredRow | None) -> None:
    """The head, and the version and hash in the row itself."""
    kind, subject = place
    table = KINDS[str(kind)].table
    (key,) = table.primary_key.columns
    values = {"kind": kind, "subject": subject}
    if row is None:
        _run(connection, "DELETE FROM subject_head WHERE kind = :kind AND subject = :subject", **values)
        return
    values |= {"version": row.version, "position": row.position, "hash": row.hash}
    _run(connection, "UPDATE subject_head SET version = :version, position = :position, hash = :hash"
                     " WHERE kind = :kind AND subject = :subject", **values)  # fmt: skip
    _run(connection, f"UPDATE {table.name} SET version = :version, told_by = :hash WHERE {key.name} = :subject",
         **values)  # fmt: skip


def _run(connection: Connection, statement: str, **values: object) -> None:
    connection.execute(text(statement), values)


def _as_it_was(row: StoredRow) -> StoredRow:
    return row
