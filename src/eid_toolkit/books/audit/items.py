"""The log as a walk reads it: rows, and behind the row that each signs, signatures and checkpoints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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


def ends(connection: Connection) -> tuple[int, Heads] | None:
    """Where the log and its chains have come to, as it is kept beside the rows."""
    head = log.head(connection)
    return None if head is None else (head[0], heads(connection))


def items(connection: Connection, after: int | None = None) -> Iterator[Item]:
    """All of the log, or what is behind a position, in the order of positions; within :func:`log.any_text`.

    A session comes before the first signature made in it.
    """
    sessions: set[str] = set()
    for item in _merged(
        log.stored_rows(connection, after), _runs(connection, after), checkpoints.read(connection, after)
    ):
        if isinstance(item, SignedRun) and item.session not in sessions:
            sessions.add(item.session)
            row = connection.execute(select(audit_session).where(audit_session.c.id == item.session)).first()
            voucher = None if row is None else read_voucher(*row)
            if voucher is not None:
                yield item.session, voucher
        yield item


def _merged(
    rows: Iterator[StoredRow], runs: Iterator[SignedRun], signed: Iterator[Checkpoint]
) -> Iterator[StoredRow | SignedRun | Checkpoint]:
    """By position; of one position first the row, then what signs it."""
    row, run, checkpoint = next(rows, None), next(runs, None), next(signed, None)
    while row is not None or run is not None or checkpoint is not None:
        if row is not None and not (
            (run is not None and run.position < row.position)
            or (checkpoint is not None and checkpoint.position < row.position)
        ):
            yield row
            row = next(rows, None)
        elif run is not None and (checkpoint is None or run.position <= checkpoint.position):
            yield run
            run = next(runs, None)
        elif checkpoint is not None:
            yield checkpoint
            checkpoint = next(signed, None)


def _runs(connection: Connection, after: int | None) -> Iterator[SignedRun]:
    columns = [audit_signature.c[name] for name in ("position", "chain", "last", "first", "session", "signature")]
    for row in log.pages(connection, select(*columns), audit_signature.c.position, after):
        position, chain, last, first, session, signature = tuple[Any, ...](row)
        if not (type(last) is type(first) is type(position) is int and type(signature) is bytes):
            last, first, position = (
                stored(whole_number, each, "the rows of a signature") for each in (last, first, position)
            )
            signature = stored(some_bytes, signature, "a signature")
        yield SignedRun(as_text(chain), last, first, position, as_text(session), signature)
