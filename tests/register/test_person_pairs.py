"""Duplicates: proposed by rules, decided by a person, on record, and never forgotten."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from eid_toolkit.books.ledger.schema import person_pair
from eid_toolkit.books.register.people import person_pairs
from eid_toolkit.books.register.people.person_pairs import PairReason, PairState
from eid_toolkit.books.register.people.person_record import Person
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import PERMISSIONS, Permission, Role
from eid_toolkit.ground.errors import BadInput, NotPermitted
from eid_toolkit.ground.images.portrait import make_portrait
from eid_toolkit.standards.profiles import load_profile
from support.homes import ANNA, BERT, NOW, UTOPIAN, WorkingOffice, portrait_file

BORN = {**UTOPIAN, "date_of_birth": "1974-08-12"}


def add(office: WorkingOffice, name: str = "Eriksson", **values: str) -> Person:
    return office.person({**BORN, "primary_identifier": name, **values})


def proposed(office: WorkingOffice) -> set[tuple[frozenset[str], PairReason]]:
    return {
        (frozenset({p.first.id, p.second.id}), p.reason) for p in office.register.persons.pairs.list(ANNA, limit=1000)
    }


def pair(one: Person, other: Person, reason: PairReason) -> tuple[frozenset[str], PairReason]:
    return frozenset({one.id, other.id}), reason


def test_who_is_added_with_the_name_and_birth_of_another_is_proposed_at_once(office: WorkingOffice) -> None:
    first, second = add(office), add(office, "ERIKSSON", sex="M")
    add(office, date_of_birth="1974-08-13")
    assert proposed(office) == {pair(first, second, PairReason.SAME_NAME)}


def test_a_former_number_is_held_against_former_and_present_ones(office: WorkingOffice) -> None:
    first = add(office, "Abel", personal_number="7")
    second = add(office, "Berg", former_number="7")
    third = add(office, "Carl", former_number="7")
    fourth = add(office, "Dorn", personal_number="8", former_number="9")
    assert proposed(office) == {
        pair(first, second, PairReason.SAME_NUMBER),
        pair(first, third, PairReason.SAME_NUMBER),
        pair(second, third, PairReason.SAME_NUMBER),
    }
    assert fourth.id not in {person for people, _ in proposed(office) for person in people}


@pytest.mark.parametrize(
    ("name", "values", "reason"),
    [
        ("ERIKSSON", {}, PairReason.SAME_NAME),
        ("Erikson", {}, PairReason.SIMILAR_NAME),
        ("Eriksosn", {}, PairReason.SIMILAR_NAME),
        ("Maria", {"secondary_identifier": "Anna Eriksson"}, PairReason.SIMILAR_NAME),
        ("Erikson", {"sex": "M"}, None),
        ("Erikson", {"date_of_birth": "1974-08-13"}, None),
        ("Erison", {}, None),
    ],
)
def test_a_scan_proposes_by_the_rules(
    office: WorkingOffice, name: str, values: dict[str, str], reason: PairReason | None
) -> None:
    first, second = add(office), add(office, name, **values)
    with office.register.database.write() as connection:
        connection.execute(person_pair.delete())
    assert office.register.persons.pairs.scan(ANNA) == (reason is not None)
    assert proposed(office) == (set() if reason is None else {pair(first, second, reason)})
    assert office.register.persons.pairs.scan(ANNA) == 0


def test_numbers_are_compared_by_a_scan_too(office: WorkingOffice) -> None:
    people = [add(office, name, **values) for name, values in (
        ("Abel", {"personal_number": "7"}), ("Berg", {"former_number": "7"}), ("Carl", {"former_number": "7"}),
    )]  # fmt: skip
    at_once = proposed(office)
    with office.register.database.write() as connection:
        connection.execute(person_pair.delete())
    assert office.register.persons.pairs.scan(ANNA) == 3 == len(at_once)
    assert proposed(office) == at_once
    assert len(people) == 3


names = st.lists(st.sampled_from(["an", "ann", "na", "van", "ban", "nguyen", "ngyen"]), min_size=1, max_size=3)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(names.map(" ".join), min_size=2, max_size=6))
def test_a_crowd_is_compared_as_everybody_with_everybody(crowd: list[str]) -> None:
    people = sorted((name, f"P{number}") for number, name in enumerate(crowd))
    expected = {
        tuple(sorted((one, other)))
        for at, (first, one) in enumerate(people)
        for second, other in people[at + 1 :]
        if first != second
        and (sorted(first.split()) == sorted(second.split()) or person_pairs.within_one_edit(first, second))
    }
    assert {(first, second) for first, second, _ in person_pairs._similar(people)} == expected


def test_one_person_stays_and_the_other_points_to_it(office: WorkingOffice) -> None:
    third, first, second = add(office, "Berg"), add(office), add(office)
    pairs = office.register.persons.pairs
    pairs.decide(second, third, BERT, same=True)
    decided = pairs.decide(first, second, BERT, same=True)
    assert (decided.state, decided.operator) == (PairState.SAME, "bert")
    get = office.register.persons.get
    assert [get(each.id).merged_into for each in (first, second, third)] == [None, first.id, first.id]
    assert proposed(office) == set()
    assert office.register.persons.history.of(get(second.id), ANNA)[-1].fields == {"merged_into": (None, first.id)}
    events = [
        (row.action, row.subject) for row in office.register.audit_rows() if row.action.startswith(("pair", "person.m"))
    ]
    assert events[-2:] == [("pair.same", first.id), ("person.merged", second.id)]
    assert pairs.scan(ANNA) == 0


def test_a_merged_person_gets_no_application_and_is_not_changed(office: WorkingOffice) -> None:
    first, second = add(office), add(office)
    office.register.persons.pairs.decide(first, second, BERT, same=True)
    profile = load_profile("utopia-id")
    portrait = make_portrait(portrait_file(), profile.portrait)
    for each in (second, office.register.persons.get(second.id)):
        with pytest.raises(NotPermitted, match="person-merged"):
            office.register.applications.create(each, profile, portrait, ANNA)
    with pytest.raises(NotPermitted, match="person-merged"):
        merged = office.register.persons.get(second.id)
        office.register.persons.change(merged, first.data.from_text({**BORN, "mother": "A"}), ANNA, "paper")
    office.register.applications.create(first, profile, portrait, ANNA)


@pytest.mark.parametrize("same", [True, False])
def test_the_erased_are_nobodys_doubles(office: WorkingOffice, same: bool) -> None:
    living, gone = add(office), add(office)
    office.register.erasure.erase(gone.id, "request", (ANNA, BERT))
    pairs, stored = office.register.persons.pairs, office.register.persons.get
    for one, other in ((gone, living), (living, gone), (stored(gone.id), stored(living.id))):
        with pytest.raises(NotPermitted, match="data-erased"):
            pairs.decide(one, other, BERT, same=same)
    assert stored(living.id).merged_into is None
    assert [each.data.name for each in office.register.persons.all()] == [living.data.name]


def test_what_is_proposed_of_one_who_goes_is_proposed_of_the_one_who_stays(office: WorkingOffice) -> None:
    stays, goes = add(office, "Abel", personal_number="7"), add(office)
    others = [add(office) for _ in range(6)]  # before and after it, by their identifiers
    pairs = office.register.persons.pairs
    pairs.decide(others[1], stays, BERT, same=False)  # so it is decided for the one who goes, too
    known = add(office, "Berg", former_number="7")  # of whom and the one who stays there is a pair already
    with office.register.database.write() as connection:
        first, second = sorted((known.id, goes.id))
        connection.execute(person_pair.insert().values(
            first=first, second=second, reason=PairReason.SIMILAR_NAME, state=PairState.PROPOSED, proposed_at=NOW
        ))  # fmt: skip
    among = {people for people, _ in proposed(office) if goes.id not in people}
    pairs.decide(stays, goes, BERT, same=True)
    expected = {pair(stays, each, PairReason.SAME_NAME) for each in others if each is not others[1]}
    assert proposed(office) == {
        *expected,
        pair(stays, known, PairReason.SAME_NUMBER),
        *((people, PairReason.SAME_NAME) for people in among - {frozenset({stays.id, known.id})}),
    }
    with office.register.database.read() as connection:
        decided = connection.execute(select(person_pair).where(person_pair.c.state != PairState.PROPOSED)).all()
        open_ = connection.execute(select(person_pair).where(person_pair.c.state == PairState.PROPOSED)).all()
    assert {(frozenset({row.first, row.second}), row.state) for row in decided} == {
        (frozenset({stays.id, goes.id}), PairState.SAME),
        (frozenset({stays.id, others[1].id}), PairState.DIFFERENT),
    }
    assert all(row.first < row.second and goes.id not in (row.first, row.second) for row in open_)


def test_showing_pairs_is_on_record_and_names_nobody(office: WorkingOffice) -> None:
    first, second = add(office), add(office)
    pairs = office.register.persons.pairs
    pairs.list(BERT)
    pairs.list(BERT, offset=1)
    rows = [row for row in office.register.audit_rows() if row.action == "duplicates.looked-up"]
    assert [(row.operator, row.subject, row.detail) for row in rows] == [
        ("bert", "persons", '{"count":1}'),
        ("bert", "persons", '{"count":0}'),
    ]
    assert not any(each.id in row.detail for each in (first, second) for row in rows)


def test_different_is_final_and_is_not_proposed_again(office: WorkingOffice) -> None:
    first, second = add(office), add(office)
    pairs = office.register.persons.pairs
    assert pairs.decide(second, first, BERT, same=False).state is PairState.DIFFERENT
    assert pairs.scan(ANNA) == 0
    assert proposed(office) == set()
    for same in (True, False):
        with pytest.raises(NotPermitted, match="pair-decided"):
            pairs.decide(first, second, BERT, same=same)


def test_persons_whom_no_rule_found_can_be_the_same(office: WorkingOffice) -> None:
    first, second = add(office), add(office, "Berg")
    assert office.register.persons.pairs.decide(first, second, BERT, same=True).reason is PairReason.BY_HAND
    with pytest.raises(BadInput, match="pair-of-one-person"):
        office.register.persons.pairs.decide(first, first, BERT, same=True)
    with pytest.raises(NotPermitted, match="person-merged"):
        office.register.persons.pairs.decide(add(office, "Carl"), second, BERT, same=True)


@pytest.mark.parametrize("role", sorted(role for role in Role if Permission.DECIDE_DUPLICATES not in PERMISSIONS[role]))
def test_who_has_not_the_role_decides_nothing(office: WorkingOffice, role: Role) -> None:
    first, second = add(office), add(office)
    operator, pairs = Operator("carl", roles=frozenset({role})), office.register.persons.pairs
    for work in (
        lambda: pairs.scan(operator),
        lambda: pairs.list(operator),
        lambda: pairs.decide(first, second, operator, same=True),
    ):
        with pytest.raises(NotPermitted, match="role-missing"):
            work()
    with office.register.database.read() as connection:
        assert connection.execute(select(person_pair.c.state)).scalars().all() == [PairState.PROPOSED]
