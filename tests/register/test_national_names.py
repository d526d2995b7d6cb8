"""A name in the national script stands beside the Latin one: kept, found, printed, and on the chip if so wished."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.books.register.people.person_data import PersonData
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.dg1 import Dg1
from eid_toolkit.standards.lds.dg11 import Dg11
from eid_toolkit.standards.lds.name_agreement import names_agree
from eid_toolkit.standards.profiles import load_profile
from support.homes import WorkingOffice

SINGAPOREAN = {
    "personal_number": "S0000000J",
    "primary_identifier": "Tan",
    "secondary_identifier": "Wei Ming",
    "national_name": "陈, 伟明",
    "date_of_birth": "1985-11-24",
    "sex": "M",
    "nationality": "SGP",
}
TAMIL = {**SINGAPOREAN, "personal_number": None, "primary_identifier": "Murugan", "national_name": "முருகன் ராஜா"}


@pytest.mark.parametrize("typed", ["陈伟明", "伟明", "陈 伟明", "Tan 陈伟明", "wei ming", "陈伟"])
def test_a_person_is_found_by_either_name(office: WorkingOffice, typed: str) -> None:
    person = office.person(SINGAPOREAN)
    other = office.person(TAMIL)
    hits = office.register.persons.look_ups.search(typed, office.clerk)
    assert person.id in [hit.person.id for hit in hits if not hit.similar]
    hits = office.register.persons.look_ups.search("முருகன்", office.clerk)
    assert [hit.person.id for hit in hits] == [other.id]


def test_both_names_are_on_the_chip_where_the_profile_says_so(office: WorkingOffice) -> None:
    document = office.document(SINGAPOREAN, "sgp-id")
    files = office.register.documents.load_package(document.id).files
    mrz, details = Dg1.parse(files[ElementaryFile.DG1]).mrz, Dg11.parse(files[ElementaryFile.DG11])
    assert details.full_name == "陈<<伟明" and details.other_names == ("Tan<<Wei<Ming",)
    assert (details.primary_identifier, details.secondary_identifier) == ("陈", "伟明")
    assert names_agree(mrz, details.full_name) and mrz.primary_identifier == "TAN"


def test_elsewhere_the_chip_has_the_latin_name_alone(office: WorkingOffice) -> None:
    document = office.document({**SINGAPOREAN, "personal_number": "ZE1", "nationality": "UTO"}, "utopia-id")
    details = Dg11.parse(office.register.documents.load_package(document.id).files[ElementaryFile.DG11])
    assert (details.full_name, details.other_names) == ("Tan<<Wei<Ming", ())


def test_what_is_printed_has_both(office: WorkingOffice) -> None:
    from eid_toolkit.work.personalization.print_data import PrintData

    document = office.document(TAMIL | {"personal_number": "S0000000J"}, "sgp-id")
    package = office.register.documents.load_package(document.id)
    holder = office.register.documents.application_of(document).person.data
    assert PrintData.of(document, package, holder, specimen=True).front["national_name"] == "முருகன் ராஜா"


def test_an_approval_of_before_holds_for_somebody_without_such_a_name(office: WorkingOffice) -> None:
    """What an approval binds has the name where there is one, and is otherwise what it was."""
    person = office.person({**SINGAPOREAN, "national_name": None})
    assert "national_name" not in person.data.to_text() or person.data.to_text()["national_name"] is None
    named = replace(person, data=replace(person.data, national_name="陈, 伟明"))
    other = replace(person, data=replace(person.data, national_name="陈, 伟民"))
    assert len({person.digest, named.digest, other.digest}) == 3


def test_a_profile_without_dg11_cannot_want_the_name_on_the_chip() -> None:
    profile = load_profile("sgp-id")
    with pytest.raises(BadInput, match="profile-contradiction"):
        replace(profile, data_groups=tuple(each for each in profile.data_groups if each != 11))


@given(name=st.text(min_size=1, max_size=60))
def test_any_text_is_a_name_or_a_reason(name: str) -> None:
    try:
        data = PersonData.from_text({**SINGAPOREAN, "national_name": name})
    except BadInput as error:
        assert error.facts["field"] == "national_name"
        return
    assert PersonData.from_text(data.to_text()) == data
    assert data.national_name is None or data.folded_name.startswith("TAN WEI MING")
    details = Dg11.of(primary_identifier="Tan", secondary_identifier="Wei Ming", national_name=data.national_name)
    assert Dg11.parse(details.encode()) == details
