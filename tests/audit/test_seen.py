"""What a home has seen signed of its log: it only moves forward, and nothing is signed in a log that has lost it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from audit.logs import LogBook
from eid_toolkit.books.audit import checkpoints, trail
from eid_toolkit.books.audit.statements import Checkpoint
from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Role
from eid_toolkit.ground.errors import IntegrityBroken, NotPermitted, UsageError
from eid_toolkit.ground.home.atomic import write_atomic
from eid_toolkit.ground.ports import Signer
from support.asking import Asked
from support.homes import ANNA, BERT, CLOCK, ENTROPY, PASSPHRASE
from support.people import People
from support.waiting import LIMIT, beside, ended

CLERK = Operator("clara", roles=frozenset({Role.CLERK}))


def seen(book: LogBook) -> Checkpoint:
    found = book.files.seen()
    assert found is not None
    return found


def test_an_older_checkpoint_takes_no_newer_ones_place(book: LogBook) -> None:
    """Two processes sign; the one that was first comes last to write down what it has made."""
    book.begin(3, (2,))
    older = seen(book)
    newer = book.trail.checkpoint([ANNA])
    signer = checkpoints.signer(book.keys, book.files, new=False)
    book.trail.remember(older, signer)
    assert seen(book) == newer
    more = book.trail.checkpoint([BERT])  # the same row, with one more signature
    book.trail.remember(newer, signer)
    assert seen(book) == more
    assert [person.operator for person in seen(book).countersigned] == ["anna", "bert"]


def test_who_remembers_waits_for_who_does_it_already(book: LogBook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the one that has looked first writes the older over what the other has written meanwhile."""
    book.begin(3, (2,))
    signer = checkpoints.signer(book.keys, book.files, new=False)
    made = []
    for _ in range(2):
        book.add(1)
        with book.database.write() as connection:
            made.append(checkpoints.checkpoint(connection, signer, CLOCK))
    older, newer = made
    other = threading.Thread(target=lambda: book.trail.remember(newer, signer))
    plain = write_atomic

    def slow(path: Path, data: bytes) -> None:
        if not other.ident:
            other.start()
            other.join(timeout=1)
        plain(path, data)

    monkeypatch.setattr("eid_toolkit.books.audit.files.write_atomic", slow)
    book.trail.remember(older, signer)
    ended(other)
    assert seen(book) == newer


