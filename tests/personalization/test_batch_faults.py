"""A batch when something is in its way: pauses, readers and databases that go away, cards and documents that fail."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

import pytest

from eid_toolkit.books.register.documents.documents import Document, DocumentState
from eid_toolkit.books.register.stock.stations import Stations
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.transport.interface import Transport
from eid_toolkit.ground.errors import AccessDenied, CardAbsent, DatabaseAway, NoCardError, NoReaderError, ReaderAway
from eid_toolkit.standards.protocols.globalplatform import ApplicationState
from eid_toolkit.work.personalization import batch as module
from eid_toolkit.work.personalization.batch import Outcome
from eid_toolkit.work.personalization.journal import JobState
from eid_toolkit.work.personalization.plan import Action, Plan, Step
from eid_toolkit.work.personalization.runner import PersonalizationRunner
from eid_toolkit.work.personalization.work import Free, WorkQueue
from support.batches import Box, Slot, Station, outcomes
from support.homes import CLOCK, WorkingOffice, both_backends
from support.silent_clerk import CutLine, SilentClerk
from support.waiting import LIMIT, beside, wait_for

__all__ = ["both_backends"]


@pytest.fixture
def station(office: WorkingOffice) -> Station:
    return Station(office)


def cut_half_way(station: Station, document: Document, card: str) -> None:
    """Leaves the document's card half-way."""
    with pytest.raises(NoCardError):
        station.office.personalize(document, card, line=lambda transport: CutLine(transport, 40, after=True))
    assert station.office.register.documents.get(document.id).state is DocumentState.BOUND


def test_a_pause_comes_while_a_reader_waits_for_a_blank(station: Station) -> None:
    station.documents(1)
    stations = Stations(station.office.register.database, CLOCK)
    slot = Slot(station.box(1))
    batch = station.batch(is_paused=lambda: stations.pause_of("main") is not None)
    with beside(partial(batch.run, [slot]), stop=batch.stop):
        assert slot.is_asked.wait(LIMIT)
        stations.pause("main", station.office.clerk)
        wait_for(lambda: "paused" in station.bell.told)
        slot.is_filled.set()
        time.sleep(0.5)
        assert station.states() == {DocumentState.PREPARED: 1}
        stations.resume("main", station.office.clerk)
    assert station.bell.told.count("waiting") == 2
    assert station.states() == {DocumentState.ISSUED: 1}


def test_a_card_that_is_put_in_as_the_pause_begins_waits_too(station: Station) -> None:
    station.documents(1)
    paused = threading.Event()

    class Late(Box):
        def next(self, stop: Callable[[], bool], /) -> AbstractContextManager[Transport] | None:
            paused.set()
            return super().next(stop)

    box = station.box(1)
    box.__class__ = Late
    batch = station.batch(is_paused=paused.is_set)
    with beside(partial(batch.run, [box]), stop=batch.stop):
        wait_for(lambda: "paused" in station.bell.told)
        time.sleep(0.3)
        assert not [told for told in station.bell.told if told.startswith("begun")]
        paused.clear()
    assert station.states() == {DocumentState.ISSUED: 1}


def test_patience_counts_from_the_first_failure(station: Station) -> None:
    """A blank was waited for longer than the patience lasts before the reader was unplugged."""
    station.documents(1)
    slot = Slot(station.box(1), (NoReaderError("reader-gone", reader="one"),), slowness=0.6)
    slot.is_filled.set()
    assert outcomes(station.batch(patience=0.5).run([slot])) == [Outcome.ISSUED]


def test_a_reader_that_is_unplugged_is_waited_for_and_back_when_it_is_there(station: Station) -> None:
    station.documents(1)
    gone, busy = NoReaderError("reader-gone", reader="one"), ReaderAway("reader-busy", reader="one")
    slot = Slot(station.box(1), (gone, busy))
    batch = station.batch(patience=LIMIT)
    with beside(partial(batch.run, [slot]), stop=batch.stop):
        wait_for(lambda: "back" in station.bell.told)  # and not only when a card is put in
        assert not slot.is_filled.is_set()
        slot.is_filled.set()
    assert [told for told in station.bell.told if told in ("reader-gone", "reader-busy", "back")] == [
        "reader-gone",
        "back",
    ]
    assert outcomes(batch.summary) == [Outcome.ISSUED]


