"""Two stations, and two operators: a document, a chip and a job are one's alone, and who comes late is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from click.testing import CliRunner
from click.testing import Result as Done
from sqlalchemy import delete, update

from eid_toolkit.books.ledger.schema import lease, personalization_job, personalization_step
from eid_toolkit.books.register.documents.documents import Document, DocumentState
from eid_toolkit.books.register.stock import leases as leases_module
from eid_toolkit.books.register.stock.leases import Lease, Leases
from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.errors import DecisionNeeded, EidError, NotPermitted, ServiceAway
from eid_toolkit.work.personalization.batch import Outcome, Result
from eid_toolkit.work.personalization.journal import Job, JobState
from eid_toolkit.work.personalization.plan import Action, Step
from eid_toolkit.work.personalization.service import PersonalizationService
from eid_toolkit.work.personalization.work import WorkQueue, document_subject
from support.batches import Station
from support.homes import ANNA, BERT, ENTROPY, WorkingOffice, both_backends
from support.silent_clerk import SilentClerk

__all__ = ["both_backends"]


@pytest.fixture
def station(office: WorkingOffice) -> Station:
    return Station(office)


@contextmanager
def elsewhere() -> Iterator[None]:
    """What is taken meanwhile is another machine's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leases_module, "holder", lambda: "elsewhere:b:n:7:1:x")
        yield


def taken_elsewhere(station: Station, *subjects: str, seconds: float = 60.0) -> tuple[Lease, ...]:
    with elsewhere():
        return Leases(station.office.register.database, ENTROPY, seconds).take(*subjects)


def eid(station: Station, *words: str, code: int) -> Done:
    home = str(station.office.home.root)
    done = CliRunner().invoke(main, ["--home", home, "--operator", "petra", "--yes", *words])
    assert done.exit_code == code, (done.output, done.exception)
    return done


def test_a_station_whose_lease_ran_out_binds_no_chip(station: Station) -> None:
    (document,) = station.documents(1)
    service, card = station.office.personalization, station.office.blank()
    late = taken_elsewhere(station, document_subject(document.id), seconds=0.1)
    threading.Event().wait(0.2)
    with service.hold(document.id):  # another has it by now
        pass
    with (
        service.holding(document.id, late),
        station.office.reader(card) as transport,
        pytest.raises(ServiceAway, match="lease-lost"),
    ):
        service.personalize(document.id, transport, station.office.clerk, SilentClerk(service))
    found = station.office.register.documents.get(document.id)
    assert (found.state, found.chip) == (DocumentState.PREPARED, None)
    assert station.office.personalize(document, card).state is JobState.DONE


def test_a_station_whose_lease_is_lost_at_the_end_issues_nothing(station: Station) -> None:
    (document,) = station.documents(1)
    card = station.office.blank()

    def lose(step: Step, done: bool) -> None:
        if step.action is Action.ISSUE and not done:
            with station.office.register.database.write() as connection:
                connection.execute(update(lease).values(token="another"))

    with pytest.raises(ServiceAway, match="lease-lost"):
        station.office.personalize(document, card, watch=lose)
    assert station.office.register.documents.get(document.id).state is DocumentState.BOUND
    assert not [row for row in station.office.register.audit_rows() if row.action == "document.issued"]