def test_who_was_quicker_has_signed_for_both(book: LogBook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another station has signed since this one has looked, and a row has come: that one is for the next time."""
    book.begin(1, (1,))
    book.add(trail.SIGN_AFTER)
    one, plain = book.trail, checkpoints.signer

    def slow(*arguments: Any, **more: Any) -> Signer:
        monkeypatch.setattr(checkpoints, "signer", plain)
        book.trail.settle()
        book.add(1)
        return plain(*arguments, **more)

    monkeypatch.setattr(checkpoints, "signer", slow)
    one.settle()
    result = one.verify()
    assert (result.checkpoints, result.unsigned_rows) == (2, 1)


def test_a_checkpoint_that_the_register_does_not_have_is_not_remembered(book: LogBook) -> None:
    """As when a restoring has just set the register back: what somebody still holds is not what is."""
    book.begin(3, (2,))
    before = seen(book)
    signer = checkpoints.signer(book.keys, book.files, new=False)
    with book.database.write() as connection:
        gone = checkpoints.checkpoint(connection, signer, CLOCK)
        connection.rollback()
    book.trail.remember(gone, signer)
    assert seen(book) == before


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_checkpoint WHERE position = 2",
        "UPDATE audit_checkpoint SET number = 7 WHERE position = 2",
        "UPDATE audit_checkpoint SET hash = 'x' WHERE position = 2",
        "DELETE FROM audit WHERE position = 2",
    ],
)
def test_nothing_is_signed_in_a_log_that_has_lost_the_very_checkpoint(book: LogBook, statement: str) -> None:
    book.begin(3, (1, 2))
    book.add(trail.SIGN_AFTER)
    before = seen(book)
    book.run(statement)
    for attempt in (book.trail.settle, lambda: book.trail.checkpoint([ANNA])):
        with pytest.raises(IntegrityBroken, match="audit-not-signed"):
            attempt()
    assert seen(book) == before
    with book.database.read() as connection:
        found = checkpoints.newest(connection)
    assert found is None or found.position <= 2


def test_nothing_is_signed_in_a_log_that_has_lost_a_countersignature(book: LogBook) -> None:
    """The row of the checkpoint is set back to what it was before bert countersigned: it holds by itself."""
    book.begin(3, (2, 3), [ANNA])
    query = text("SELECT countersigned, signature FROM audit_checkpoint WHERE position = 3")
    with book.database.read() as connection:
        before = dict(connection.execute(query).one()._mapping)
    both = book.trail.checkpoint([BERT])
    assert [person.operator for person in both.countersigned] == ["anna", "bert"]
    book.run(
        "UPDATE audit_checkpoint SET countersigned = :countersigned, signature = :signature WHERE position = 3",
        **before,
    )
    assert book.trail.verify().reason == "audit-countersignature-missing"
    book.add(trail.SIGN_AFTER)
    for attempt in (book.trail.settle, lambda: book.trail.checkpoint([ANNA]), lambda: book.trail.checkpoint([BERT])):
        with pytest.raises(IntegrityBroken, match="audit-not-signed"):
            attempt()
    assert seen(book) == both
    with book.database.read() as connection:
        found = checkpoints.newest(connection)
    assert found is not None and found.position == 3


def test_only_who_may_reads_and_signs_the_log(book: LogBook) -> None:
    lines: list[str] = []
    book.begin(3, (2,))
    with pytest.raises(NotPermitted, match="role-missing"):
        book.trail.checkpoint([CLERK, ANNA])
    with pytest.raises(NotPermitted, match="second-person-same"):
        book.trail.checkpoint([ANNA, Operator("Anna")])
    with pytest.raises(UsageError, match="operator-not-named"):
        book.trail.checkpoint()
    with pytest.raises(NotPermitted, match="role-missing"), book.trail.rows(CLERK):
        pass
    with pytest.raises(NotPermitted, match="role-missing"):
        book.trail.export(CLERK, lines.append)
    assert lines == []
    assert seen(book).position == 2


def test_a_public_key_that_is_gone_comes_back_with_the_key_store(book: LogBook) -> None:
    book.begin(3, (2,))
    (book.folder / "audit" / "audit-key.pem").unlink()
    assert book.trail.checkpoint([ANNA]).position == 3
    assert book.trail.verify().reason is None


def test_threads_that_settle_at_once_sign_once_for_so_many_rows(book: LogBook) -> None:
    """As the stations of a batch do, each after some cards, with one key store and one database."""
    book.begin(1, (1,))
    one = book.trail
    gate = threading.Barrier(4)

    def work() -> None:
        gate.wait(LIMIT)
        for _ in range(10):
            book.add(20)
            one.settle()

    with beside(*[work] * 4):
        pass
    result = one.verify()
    assert (result.reason, result.rows) == (None, 801)
    assert result.unsigned_rows < trail.SIGN_AFTER
    assert result.checkpoints <= 1 + 800 // trail.SIGN_AFTER
    assert result.newest == seen(book)


def closed_store(people: People, asked: Asked) -> KeyStore:
    """A key store that has Anna asked when something is opened."""
    store = KeyStore(people.home.keys, people.foundation, ENTROPY)
    store.ask_by(lambda _: store.admit("anna", people.pair("anna", asked())))
    return store


@pytest.mark.parametrize("signed", [(), (2,)])
def test_the_passphrase_is_asked_for_before_the_register_is_made_to_wait(
    book: LogBook, signed: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the key of the log is only now made."""
    asked, people = Asked(monkeypatch, PASSPHRASE), People(tmp_path / "closed")
    book.keys = closed_store(people, asked)
    book.begin(3, signed)
    first = asked.times
    made = book.trail_with(closed_store(people, asked)).checkpoint([ANNA])
    assert (made.position, asked.times) == (3, first + 1)


def test_settling_asks_nobody(book: LogBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, people = Asked(monkeypatch, PASSPHRASE), People(tmp_path / "closed")
    book.keys = closed_store(people, asked)
    book.begin(3, (2,))
    book.add(trail.SIGN_AFTER)
    first = asked.times
    book.trail_with(closed_store(people, asked)).settle()
    assert asked.times == first
    assert seen(book).position == 2
