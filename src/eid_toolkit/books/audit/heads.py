"""The heads of chains and subjects, as a transaction locks and moves them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from eid_toolkit.books.audit.log_head import any_text
from eid_toolkit.books.audit.rows import GENESIS, OFFICE, StoredRow, is_text
from eid_toolkit.books.ledger.schema import audit, chain_head, subject_head
from eid_toolkit.ground.errors import IntegrityBroken

LAST = 2**63 - 1
"""The greatest number that a database has room for: no chain comes there by itself."""
# Made once: these are asked for each row of the log.
_HEAD = select(chain_head.c.number, chain_head.c.hash).where(chain_head.c.chain == bindparam("chain")).with_for_update()
_MOVE = update(chain_head).where(chain_head.c.chain == bindparam("of"))


def lock_chain(connection: Connection, chain: str) -> tuple[int, str]:
    """Number and hash of a chain's newest row, which nobody else moves before this transaction has ended.

    Raises :class:`IntegrityBroken` for a chain that has rows, but no head or an impossible one.
    """
    with any_text(connection):
        row = connection.execute(_HEAD, {"chain": chain}).first()
        if row is None:
            new = {"chain": chain, "number": 0, "position": 0, "hash": GENESIS}
            connection.execute(_dialect(connection).insert(chain_head).on_conflict_do_nothing(), new)
            row = connection.execute(_HEAD, {"chain": chain}).one()
    if not isinstance(row.number, int) or not is_text(row.hash):
        raise IntegrityBroken("audit-head-lost")
    if row.number == 0 and connection.execute(_rows_of(chain).limit(1)).first() is not None:
        raise IntegrityBroken("audit-head-lost")
    if row.number >= LAST:
        raise IntegrityBroken("audit-position-impossible", position=row.number)
    return row.number, row.hash


def move_heads(connection: Connection, newest: Sequence[StoredRow]) -> None:
    """These rows are the newest of their chains, which the transaction has locked."""
    for row in newest:
        chain, number = row.place
        connection.execute(_MOVE, {"of": chain, "number": number, "position": row.position, "hash": row.hash})


def set_subject_heads(connection: Connection, rows: Sequence[StoredRow]) -> None:
    """Which row puts the newest state of each subject there; raises :class:`IntegrityBroken` for two that are new."""
    newest = {(row.kind, row.subject): row for row in rows if row.kind is not None}
    first = {(row.kind, row.subject) for row in rows if row.version == 1}
    columns = ("kind", "subject", "version", "position", "hash")
    values = {place: {name: getattr(row, name) for name in columns} for place, row in newest.items()}
    new = [each for place, each in values.items() if place in first]
    old = [each for place, each in values.items() if place not in first]
    try:
        if new:
            connection.execute(insert(subject_head), new)
    except IntegrityError:
        raise IntegrityBroken("row-told-twice", subject=new[0]["subject"]) from None
    if old:
        write = _dialect(connection).insert(subject_head)
        changed = {name: write.excluded[name] for name in columns[2:]}
        connection.execute(write.on_conflict_do_update(index_elements=["kind", "subject"], set_=changed), old)


def _rows_of(chain: str) -> Any:
    mine = audit.c.chain == chain
    return select(audit.c.position).where(mine | audit.c.chain.is_(None) if chain == OFFICE else mine)


def _dialect(connection: Connection) -> Any:
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite
    from sqlalchemy.dialects import postgresql

    return postgresql