def test_a_reader_that_is_unplugged_with_its_card_is_waited_for(station: Station) -> None:
    station.documents(2)
    faults = [NoReaderError("reader-gone", reader="one")]

    class Unplugged(Box):
        def taken_out(self, stop: Callable[[], bool], /) -> None:
            if faults:
                raise faults.pop()

    box = station.box(2)
    box.__class__ = Unplugged
    assert outcomes(station.run(box, patience=LIMIT)) == [Outcome.ISSUED] * 2
    assert "reader-gone" in station.bell.told


def test_what_was_done_is_kept_where_a_reader_stays_away(station: Station) -> None:
    station.documents(2)

    class Dying(Box):
        def next(self, stop: Callable[[], bool], /) -> AbstractContextManager[Transport] | None:
            if len(self.cards) < 2:
                raise NoReaderError("reader-gone", reader="one")
            return super().next(stop)

    box = station.box(2)
    box.__class__ = Dying
    batch = station.batch(patience=0.2)
    with pytest.raises(NoCardError, match="reader-gone"):
        batch.run([box])
    assert outcomes(batch.summary) == [Outcome.ISSUED]
    assert batch.summary.seconds > 0


class Refusing(SilentClerk):
    """Lets one document not be written."""

    refused = ""

    def confirm(self, document: Document, plan: Plan) -> None:
        if document.id == self.refused:
            raise AccessDenied("print-not-confirmed")


def test_a_document_that_fails_again_and_again_is_left_and_takes_no_more_blanks(station: Station) -> None:
    bad, good = station.documents(2)
    clerk, box = Refusing(station.office.personalization), station.box(8)
    clerk.refused = bad.id
    summary = station.batch(desk=clerk).run([box])
    assert [(each.document_id, each.outcome) for each in summary.results] == [
        *[(bad.id, Outcome.REFUSED)] * module._TRIES,
        (good.id, Outcome.ISSUED),
    ]
    assert len(box.cards) == 4 and "unused" not in station.bell.told
    assert station.states() == {DocumentState.PREPARED: 1, DocumentState.ISSUED: 1}


def test_half_way_cards_are_told_apart_from_documents_without_a_blank(station: Station) -> None:
    half_way, _ = station.documents(2)
    box = station.box(4)
    cut_half_way(station, half_way, box.cards.pop(0))
    summary = station.run(box)  # its own card is not put in
    assert station.bell.left[:2] == [Free(1, 1), Free(0, 1)]
    assert outcomes(summary) == [Outcome.ISSUED]
    assert station.bell.told.count("unused") == 2  # nothing waits for these blanks
    assert station.office.cards.load("b4").part(EmrtdMemory).state is not ApplicationState.PERSONALIZED
    again = station.box(0)
    again.cards.append("b1")
    assert outcomes(station.run(again)) == [Outcome.FINISHED]
    station.check()


def test_the_card_of_another_document_is_named_and_left_alone(station: Station) -> None:
    other, wanted = station.documents(2)
    box = station.box(2)
    cut_half_way(station, other, box.cards[0])
    summary = station.batch(wanted.id).run([box])
    assert outcomes(summary) == [Outcome.REFUSED, Outcome.ISSUED]
    error = summary.results[0].error
    assert error is not None and error.code == "card-has-document"
    assert (error.facts["document"], error.facts["state"]) == (other.id, DocumentState.BOUND)
    assert station.office.register.documents.get(other.id).state is DocumentState.BOUND


