"""The specimen persons fit the register and their profiles."""

from __future__ import annotations

from eid_toolkit.books.register.people.person_data import PersonData
from eid_toolkit.ground.images.portrait import make_portrait
from eid_toolkit.standards.lds.dg2 import Dg2
from eid_toolkit.standards.profiles import load_profile
from eid_toolkit.standards.profiles.numbering import document_number, optional_data
from eid_toolkit.work.specimens import persons


def test_there_are_three_and_the_register_takes_them() -> None:
    people = [PersonData.from_text(person.record) for person in persons()]
    assert [person.nationality for person in people] == ["VNM", "SGP", "UTO"]


def test_their_profiles_give_them_numbers_and_take_their_portraits() -> None:
    for person in persons():
        profile = load_profile(person.profile)
        assert document_number(profile, 1, person.record["personal_number"])
        optional_data(profile, person.record["personal_number"])
        portrait = make_portrait(person.portrait(), profile.portrait)
        assert (portrait.width, portrait.height) == (profile.portrait.width, profile.portrait.height)
        assert len(portrait.image) <= profile.portrait.budget
        dg2 = Dg2.of_portrait(portrait.image, portrait.width, portrait.height)
        assert dg2.portrait.media_type == ("image/jpeg" if profile.portrait.coding == "jpeg" else "image/jp2")


def test_a_portrait_is_drawn_the_same_each_time_and_each_looks_different() -> None:
    drawn = [person.portrait() for person in persons()]
    assert drawn == [person.portrait() for person in persons()]
    assert len(set(drawn)) == 3
