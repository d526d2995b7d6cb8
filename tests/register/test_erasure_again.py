"""A back-up from before an erasure: what it brings back of the person unfinished waits nowhere."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from eid_toolkit.books.keys.opening import open_key_store
from eid_toolkit.books.ledger.schema import card, personalization_job
from eid_toolkit.books.ledger.workflow import ApplicationState, BlankState, CardState
from eid_toolkit.books.register.documents.documents import DocumentState
from eid_toolkit.books.register.keeping.backup import back_up
from eid_toolkit.books.register.keeping.backup_restore import Restorer
from eid_toolkit.books.register.queues import queues
from eid_toolkit.books.register.stock.manifests import Manifest
from eid_toolkit.work.personalization.journal import JobState
from eid_toolkit.work.personalization.work import WorkQueue
from support.homes import ANNA, BERT, CLOCK, ENTROPY, UTOPIAN, WorkingOffice
from support.manifests import chip_of, manifest, serial_of

PEOPLE = [{**UTOPIAN, "secondary_identifier": name} for name in ("Anna", "Berta", "Clara", "Dora")]


def test_what_was_unfinished_of_an_erased_person_waits_nowhere_after_a_restoring(
    office: WorkingOffice, tmp_path: Path
) -> None:
    register = office.register
    register.stock.receiving.receive(Manifest.read(manifest(1, 2)), ANNA)
    register.stock.hand_out("main", ANNA, [serial_of(1)])
    register.stock.shifts.open("main", 1, (ANNA, BERT))
    created, approved = office.application(PEOPLE[0]), office.approved(PEOPLE[1])
    prepared, bound = office.document(PEOPLE[2]), office.document(PEOPLE[3])
    register.documents.bind_chip(bound.id, chip_of(1), ANNA, station="main")
    with register.database.write() as connection:
        times = {"created_at": CLOCK.now(), "updated_at": CLOCK.now()}
        what = {"reader": "r", "plan_hash": "h", "plan_version": 1, "operator": "anna", **times}
        for name, state in (("J-1", JobState.OPEN), ("J-2", JobState.NEEDS_DECISION), ("J-3", JobState.SPOILED)):
            row = {"id": name, "document_id": bound.id, "state": state, **what}
            connection.execute(personalization_job.insert(), row)
    file = tmp_path / "register.backup"
    back_up(register.database, office.keys.foundation, office.home.config, file, ANNA, CLOCK, ENTROPY)

    register.documents.spoil(prepared.id, "torn", ANNA)
    register.documents.spoil(bound.id, "torn", ANNA, BERT, serial_of(1))
    applications = [created.id, approved.id, prepared.application_id, bound.application_id]
    for identifier in applications:
        person = register.applications.withdraw(identifier, ANNA, "not wanted").person
        register.erasure.erase(person.id, "request", (ANNA, BERT))
    restorer = Restorer(office.home, open_key_store(office.home, ENTROPY), [BERT], CLOCK)
    assert restorer.restore(restorer.check(file), replace=True).erased_again == len(applications)
    register.close()

    again = WorkingOffice.at(office.home)
    work = WorkQueue(again.register.database, again.personalization.leases, station="main")
    assert (work.waiting(), work.half_way()) == (0, 0)
    with again.register.database.read() as connection:
        assert {each.stage: each.waiting for each in queues(connection)} == dict.fromkeys(
            ("approval", "preparation", "personalization", "decision"), 0
        )
        states = connection.execute(select(personalization_job.c.state)).scalars()
        assert set(states) == {JobState.SPOILED}
        assert connection.execute(select(card.c.state)).scalars().all() == [CardState.SPOILED]
    assert {again.register.documents.get(each.id).state for each in (prepared, bound)} == {DocumentState.SPOILED}
    assert {again.register.applications.get(each).state for each in applications} == {ApplicationState.WITHDRAWN}
    assert again.register.stock.get(serial_of(1)).state is BlankState.SPOILED
    told = {(row.action, row.subject) for row in again.register.audit_rows() if row.operator == "bert"}
    assert told >= {("application.withdrawn", each) for each in applications}
    assert told >= {("document.spoiled", prepared.id), ("document.spoiled", bound.id)}
    assert told >= {("job.spoiled", "J-1"), ("job.spoiled", "J-2"), ("stock.spoil", "main")}
    assert ("job.spoiled", "J-3") not in told
    assert again.register.audit.verify().reason is None
    again.register.close()
