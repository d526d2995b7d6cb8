"""A walk that was interrupted goes on where it was, and says so; a note that nobody signed is not believed."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from eid_toolkit.books.audit import checkpoints, verifying
from eid_toolkit.books.audit.verifying import Manner
from eid_toolkit.books.audit.walk import AuditResult, Resumed
from eid_toolkit.books.audit.walk_note import KEPT_FOR, NOTE_FILE
from eid_toolkit.books.keys.compartments import Compartment
from eid_toolkit.doors.cli.walking import walking
from eid_toolkit.ground.home.home import Home
from support.homes import CLOCK, WorkingOffice
from support.meddling import Meddler, meddling
from support.real_offices import at_work, both, copied_real_home, looked_at
from support.scripted import FixedClock
from support.whole_life import WholeLife, apply_for, issue_for, prepare_for

__all__ = ["copied_real_home"]


@pytest.fixture
def meddler(real_home: Home) -> Iterator[Meddler]:
    """Somebody with the database, in which several people have worked, and signed more than once."""
    life = WholeLife()
    with at_work(real_home) as office:
        office.register.audit.checkpoint(both(office))
        issue_for(office, life, "issued")
        office.register.audit.checkpoint(both(office))
        prepare_for(office, life, "prepared")
        apply_for(office, life, "waits")
    with meddling(real_home) as found:
        yield found


@pytest.fixture(autouse=True)
def frequent_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "_PAUSE", 0)


class Interrupting:
    """Ends a walk when it has come to a row."""

    def __init__(self, at: int) -> None:
        self.at = at

    def __call__(self, position: int, last: int) -> None:
        if position >= self.at:
            raise KeyboardInterrupt


def verified(office: WorkingOffice, manner: Manner | None = None) -> AuditResult:
    office.keys.unlock(Compartment.AUDIT)
    return office.register.audit.verify(manner=manner or Manner())


def interrupted(home: Home, at: int) -> None:
    with looked_at(home) as office, pytest.raises(KeyboardInterrupt):
        verified(office, Manner(tell=Interrupting(at)))


def taken_up(home: Home) -> AuditResult:
    with looked_at(home) as office:
        return verified(office)


def from_start(home: Home) -> AuditResult:
    with looked_at(home) as office:
        return verified(office, Manner(from_start=True))


def middle(meddler: Meddler) -> int:
    rows = meddler.log()
    return rows[len(rows) // 2].position


def note_of(home: Home) -> dict[str, object]:
    values = json.loads((home.audit / NOTE_FILE).read_bytes().split(b"\n")[1])
    assert isinstance(values, dict)
    return values


def test_a_walk_goes_on_from_wherever_it_was_interrupted_with_the_same_result(
    real_home: Home, meddler: Meddler
) -> None:
    whole = from_start(real_home)
    assert (whole.reason, whole.resumed) == (None, None)
    assert whole.checkpoints == 3
    for row in meddler.log()[:-1]:
        interrupted(real_home, row.position)
        result = taken_up(real_home)
        assert result == replace(whole, resumed=Resumed(row.position, CLOCK.now(), CLOCK.now()))
        assert taken_up(real_home).resumed is None, "the note of a walk that has come to its end is gone"


def test_a_walk_in_several_processes_is_taken_up_too(real_home: Home, meddler: Meddler) -> None:
    at = middle(meddler)
    with looked_at(real_home) as office, pytest.raises(KeyboardInterrupt):
        verified(office, Manner(2, Interrupting(at)))
    with looked_at(real_home) as office:
        result = verified(office, Manner(2))
    assert result == replace(from_start(real_home), resumed=Resumed(at, CLOCK.now(), CLOCK.now()))


def test_a_walk_is_interrupted_again_and_says_since_when_it_was_under_way(real_home: Home, meddler: Meddler) -> None:
    at = middle(meddler)
    interrupted(real_home, at - 3)
    with looked_at(real_home) as office:
        office.register.audit._clock = FixedClock(CLOCK.now() + timedelta(hours=1))
        with pytest.raises(KeyboardInterrupt):
            verified(office, Manner(tell=Interrupting(at)))
    with looked_at(real_home) as office:
        office.register.audit._clock = FixedClock(CLOCK.now() + timedelta(hours=2))
        result = verified(office)
    assert result.resumed == Resumed(at, CLOCK.now(), CLOCK.now() + timedelta(hours=1))


def test_a_walk_that_is_interrupted_at_once_says_no_other_time_than_the_one_before(
    real_home: Home, meddler: Meddler
) -> None:
    at = middle(meddler)
    interrupted(real_home, at)
    with looked_at(real_home) as office:
        office.register.audit._clock = FixedClock(CLOCK.now() + timedelta(hours=1))
        with pytest.raises(KeyboardInterrupt):
            verified(office, Manner(tell=Interrupting(0)))
    assert taken_up(real_home).resumed == Resumed(at, CLOCK.now(), CLOCK.now())


def test_a_note_is_kept_without_an_interruption_for_a_walk_that_is_killed(
    real_home: Home, meddler: Meddler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "NOTE_EVERY", 5)
    seen: list[int] = []

    def tell(position: int, last: int) -> None:
        if (real_home.audit / NOTE_FILE).exists():
            noted = note_of(real_home)["position"]
            assert isinstance(noted, int)
            seen.append(noted)
            assert 0 <= position - noted <= 6

    with looked_at(real_home) as office:
        verified(office, Manner(tell=tell))
    assert len(set(seen)) > 2


def test_what_was_done_behind_the_row_is_found_as_from_the_start(real_home: Home, meddler: Meddler) -> None:
    interrupted(real_home, middle(meddler))
    bent = meddler.log()[-2].position
    meddler.run("UPDATE audit SET subject = 'another' WHERE position = :at", at=bent)
    result = taken_up(real_home)
    assert result.resumed is not None
    assert (result.reason, result.broken_at) == ("audit-row-changed", bent)
    assert replace(result, resumed=None) == from_start(real_home)


def test_what_was_changed_before_the_row_since_is_said_to_be_unread_and_found_from_the_start(
    real_home: Home, meddler: Meddler
) -> None:
    at = middle(meddler)
    interrupted(real_home, at)
    meddler.run("UPDATE audit SET subject = 'another' WHERE position = :at", at=at - 2)
    result = taken_up(real_home)
    assert (result.reason, result.resumed) == (None, Resumed(at, CLOCK.now(), CLOCK.now()))
    assert (from_start(real_home).reason, from_start(real_home).broken_at) == ("audit-row-changed", at - 2)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit WHERE position = :at - 2",
        "DELETE FROM audit_signature WHERE position <= :at",
        "DELETE FROM audit_checkpoint WHERE position <= :at",
        "UPDATE audit SET hash = previous WHERE position = :at",
        "DELETE FROM audit WHERE position >= :at",
    ],
)
def test_a_note_that_does_not_fit_the_log_any_more_is_not_used(
    real_home: Home, meddler: Meddler, statement: str
) -> None:
    at = middle(meddler)
    interrupted(real_home, at)
    meddler.run(statement, at=at)
    result = taken_up(real_home)
    assert result.resumed is None
    assert result.reason is not None
    assert result == from_start(real_home)


@pytest.mark.parametrize(
    "how", ["another row", "another signature", "no signature", "cut off", "empty", "not even text"]
)
def test_a_note_that_was_tampered_with_is_not_believed(real_home: Home, meddler: Meddler, how: str) -> None:
    at = middle(meddler)
    interrupted(real_home, at - 4)
    meddler.run("UPDATE audit SET subject = 'another' WHERE position = :at", at=at)
    path = real_home.audit / NOTE_FILE
    signature, text, _ = path.read_bytes().split(b"\n")
    values = json.loads(text)
    path.write_bytes(
        {
            "another row": signature + b"\n" + json.dumps({**values, "position": at + 1}).encode() + b"\n",
            "another signature": signature[:-2] + (b"00" if signature[-2:] != b"00" else b"11") + b"\n" + text + b"\n",
            "no signature": b"\n" + text + b"\n",
            "cut off": signature + b"\n" + text[:-1] + b"\n",
            "empty": b"",
            "not even text": b"\xff\xfe\n" + text + b"\n",
        }[how]
    )
    result = taken_up(real_home)
    assert (result.reason, result.broken_at) == ("audit-row-changed", at)
    assert (result.resumed, result.note_refused) == (None, True)
    assert not from_start(real_home).note_refused


def test_a_note_that_another_key_has_signed_is_not_believed(real_home: Home, meddler: Meddler) -> None:
    interrupted(real_home, middle(meddler))
    path = real_home.audit / NOTE_FILE
    text = path.read_bytes().split(b"\n")[1]
    with looked_at(real_home) as office:
        office.keys.unlock(Compartment.AUDIT)
        foreign = office.keys.generate_ec("audit-2", "secp256r1")
        path.write_bytes(foreign.sign(text).hex().encode() + b"\n" + text + b"\n")
    result = taken_up(real_home)
    assert (result.resumed, result.note_refused) == (None, True)


def test_without_the_log_s_key_at_hand_there_is_no_note(real_home: Home, meddler: Meddler) -> None:
    with looked_at(real_home) as office, pytest.raises(KeyboardInterrupt):
        office.register.audit.verify(manner=Manner(tell=Interrupting(middle(meddler))))
    assert not (real_home.audit / NOTE_FILE).exists()


def test_a_note_is_read_without_the_key_at_hand(real_home: Home, meddler: Meddler) -> None:
    interrupted(real_home, middle(meddler))
    with looked_at(real_home) as office:
        result = office.register.audit.verify(manner=Manner())
    assert result.resumed is not None


@pytest.mark.parametrize("later", [KEPT_FOR + timedelta(seconds=1), timedelta(seconds=-1)])
def test_a_note_from_long_ago_or_from_the_future_is_not_used(
    real_home: Home, meddler: Meddler, later: timedelta
) -> None:
    interrupted(real_home, middle(meddler))
    with looked_at(real_home) as office:
        office.register.audit._clock = FixedClock(CLOCK.now() + later)
        result = verified(office)
    assert (result.reason, result.resumed, result.note_refused) == (None, None, False)


def test_a_checkpoint_that_was_not_looked_for_before_is_looked_for_from_the_start(
    real_home: Home, meddler: Meddler
) -> None:
    """One that was kept elsewhere, on a row that the note says is verified: the note knows nothing of it."""
    rows = meddler.log()
    with looked_at(real_home) as office, office.register.database.read() as connection:
        kept = next(iter(checkpoints.read(connection)))
    interrupted(real_home, rows[-2].position)
    with looked_at(real_home) as office:
        office.keys.unlock(Compartment.AUDIT)
        result = office.register.audit.verify(kept=kept, manner=Manner())
    assert (result.reason, result.resumed) == (None, None)


def test_the_first_interruption_waits_for_a_row_and_the_second_does_not() -> None:
    before = signal.getsignal(signal.SIGINT)
    with walking(None) as manner:
        assert manner.tell is not None
        manner.tell(1, 10)
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            manner.tell(2, 10)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) == before


def test_who_is_asked_to_end_does_so_with_the_exit_code_of_that() -> None:
    with walking(None) as manner:
        assert manner.tell is not None
        manner.tell(1, 10)
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(SystemExit) as ended:
            manner.tell(2, 10)
    assert ended.value.code == 128 + signal.SIGTERM
