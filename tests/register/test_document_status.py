"""What becomes of issued documents: allowed by the table, signed for, listed, undone only where it may be."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text

from eid_toolkit.books.register.documents import application_rows
from eid_toolkit.books.register.documents.applications import ApplicationKind, ApplicationState, Evidence
from eid_toolkit.books.register.documents.document_status import PERMISSIONS
from eid_toolkit.books.register.documents.documents import Document, DocumentState
from eid_toolkit.books.register.documents.workflow import DOCUMENT
from eid_toolkit.books.register.people.person_data import PersonData
from eid_toolkit.books.register.people.persons import Person
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Role
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.ground.images.portrait import make_portrait
from eid_toolkit.standards.profiles import DocumentProfile, load_profile
from support.homes import ANNA, BERT, NOW, UTOPIAN, Desk, portrait_file

TODAY = NOW.date()
RETURNED = [Evidence("former-document", "X")]


def issued(desk: Desk, chip: str = "C1") -> Document:
    document = desk.document()
    desk.register.documents.bind_chip(document.id, chip, ANNA)
    return desk.register.documents.issue(document.id, ANNA)


def successor(desk: Desk, old: Document, chip: str, kind: ApplicationKind = ApplicationKind.REPLACEMENT) -> Document:
    before = desk.register.documents.application_of(old)
    made = desk.register.applications.create(
        before.person, desk_profile(desk), desk.register.applications.portrait(before), ANNA, kind=kind,
        replaces=old.id, evidence=[*RETURNED, Evidence("certificate-of-change", "M-1")],
    )  # fmt: skip
    desk.register.applications.approve(made.id, BERT)
    document = desk.prepare(made)
    desk.register.documents.bind_chip(document.id, chip, ANNA)
    return desk.register.documents.issue(document.id, ANNA)


def desk_profile(desk: Desk) -> DocumentProfile:
    return load_profile("utopia-id")


def listed(desk: Desk) -> list[tuple[str, str]]:
    return [(each.document_number, each.status) for each in desk.register.statuses.listed("UTO", TODAY)]


@pytest.mark.parametrize("first", ["report-lost", "report-stolen", "suspend", "revoke", "expire"])
def test_every_second_step_is_what_the_table_says(desk: Desk, first: str) -> None:
    statuses, document = desk.register.statuses, issued(desk)
    state = statuses.change(document.id, first, ANNA, "told at the counter").state
    assert state is DOCUMENT.actions[first][1]
    for action in PERMISSIONS:
        if not DOCUMENT.allows(state, action):
            with pytest.raises(NotPermitted, match="state-forbids"):
                statuses.change(document.id, action, ANNA)
    assert [each.action for each in statuses.history(document.id)] == [first]
    assert desk.register.audit.verify().broken_at is None


def test_a_suspended_document_is_good_again_and_may_be_suspended_again(desk: Desk) -> None:
    statuses, document = desk.register.statuses, issued(desk)
    for _ in range(2):
        assert statuses.change(document.id, "suspend", ANNA).state is DocumentState.SUSPENDED
        assert listed(desk) == [(document.document_number, "suspended")]
        assert statuses.change(document.id, "resume", ANNA).state is DocumentState.ISSUED
        assert listed(desk) == []
    assert len(statuses.history(document.id)) == 4


def test_what_was_stolen_is_told_as_stolen_whatever_follows(desk: Desk) -> None:
    statuses, document = desk.register.statuses, issued(desk)
    statuses.change(document.id, "report-stolen", ANNA)
    statuses.change(document.id, "revoke", ANNA)
    assert listed(desk) == [(document.document_number, "stolen")]
    successor(desk, document, "C2")
    assert desk.register.documents.get(document.id).state is DocumentState.REISSUED
    assert listed(desk) == [(document.document_number, "stolen")]


def test_the_old_document_is_good_until_the_new_one_is_issued(desk: Desk) -> None:
    old = issued(desk)
    before = desk.register.documents.application_of(old)
    made = desk.register.applications.create(
        before.person, desk_profile(desk), desk.register.applications.portrait(before), ANNA,
        kind=ApplicationKind.REPLACEMENT, evidence=RETURNED,
    )  # fmt: skip
    assert made.replaces == old.id
    desk.register.applications.approve(made.id, BERT)
    new = desk.prepare(made)
    desk.register.documents.bind_chip(new.id, "C2", ANNA)
    assert desk.register.documents.get(old.id).state is DocumentState.ISSUED
    desk.register.documents.issue(new.id, ANNA)
    assert desk.register.documents.get(old.id).state is DocumentState.REISSUED
    assert desk.register.applications.get(made.id).state is ApplicationState.COMPLETED
    assert listed(desk) == [(old.document_number, "revoked")]


def test_who_has_a_document_applies_for_none_but_in_its_place(desk: Desk) -> None:
    old = issued(desk)
    before = desk.register.documents.application_of(old)
    picture, create = desk.register.applications.portrait(before), desk.register.applications.create
    with pytest.raises(NotPermitted, match="person-has-document"):
        create(before.person, desk_profile(desk), picture, ANNA)
    with pytest.raises(BadInput, match="evidence-missing"):
        create(before.person, desk_profile(desk), picture, ANNA, kind=ApplicationKind.REPLACEMENT)
    with pytest.raises(NotPermitted, match="application-replaces-nothing"):
        create(before.person, desk_profile(desk), picture, ANNA, kind=ApplicationKind.RENEWAL, replaces="D-0")
    made = create(before.person, desk_profile(desk), picture, ANNA, kind=ApplicationKind.RENEWAL)
    with pytest.raises(NotPermitted, match="application-open"):
        create(before.person, desk_profile(desk), picture, ANNA, kind=ApplicationKind.RENEWAL)
    desk.register.applications.withdraw(made.id, ANNA, "changed their mind")
    create(before.person, desk_profile(desk), picture, ANNA, kind=ApplicationKind.RENEWAL)


def test_nobody_has_two_good_documents_by_replacing_an_older_one(desk: Desk) -> None:
    old = issued(desk)
    desk.register.statuses.change(old.id, "expire", ANNA)
    before = desk.register.documents.application_of(old)
    picture, create = desk.register.applications.portrait(before), desk.register.applications.create
    first = create(before.person, desk_profile(desk), picture, ANNA)
    desk.register.applications.approve(first.id, BERT)
    good = desk.prepare(first)
    desk.register.documents.bind_chip(good.id, "C2", ANNA)
    desk.register.documents.issue(good.id, ANNA)
    renewal = ApplicationKind.RENEWAL
    with pytest.raises(NotPermitted, match="person-has-document"):
        create(before.person, desk_profile(desk), picture, ANNA, kind=renewal, replaces=old.id)
    assert create(before.person, desk_profile(desk), picture, ANNA, kind=renewal).replaces == good.id


def test_for_the_dead_there_is_no_application(desk: Desk) -> None:
    with pytest.raises(NotPermitted, match="person-deceased"):
        desk.application({**UTOPIAN, "vital_status": "deceased", "date_of_death": "2020-05"})


def test_a_report_in_the_register_is_evidence_enough(desk: Desk) -> None:
    old = issued(desk)
    desk.register.statuses.change(old.id, "report-lost", ANNA)
    before = desk.register.documents.application_of(old)
    made = desk.register.applications.create(
        before.person, desk_profile(desk), desk.register.applications.portrait(before), ANNA,
        kind=ApplicationKind.REPLACEMENT,
    )  # fmt: skip
    assert made.evidence == (Evidence("register-report", old.id),)
    with desk.register.database.write() as connection:
        connection.execute(text("UPDATE application SET evidence = '[]' WHERE id = :id"), {"id": made.id})
    approved = desk.register.applications.approve(made.id, BERT)
    with desk.register.database.write() as connection:
        changed = """UPDATE application SET evidence = '[["register-report","D-0"]]' WHERE id = :id"""
        connection.execute(text(changed), {"id": made.id})
    with pytest.raises(IntegrityBroken, match="decision-on-another-state"):
        desk.prepare(approved)


def test_documents_expire_by_themselves_when_the_office_says_so(desk: Desk) -> None:
    first, second = issued(desk, "C1"), issued(desk, "C2")
    desk.register.statuses.change(second.id, "suspend", ANNA)
    assert desk.register.statuses.expire_due("UTO", TODAY, ANNA).count == 0
    assert desk.register.statuses.expire_due("VNM", date(2099, 1, 1), ANNA).count == 0
    assert desk.register.statuses.expire_due("UTO", date(2099, 1, 1), ANNA).count == 2
    assert {desk.register.documents.get(each.id).state for each in (first, second)} == {DocumentState.EXPIRED}
    assert list(desk.register.statuses.listed("UTO", date(2099, 1, 1))) == []


def test_a_changed_state_is_found_out(desk: Desk) -> None:
    document = issued(desk)
    desk.register.statuses.change(document.id, "report-stolen", ANNA)
    with desk.register.database.write() as connection:
        connection.execute(text("UPDATE document SET state = 'issued'"))
    with pytest.raises(IntegrityBroken, match="document-history-changed"):
        desk.register.statuses.change(document.id, "suspend", ANNA)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.PERSONALIZER, Role.STOCK_KEEPER, Role.CLERK])
def test_who_may_not_revoke(desk: Desk, role: Role) -> None:
    document = issued(desk)
    with pytest.raises(NotPermitted, match="role-missing"):
        desk.register.statuses.change(document.id, "revoke", Operator("carl", roles=frozenset({role})))


def test_a_document_whose_history_is_broken_keeps_no_other_from_expiring(desk: Desk) -> None:
    documents = sorted((issued(desk, f"C{number}") for number in range(3)), key=lambda each: each.id)
    with desk.register.database.write() as connection:
        broken = {"id": documents[0].id}
        connection.execute(
            text("UPDATE audit SET action = 'x' WHERE subject = :id AND action = 'document.issued'"), broken
        )
    found = desk.register.statuses.expire_due("UTO", date(2099, 1, 1), ANNA)
    assert (found.count, found.broken) == (2, (documents[0].id,))


def test_who_dies_meanwhile_gets_no_document(desk: Desk) -> None:
    """At each step the person is looked at as they are then."""
    dead = {"vital_status": "deceased", "date_of_death": "2020-05"}

    def die(person: Person) -> None:
        data = PersonData.from_text({**desk.register.persons.get(person.id).data.to_text(), **dead})
        desk.register.persons.change(desk.register.persons.get(person.id), data, ANNA, "the registrar")

    person = desk.person(UTOPIAN)
    die(person)
    picture = make_portrait(portrait_file(), desk_profile(desk).portrait)
    with pytest.raises(NotPermitted, match="person-deceased"):  # the caller has seen them alive
        desk.register.applications.create(person, desk_profile(desk), picture, ANNA)
    created = desk.application({**UTOPIAN, "secondary_identifier": "Maria"})
    die(created.person)
    with pytest.raises(NotPermitted, match="person-deceased"):
        desk.register.applications.approve(created.id, BERT)
    approved = desk.approved({**UTOPIAN, "secondary_identifier": "Eva"})
    die(approved.person)
    with pytest.raises(NotPermitted, match="person-deceased"):
        desk.prepare(approved)
    document = desk.document({**UTOPIAN, "secondary_identifier": "Ulla"})
    desk.register.documents.bind_chip(document.id, "C1", ANNA)
    die(desk.register.documents.application_of(document).person)
    with pytest.raises(NotPermitted, match="person-deceased"):
        desk.register.documents.issue(document.id, ANNA)


def test_what_was_shown_is_what_is_approved(desk: Desk) -> None:
    shown = desk.application()
    data = PersonData.from_text({**shown.person.data.to_text(), "primary_identifier": "Mallory"})
    desk.register.persons.change(shown.person, data, ANNA, "somebody")
    with pytest.raises(NotPermitted, match="application-changed"):
        desk.register.applications.approve(shown.id, BERT, shown=shown.digest)
    again = desk.register.applications.get(shown.id)
    assert desk.register.applications.approve(shown.id, BERT, shown=again.digest).state is ApplicationState.APPROVED


def test_two_records_of_one_person_make_no_two_documents(desk: Desk) -> None:
    old = issued(desk)
    double = desk.register.documents.application_of(old).person
    stays = desk.person({**UTOPIAN, "secondary_identifier": "Anna M."})
    waiting = desk.approved({**UTOPIAN, "secondary_identifier": "A. Maria"})
    for each in (double, waiting.person):
        desk.register.persons.pairs.decide(stays, each, BERT, same=True)
    picture = make_portrait(portrait_file(), desk_profile(desk).portrait)
    with pytest.raises(NotPermitted, match="application-open"):
        desk.register.applications.create(stays, desk_profile(desk), picture, ANNA)
    with pytest.raises(NotPermitted, match="person-merged"):
        desk.prepare(waiting)
    desk.register.applications.withdraw(waiting.id, ANNA, "a double")
    with pytest.raises(NotPermitted, match="person-has-document"):
        desk.register.applications.create(stays, desk_profile(desk), picture, ANNA)
    kind, create = ApplicationKind.REPLACEMENT, desk.register.applications.create
    made = create(stays, desk_profile(desk), picture, ANNA, kind=kind, evidence=RETURNED)
    assert made.replaces == old.id


@pytest.mark.parametrize("action", ["report-lost", "report-stolen", "revoke"])
def test_no_first_document_for_somebody_whose_own_is_away(desk: Desk, action: str) -> None:
    old = issued(desk)
    desk.register.statuses.change(old.id, action, ANNA)
    before = desk.register.documents.application_of(old)
    picture = desk.register.applications.portrait(before)
    with pytest.raises(NotPermitted, match="person-document-reported"):
        desk.register.applications.create(before.person, desk_profile(desk), picture, ANNA)


def test_a_list_of_many_applications_is_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application_rows, "_CHUNK", 2)
    made = {desk.application({**UTOPIAN, "secondary_identifier": f"A{number}"}).id for number in range(5)}
    desk.register.applications.approve(min(made), BERT)
    found = desk.register.applications.list()
    assert {each.id for each in found} == made
    assert sum(each.decision is not None for each in found) == 1
    assert desk.register.applications.list(not_of="ANNA") == ()


def test_a_document_of_an_earlier_version_is_looked_into_when_it_is_listed(desk: Desk) -> None:
    document = issued(desk)
    desk.register.statuses.change(document.id, "report-stolen", ANNA)
    with desk.register.database.write() as connection:
        connection.execute(text("UPDATE document SET content_sha256 = NULL"))
    (listed_,) = desk.register.statuses.listed("UTO", TODAY)
    assert listed_.content_sha256 is None
    assert desk.register.documents.content_sha256(listed_.id) == document.content_sha256
    (listed_,) = desk.register.statuses.listed("UTO", TODAY)
    assert listed_.content_sha256 == document.content_sha256
    assert desk.register.documents.load_package(document.id).document_id == document.id


@pytest.mark.parametrize("step", ["bind", "issue", "export"])
def test_who_may_not_write_cards_or_print(desk: Desk, step: str) -> None:
    document, clerk = desk.document(), Operator("carl", roles=frozenset({Role.CLERK}))
    if step == "issue":
        desk.register.documents.bind_chip(document.id, "C1", ANNA)
    with pytest.raises(NotPermitted, match="role-missing"):
        if step == "bind":
            desk.register.documents.bind_chip(document.id, "C1", clerk)
        elif step == "issue":
            desk.register.documents.issue(document.id, clerk)
        else:
            desk.register.documents.export(document.id, clerk)
