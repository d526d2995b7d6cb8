"""How a batch ends: when nothing is left to do for a reader, what is told of each card, and what a stop has left."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace

import pytest
from sqlalchemy import update

from eid_toolkit.books.ledger.schema import personalization_job
from eid_toolkit.books.register.documents.documents import Document, DocumentState
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Role
from eid_toolkit.doors.cli import batch as command
from eid_toolkit.ground.errors import BadInput, DatabaseAway, NoCardError, NoReaderError, NotPermitted
from eid_toolkit.ground.messages.catalogue import ENGLISH
from eid_toolkit.work.personalization.batch import Batch, Feeder, Outcome, Result, Summary
from eid_toolkit.work.personalization.journal import JobState
from eid_toolkit.work.personalization.runner import PersonalizationRunner
from eid_toolkit.work.personalization.service import PersonalizationService
from support.batches import Box, Slot, Station, outcomes
from support.homes import WorkingOffice, both_backends
from support.silent_clerk import CutLine
from support.waiting import LIMIT, beside, wait_for

__all__ = ["both_backends"]


@pytest.fixture
def station(office: WorkingOffice) -> Station:
    return Station(office)


def run_to_its_end(batch: Batch, feeders: list[Feeder]) -> Summary:
    """Fails where the batch does not end by itself."""
    with beside(partial(batch.run, feeders), stop=batch.stop):
        pass
    return batch.summary


def cut_half_way(station: Station, document: Document, card: str) -> None:
    with pytest.raises(NoCardError):
        station.office.personalize(document, card, line=lambda transport: CutLine(transport, 40, after=True))


def test_a_reader_waits_no_longer_when_the_limit_is_used_up(station: Station) -> None:
    station.documents(3)
    waiting = Slot(station.box(1, "two"))  # nobody puts a card in

    class After(Box):
        def next(self, stop: Callable[[], bool], /):  # type: ignore[no-untyped-def]
            assert waiting.is_asked.wait(LIMIT)
            return super().next(stop)

    first = station.box(3, "one")
    first.__class__ = After
    summary = run_to_its_end(station.batch(limit=1), [first, waiting])
    assert outcomes(summary) == [Outcome.ISSUED]
    assert station.states() == {DocumentState.PREPARED: 2, DocumentState.ISSUED: 1}


class Unplugged(Slot):
    """A reader that is gone, and stays so."""

    def next(self, stop: Callable[[], bool], /):  # type: ignore[no-untyped-def]
        raise NoReaderError("reader-gone", reader=self.reader)


def test_a_reader_that_is_gone_is_not_waited_for_when_all_is_done(station: Station) -> None:
    station.documents(1)

    class After(Box):
        def next(self, stop: Callable[[], bool], /):  # type: ignore[no-untyped-def]
            wait_for(lambda: "reader-gone" in station.bell.told)
            return super().next(stop)

    first = station.box(1, "one")
    first.__class__ = After
    batch = station.batch(patience=10 * LIMIT)
    assert outcomes(run_to_its_end(batch, [first, Unplugged(station.box(0, "two"))])) == [Outcome.ISSUED]


def test_a_reader_that_is_unplugged_with_the_last_card_is_not_waited_for(station: Station) -> None:
    station.documents(1)

    class Gone(Box):
        def taken_out(self, stop: Callable[[], bool], /) -> None:
            raise NoReaderError("reader-gone", reader="one")

    box = station.box(1)
    box.__class__ = Gone
    assert outcomes(run_to_its_end(station.batch(patience=10 * LIMIT), [box])) == [Outcome.ISSUED]


def test_a_database_that_is_away_when_all_is_written_leaves_an_issued_card(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answer to the very last write is lost: the card in the reader is issued, and told as such."""
    station.documents(2)
    real, faults = PersonalizationRunner.run, [DatabaseAway("register-away", reason="test")]

    def run(self: PersonalizationRunner, reader: str) -> object:
        job = real(self, reader)
        if faults:
            raise faults.pop()
        return job

    monkeypatch.setattr(PersonalizationRunner, "run", run)
    assert outcomes(station.run(station.box(2), limit=1)) == [Outcome.ISSUED]
    assert station.states() == {DocumentState.PREPARED: 1, DocumentState.ISSUED: 1}
    station.check()


