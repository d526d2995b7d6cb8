"""The holder's dates and names come from the best place that the issuer signed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from eid_toolkit.standards.iso7816.files import ElementaryFile as Ef
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.dg1 import Dg1
from eid_toolkit.standards.lds.dg11 import Dg11
from eid_toolkit.standards.lds.dg12 import Dg12
from eid_toolkit.standards.lds.dg13 import Dg13
from eid_toolkit.standards.lds.mrz import Mrz, MrzFormat
from eid_toolkit.standards.lds.vietnam import NationalField, VietnamNationalData
from eid_toolkit.work.cardspec import build, load_spec
from eid_toolkit.work.inspection.holder import Holder
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.verdict import Decision, judge
from support import spec_cards
from support.authorities import NOW, Authority
from support.documents import EXPIRY, IssuedDocument, with_file
from support.spec_cards import inspect

CASES = Path(__file__).parents[2] / "fixtures" / "cases"


def mrz(birth: PartialDate, *, state: str = "UTO", surname: str = "Eriksson", given: str = "Anna") -> Mrz:
    return Mrz.compose(
        MrzFormat.TD1,
        document_code="ID",
        issuing_state=state,
        document_number="X0000001",
        primary_identifier=surname,
        secondary_identifier=given,
        nationality=state,
        date_of_birth=birth,
        sex="F",
        date_of_expiry=EXPIRY,
        optional_data="001300000017" if state == "VNM" else "",
    )


def holder(shown: Mrz, *, signed: bool = True, **groups: bytes) -> Holder:
    """Who it is by a document with this MRZ and these data groups; ``signed`` whether EF.SOD covers those."""
    authority = Authority(shown.issuing_state)
    document = IssuedDocument(authority, shown)
    document.data_groups = {1: Dg1(shown).encode(), 2: document.data_groups[2]}
    others = {int(name[2:]): data for name, data in groups.items()}
    if signed:
        document.data_groups |= others
    evidence = document.evidence()
    for number, data in others.items():
        evidence = with_file(evidence, Ef.of_data_group(number), data)
    found = judge(evidence, authority.trust(authority.crl()), policy_by_name("officer"), NOW).holder
    assert found is not None
    return found


def dg11(birth: PartialDate | None, surname: str = "Eriksson", given: str = "Anna") -> bytes:
    return Dg11.of(primary_identifier=surname, secondary_identifier=given, date_of_birth=birth).encode()


CENTENARIAN = PartialDate(1923, 5, 5)


def test_a_centenarian_is_as_old_as_dg11_says() -> None:
    found = holder(mrz(CENTENARIAN), dg11=dg11(CENTENARIAN))
    assert (found.date_of_birth, found.birth_century_known) == ("1923-05-05", True)


def test_the_spec_of_a_centenarian_passes_with_the_right_year() -> None:
    verdict = inspect(build(replace(load_spec(CASES / "centenarian.toml"), at=spec_cards.NOW))).verdict
    assert verdict.decision is Decision.PASSED
    assert verdict.holder is not None
    assert verdict.holder.date_of_birth == "1923-05-05"


def test_where_the_card_has_two_digits_only_it_is_said() -> None:
    found = holder(mrz(PartialDate(1990, 5, 5)))
    assert (found.date_of_birth, found.birth_century_known) == ("1990-05-05", False)


@pytest.mark.parametrize("other", [PartialDate(1923, 5, 6), PartialDate(1924, 5, 5)])
def test_a_date_that_is_not_the_mrzs_is_not_taken(other: PartialDate) -> None:
    found = holder(mrz(CENTENARIAN), dg11=dg11(other))
    assert (found.date_of_birth, found.birth_century_known) == ("2023-05-05", False)


def test_what_nobody_signed_is_not_taken() -> None:
    found = holder(mrz(CENTENARIAN), signed=False, dg11=dg11(CENTENARIAN, "Ériksson"))
    assert (found.date_of_birth, found.birth_century_known, found.name) == ("2023-05-05", False, None)


def test_nobody_is_born_after_the_document_was_issued() -> None:
    issued = Dg12.of(date_of_issue=PartialDate(2020, 1, 1)).encode()
    found = holder(mrz(PartialDate(1923, 5, 5)), dg12=issued)
    assert (found.date_of_birth, found.birth_century_known) == ("1923-05-05", False)


def test_parts_that_the_mrz_does_not_know_may_stand_in_dg11() -> None:
    assert holder(mrz(PartialDate(1923, None, None)), dg11=dg11(CENTENARIAN)).date_of_birth == "1923-05-05"


def with_birth(text: str, **groups: bytes) -> Holder:
    """The holder by a MRZ whose date of birth stands in the six characters ``text``."""
    known = mrz(PartialDate(1999, 12, 31))
    return holder(Mrz.of_text(known.text.replace("991231", text)), **groups)


def test_a_date_of_zeros_is_unknown_and_no_year_2000() -> None:
    assert with_birth("000000").date_of_birth == "XXXX-XX-XX"
    assert with_birth("000000", dg11=dg11(CENTENARIAN)).date_of_birth == "1923-05-05"


def test_who_is_born_in_2000_is_not_taken_for_somebody_else() -> None:
    found = with_birth("000131", dg11=dg11(PartialDate(1950, 1, 31)))
    assert (found.date_of_birth, found.birth_century_known) == ("2000-01-31", False)


def test_the_full_name_is_shown_with_its_diacritics() -> None:
    found = holder(mrz(CENTENARIAN, surname="Müller", given="Zoë"), dg11=dg11(None, "Müller", "Zoë"))
    assert (found.name, found.truncated) == ("Müller, Zoë", False)


def test_a_name_that_fills_its_field_may_be_cut_off() -> None:
    long = mrz(CENTENARIAN, surname="Wooloomooloo Warrandyte", given="Dingo Potoroo")
    assert holder(long).truncated
    assert not holder(mrz(CENTENARIAN)).truncated


def test_vietnams_national_data_have_date_and_name() -> None:
    data = VietnamNationalData.of(
        {NationalField.FULL_NAME: "Nguyễn Thị Ánh", NationalField.DATE_OF_BIRTH: "05/05/1923"}
    )
    found = holder(mrz(CENTENARIAN, state="VNM", surname="Nguyen", given="Thi Anh"), dg13=Dg13(data.encode()).encode())
    assert (found.name, found.date_of_birth) == ("Nguyễn Thị Ánh", "1923-05-05")


@pytest.mark.parametrize("text", ["1923", "05-05-1923", "99/99/1923", ""])
def test_a_national_date_of_another_kind_is_left_alone(text: str) -> None:
    data = VietnamNationalData.of({NationalField.DATE_OF_BIRTH: text})
    found = holder(mrz(CENTENARIAN, state="VNM"), dg13=Dg13(data.encode()).encode())
    assert found.birth_century_known is False


def test_without_dg1_there_is_no_holder() -> None:
    authority = Authority()
    evidence = IssuedDocument(authority, mrz(CENTENARIAN)).evidence()
    files = {file: found for file, found in evidence.files.items() if file is not Ef.DG1}
    verdict = judge(replace(evidence, files=files), authority.trust(), policy_by_name("officer"), NOW)
    assert verdict.holder is None
