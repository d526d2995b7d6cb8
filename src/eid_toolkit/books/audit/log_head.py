"""Where the audit log ends: the newest row of each chain, as it is kept beside the rows, and one hash over all.

The hash is the root of a Merkle tree over the heads by the names of their chains (RFC 6962 2.1); a log of one chain
has the hash of its newest row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import methodcaller
from typing import Any

from sqlalchemy import Connection, func, select

from eid_toolkit.books.audit.inclusion import Heads, root
from eid_toolkit.books.audit.rows import OFFICE, as_text, is_text
from eid_toolkit.books.ledger.database import write_gathered
from eid_toolkit.books.ledger.schema import audit, chain_head

__all__ = ["Heads", "any_text", "head", "head_at", "heads", "heads_at", "is_there", "root"]

_DECODE = methodcaller("decode", "utf-8", "surrogateescape")


def head(connection: Connection) -> tuple[int, str] | None:
    """Position of the newest row, and one hash over the heads of all chains, as they are kept beside the rows.

    None if they are not there, or are no such values.
    """
    rows = _stored(connection)
    if not rows:
        return None
    return max(row.position for row in rows), root({row.chain: (row.number, row.hash) for row in rows})


def heads(connection: Connection) -> dict[str, tuple[int, str]]:
    """The heads of all chains as they are kept beside the rows; empty as :func:`head` is None."""
    return {row.chain: (row.number, row.hash) for row in _stored(connection) or ()}


def head_at(connection: Connection, position: int) -> str:
    """The one hash over all heads as of a position."""
    return root(heads_at(connection, position))


def heads_at(connection: Connection, position: int) -> dict[str, tuple[int, str]]:
    """The heads of all chains as of a position: those of now, but for the chains that have gone on since."""
    now = heads(connection)
    name = func.coalesce(audit.c.chain, OFFICE)
    first = select(name, func.min(audit.c.position)).where(audit.c.position > position).group_by(name)
    for chain, place in connection.execute(first).all():
        row = connection.execute(select(audit.c.number, audit.c.previous).where(audit.c.position == place)).one()
        newest = place if row.number is None else row.number
        number = newest - 1 if isinstance(newest, int) else 0
        if number:
            now[chain] = (number, as_text(row.previous))
        else:
            now.pop(chain, None)
    return now


def is_there(connection: Connection) -> bool:
    """Whether each chain has the row that its head says to be its newest."""
    row = select(audit.c.position).where(audit.c.position == chain_head.c.position, audit.c.hash == chain_head.c.hash)
    missing = select(chain_head.c.chain).where(chain_head.c.number > 0, ~row.exists()).limit(1)
    return connection.execute(missing).first() is None


def _stored(connection: Connection) -> Sequence[Any] | None:
    write_gathered(connection)
    with any_text(connection):
        rows = connection.execute(select(chain_head)).all()
    rows = [row for row in rows if row.number != 0]  # a chain that is just being begun
    for row in rows:
        numbers = isinstance(row.position, int) and isinstance(row.number, int)
        if not numbers or not is_text(row.hash) or not is_text(row.chain):
            return None
    return rows


@contextmanager
def any_text(connection: Connection) -> Iterator[None]:
    """Text in SQLite that is no UTF-8 is read all the same: the hash shows that it has changed."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.dbapi_connection
    before = driver.text_factory
    driver.text_factory = _DECODE
    try:
        yield
    finally:
        driver.text_factory = before
