"""Duplicates: proposed by rules, decided by a person, on record, and never forgotten."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from eid_toolkit.errors import BadInput, NotPermitted
from eid_toolkit.lds.portrait import make_portrait
from eid_toolkit.profiles import load_profile
from eid_toolkit.register import person_pairs
from eid_toolkit.register.person_pairs import PairReason, PairState
from eid_toolkit.register.person_record import Person
from eid_toolkit.register.schema import person_pair
from eid_toolkit.stores.operators import Operator
from eid_toolkit.stores.roles import PERMISSIONS, Permission, Role
from support.homes import ANNA, BERT, UTOPIAN, Desk, portrait_file

BORN = {**UTOPIAN, "date_of_birth": "1974-08-12"}


def add(desk: Desk, name: str = "Eriksson", **values: str) -> Person:
    return desk.person({**BORN, "primary_identifier": name, **values})


def proposed(desk: Desk) -> set[tuple[frozenset[str], PairReason]]:
    return {
        (frozenset({p.first.id, p.second.id}), p.reason) for p in desk.register.persons.pairs.list(ANNA, limit=1000)
    }


def pair(one: Person, other: Person, reason: PairReason) -> tuple[frozenset[str], PairReason]:
    return frozenset({one.id, other.id}), reason


def test_who_is_added_with_the_name_and_birth_of_another_is_proposed_at_once(desk: Desk) -> None:
    first, second = add(desk), add(desk, "ERIKSSON", sex="M")
    add(desk, date_of_birth="1974-08-13")
    assert proposed(desk) == {pair(first, second, PairReason.SAME_NAME)}


def test_a_former_number_is_held_against_former_and_present_ones(desk: Desk) -> None:
    first = add(desk, "Abel", personal_number="7")
    second = add(desk, "Berg", former_number="7")
    third = add(desk, "Carl", former_number="7")
    fourth = add(desk, "Dorn", personal_number="8", former_number="9")
    assert proposed(desk) == {
        pair(first, second, PairReason.SAME_NUMBER),
        pair(first, third, PairReason.SAME_NUMBER),
        pair(second, third, PairReason.SAME_NUMBER),
    }
    assert fourth.id not in {person for people, _ in proposed(desk) for person in people}


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
def test_a_scan_proposes_by_the_rules(desk: Desk, name: str, values: dict[str, str], reason: PairReason | None) -> None:
    first, second = add(desk), add(desk, name, **values)
    with desk.register.database.write() as connection:
        connection.execute(person_pair.delete())
    assert desk.register.persons.pairs.scan(ANNA) == (reason is not None)
    assert proposed(desk) == (set() if reason is None else {pair(first, second, reason)})
    assert desk.register.persons.pairs.scan(ANNA) == 0


def test_numbers_are_compared_by_a_scan_too(desk: Desk) -> None:
    people = [add(desk, name, **values) for name, values in (
        ("Abel", {"personal_number": "7"}), ("Berg", {"former_number": "7"}), ("Carl", {"former_number": "7"}),
    )]  # fmt: skip
    at_once = proposed(desk)
    with desk.register.database.write() as connection:
        connection.execute(person_pair.delete())
    assert desk.register.persons.pairs.scan(ANNA) == 3 == len(at_once)
    assert proposed(desk) == at_once
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


def test_one_person_stays_and_the_other_points_to_it(desk: Desk) -> None:
    third, first, second = add(desk, "Berg"), add(desk), add(desk)
    pairs = desk.register.persons.pairs
    pairs.decide(second, third, BERT, same=True)
    decided = pairs.decide(first, second, BERT, same=True)
    assert (decided.state, decided.operator) == (PairState.SAME, "bert")
    get = desk.register.persons.get
    assert [get(each.id).merged_into for each in (first, second, third)] == [None, first.id, first.id]
    assert proposed(desk) == set()
    assert desk.register.persons.history.of(get(second.id), ANNA)[-1].fields == {"merged_into": (None, first.id)}
    events = [
        (row.action, row.subject) for row in desk.register.audit_rows() if row.action.startswith(("pair", "person.m"))
    ]
    assert events[-2:] == [("pair.same", first.id), ("person.merged", second.id)]
    assert pairs.scan(ANNA) == 0


def test_a_merged_person_gets_no_application_and_is_not_changed(desk: Desk) -> None:
    first, second = add(desk), add(desk)
    desk.register.persons.pairs.decide(first, second, BERT, same=True)
    profile = load_profile("utopia-id")
    portrait = make_portrait(portrait_file(), profile.portrait)
    for each in (second, desk.register.persons.get(second.id)):
        with pytest.raises(NotPermitted, match="person-merged"):
            desk.register.applications.create(each, profile, portrait, ANNA)
    with pytest.raises(NotPermitted, match="person-merged"):
        merged = desk.register.persons.get(second.id)
        desk.register.persons.change(merged, first.data.from_text({**BORN, "mother": "A"}), ANNA, "paper")
    desk.register.applications.create(first, profile, portrait, ANNA)


def test_different_is_final_and_is_not_proposed_again(desk: Desk) -> None:
    first, second = add(desk), add(desk)
    pairs = desk.register.persons.pairs
    assert pairs.decide(second, first, BERT, same=False).state is PairState.DIFFERENT
    assert pairs.scan(ANNA) == 0
    assert proposed(desk) == set()
    for same in (True, False):
        with pytest.raises(NotPermitted, match="pair-decided"):
            pairs.decide(first, second, BERT, same=same)


def test_persons_whom_no_rule_found_can_be_the_same(desk: Desk) -> None:
    first, second = add(desk), add(desk, "Berg")
    assert desk.register.persons.pairs.decide(first, second, BERT, same=True).reason is PairReason.BY_HAND
    with pytest.raises(BadInput, match="pair-of-one-person"):
        desk.register.persons.pairs.decide(first, first, BERT, same=True)
    with pytest.raises(NotPermitted, match="person-merged"):
        desk.register.persons.pairs.decide(add(desk, "Carl"), second, BERT, same=True)


@pytest.mark.parametrize("role", sorted(role for role in Role if Permission.DECIDE_DUPLICATES not in PERMISSIONS[role]))
def test_who_has_not_the_role_decides_nothing(desk: Desk, role: Role) -> None:
    first, second = add(desk), add(desk)
    operator, pairs = Operator("carl", roles=frozenset({role})), desk.register.persons.pairs
    for work in (
        lambda: pairs.scan(operator),
        lambda: pairs.list(operator),
        lambda: pairs.decide(first, second, operator, same=True),
    ):
        with pytest.raises(NotPermitted, match="role-missing"):
            work()
    with desk.register.database.read() as connection:
        assert connection.execute(select(person_pair.c.state)).scalars().all() == [PairState.PROPOSED]