def test_a_half_way_remake_is_told_as_one(station: Station) -> None:
    (first,) = station.documents(1)
    station.office.personalization.spoil_document(first.id, "torn", station.office.clerk)
    again = station.office.prepare(station.office.register.documents.application_of(first))
    box = station.box(1)
    cut_half_way(station, again, box.cards[0])
    (result,) = station.run(box).results
    assert (result.outcome, result.remake) == (Outcome.FINISHED, True)


def test_each_job_that_is_settled_is_told_though_the_database_goes_away_between(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    for document in station.documents(2):
        station.office.personalize(document, station.box(1).cards[0])
    journal = station.office.personalization.journal
    for job in journal.list():
        journal.set_state(job, JobState.OPEN, station.office.clerk)
    real, asked = PersonalizationService.hold, []

    def hold(self: PersonalizationService, document_id: str) -> object:
        asked.append(document_id)
        if len(asked) == 2:
            raise DatabaseAway("register-away", reason="test")
        return real(self, document_id)

    monkeypatch.setattr(PersonalizationService, "hold", hold)
    summary = station.run(station.box(0), patience=LIMIT)
    assert outcomes(summary) == [Outcome.FINISHED] * 2
    assert len({each.document_id for each in summary.results}) == 2


def given_up_by_an_earlier_version(station: Station, document: Document) -> None:
    """It spoiled a document and closed its job in two transactions, and was stopped between them."""
    station.office.register.documents.spoil(document.id, "torn", station.office.clerk)
    with station.office.register.database.write() as connection:
        connection.execute(update(personalization_job).values(state=JobState.OPEN))


def test_a_document_given_up_is_given_up_with_its_job(station: Station) -> None:
    (document,) = station.documents(1)
    cut_half_way(station, document, station.box(1).cards[0])
    station.office.register.documents.spoil(document.id, "torn", station.office.clerk)
    assert [job.state for job in station.office.personalization.journal.list()] == [JobState.SPOILED]


def test_a_document_given_up_just_before_a_stop_leaves_no_job_open(station: Station) -> None:
    (document,) = station.documents(1)
    cut_half_way(station, document, station.box(1).cards[0])
    given_up_by_an_earlier_version(station, document)
    assert station.run(station.box(0)).results == []
    assert [job.state for job in station.office.personalization.journal.list()] == [JobState.SPOILED]


def test_only_who_may_gives_a_document_up_also_when_its_job_alone_is_left(station: Station) -> None:
    (document,) = station.documents(1)
    cut_half_way(station, document, station.box(1).cards[0])
    given_up_by_an_earlier_version(station, document)
    approver = Operator("albert", roles=frozenset({Role.APPROVER}))
    with pytest.raises(NotPermitted, match="role-missing"):
        station.office.personalization.spoil_document(document.id, "torn", approver)
    assert [job.state for job in station.office.personalization.journal.list()] == [JobState.OPEN]


@pytest.mark.parametrize("reason", ["", "x" * 201, "torn\x1b[31m"])
def test_a_reason_to_go_on_is_a_reason_like_any_other(station: Station, reason: str) -> None:
    (document,) = station.documents(1)
    cut_half_way(station, document, station.box(1).cards[0])
    service = station.office.personalization
    (job,) = service.journal.list()
    service.journal.set_state(job, JobState.NEEDS_DECISION, station.office.clerk)
    with pytest.raises(BadInput, match="reason-malformed"):
        service.resume(service.journal.get(job.id), reason, station.office.clerk)
    assert service.journal.get(job.id).state is JobState.NEEDS_DECISION


def test_a_summary_asks_a_database_that_is_away_once() -> None:
    asked: list[str] = []

    def away(*_: object) -> object:
        asked.append("asked")
        raise DatabaseAway("register-away", reason="test")

    gone = SimpleNamespace(waiting=away, half_way=away, serial=away, get=away)
    summary = Summary([Result(Outcome.ISSUED, "one", "C1", f"D-{number}", 1.0) for number in range(5)], 5.0)
    shown = command._summary(SimpleNamespace(speaker=ENGLISH), summary, gone, gone)  # type: ignore[arg-type]
    assert (shown["counts"]["issued"], shown["waiting"], shown["half_way"]) == (5, None, None)
    assert asked == ["asked"]