def test_two_stations_have_not_one_chip(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same card, in two readers' hands by some mistake: the second document is left for another blank."""
    station.documents(2)
    service = station.office.personalization
    queue = WorkQueue(station.office.register.database, service.leases)
    box = station.box(2)
    chip = station.office.cards.load(box.cards[0]).chip_identity.hex()
    with elsewhere():
        leases = Leases(station.office.register.database, ENTROPY)
        taken = WorkQueue(station.office.register.database, leases).take(chip)
    assert taken is not None
    with pytest.raises(ServiceAway, match="lease-held") as caught:
        queue.take(chip)
    assert caught.value.facts == {"subject": f"chip {chip}", "holder": "elsewhere, process 7"}
    real, given_back = station.bell.done, taken.leases

    def done(result: Result) -> None:
        real(result)
        if len(station.bell.results) == 2:
            leases.give_back(given_back)  # the batch waits for that

    monkeypatch.setattr(station.bell, "done", done)
    summary = station.batch().run([box])
    assert [each.outcome for each in summary.results] == [Outcome.REFUSED, Outcome.ISSUED]
    assert summary.results[0].error is not None and summary.results[0].error.code == "lease-held"
    assert summary.results[1].document_id != taken.document_id
    station.check()


def test_who_comes_late_is_told_who_has_the_document(station: Station) -> None:
    (document,) = station.documents(1)
    card = station.office.blank()
    taken_elsewhere(station, document_subject(document.id))
    for words in (
        ("personalize", document.id, "--without-print-check", "--reader", f"emulator:{card}"),
        ("spoil", document.id, "--reason", "torn"),
    ):
        told = eid(station, "card", *words, code=11).stderr
        assert f"Another station is working on document {document.id} (elsewhere, process 7)." in told
    assert station.office.register.documents.get(document.id).state is DocumentState.PREPARED


def undecided(station: Station) -> tuple[Document, Job]:
    """A card that waits for an operator's decision."""
    (document,) = station.documents(1)

    class Suspicious(SilentClerk):
        def read_back(self, session, content):  # type: ignore[no-untyped-def]
            raise DecisionNeeded("read-back-differs", files="EF.DG2")

    summary = station.batch(desk=Suspicious(station.office.personalization)).run([station.box(1)])
    assert [each.outcome for each in summary.results] == [Outcome.ASIDE]
    job = station.office.personalization.journal.unresolved(document.id)
    assert job is not None
    return document, job


@pytest.mark.parametrize("decision", ["--spoil", "--resume"])
def test_of_two_decisions_on_one_job_the_first_counts(
    station: Station, monkeypatch: pytest.MonkeyPatch, decision: str
) -> None:
    """The second operator has read the job before the first one decided."""
    document, job = undecided(station)
    service, real = station.office.personalization, PersonalizationService.hold
    ours: list[Job] = []

    @contextmanager
    def hold(self: PersonalizationService, document_id: str) -> Iterator[None]:
        if not ours:
            with real(service, document_id):
                ours.append(service.resume(job, "looks good", station.office.clerk))
        with real(self, document_id):
            yield

    monkeypatch.setattr(PersonalizationService, "hold", hold)
    told = eid(station, "card", "resolve", job.id, decision, code=10).stderr
    assert f"while job {job.id} is open" in told
    assert [row.action for row in station.office.register.audit_rows(job.id)][-1] == "job.open"
    assert station.office.register.documents.get(document.id).state is DocumentState.BOUND


def test_the_journal_changes_no_job_that_has_changed(station: Station) -> None:
    _, job = undecided(station)
    journal = station.office.personalization.journal
    journal.set_state(job, JobState.OPEN, ANNA, "looks good")
    for change in (JobState.SPOILED, JobState.OPEN, JobState.DONE):
        with pytest.raises(NotPermitted, match="job-state"):
            journal.set_state(job, change, BERT)
    with pytest.raises(NotPermitted, match="job-state"):
        journal.set_chip(job, "00")
    now = journal.get(job.id)
    assert (now.state, now.chip) == (JobState.OPEN, job.chip)
    journal.set_state(now, JobState.DONE, ANNA)
    with pytest.raises(NotPermitted, match="job-done"):
        journal.set_state(now, JobState.NEEDS_DECISION, BERT, "late")


def test_a_card_aside_is_not_fed_again_by_its_box(station: Station) -> None:
    _, job = undecided(station)
    shown = json.loads(
        eid(
            station, "card", "batch", "--without-print-check", "--reader", "emulator:b*", "--format", "json", code=0
        ).stdout
    )
    assert shown["cards"] == [] and station.office.personalization.journal.get(job.id).state is JobState.NEEDS_DECISION


@pytest.mark.parametrize("forgotten", [False, True])
def test_who_has_the_database_gets_no_second_card_by_way_of_leases_and_journal(
    station: Station, forgotten: bool
) -> None:
    """Neither is held to the log: what decides is the document, which is."""
    (document,) = station.documents(1)
    first, second = (station.office.blank(name) for name in ("first", "second"))
    chip = station.office.cards.load(second).chip_identity.hex()

    def pulled(step: Step, done: bool) -> None:
        if step.action is Action.BIND_CHIP and done:
            raise ServiceAway("card-removed")

    with pytest.raises(ServiceAway):
        station.office.personalize(document, first, watch=pulled)
    with station.office.register.database.write() as connection:
        connection.execute(delete(lease))
        if forgotten:
            connection.execute(delete(personalization_step))
            connection.execute(delete(personalization_job))
        else:
            connection.execute(update(personalization_job).values(chip=chip))
    with pytest.raises(EidError):
        station.office.personalize(document, second)
    found = station.office.register.documents.get(document.id)
    assert (found.state, found.chip) == (DocumentState.BOUND, station.office.cards.load(first).chip_identity.hex())
    assert not [row for row in station.office.register.audit_rows() if row.action == "document.issued"]
