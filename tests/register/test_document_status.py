"""What becomes of issued documents: allowed by the table, signed for, listed, undone only where it may be."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text

from eid_toolkit.books.ledger.kinds import APPLICATIONS, DOCUMENTS
from eid_toolkit.books.ledger.workflow import DOCUMENT
from eid_toolkit.books.register.documents import application_rows
from eid_toolkit.books.register.documents.applications import ApplicationKind, ApplicationState, Evidence
from eid_toolkit.books.register.documents.document_status import PERMISSIONS
from eid_toolkit.books.register.documents.documents import Document, DocumentState
from eid_toolkit.books.register.people.person_data import PersonData
from eid_toolkit.books.register.people.persons import Person
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Role
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.ground.images.portrait import make_portrait
from eid_toolkit.standards.profiles import DocumentProfile, load_profile
from support.arranging import put_on_record
from support.homes import ANNA, BERT, NOW, UTOPIAN, WorkingOffice, portrait_file

TODAY = NOW.date()
RETURNED = [Evidence("former-document", "X")]


def issued(office: WorkingOffice, chip: str = "C1") -> Document:
    document = office.document()
    office.register.documents.bind_chip(document.id, chip, ANNA)
    return office.register.documents.issue(document.id, ANNA)


def successor(
    office: WorkingOffice, old: Document, chip: str, kind: ApplicationKind = ApplicationKind.REPLACEMENT
) -> Document:
    before = office.register.documents.application_of(old)
    made = office.register.applications.create(
        before.person, desk_profile(office), office.register.applications.portrait(before), ANNA, kind=kind,
        replaces=old.id, evidence=[*RETURNED, Evidence("certificate-of-change", "M-1")],
    )  # fmt: skip
    office.register.applications.approve(made.id, BERT)
    document = office.prepare(made)
    office.register.documents.bind_chip(document.id, chip, ANNA)
    return office.register.documents.issue(document.id, ANNA)


def desk_profile(office: WorkingOffice) -> DocumentProfile:
    return load_profile("utopia-id")


def listed(office: WorkingOffice) -> list[tuple[str, str]]:
    return [(each.document_number, each.status) for each in office.register.statuses.listed("UTO", TODAY)]


@pytest.mark.parametrize("first", ["report-lost", "report-stolen", "suspend", "revoke", "expire"])
def test_every_second_step_is_what_the_table_says(office: WorkingOffice, first: str) -> None:
    statuses, document = office.register.statuses, issued(office)
    state = statuses.change(document.id, first, ANNA, "told at the counter").state
    assert state is DOCUMENT.actions[first][1]
    for action in PERMISSIONS:
        if not DOCUMENT.allows(state, action):
            with pytest.raises(NotPermitted, match="state-forbids"):
                statuses.change(document.id, action, ANNA)
    assert [each.action for each in statuses.history(document.id)] == [first]
    assert office.register.audit.verify().broken_at is None


def test_a_suspended_document_is_good_again_and_may_be_suspended_again(office: WorkingOffice) -> None:
    statuses, document = office.register.statuses, issued(office)
    for _ in range(2):
        assert statuses.change(document.id, "suspend", ANNA).state is DocumentState.SUSPENDED
        assert listed(office) == [(document.document_number, "suspended")]
        assert statuses.change(document.id, "resume", ANNA).state is DocumentState.ISSUED
        assert listed(office) == []
    assert len(statuses.history(document.id)) == 4


def test_what_was_stolen_is_told_as_stolen_whatever_follows(office: WorkingOffice) -> None:
    statuses, document = office.register.statuses, issued(office)
    statuses.change(document.id, "report-stolen", ANNA)
    statuses.change(document.id, "revoke", ANNA)
    assert listed(office) == [(document.document_number, "stolen")]
    successor(office, document, "C2")
    assert office.register.documents.get(document.id).state is DocumentState.REISSUED
    assert listed(office) == [(document.document_number, "stolen")]


def test_the_old_document_is_good_until_the_new_one_is_issued(office: WorkingOffice) -> None:
    old = issued(office)
    before = office.register.documents.application_of(old)
    made = office.register.applications.create(
        before.person, desk_profile(office), office.register.applications.portrait(before), ANNA,
        kind=ApplicationKind.REPLACEMENT, evidence=RETURNED,
    )  # fmt: skip
    assert made.replaces == old.id
    office.register.applications.approve(made.id, BERT)
    new = office.prepare(made)
    office.register.documents.bind_chip(new.id, "C2", ANNA)
    assert office.register.documents.get(old.id).state is DocumentState.ISSUED
    office.register.documents.issue(new.id, ANNA)
    assert office.register.documents.get(old.id).state is DocumentState.REISSUED
    assert office.register.applications.get(made.id).state is ApplicationState.COMPLETED
    assert listed(office) == [(old.document_number, "revoked")]


def test_who_has_a_document_applies_for_none_but_in_its_place(office: WorkingOffice) -> None:
    old = issued(office)
    before = office.register.documents.application_of(old)
    picture, create = office.register.applications.portrait(before), office.register.applications.create
    with pytest.raises(NotPermitted, match="person-has-document"):
        create(before.person, desk_profile(office), picture, ANNA)
    with pytest.raises(BadInput, match="evidence-missing"):
        create(before.person, desk_profile(office), picture, ANNA, kind=ApplicationKind.REPLACEMENT)
    with pytest.raises(NotPermitted, match="application-replaces-nothing"):
        create(before.person, desk_profile(office), picture, ANNA, kind=ApplicationKind.RENEWAL, replaces="D-0")
    made = create(before.person, desk_profile(office), picture, ANNA, kind=ApplicationKind.RENEWAL)
    with pytest.raises(NotPermitted, match="application-open"):
        create(before.person, desk_profile(office), picture, ANNA, kind=ApplicationKind.RENEWAL)
    office.register.applications.withdraw(made.id, ANNA, "changed their mind")
    create(before.person, desk_profile(office), picture, ANNA, kind=ApplicationKind.RENEWAL)


def test_nobody_has_two_good_documents_by_replacing_an_older_one(office: WorkingOffice) -> None:
    old = issued(office)
    office.register.statuses.change(old.id, "expire", ANNA)
    before = office.register.documents.application_of(old)
    picture, create = office.register.applications.portrait(before), office.register.applications.create
    first = create(before.person, desk_profile(office), picture, ANNA)
    office.register.applications.approve(first.id, BERT)
    good = office.prepare(first)
    office.register.documents.bind_chip(good.id, "C2", ANNA)
    office.register.documents.issue(good.id, ANNA)
    renewal = ApplicationKind.RENEWAL
    with pytest.raises(NotPermitted, match="person-has-document"):
        create(before.person, desk_profile(office), picture, ANNA, kind=renewal, replaces=old.id)
    assert create(before.person, desk_profile(office), picture, ANNA, kind=renewal).replaces == good.id


def test_for_the_dead_there_is_no_application(office: WorkingOffice) -> None:
    with pytest.raises(NotPermitted, match="person-deceased"):
        office.application({**UTOPIAN, "vital_status": "deceased", "date_of_death": "2020-05"})


def test_a_report_in_the_register_is_evidence_enough(office: WorkingOffice) -> None:
    old = issued(office)
    office.register.statuses.change(old.id, "report-lost", ANNA)
    before = office.register.documents.application_of(old)
    made = office.register.applications.create(
        before.person, desk_profile(office), office.register.applications.portrait(before), ANNA,
        kind=ApplicationKind.REPLACEMENT,
    )  # fmt: skip
    assert made.evidence == (Evidence("register-report", old.id),)
    approved = office.register.applications.approve(made.id, BERT)
    put_on_record(office, APPLICATIONS, made.id, evidence='[["register-report","D-0"]]')
    with pytest.raises(IntegrityBroken, match="decision-on-another-state"):
        office.prepare(approved)
    with office.register.database.write() as connection:
        connection.execute(text("UPDATE application SET evidence = '[]' WHERE id = :id"), {"id": made.id})
    with pytest.raises(IntegrityBroken, match="row-changed"):
        office.prepare(approved)


def test_documents_expire_by_themselves_when_the_office_says_so(office: WorkingOffice) -> None:
    first, second = issued(office, "C1"), issued(office, "C2")
    office.register.statuses.change(second.id, "suspend", ANNA)
    assert office.register.statuses.expire_due("UTO", TODAY, ANNA).count == 0
    assert office.register.statuses.expire_due("VNM", date(2099, 1, 1), ANNA).count == 0
    assert office.register.statuses.expire_due("UTO", date(2099, 1, 1), ANNA).count == 2
    assert {office.register.documents.get(each.id).state for each in (first, second)} == {DocumentState.EXPIRED}
    assert list(office.register.statuses.listed("UTO", date(2099, 1, 1))) == []


def test_a_changed_state_is_found_out(office: WorkingOffice) -> None:
    document = issued(office)
    office.register.statuses.change(document.id, "report-stolen", ANNA)
    with office.register.database.write() as connection:
        connection.execute(text("UPDATE document SET state = 'issued'"))
    with pytest.raises(IntegrityBroken, match="row-changed"):
        office.register.statuses.change(document.id, "suspend", ANNA)
    with pytest.raises(IntegrityBroken, match="row-changed"):
        listed(office)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.PERSONALIZER, Role.STOCK_KEEPER, Role.CLERK])
def test_who_may_not_revoke(office: WorkingOffice, role: Role) -> None:
    document = issued(office)
    with pytest.raises(NotPermitted, match="role-missing"):
        office.register.statuses.change(document.id, "revoke", Operator("carl", roles=frozenset({role})))


def test_a_document_whose_history_is_broken_keeps_no_other_from_expiring(office: WorkingOffice) -> None:
    documents = sorted((issued(office, f"C{number}") for number in range(3)), key=lambda each: each.id)
    with office.register.database.write() as connection:
        broken = {"id": documents[0].id}
        connection.execute(
            text("UPDATE audit SET action = 'x' WHERE subject = :id AND action = 'document.issued'"), broken
        )
    found = office.register.statuses.expire_due("UTO", date(2099, 1, 1), ANNA)
    assert (found.count, found.broken) == (2, (documents[0].id,))


def test_who_dies_meanwhile_gets_no_document(office: WorkingOffice) -> None:
    """At each step the person is looked at as they are then."""
    dead = {"vital_status": "deceased", "date_of_death": "2020-05"}

    def die(person: Person) -> None:
        data = PersonData.from_text({**office.register.persons.get(person.id).data.to_text(), **dead})
        office.register.persons.change(office.register.persons.get(person.id), data, ANNA, "the registrar")

    person = office.person(UTOPIAN)
    die(person)
    picture = make_portrait(portrait_file(), desk_profile(office).portrait)
    with pytest.raises(NotPermitted, match="person-deceased"):  # the caller has seen them alive
        office.register.applications.create(person, desk_profile(office), picture, ANNA)
    created = office.application({**UTOPIAN, "secondary_identifier": "Maria"})
    die(created.person)
    with pytest.raises(NotPermitted, match="person-deceased"):
        office.register.applications.approve(created.id, BERT)
    approved = office.approved({**UTOPIAN, "secondary_identifier": "Eva"})
    die(approved.person)
    with pytest.raises(NotPermitted, match="person-deceased"):
        office.prepare(approved)
    document = office.document({**UTOPIAN, "secondary_identifier": "Ulla"})
    office.register.documents.bind_chip(document.id, "C1", ANNA)
    die(office.register.documents.application_of(document).person)
    with pytest.raises(NotPermitted, match="person-deceased"):
        office.register.documents.issue(document.id, ANNA)


def test_what_was_shown_is_what_is_approved(office: WorkingOffice) -> None:
    shown = office.application()
    data = PersonData.from_text({**shown.person.data.to_text(), "primary_identifier": "Mallory"})
    office.register.persons.change(shown.person, data, ANNA, "somebody")
    with pytest.raises(NotPermitted, match="application-changed"):
        office.register.applications.approve(shown.id, BERT, shown=shown.digest)
    again = office.register.applications.get(shown.id)
    assert office.register.applications.approve(shown.id, BERT, shown=again.digest).state is ApplicationState.APPROVED


def test_two_records_of_one_person_make_no_two_documents(office: WorkingOffice) -> None:
    old = issued(office)
    double = office.register.documents.application_of(old).person
    stays = office.person({**UTOPIAN, "secondary_identifier": "Anna M."})
    waiting = office.approved({**UTOPIAN, "secondary_identifier": "A. Maria"})
    for each in (double, waiting.person):
        office.register.persons.pairs.decide(stays, each, BERT, same=True)
    picture = make_portrait(portrait_file(), desk_profile(office).portrait)
    with pytest.raises(NotPermitted, match="application-open"):
        office.register.applications.create(stays, desk_profile(office), picture, ANNA)
    with pytest.raises(NotPermitted, match="person-merged"):
        office.prepare(waiting)
    office.register.applications.withdraw(waiting.id, ANNA, "a double")
    with pytest.raises(NotPermitted, match="person-has-document"):
        office.register.applications.create(stays, desk_profile(office), picture, ANNA)
    kind, create = ApplicationKind.REPLACEMENT, office.register.applications.create
    made = create(stays, desk_profile(office), picture, ANNA, kind=kind, evidence=RETURNED)
    assert made.replaces == old.id


@pytest.mark.parametrize("action", ["report-lost", "report-stolen", "revoke"])
def test_no_first_document_for_somebody_whose_own_is_away(office: WorkingOffice, action: str) -> None:
    old = issued(office)
    office.register.statuses.change(old.id, action, ANNA)
    before = office.register.documents.application_of(old)
    picture = office.register.applications.portrait(before)
    with pytest.raises(NotPermitted, match="person-document-reported"):
        office.register.applications.create(before.person, desk_profile(office), picture, ANNA)


def test_a_list_of_many_applications_is_one(office: WorkingOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application_rows, "_CHUNK", 2)
    made = {office.application({**UTOPIAN, "secondary_identifier": f"A{number}"}).id for number in range(5)}
    office.register.applications.approve(min(made), BERT)
    found = office.register.applications.list()
    assert {each.id for each in found} == made
    assert sum(each.decision is not None for each in found) == 1
    assert office.register.applications.list(not_of="ANNA") == ()


def test_a_document_of_an_earlier_version_is_looked_into_when_it_is_listed(office: WorkingOffice) -> None:
    document = issued(office)
    office.register.statuses.change(document.id, "report-stolen", ANNA)
    put_on_record(office, DOCUMENTS, document.id, content_sha256=None)
    for _ in range(2):  # nothing is written into the row, which the log vouches for as it is
        (listed_,) = office.register.statuses.listed("UTO", TODAY)
        assert (listed_.status, listed_.content_sha256) == ("stolen", None)
        assert office.register.documents.content_sha256(listed_.id) == document.content_sha256
    assert office.register.documents.load_package(document.id).document_id == document.id


@pytest.mark.parametrize("step", ["bind", "issue", "export"])
def test_who_may_not_write_cards_or_print(office: WorkingOffice, step: str) -> None:
    document, clerk = office.document(), Operator("carl", roles=frozenset({Role.CLERK}))
    if step == "issue":
        office.register.documents.bind_chip(document.id, "C1", ANNA)
    with pytest.raises(NotPermitted, match="role-missing"):
        if step == "bind":
            office.register.documents.bind_chip(document.id, "C1", clerk)
        elif step == "issue":
            office.register.documents.issue(document.id, clerk)
        else:
            office.register.documents.export(document.id, clerk)
