"""After an erasure no column of any table has what a person's texts say, wherever such a text can have gone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import String, select

from eid_toolkit.books.ledger.schema import metadata
from eid_toolkit.books.ledger.workflow import DocumentState
from eid_toolkit.books.register.agencies.notices import NoticeKind
from eid_toolkit.books.register.documents.application_rows import Application, Evidence
from eid_toolkit.books.register.keeping.erasure import Erased
from eid_toolkit.books.register.people.person_data import FIELDS, PersonData
from eid_toolkit.books.register.people.person_record import Person
from eid_toolkit.books.register.stock.manifests import Manifest
from eid_toolkit.ground.errors import BadInput, NoCardError
from eid_toolkit.ground.images.portrait import make_portrait
from eid_toolkit.standards.profiles import load_profile
from eid_toolkit.work.personalization.journal import JobState
from support.arranging import office_on
from support.homes import ANNA, BERT, WorkingOffice, portrait_file
from support.manifests import chip_of, manifest, serial_of
from support.silent_clerk import CutLine

MARK = "Zwyrtek"
NUMBER, FORMER_NUMBER = "099000000017", "ZWYRTEK-1"
MARKS = ("zwyrtek", "099000000017", "000000017")
"""The last is the document number that a profile takes out of the personal number."""
ELSEWHERE = {"date_of_birth": "1990-01-31", "sex": "M", "nationality": "VNM", "vital_status": "alive"}
HOLDER = {
    **{name: f"{MARK} {name.replace('_', ' ')}" for name in FIELDS if name != "date_of_death"},
    **ELSEWHERE,
    "personal_number": NUMBER,
    "former_number": FORMER_NUMBER,
}
WHY = f"as {MARK} told"

TOLD = {
    "person": {name for name in HOLDER if name not in ELSEWHERE} | {"folded_name"},
    "person_change": {"source"},
    "name_word": {"word"},
    "name_variant": {"variant"},
    "name_posting": {"folded_name"},
    "application": {"evidence"},
    "decision": {"statement"},
    "document": {"document_number"},
    "document_status": {"reason", "statement"},
    "notice": {"reason", "withdrawal_reason"},
    "personalization_job": {"reason"},
    "blank": {"reason"},
    "blank_movement": {"reason"},
}
"""Where such texts are before it."""
NOBODYS = {
    "agency": {"name", "fields", "purposes"},
    "application": {"profile", "creator"},
    "audit": {"operator", "action", "subject", "detail"},
    "audit_checkpoint": {"countersigned"},
    "audit_session": {"statement"},
    "blank": {"serial", "chip", "station"},
    "blank_movement": {"serial", "station", "operator"},
    "card": {"chip", "serial"},
    "decision": {"operator"},
    "document": {"profile", "chip"},
    "document_status": {"operator"},
    "lease": {"holder"},
    "manifest": {"vendor", "batch", "operator"},
    "notice": {"operator", "withdrawn_by"},
    "person_change": {"operator"},
    "person_import": {"operator"},
    "person_pair": {"operator"},
    "personalization_job": {"chip", "reader", "operator"},
    "personalization_step": {"name", "detail"},
    "shift": {"station", "opened_by", "opened_with", "closed_by", "closed_with", "differences"},
    "station": {"paused_by"},
    "vendor": {"operator"},
}
"""Columns of free text that never have any. Whoever adds one says here which of the two it is."""


def marked(office: WorkingOffice) -> dict[str, set[str]]:
    """The columns of all tables in which one of the marks stands, in whatever form."""
    found: dict[str, set[str]] = {}
    with office.register.database.read() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                for name, value in row.items():
                    data = value if isinstance(value, bytes) else str(value).casefold().encode()
                    if any(mark.encode() in data.lower() for mark in MARKS):
                        found.setdefault(table.name, set()).add(str(name))
    return found


def test_every_column_of_free_text_is_known() -> None:
    columns = {
        table.name: free
        for table in metadata.sorted_tables
        if (free := {each.name for each in table.c if isinstance(each.type, String) and each.type.length is None})
    }
    assert columns == {name: TOLD.get(name, set()) | NOBODYS.get(name, set()) for name in TOLD.keys() | NOBODYS.keys()}


def apply(office: WorkingOffice, person: Person, profile: str) -> Application:
    wanted = load_profile(profile)
    portrait = make_portrait(portrait_file(), wanted.portrait)
    shown = [Evidence(each.split("|")[0], f"{MARK} 7") for each in wanted.required_evidence("first")]
    shown += [Evidence("letter", f"{MARK} 8")]
    return office.register.applications.create(person, wanted, portrait, ANNA, evidence=shown)


def live(office: WorkingOffice, person: Person) -> tuple[str, str, str]:
    """All that can be told of a person in the office; returns the documents, of which one was issued."""
    register = office.register
    register.agencies.add("police", "Police", ["id"], ["a search"], ANNA, may_report=True)
    register.persons.look_ups.search(MARK, ANNA)
    with pytest.raises(BadInput, match="agency-unknown"):
        register.agencies.look_up(MARK, "a search", ANNA, words=MARK)
    register.applications.reject(apply(office, person, "utopia-id").id, BERT, WHY)
    register.applications.withdraw(apply(office, person, "utopia-id").id, ANNA, WHY)

    issued = office.prepare(register.applications.approve(apply(office, person, "vn-cccd").id, BERT))
    office.personalize(issued, office.blank())
    register.statuses.change(issued.id, "suspend", ANNA, WHY)
    register.statuses.change(issued.id, "resume", ANNA, WHY)
    register.notices.add_document(NoticeKind.LOST, issued.id, "police", ANNA, WHY)

    approved = register.applications.approve(apply(office, person, "utopia-id").id, BERT)
    stopped = office.prepare(approved)
    with pytest.raises(NoCardError):
        office.personalize(stopped, office.blank("stopped"), line=lambda card: CutLine(card, 30, after=False))
    (job,) = office.personalization.journal.of_document(stopped.id)
    office.personalization.journal.set_state(job, JobState.NEEDS_DECISION, ANNA.name)
    office.personalization.resume(office.personalization.journal.get(job.id), WHY, ANNA)
    assert office.personalization.spoil_document(stopped.id, WHY, ANNA).state is DocumentState.SPOILED

    register.stock.receiving.receive(Manifest.read(manifest(1)), ANNA)
    register.stock.hand_out("main", ANNA, count=1)
    register.stock.shifts.open("main", 1, (ANNA, BERT))
    spoiled = office.prepare(approved)
    register.documents.bind_chip(spoiled.id, chip_of(1), ANNA)
    office.personalization.spoil_document(spoiled.id, WHY, ANNA, BERT, serial_of(1))
    register.applications.withdraw(approved.id, ANNA, WHY)

    wanted = register.notices.add_person(person.id, "police", ANNA, WHY)
    register.notices.withdraw(wanted.id, WHY, ANNA)
    return issued.id, stopped.id, spoiled.id


def erase(office: WorkingOffice, person: Person) -> Erased:
    """When the last day of all documents is over."""
    days = [date.fromisoformat(str(each.date_of_expiry)) for each in office.register.documents.list()]
    with office_on(office, max(days) + timedelta(days=1)) as later:
        return later.register.erasure.erase(person.id, "request", (ANNA, BERT))


def test_no_column_has_a_persons_texts_afterwards(office: WorkingOffice) -> None:
    kept = office.register.persons.add(PersonData.from_text(HOLDER), ANNA, f"a letter of {MARK}")
    merged = {**HOLDER, "personal_number": "ZWYRTEK-2", "secondary_identifier": "Zwyrtek the other"}
    double = office.register.persons.add(PersonData.from_text(merged), ANNA, f"a letter of {MARK}")
    double = office.register.persons.change(
        double, PersonData.from_text({**merged, "religion": f"{MARK}ism"}), ANNA, f"another letter of {MARK}"
    )
    documents = live(office, kept)
    office.register.persons.pairs.decide(kept, double, BERT, same=True)
    assert marked(office) == TOLD

    erased = erase(office, kept)
    assert (sorted(erased.documents), erased.merged) == (sorted(documents), (double.id,))
    assert marked(office) == {}


def test_what_stays_can_still_be_worked_with(office: WorkingOffice) -> None:
    kept = office.person(HOLDER)
    issued, _, spoiled = (office.register.documents.get(each) for each in live(office, kept))
    erase(office, kept)
    register = office.register
    assert [each.reason for each in register.statuses.history(issued.id)] == [None] * 3
    assert [each.action for each in register.statuses.history(issued.id)] == ["suspend", "resume", "report-lost"]
    assert {each.state for each in register.applications.list()} >= {"rejected", "withdrawn"}
    assert register.stock.get(serial_of(1)).reason is None
    assert [each.action for each in register.stock.history(serial_of(1))][-1] == "spoil"
    assert register.documents.serial(spoiled) == serial_of(1)
    assert register.statuses.change(issued.id, "destroy", ANNA).state == "destroyed"
    assert register.audit.verify().reason is None
