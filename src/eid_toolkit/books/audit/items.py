"""The log as a walk reads it: rows, and behind the row that each signs, signatures and checkpoints."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from sqlalchemy import Connection, select

from eid_toolkit.books.audit import checkpoints, log
from eid_toolkit.books.audit.log_head import Heads, heads
from eid_toolkit.books.audit.rows import StoredRow, as_text, some_bytes, whole_number
from eid_toolkit.books.audit.sessions import read_voucher
from eid_toolkit.books.audit.signed_walk import SignedRun
from eid_toolkit.books.audit.statements import Checkpoint
from eid_toolkit.books.audit.walk import Item
from eid_toolkit.books.ledger.schema import audit_session, audit_signature
from eid_toolkit.books.ledger.stored import stored

_ORDER = {StoredRow: 0, SignedRun: 1, Checkpoint: 2}


def ends(connection: Connection) -> tuple[int, Heads] | None:
    """Where the log and its chains have come to, as it is kept beside the rows."""
    head = log.head(connection)
    return None if head is None else (head[0], heads(connection))


def items(connection: Connection, after: int | None = None) -> Iterator[Item]:
    """All of the log, or what is behind a position, in the order of positions; within :func:`log.any_text`.

    A session comes before the first signature made in it.
    """
    rows: Iterator[StoredRow | Checkpoint | SignedRun] = log.stored_rows(connection, after)
    signed: Iterator[StoredRow | Checkpoint | SignedRun] = checkpoints.read(connection, after)
    runs: Iterator[StoredRow | Checkpoint | SignedRun] = _runs(connection, after)
    sessions: set[str] = set()
    for item in heapq.merge(rows, signed, runs, key=lambda item: (item.position, _ORDER[type(item)])):
        if isinstance(item, SignedRun) and item.session not in sessions:
            sessions.add(item.session)
            row = connection.execute(select(audit_session).where(audit_session.c.id == item.session)).first()
            voucher = None if row is None else read_voucher(*row)
            if voucher is not None:
                yield item.session, voucher
        yield item


def _runs(connection: Connection, after: int | None) -> Iterator[SignedRun]:
    columns = (audit_signature.c.position, *(each for each in audit_signature.c if each.name != "position"))
    for row in log.pages(connection, select(*columns), audit_signature.c.position, after):
        last, first, position = (
            stored(whole_number, each, "the rows of a signature") for each in (row.last, row.first, row.position)
        )
        signature = stored(some_bytes, row.signature, "a signature")
        yield SignedRun(as_text(row.chain), last, first, position, as_text(row.session), signature)
