"""A batch: every document on one card, whatever happens to cards, readers and the database meanwhile."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial

import pytest

from eid_toolkit.books.register.documents.documents import DocumentState
from eid_toolkit.books.register.stock.stations import Stations
from eid_toolkit.ground.errors import DatabaseAway, DecisionNeeded, NoCardError
from eid_toolkit.work.personalization.batch import Outcome
from eid_toolkit.work.personalization.journal import JobState
from support.batches import Station
from support.homes import CLOCK, WorkingOffice, both_backends
from support.silent_clerk import CutLine, SilentClerk
from support.waiting import beside, wait_for

__all__ = ["both_backends"]


@pytest.fixture
def station(office: WorkingOffice) -> Station:
    return Station(office)


def test_two_readers_write_every_document_once(station: Station) -> None:
    station.documents(5)
    summary = station.run(station.box(3, "one"), station.box(4, "two"))
    assert summary.count(Outcome.ISSUED) == 5 == len(summary.results)
    assert {each.reader for each in summary.results} == {"one", "two"}
    station.check()


def test_remakes_come_first(station: Station) -> None:
    first, second, third = station.documents(3)
    station.office.personalization.spoil_document(third.id, "torn", station.office.clerk)
    remade = station.office.prepare(station.office.register.documents.application_of(third))
    summary = station.run(station.box(3))
    assert [each.document_id for each in summary.results] == [remade.id, first.id, second.id]
    assert [each.remake for each in summary.results] == [True, False, False]
    station.check()


def test_a_card_that_is_none_of_ours_or_finished_already_stops_nothing(station: Station) -> None:
    station.documents(2)
    box = station.box(1)
    station.run(box)
    again = station.box(1)
    again.cards.insert(0, "b1")
    summary = station.run(again)
    assert [each.outcome for each in summary.results] == [Outcome.REFUSED, Outcome.ISSUED]
    assert summary.results[0].error is not None and summary.results[0].error.code == "card-has-document"
    station.check()


@pytest.mark.parametrize("at", [3, 12, 40, 60])
def test_a_card_that_is_pulled_goes_on_when_it_is_put_in_again(station: Station, at: int) -> None:
    station.documents(2)
    box = station.box(1, line=lambda transport: CutLine(transport, at, after=True))
    summary = station.run(box)
    pulled = summary.results[0]
    assert isinstance(pulled.error, NoCardError)
    again = station.box(1)
    again.cards.insert(0, "b1")
    summary = station.run(again)
    wanted = [Outcome.FINISHED, Outcome.ISSUED] if pulled.outcome is Outcome.OPEN else [Outcome.ISSUED] * 2
    assert [each.outcome for each in summary.results] == wanted
    station.check()


def test_a_card_that_needs_a_decision_goes_aside_and_the_batch_goes_on(station: Station) -> None:
    bad, good = station.documents(2)
    service = station.office.personalization

    class Suspicious(SilentClerk):
        def read_back(self, session, content):  # type: ignore[no-untyped-def]
            if content.document_id == bad.id:
                raise DecisionNeeded("read-back-differs", files="EF.DG2")
            return super().read_back(session, content)

    batch = station.batch()
    batch._desk = lambda reader: Suspicious(service)
    summary = batch.run([station.box(2)])
    assert [each.outcome for each in summary.results] == [Outcome.ASIDE, Outcome.ISSUED]
    (job,) = service.journal.of_document(bad.id)
    assert job.state is JobState.NEEDS_DECISION
    assert station.states() == {DocumentState.BOUND: 1, DocumentState.ISSUED: 1}
    assert service.journal.of_document(good.id)[0].state is JobState.DONE
    station.check()


def test_two_stations_never_take_one_document(station: Station) -> None:
    station.documents(6)
    boxes = [station.box(6, "one"), station.box(6, "two")]
    batches = [station.batch(), station.batch()]
    with beside(*(partial(batch.run, [box]) for batch, box in zip(batches, boxes, strict=True))):
        pass
    results = batches[0].summary.results + batches[1].summary.results
    assert sorted(each.outcome for each in results if each.document_id) == [Outcome.ISSUED] * 6
    assert station.states() == {DocumentState.ISSUED: 6}
    station.check()


def test_a_database_that_goes_away_is_waited_for(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    station.documents(2)
    database = station.office.register.database
    real, calls = type(database).write, [0]

    @contextmanager
    def failing(self, **options):  # type: ignore[no-untyped-def]
        calls[0] += 1
        if calls[0] in (20, 21):
            raise DatabaseAway("register-away", reason="test")
        with real(self, **options) as connection:
            yield connection

    monkeypatch.setattr(type(database), "write", failing)
    summary = station.run(station.box(2))
    assert summary.count(Outcome.ISSUED) + summary.count(Outcome.FINISHED) == 2 == len(summary.results)
    assert [told for told in station.bell.told if told in ("register-away", "back")] == ["register-away", "back"]
    station.check()


def test_a_database_that_stays_away_ends_the_card(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    station.documents(1)
    database = station.office.register.database

    @contextmanager
    def away(self, **options):  # type: ignore[no-untyped-def]
        raise DatabaseAway("register-away", reason="test")
        yield

    box = station.box(1)
    monkeypatch.setattr(type(database), "write", away)
    summary = station.run(box, patience=0.5)
    assert [(each.outcome, each.error.code if each.error else None) for each in summary.results] == [
        (Outcome.REFUSED, "register-away")
    ]


def test_a_paused_station_begins_no_card_until_it_goes_on(station: Station) -> None:
    station.documents(2)
    stations = Stations(station.office.register.database, CLOCK)
    stations.pause("main", station.office.clerk)
    batch = station.batch(is_paused=lambda: stations.pause_of("main") is not None)
    with beside(partial(batch.run, [station.box(2)])):
        wait_for(lambda: "paused" in station.bell.told)
        assert station.states() == {DocumentState.PREPARED: 2}
        stations.resume("main", station.office.clerk)
    assert station.states() == {DocumentState.ISSUED: 2}


def test_a_batch_that_is_stopped_finishes_the_cards_in_work(station: Station) -> None:
    station.documents(4)
    batch = station.batch()
    station.bell.begun = lambda *facts: batch.stop()  # type: ignore[method-assign]
    summary = batch.run([station.box(4)])
    assert [each.outcome for each in summary.results] == [Outcome.ISSUED]
    assert station.states() == {DocumentState.ISSUED: 1, DocumentState.PREPARED: 3}


def test_a_limit_counts_the_cards_that_were_written(station: Station) -> None:
    station.documents(4)
    assert station.run(station.box(2, "one"), station.box(2, "two"), limit=3).count(Outcome.ISSUED) == 3
    assert station.states() == {DocumentState.ISSUED: 3, DocumentState.PREPARED: 1}
