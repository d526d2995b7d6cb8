"""Changes of persons: nothing is lost, nobody overwrites another, and the log holds nothing personal."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from eid_toolkit.books.register.people.person_data import PersonData
from eid_toolkit.books.register.people.person_record import Person
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Role
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.ground.secret import Secret
from support.homes import ANNA, BERT, NOW, UTOPIAN, VIETNAMESE, WorkingOffice


def change(
    office: WorkingOffice, found: Person, operator: Operator = BERT, source: str = "marriage", **values: str
) -> Person:
    data = PersonData.from_text({**found.data.to_text(), **values})
    return office.register.persons.change(found, data, operator, source)


def test_every_change_has_before_after_source_operator_and_time(office: WorkingOffice) -> None:
    added = office.register.persons.add(PersonData.from_text(UTOPIAN), ANNA, "birth  certificate 7")
    changed = change(office, added, primary_identifier="Berg", spouse="Carl Berg")
    assert (changed.version, changed.data.name) == (2, "Berg Anna Maria")
    assert office.register.persons.get(added.id) == changed
    first, second = office.register.persons.history.of(changed, ANNA)
    assert (first.version, first.operator, first.source, dict(first.fields)) == (1, "anna", "birth certificate 7", {})
    assert (second.version, second.operator, second.source) == (2, "bert", "marriage")
    assert dict(second.fields) == {"primary_identifier": ("Eriksson", "Berg"), "spouse": (None, "Carl Berg")}
    assert second.time == NOW


def test_a_changed_person_is_found_by_the_new_name_and_not_by_the_old(office: WorkingOffice) -> None:
    other = office.person({**UTOPIAN, "secondary_identifier": "Bo"})
    changed = change(office, office.person(UTOPIAN), primary_identifier="Berg")
    search = office.register.persons.search
    assert [hit.person for hit in search("berg")] == [changed]
    assert [hit.person for hit in search("eriksson")] == [other]
    assert [hit.person for hit in search("maria")] == [changed]
    back = change(office, changed, primary_identifier="Eriksson")
    assert search("berg") == ()
    assert {hit.person.id for hit in search("eriksson")} == {other.id, back.id}


def test_the_log_names_the_fields_and_no_values(office: WorkingOffice) -> None:
    changed = change(office, office.person(UTOPIAN), mother="Berta Berg")
    (row,) = [row for row in office.register.audit_rows(changed.id) if row.action == "person.changed"]
    assert json.loads(row.detail) == {"fields": ["mother"], "version": 2}


def test_two_clerks_do_not_overwrite_each_other(office: WorkingOffice) -> None:
    seen_by_both = office.person(UTOPIAN)
    change(office, seen_by_both, place_of_birth="Zenith")
    with pytest.raises(NotPermitted, match="person-changed-meanwhile"):
        change(office, seen_by_both, place_of_birth="Nadir")
    assert office.register.persons.get(seen_by_both.id).data.place_of_birth == "Zenith"


@pytest.mark.parametrize(
    ("values", "source", "code"),
    [
        ({}, "paper", "person-unchanged"),
        ({"mother": "A"}, " ", "person-source-missing"),
        ({"mother": "A"}, "x" * 201, "person-source-malformed"),
        ({"mother": "A"}, "a\x1b[2J", "person-source-malformed"),
        ({"personal_number": "099000000017"}, "paper", "person-number-taken"),
        ({"date_of_birth": "2027"}, "paper", "person-birth-in-future"),
    ],
)
def test_a_change_that_breaks_a_rule_changes_nothing(
    office: WorkingOffice, values: dict[str, str], source: str, code: str
) -> None:
    office.person(VIETNAMESE)
    added = office.person(UTOPIAN)
    with pytest.raises(BadInput, match=code):
        change(office, added, source=source, **values)
    assert office.register.persons.get(added.id) == added


def test_a_person_keeps_the_own_number(office: WorkingOffice) -> None:
    added = office.person(VIETNAMESE)
    assert change(office, added, mother="Trần Thị Ví Dụ").data.personal_number == VIETNAMESE["personal_number"]


def test_the_history_is_sealed_and_bound_to_its_place(office: WorkingOffice) -> None:
    changed = change(office, change(office, office.person(UTOPIAN), mother="Berta Berg"), father="Carl Berg")
    with office.register.database.write() as connection:
        contents = connection.execute(text("SELECT content FROM person_change ORDER BY version")).scalars().all()
        assert all(b"Berg" not in bytes(content) for content in contents)
        connection.execute(text("UPDATE person_change SET content = :c WHERE version = 3"), {"c": contents[1]})
    with pytest.raises(IntegrityBroken):
        office.register.persons.history.of(changed, ANNA)


def test_what_was_before_goes_with_the_key(office: WorkingOffice) -> None:
    changed = change(office, office.person(UTOPIAN), mother="Berta Berg")
    with office.register.database.write() as connection:
        office.register.persons.history.data_keys.destroy(connection, changed.id, "anna")
    with pytest.raises(NotPermitted, match="data-erased"):
        office.register.persons.history.of(changed, ANNA)


def test_of_the_erased_there_is_no_history_and_no_change(office: WorkingOffice) -> None:
    """Also of those who were only added, for whom nothing was ever sealed."""
    added = office.person(UTOPIAN)
    office.register.erasure.erase(added.id, "request", (ANNA, BERT))
    for known in (added, office.register.persons.get(added.id)):
        with pytest.raises(NotPermitted, match="data-erased"):
            office.register.persons.history.of(known, ANNA)
        with pytest.raises(NotPermitted, match="data-erased"):
            change(office, known, mother="Berta Berg")


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.CLERK}))
def test_who_has_not_the_role_changes_nothing(office: WorkingOffice, role: Role) -> None:
    added = office.person(UTOPIAN)
    with pytest.raises(NotPermitted, match="role-missing"):
        change(office, added, Operator("carl", roles=frozenset({role})), mother="A")


def test_who_may_not_read_persons_sees_no_history_and_finds_nobody(office: WorkingOffice) -> None:
    added = office.person(UTOPIAN)
    stranger = Operator("carl", roles=frozenset({Role.STOCK_KEEPER, Role.AUDITOR, Role.PERSONALIZER}))
    persons = office.register.persons
    for look in (
        lambda: persons.history.of(added, stranger),
        lambda: persons.look_ups.person(added.id, stranger),
        lambda: persons.look_ups.search("eriksson", stranger),
        lambda: list(persons.look_ups.export(stranger)),
    ):
        with pytest.raises(NotPermitted, match="role-missing"):
            look()


def test_a_look_up_is_recorded_by_a_keyed_hash(office: WorkingOffice) -> None:
    added = office.person(UTOPIAN)
    look_ups = office.register.persons.look_ups
    look_ups.search("Eriksson Anna", BERT, "a call  of the hospital")
    look_ups.search("ERIKSSON ÁNNA", BERT)
    look_ups.person(added.id, BERT)
    with pytest.raises(BadInput, match="person-unknown"):
        look_ups.person("0000", BERT)
    rows = [row for row in office.register.audit_rows() if row.action == "person.looked-up"]
    details = [json.loads(row.detail) for row in rows]
    assert [detail["hits"] for detail in details] == [1, 1, 1, 0]
    assert details[0]["purpose"] == "a call of the hospital"
    assert details[0]["typed"] == details[1]["typed"] == look_ups.typed("eriksson anna")
    assert len({detail["typed"] for detail in details}) == 3
    assert rows[2].subject == added.id
    assert all("eriksson" not in row.detail.casefold() for row in rows)


def test_the_hash_of_another_home_is_another(office: WorkingOffice) -> None:
    here = office.keys.keyed_hash(b"eriksson")
    assert here == office.keys.keyed_hash(b"eriksson")
    office.keys._symmetric.clear()
    (office.home.keys / "look-ups.wrapped").unlink()
    office.keys.create_symmetric("look-ups", Secret(bytes(32)))
    assert office.keys.keyed_hash(b"eriksson") != here
