"""Erasure: what identifies a person leaves the register and its files, and what was sealed is never opened again."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from eid_toolkit.books.keys.keys import open_sealed
from eid_toolkit.books.ledger.schema import (
    application,
    data_key,
    document_file,
    document_secret,
    name_posting,
    name_variant,
    name_word,
    person,
    person_change,
)
from eid_toolkit.books.register.agencies.notices import NoticeKind
from eid_toolkit.books.register.data_keys import DataKeys
from eid_toolkit.books.register.documents.documents import Document
from eid_toolkit.books.register.people.person_data import PersonData
from eid_toolkit.books.register.people.persons import Person
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Role
from eid_toolkit.ground.errors import IntegrityBroken, NotPermitted
from support.arranging import office_on
from support.homes import ANNA, BERT, CLOCK, ENTROPY, UTOPIAN, VIETNAMESE, WorkingOffice

BOTH = (ANNA, BERT)
HOLDER = {**VIETNAMESE, "primary_identifier": "Zwyrtek", "secondary_identifier": "Quibbly", "spouse": "Xanthippe Vole"}
WORDS = ("Zwyrtek", "ZWYRTEK", "Quibbly", "Xanthippe", "099000000017", "Phố Mẫu")


def known(office: WorkingOffice) -> Document:
    """A person with a history and a document that was issued and then revoked."""
    made = office.document(HOLDER, "vn-cccd")
    office.register.documents.bind_chip(made.id, "c1", ANNA)
    office.register.documents.issue(made.id, ANNA)
    office.register.statuses.change(made.id, "revoke", ANNA)
    found = holder(office)
    data = PersonData.from_text({**HOLDER, "religion": "Pastafarian"})
    office.register.persons.change(found, data, ANNA, "a letter of Quibbly")
    return made


def holder(office: WorkingOffice) -> Person:
    return office.register.persons.get("099000000017")


def sealed(office: WorkingOffice, subjects: tuple[str, ...]) -> dict[str, bytes]:
    """The wrapped keys as the database has them."""
    with office.register.database.read() as connection:
        rows = connection.execute(select(data_key).where(data_key.c.subject.in_(subjects)))
        return {row.subject: row.wrapped for row in rows}


def files(office: WorkingOffice) -> dict[str, bytes]:
    """Every file of the home, but for the cards."""
    return {path.name: path.read_bytes() for path in office.home.root.rglob("*") if path.is_file()}


def test_whatever_was_sealed_is_unreadable_afterwards(office: WorkingOffice) -> None:
    made = known(office)
    found = holder(office)
    subjects = (found.id, made.id)
    wrapped = sealed(office, subjects)
    assert set(wrapped) == set(subjects) and all(wrapped.values())
    with office.register.database.read() as connection:
        blobs = {
            found.id: [
                *connection.execute(select(application.c.portrait)).scalars(),
                *connection.execute(select(person_change.c.content)).scalars(),
            ],
            made.id: [
                *connection.execute(select(document_file.c.content)).scalars(),
                *connection.execute(select(document_secret.c.content)).scalars(),
            ],
        }
    assert all(blobs.values())
    office.register.erasure.erase(found.id, "request of the person", BOTH)
    assert sealed(office, subjects) == dict.fromkeys(subjects)
    keys = DataKeys(office.keys, CLOCK, ENTROPY)
    with office.register.database.read() as connection:
        for subject, contents in blobs.items():  # as an older copy of the tables has them
            for blob in contents:
                with pytest.raises(NotPermitted, match="data-erased"):
                    keys.unseal(connection, subject, blob, b"")
        for table, column in ((application, "portrait"), (document_file, "content"), (document_secret, "content")):
            assert set(connection.execute(select(table.c[column])).scalars()) <= {b""}
    with office.register.database.write() as connection, pytest.raises(NotPermitted, match="data-erased"):
        keys.sealer(connection, found.id)(b"anew", b"")
    for blob in wrapped.values():  # what was gone is what opened it
        assert len(office.keys.unseal(blob, f"data-key:{found.id if blob == wrapped[found.id] else made.id}".encode()))


def test_the_wrapped_key_and_the_names_are_in_no_file_any_more(office: WorkingOffice, backend: str) -> None:
    made = known(office)
    found = holder(office)
    if backend != "sqlite":  # a server's files are its own matter, and that is told
        assert not office.register.erasure.erase(found.id, "request", BOTH).left_files
        return
    wrapped = sealed(office, (found.id, made.id))
    before = files(office)
    assert all(any(blob in data for data in before.values()) for blob in wrapped.values())
    assert all(any(word.encode() in data for data in before.values()) for word in WORDS)
    assert office.register.erasure.erase(found.id, "request", BOTH).left_files
    for name, data in files(office).items():
        for subject, blob in wrapped.items():
            assert blob not in data, f"the key of {subject} in {name}"
            assert blob[:24] not in data, f"a part of the key of {subject} in {name}"
        for word in WORDS:
            assert word.encode() not in data, f"{word} in {name}"


def test_a_reader_in_the_way_is_told_of(office: WorkingOffice, backend: str) -> None:
    found = office.person(HOLDER)
    with office.register.database.read() as reading:
        reading.execute(select(person.c.id)).all()
        assert not office.register.erasure.erase(found.id, "request", BOTH).left_files
    assert office.register.database.clear_files() is (backend == "sqlite")


def test_the_persons_row_stays_as_a_husk(office: WorkingOffice) -> None:
    made = known(office)
    found = holder(office)
    erased = office.register.erasure.erase("099000000017", "request", BOTH)
    assert (erased.person, erased.documents) == (found.id, (made.id,))
    with office.register.database.read() as connection:
        row = connection.execute(select(person)).one()._mapping
        assert connection.execute(select(person_change.c.source)).scalars().all() == ["ERASED"] * 2
        for table in (name_word, name_variant, name_posting):
            assert connection.execute(select(table)).first() is None
    kept = {name: value for name, value in row.items() if value is not None}
    assert {name: kept[name] for name in ("id", "primary_identifier", "date_of_birth", "sex", "nationality")} == {
        "id": found.id,
        "primary_identifier": "ERASED",
        "date_of_birth": "0001",
        "sex": "X",
        "nationality": "XXX",
    }
    assert kept.keys() - {"id", "primary_identifier", "date_of_birth", "sex", "nationality"} == {
        "folded_name",
        "created_at",
        "version",
        "erased_at",
    }
    assert office.register.persons.search("zwyrtek") == ()
    assert list(office.register.persons.all()) == []
    (listed,) = office.register.applications.list()  # what hangs on the husk can still be listed
    assert listed.person.data.name == "ERASED"
    assert [each.id for each in office.register.documents.list()] == [made.id]
    assert office.register.audit.verify().reason is None


def test_the_log_tells_of_it_and_names_nobody(office: WorkingOffice) -> None:
    made = known(office)
    found = holder(office)
    office.register.erasure.erase(found.id, "court order 7", BOTH)
    last = office.register.audit_rows(found.id)[-1]
    assert (last.action, last.operator) == ("person.erased", "anna")
    assert json.loads(last.detail) == {
        "reason": "court order 7",
        "documents": [made.id],
        "merged": [],
        "with": "bert",
    }
    destroyed = [row.subject for row in office.register.audit_rows() if row.action == "data-key.destroyed"]
    assert destroyed == [found.id, made.id]
    for row in office.register.audit_rows():
        assert not any(word in row.detail for word in WORDS)


def test_a_name_that_others_bear_is_still_found(office: WorkingOffice) -> None:
    first, second = office.person(HOLDER), office.person({**HOLDER, "personal_number": "099000000018"})
    third = office.person({**UTOPIAN, "primary_identifier": "Zwyrtek", "secondary_identifier": "Other"})
    office.register.erasure.erase(first.id, "request", BOTH)
    assert {hit.person.id for hit in office.register.persons.search("zwyrtek")} == {second.id, third.id}
    office.register.erasure.erase(second.id, "request", BOTH)
    assert {hit.person.id for hit in office.register.persons.search("zwyrtek")} == {third.id}
    assert office.register.persons.search("quibbly") == ()


def test_nobody_is_erased_twice_or_used_again(office: WorkingOffice) -> None:
    found = office.person(HOLDER)
    office.register.erasure.erase(found.id, "request", BOTH)
    with pytest.raises(NotPermitted, match="data-erased"):
        office.register.erasure.erase(found.id, "request", BOTH)
    again = office.person(HOLDER)
    assert again.id != found.id


def test_while_something_is_in_the_making_or_valid_nobody_is_erased(office: WorkingOffice) -> None:
    approved = office.approved(HOLDER, "vn-cccd")
    erase = office.register.erasure.erase
    identifier = approved.person.id
    with pytest.raises(NotPermitted, match="erasure-application-waits"):
        erase(identifier, "request", BOTH)
    made = office.prepare(approved)
    with pytest.raises(NotPermitted, match="erasure-document-alive"):
        erase(identifier, "request", BOTH)
    office.register.documents.bind_chip(made.id, "c1", ANNA)
    with pytest.raises(NotPermitted, match="erasure-document-alive"):
        erase(identifier, "request", BOTH)
    office.register.documents.issue(made.id, ANNA)
    for action in ("suspend", "resume"):
        with pytest.raises(NotPermitted, match="erasure-document-alive"):
            erase(identifier, "request", BOTH)
        office.register.statuses.change(made.id, action, ANNA)
    last = date.fromisoformat(str(made.date_of_expiry))
    with office_on(office, last) as later, pytest.raises(NotPermitted, match="erasure-document-alive"):
        later.register.erasure.erase(identifier, "request", BOTH)
    assert holder(office).id == identifier
    with office_on(office, last + timedelta(days=1)) as later:
        later.register.erasure.erase(identifier, "request", BOTH)
    assert office.register.documents.get(made.id).document_number == ""  # it was a part of the personal number


def test_a_number_that_officers_look_out_for_stays(office: WorkingOffice) -> None:
    made = known(office)
    number = office.register.documents.get(made.id).document_number
    assert HOLDER["personal_number"].endswith(number)
    office.register.erasure.erase("099000000017", "request", BOTH)
    (listed,) = office.register.statuses.listed("VNM", CLOCK.now().date())
    assert listed.document_number == number


def test_who_is_looked_for_is_not_erased(office: WorkingOffice) -> None:
    office.register.agencies.add("police", "Police", ["id"], ["a search"], ANNA, may_report=True)
    found = office.person(HOLDER)
    made = office.register.notices.add_person(found.id, "police", ANNA, "Quibbly is missed")
    with pytest.raises(NotPermitted, match="erasure-notice-holds"):
        office.register.erasure.erase(found.id, "request", BOTH)
    office.register.notices.withdraw(made.id, "Quibbly was found", ANNA)
    office.register.erasure.erase(found.id, "request", BOTH)
    (kept,) = office.register.notices.list(ANNA, withdrawn=True)
    assert (kept.reason, kept.withdrawal_reason, kept.withdrawn_by) == (None, None, "anna")
    assert NoticeKind.WANTED is kept.kind


def test_those_found_to_be_the_same_are_erased_with_the_person(office: WorkingOffice) -> None:
    kept, double = office.person(HOLDER), office.person({**UTOPIAN, "primary_identifier": "Zwyrtek"})
    with office.register.database.write() as connection:
        connection.execute(update(person).where(person.c.id == double.id).values(merged_into=kept.id))
    with pytest.raises(NotPermitted, match="person-merged"):
        office.register.erasure.erase(double.id, "request", BOTH)
    assert office.register.erasure.erase(kept.id, "request", BOTH).merged == (double.id,)
    with office.register.database.read() as connection:
        assert set(connection.execute(select(person.c.primary_identifier)).scalars()) == {"ERASED"}


@pytest.mark.parametrize("role", list(Role))
def test_it_takes_two_people_with_their_roles(office: WorkingOffice, role: Role) -> None:
    found = office.person(HOLDER)
    one = Operator(role.value, roles=frozenset({role}))
    erase = office.register.erasure.erase
    if role is not Role.SECURITY_OFFICER:
        with pytest.raises(NotPermitted, match="role-missing"):
            erase(found.id, "request", (one, BERT))
    if role not in (Role.CLERK, Role.APPROVER):
        with pytest.raises(NotPermitted, match="role-missing"):
            erase(found.id, "request", (ANNA, one))
    with pytest.raises(NotPermitted, match="second-person-same"):
        erase(found.id, "request", (ANNA, Operator("ANNA")))
    assert holder(office).id == found.id


def test_a_destroyed_key_opens_nothing_even_where_its_bytes_were_kept(office: WorkingOffice) -> None:
    """The other side: with the wrapped key from before, everything opens. So it must be gone, and it is."""
    found = office.person(HOLDER)
    keys = DataKeys(office.keys, CLOCK, ENTROPY)
    with office.register.database.write() as connection:
        blob = keys.sealer(connection, found.id)(b"a secret", b"here")
    (wrapped,) = sealed(office, (found.id,)).values()
    office.register.erasure.erase(found.id, "request", BOTH)
    key = office.keys.unseal(wrapped, f"data-key:{found.id}".encode())
    assert open_sealed(key, blob, b"here").reveal() == b"a secret"
    with office.register.database.read() as connection, pytest.raises((NotPermitted, IntegrityBroken)):
        keys.unseal(connection, found.id, blob, b"here")
