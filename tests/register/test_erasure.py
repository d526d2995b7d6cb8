"""Erasure: what identifies a person leaves the register and its files, and what was sealed is never opened again."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select, update

from eid_toolkit.books.keys.keys import open_sealed
from eid_toolkit.books.ledger.schema import (
    application,
    data_key,
    document,
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
from support.homes import ANNA, BERT, CLOCK, ENTROPY, NOW, UTOPIAN, VIETNAMESE, Desk

BOTH = (ANNA, BERT)
HOLDER = {**VIETNAMESE, "primary_identifier": "Zwyrtek", "secondary_identifier": "Quibbly", "spouse": "Xanthippe Vole"}
WORDS = ("Zwyrtek", "ZWYRTEK", "Quibbly", "Xanthippe", "099000000017", "Phố Mẫu")


def known(desk: Desk) -> Document:
    """A person with a history and a document that was issued and then revoked."""
    made = desk.document(HOLDER, "vn-cccd")
    desk.register.documents.bind_chip(made.id, "c1", ANNA)
    desk.register.documents.issue(made.id, ANNA)
    desk.register.statuses.change(made.id, "revoke", ANNA)
    found = holder(desk)
    data = PersonData.from_text({**HOLDER, "religion": "Pastafarian"})
    desk.register.persons.change(found, data, ANNA, "a letter of Quibbly")
    return made


def holder(desk: Desk) -> Person:
    return desk.register.persons.get("099000000017")


def sealed(desk: Desk, subjects: tuple[str, ...]) -> dict[str, bytes]:
    """The wrapped keys as the database has them."""
    with desk.register.database.read() as connection:
        rows = connection.execute(select(data_key).where(data_key.c.subject.in_(subjects)))
        return {row.subject: row.wrapped for row in rows}


def files(desk: Desk) -> dict[str, bytes]:
    """Every file of the home, but for the cards."""
    return {path.name: path.read_bytes() for path in desk.home.root.rglob("*") if path.is_file()}


def test_whatever_was_sealed_is_unreadable_afterwards(desk: Desk) -> None:
    made = known(desk)
    found = holder(desk)
    subjects = (found.id, made.id)
    wrapped = sealed(desk, subjects)
    assert set(wrapped) == set(subjects) and all(wrapped.values())
    with desk.register.database.read() as connection:
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
    desk.register.erasure.erase(found.id, "request of the person", BOTH)
    assert sealed(desk, subjects) == dict.fromkeys(subjects)
    keys = DataKeys(desk.keys, CLOCK, ENTROPY)
    with desk.register.database.read() as connection:
        for subject, contents in blobs.items():  # as an older copy of the tables has them
            for blob in contents:
                with pytest.raises(NotPermitted, match="data-erased"):
                    keys.unseal(connection, subject, blob, b"")
        for table, column in ((application, "portrait"), (document_file, "content"), (document_secret, "content")):
            assert set(connection.execute(select(table.c[column])).scalars()) <= {b""}
    with desk.register.database.write() as connection, pytest.raises(NotPermitted, match="data-erased"):
        keys.sealer(connection, found.id)(b"anew", b"")
    for blob in wrapped.values():  # what was gone is what opened it
        assert len(desk.keys.unseal(blob, f"data-key:{found.id if blob == wrapped[found.id] else made.id}".encode()))


def test_the_wrapped_key_and_the_names_are_in_no_file_any_more(desk: Desk, backend: str) -> None:
    made = known(desk)
    found = holder(desk)
    if backend != "sqlite":  # a server's files are its own matter, and that is told
        assert not desk.register.erasure.erase(found.id, "request", BOTH).left_files
        return
    wrapped = sealed(desk, (found.id, made.id))
    before = files(desk)
    assert all(any(blob in data for data in before.values()) for blob in wrapped.values())
    assert all(any(word.encode() in data for data in before.values()) for word in WORDS)
    assert desk.register.erasure.erase(found.id, "request", BOTH).left_files
    for name, data in files(desk).items():
        for subject, blob in wrapped.items():
            assert blob not in data, f"the key of {subject} in {name}"
            assert blob[:24] not in data, f"a part of the key of {subject} in {name}"
        for word in WORDS:
            assert word.encode() not in data, f"{word} in {name}"


def test_a_reader_in_the_way_is_told_of(desk: Desk, backend: str) -> None:
    found = desk.person(HOLDER)
    with desk.register.database.read() as reading:
        reading.execute(select(person.c.id)).all()
        assert not desk.register.erasure.erase(found.id, "request", BOTH).left_files
    assert desk.register.database.clear_files() is (backend == "sqlite")


def test_the_persons_row_stays_as_a_husk(desk: Desk) -> None:
    made = known(desk)
    found = holder(desk)
    erased = desk.register.erasure.erase("099000000017", "request", BOTH)
    assert (erased.person, erased.documents) == (found.id, (made.id,))
    with desk.register.database.read() as connection:
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
    assert desk.register.persons.search("zwyrtek") == ()
    assert list(desk.register.persons.all()) == []
    (listed,) = desk.register.applications.list()  # what hangs on the husk can still be listed
    assert listed.person.data.name == "ERASED"
    assert [each.id for each in desk.register.documents.list()] == [made.id]
    assert desk.register.audit.verify().reason is None


def test_the_log_tells_of_it_and_names_nobody(desk: Desk) -> None:
    made = known(desk)
    found = holder(desk)
    desk.register.erasure.erase(found.id, "court order 7", BOTH)
    last = desk.register.audit_rows(found.id)[-1]
    assert (last.action, last.operator) == ("person.erased", "anna")
    assert json.loads(last.detail) == {
        "reason": "court order 7",
        "documents": [made.id],
        "merged": [],
        "with": "bert",
    }
    destroyed = [row.subject for row in desk.register.audit_rows() if row.action == "data-key.destroyed"]
    assert destroyed == [found.id, made.id]
    for row in desk.register.audit_rows():
        assert not any(word in row.detail for word in WORDS)


def test_a_name_that_others_bear_is_still_found(desk: Desk) -> None:
    first, second = desk.person(HOLDER), desk.person({**HOLDER, "personal_number": "099000000018"})
    third = desk.person({**UTOPIAN, "primary_identifier": "Zwyrtek", "secondary_identifier": "Other"})
    desk.register.erasure.erase(first.id, "request", BOTH)
    assert {hit.person.id for hit in desk.register.persons.search("zwyrtek")} == {second.id, third.id}
    desk.register.erasure.erase(second.id, "request", BOTH)
    assert {hit.person.id for hit in desk.register.persons.search("zwyrtek")} == {third.id}
    assert desk.register.persons.search("quibbly") == ()


def test_nobody_is_erased_twice_or_used_again(desk: Desk) -> None:
    found = desk.person(HOLDER)
    desk.register.erasure.erase(found.id, "request", BOTH)
    with pytest.raises(NotPermitted, match="data-erased"):
        desk.register.erasure.erase(found.id, "request", BOTH)
    again = desk.person(HOLDER)
    assert again.id != found.id


def test_while_something_is_in_the_making_or_valid_nobody_is_erased(desk: Desk) -> None:
    approved = desk.approved(HOLDER, "vn-cccd")
    erase = desk.register.erasure.erase
    identifier = approved.person.id
    with pytest.raises(NotPermitted, match="erasure-application-waits"):
        erase(identifier, "request", BOTH)
    made = desk.prepare(approved)
    with pytest.raises(NotPermitted, match="erasure-document-alive"):
        erase(identifier, "request", BOTH)
    desk.register.documents.bind_chip(made.id, "c1", ANNA)
    with pytest.raises(NotPermitted, match="erasure-document-alive"):
        erase(identifier, "request", BOTH)
    desk.register.documents.issue(made.id, ANNA)
    for action in ("suspend", "resume"):
        with pytest.raises(NotPermitted, match="erasure-document-alive"):
            erase(identifier, "request", BOTH)
        desk.register.statuses.change(made.id, action, ANNA)
    with desk.register.database.write() as connection:
        connection.execute(update(document).values(date_of_expiry=NOW.date().isoformat()))  # today
    with pytest.raises(NotPermitted, match="erasure-document-alive"):
        erase(identifier, "request", BOTH)
    with desk.register.database.write() as connection:
        connection.execute(update(document).values(date_of_expiry="2026-11-19"))
    assert holder(desk).id == identifier
    erase(identifier, "request", BOTH)
    assert desk.register.documents.get(made.id).document_number == ""  # it was a part of the personal number


def test_a_number_that_officers_look_out_for_stays(desk: Desk) -> None:
    made = known(desk)
    number = desk.register.documents.get(made.id).document_number
    assert HOLDER["personal_number"].endswith(number)
    desk.register.erasure.erase("099000000017", "request", BOTH)
    (listed,) = desk.register.statuses.listed("VNM", CLOCK.now().date())
    assert listed.document_number == number


def test_who_is_looked_for_is_not_erased(desk: Desk) -> None:
    desk.register.agencies.add("police", "Police", ["id"], ["a search"], ANNA, may_report=True)
    found = desk.person(HOLDER)
    made = desk.register.notices.add_person(found.id, "police", ANNA, "Quibbly is missed")
    with pytest.raises(NotPermitted, match="erasure-notice-holds"):
        desk.register.erasure.erase(found.id, "request", BOTH)
    desk.register.notices.withdraw(made.id, "Quibbly was found", ANNA)
    desk.register.erasure.erase(found.id, "request", BOTH)
    (kept,) = desk.register.notices.list(ANNA, withdrawn=True)
    assert (kept.reason, kept.withdrawal_reason, kept.withdrawn_by) == (None, None, "anna")
    assert NoticeKind.WANTED is kept.kind


def test_those_found_to_be_the_same_are_erased_with_the_person(desk: Desk) -> None:
    kept, double = desk.person(HOLDER), desk.person({**UTOPIAN, "primary_identifier": "Zwyrtek"})
    with desk.register.database.write() as connection:
        connection.execute(update(person).where(person.c.id == double.id).values(merged_into=kept.id))
    with pytest.raises(NotPermitted, match="person-merged"):
        desk.register.erasure.erase(double.id, "request", BOTH)
    assert desk.register.erasure.erase(kept.id, "request", BOTH).merged == (double.id,)
    with desk.register.database.read() as connection:
        assert set(connection.execute(select(person.c.primary_identifier)).scalars()) == {"ERASED"}


@pytest.mark.parametrize("role", list(Role))
def test_it_takes_two_people_with_their_roles(desk: Desk, role: Role) -> None:
    found = desk.person(HOLDER)
    one = Operator(role.value, roles=frozenset({role}))
    erase = desk.register.erasure.erase
    if role is not Role.SECURITY_OFFICER:
        with pytest.raises(NotPermitted, match="role-missing"):
            erase(found.id, "request", (one, BERT))
    if role not in (Role.CLERK, Role.APPROVER):
        with pytest.raises(NotPermitted, match="role-missing"):
            erase(found.id, "request", (ANNA, one))
    with pytest.raises(NotPermitted, match="second-person-same"):
        erase(found.id, "request", (ANNA, Operator("ANNA")))
    assert holder(desk).id == found.id


def test_a_destroyed_key_opens_nothing_even_where_its_bytes_were_kept(desk: Desk) -> None:
    """The other side: with the wrapped key from before, everything opens. So it must be gone, and it is."""
    found = desk.person(HOLDER)
    keys = DataKeys(desk.keys, CLOCK, ENTROPY)
    with desk.register.database.write() as connection:
        blob = keys.sealer(connection, found.id)(b"a secret", b"here")
    (wrapped,) = sealed(desk, (found.id,)).values()
    desk.register.erasure.erase(found.id, "request", BOTH)
    key = desk.keys.unseal(wrapped, f"data-key:{found.id}".encode())
    assert open_sealed(key, blob, b"here").reveal() == b"a secret"
    with desk.register.database.read() as connection, pytest.raises((NotPermitted, IntegrityBroken)):
        keys.unseal(connection, found.id, blob, b"here")
