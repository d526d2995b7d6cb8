"""A log goes on behind row 2^31, where four bytes end, and what its head cannot say is told apart from a lost head."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, text

from audit.logs import LogBook, with_own_hash
from eid_toolkit.books.audit import checkpoints, log
from eid_toolkit.books.audit.log import AuditEvent, append
from eid_toolkit.books.audit.rows import StoredRow
from eid_toolkit.books.audit.statements import sign
from eid_toolkit.books.ledger.schema import audit_checkpoint
from eid_toolkit.ground.errors import EidError, IntegrityBroken
from support.homes import ANNA, CLOCK

FOUR_BYTES = 2**31


def move_to(book: LogBook, position: int) -> StoredRow:
    """The log's only row, signed, as if so many had been before it."""
    book.begin(1)
    (row,) = book.rows()
    moved = with_own_hash(row._replace(position=position, number=position))
    book.write([moved], moved)
    signer = checkpoints.signer(book.keys, book.files, new=False)
    signed = sign((position, moved.hash), 1, CLOCK.now(), signer, [])
    with book.database.write() as connection:
        connection.execute(insert(audit_checkpoint), checkpoints._columns(signed))
    return moved


def test_a_log_goes_on_behind_row_2_to_the_31(book: LogBook) -> None:
    last = move_to(book, FOUR_BYTES - 1)
    book.add(3)
    rows = book.rows()
    assert [(row.position, row.number) for row in rows] == [(FOUR_BYTES + n, FOUR_BYTES + n) for n in (-1, 0, 1, 2)]
    assert all(row.is_consistent() for row in rows)
    assert [row.previous for row in rows[1:]] == [last.hash, *(row.hash for row in rows[1:-1])]
    signed = book.trail.checkpoint([ANNA])
    assert (signed.position, signed.hash, signed.number) == (FOUR_BYTES + 2, rows[-1].hash, 2)
    with book.database.read() as connection:
        assert log.head(connection) == (FOUR_BYTES + 2, rows[-1].hash)
        assert [row.position for row in log.read(connection, log.Filter(limit=2))] == [FOUR_BYTES + 1, FOUR_BYTES + 2]


def test_a_head_behind_which_no_row_has_room_is_no_lost_head(book: LogBook) -> None:
    move_to(book, 2**63 - 1)
    with pytest.raises(IntegrityBroken) as caught:
        book.add(1)
    assert (caught.value.code, caught.value.facts) == ("audit-position-impossible", {"position": 2**63 - 1})


def test_a_head_that_is_behind_its_rows_is_lost(book: LogBook) -> None:
    book.begin(3)
    book.run("UPDATE chain_head SET number = 1")
    with pytest.raises(IntegrityBroken, match="audit-head-lost"):
        book.add(1)


def test_what_the_database_refuses_of_a_row_is_no_word_about_the_head(book: LogBook) -> None:
    """A value that it has no room for, as a position was once: a back-up that is restored would not help."""
    if book.database.is_file:
        pytest.skip("SQLite takes text of any length")
    book.begin(1)
    book.run("ALTER TABLE audit ALTER COLUMN subject TYPE varchar(4)")
    with pytest.raises(EidError, match="register-refused"), book.database.write() as connection:
        append(connection, CLOCK.now(), "anna", [AuditEvent("thing.done", "too long", {})])
    with book.database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM audit")).scalar() == 1
