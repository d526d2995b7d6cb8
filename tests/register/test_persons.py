"""Persons: the rules of their fields, and who may add and see them."""

from __future__ import annotations

import pytest

from eid_toolkit.books.ledger.canonical import digest
from eid_toolkit.books.register.people.person_data import PersonData
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Role
from eid_toolkit.ground.errors import BadInput, NotPermitted
from support.homes import UTOPIAN, VIETNAMESE, WorkingOffice

LATER = ("former_names", "guardians", "vital_status", "date_of_death", "national_name")


def test_a_person_comes_back_as_typed_in_nfc(office: WorkingOffice) -> None:
    typed = {**VIETNAMESE, "primary_identifier": "Nguye\u0302\u0303n "}
    added = office.person(typed)
    assert added.data.primary_identifier == "Nguyễn"
    assert office.register.persons.get(added.id.lower()) == added
    assert office.register.persons.get("099000000017") == added


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("primary_identifier", " ", "person-field-missing"),
        ("primary_identifier", "A\x1b[31m", "person-control-character"),
        ("primary_identifier", "A\u202eB", "person-control-character"),
        ("primary_identifier", "A" * 201, "person-field-too-long"),
        ("date_of_birth", "31.01.1990", "person-date-malformed"),
        ("date_of_birth", "1990-02-30", "person-date-malformed"),
        ("sex", "W", "person-sex-malformed"),
        ("nationality", "Utopia", "person-nationality-malformed"),
        ("personal_number", "1 2", "person-number-malformed"),
        ("shoe_size", "42", "person-field-unknown"),
        ("vital_status", "dead", "person-vital-status-malformed"),
        ("date_of_death", "yesterday", "person-date-malformed"),
        ("date_of_death", "2001-01-01", "person-death-of-the-living"),
    ],
)
def test_a_field_that_breaks_a_rule_is_named(field: str, value: str, code: str) -> None:
    with pytest.raises(BadInput, match=code) as told:
        PersonData.from_text({**UTOPIAN, field: value})
    assert told.value.facts["field"] == field


def test_a_number_belongs_to_one_person_and_births_lie_behind(office: WorkingOffice) -> None:
    office.person(VIETNAMESE)
    with pytest.raises(BadInput, match="person-number-taken"):
        office.person({**UTOPIAN, "personal_number": VIETNAMESE["personal_number"]})
    with pytest.raises(BadInput, match="person-birth-in-future"):
        office.person({**UTOPIAN, "date_of_birth": "2027-01-01"})
    with pytest.raises(BadInput, match="person-death-in-future"):
        office.person({**UTOPIAN, "vital_status": "deceased", "date_of_death": "2027-01-01"})


def test_nobody_dies_before_being_born_as_far_as_is_known() -> None:
    deceased = {**UTOPIAN, "vital_status": "Deceased"}
    with pytest.raises(BadInput, match="person-death-before-birth"):
        PersonData.from_text({**deceased, "date_of_death": "1974-07-31"})
    assert PersonData.from_text({**deceased, "date_of_death": "1974"}).vital_status == "deceased"
    assert PersonData.from_text(deceased).date_of_death is None


def test_every_field_comes_back_as_typed(office: WorkingOffice) -> None:
    later = {
        "former_names": "Trần; Lê",
        "guardians": "Ông A; Bà B",
        "vital_status": "deceased",
        "date_of_death": "2020-05",
    }
    added = office.person({**VIETNAMESE, **later})
    assert office.register.persons.get(added.id) == added
    assert {name: added.data.to_text()[name] for name in later} == later


def test_a_digest_is_what_it_was_before_there_were_the_later_fields(office: WorkingOffice) -> None:
    """Approvals of an earlier version bind it."""
    added = office.person(UTOPIAN)
    values = {name: value for name, value in added.data.to_text().items() if name not in LATER}
    assert added.digest == digest({"id": added.id, **values})


def test_who_has_not_the_role_may_not_add_a_person(office: WorkingOffice) -> None:
    for role in set(Role) - {Role.CLERK}:
        with pytest.raises(NotPermitted, match="role-missing"):
            office.register.persons.add(PersonData.from_text(UTOPIAN), Operator("carl", roles=frozenset({role})))
    assert office.register.persons.search() == ()
