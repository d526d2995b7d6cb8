"""The register in numbers: what there is by kind and state, and how large it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from sqlalchemy import Connection, Table, func, select, text

from eid_toolkit.books.audit import checkpoints, log
from eid_toolkit.books.audit.rows import GENESIS
from eid_toolkit.books.ledger import schema
from eid_toolkit.books.ledger.database import Database, channel, version_of
from eid_toolkit.ground.plain_values import Named, to_plain

_BY_STATE = ("application", "document", "card", "blank", "shift", "personalization_job", "person_pair")
_BY_KIND = {"notice": "kind"}
_PLAIN = ("agency", "manifest", "station")


@dataclass(frozen=True, slots=True)
class Statistics:
    """Numbers of one moment."""

    version: str
    database: str
    size: Annotated[int, Named("size_bytes")]
    """Bytes, as the database takes them on its disk."""
    counts: Mapping[str, Mapping[str, int]]
    """By table, then by state or kind; ``total`` is in each."""
    audit_rows: int
    audit_head: str
    signed_up_to: int
    connection: str
    """How the database is reached (:func:`channel`)."""

    def to_json(self) -> dict[str, object]:
        """Stable keys for output."""
        audit = {"rows": self.audit_rows, "head": self.audit_head, "signed_up_to": self.signed_up_to}
        plain = to_plain(self, without=("audit_rows", "audit_head", "signed_up_to"))
        return {"schema": "eid-register-stats/1", **plain, "audit": audit}


def statistics(database: Database) -> Statistics:
    """The numbers of this moment, all of one state of the register."""
    with database.read() as connection:
        counts = {"person": _persons(connection)}
        counts |= {name: _grouped(connection, schema.metadata.tables[name], "state") for name in _BY_STATE}
        counts |= {name: _grouped(connection, schema.metadata.tables[name], kind) for name, kind in _BY_KIND.items()}
        counts |= {name: {"total": _count(connection, schema.metadata.tables[name])} for name in _PLAIN}
        rows, head = log.head(connection) or (0, GENESIS)
        newest = checkpoints.newest(connection)
        return Statistics(
            version=version_of(connection) or "",
            database=connection.dialect.name,
            size=_size(connection),
            counts=counts,
            audit_rows=rows,
            audit_head=head,
            signed_up_to=newest.position if newest else 0,
            connection=channel(connection),
        )


def _persons(connection: Connection) -> dict[str, int]:
    person = schema.person
    marks = {"erased": person.c.erased_at, "merged": person.c.merged_into}
    query = select(func.count(), *(func.count(column) for column in marks.values())).select_from(person)
    total, *others = connection.execute(query).one()
    return {"total": total, **dict(zip(marks, others, strict=True))}


def _grouped(connection: Connection, table: Table, column: str) -> dict[str, int]:
    key = table.columns[column]
    rows = connection.execute(select(key, func.count()).group_by(key).order_by(key)).all()
    return {"total": sum(count for _, count in rows), **{str(state): count for state, count in rows}}


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _size(connection: Connection) -> int:
    if connection.dialect.name == "sqlite":
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())
    return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