def test_a_limit_gives_back_what_no_card_was_issued_for(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was left for the first blank, the second was pulled half-way, the third is the one."""
    station.documents(2)
    real, asked = WorkQueue.take, []

    def first_none(self: WorkQueue, *facts: object) -> object:
        asked.append(facts)
        return None if len(asked) == 1 else real(self, *facts)  # type: ignore[arg-type]

    monkeypatch.setattr(WorkQueue, "take", first_none)
    seen: list[Transport] = []

    def line(transport: Transport) -> Transport:
        seen.append(transport)
        return CutLine(transport, 40, after=True) if len(seen) == 2 else transport

    summary = station.run(station.box(4, line=line), limit=1)
    assert outcomes(summary) == [Outcome.OPEN, Outcome.ISSUED]
    assert station.bell.told.count("unused") == 1 and len(asked) == 3


def test_a_limit_counts_cards_that_were_half_way_too(station: Station) -> None:
    half_way, _ = station.documents(2)
    box = station.box(2)
    cut_half_way(station, half_way, box.cards[0])
    assert outcomes(station.run(box, limit=1)) == [Outcome.FINISHED]


def test_a_reader_waits_for_the_last_number_of_the_limit_that_another_may_give_back(station: Station) -> None:
    station.documents(3)
    writes = threading.Event()

    class Slow(SilentClerk):
        def confirm(self, document: Document, plan: Plan) -> None:
            if not writes.is_set():
                writes.set()
                time.sleep(1.0)  # the other reader comes meanwhile
                raise AccessDenied("print-not-confirmed")

    class After(Box):
        def next(self, stop: Callable[[], bool], /) -> AbstractContextManager[Transport] | None:
            assert writes.wait(LIMIT)
            return super().next(stop)

    second = station.box(1, "two")
    second.__class__ = After
    summary = station.batch(desk=Slow(station.office.personalization), limit=1).run([station.box(1, "one"), second])
    assert sorted((each.reader, each.outcome) for each in summary.results) == [
        ("one", Outcome.REFUSED),
        ("two", Outcome.ISSUED),
    ]


def issued_with_open_job(station: Station, card: str) -> Document:
    """A station was stopped after the register had the document issued, before the journal knew."""
    (document,) = station.documents(1)

    def stop(step: Step, done: bool) -> None:
        if step.action is Action.ISSUE and not done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        station.office.personalize(document, card, watch=stop)
    return station.office.register.documents.issue(document.id, station.office.clerk)


def test_a_document_that_was_issued_just_before_a_stop_is_settled_first_of_all(station: Station) -> None:
    box = station.box(2)
    document = issued_with_open_job(station, box.cards.pop(0))
    station.office.register.statuses.change(document.id, "report-lost", station.office.clerk)
    (other,) = station.documents(1)
    summary = station.run(box)
    assert [(each.outcome, each.document_id) for each in summary.results] == [
        (Outcome.FINISHED, document.id),
        (Outcome.ISSUED, other.id),
    ]
    assert summary.results[0].chip == document.chip
    (job,) = station.office.personalization.journal.of_document(document.id)
    assert (job.state, job.done) == (JobState.DONE, job.steps)
    assert station.run(box).results == []


def test_what_another_station_leaves_open_meanwhile_is_settled_at_the_end(station: Station) -> None:
    first = station.box(1)
    station.documents(1)
    left: list[Document] = []

    class Other(SilentClerk):
        def confirm(self, document: Document, plan: Plan) -> None:
            if not left:
                left.append(issued_with_open_job(station, station.box(1).cards[0]))

    summary = station.batch(desk=Other(station.office.personalization)).run([first])
    assert outcomes(summary) == [Outcome.ISSUED, Outcome.FINISHED]
    assert summary.results[1].document_id == left[0].id


def test_a_document_that_another_station_settles_just_now_is_left_to_it(
    station: Station,
) -> None:
    document = issued_with_open_job(station, station.box(1).cards[0])
    with station.office.personalization.hold(document.id):
        assert station.run(station.box(0)).results == []
    assert outcomes(station.run(station.box(0))) == [Outcome.FINISHED]


def test_a_database_that_is_away_after_the_issue_leaves_one_issued_card(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The card is still in the reader: the batch finds it issued, and closes its job."""
    station.documents(1)
    real = PersonalizationRunner._issue
    faults = [DatabaseAway("register-away", reason="test")]

    def issue(self: PersonalizationRunner, *facts: object) -> object:
        found = real(self, *facts)  # type: ignore[arg-type]
        if faults:
            raise faults.pop()
        return found

    monkeypatch.setattr(PersonalizationRunner, "_issue", issue)
    summary = station.run(station.box(1), limit=1)
    assert outcomes(summary) == [Outcome.ISSUED]
    assert [job.state for job in station.office.personalization.journal.list()] == [JobState.DONE]
    station.check()


def test_the_log_is_looked_after_while_cards_are_written(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SETTLE_EVERY", 2)
    station.documents(4)
    settled: list[int] = []

    def settle() -> None:
        settled.append(len(station.bell.results))
        raise OSError("no room")

    summary = station.run(station.box(4), settle=settle)
    assert (outcomes(summary), settled) == ([Outcome.ISSUED] * 4, [2, 4])


@contextmanager
def no_card() -> Iterator[Transport]:
    raise CardAbsent("no-card", reader="one")
    yield


def test_a_card_that_is_out_again_at_once_is_no_result(station: Station) -> None:
    station.documents(1)

    class Hasty(Box):
        def _open(self, card: str) -> AbstractContextManager[Transport]:  # type: ignore[override]
            return no_card() if card == "b1" else super()._open(card)

    box = station.box(2)
    box.__class__ = Hasty
    assert outcomes(station.run(box)) == [Outcome.ISSUED]
