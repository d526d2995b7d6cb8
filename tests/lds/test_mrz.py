"""The MRZ: written, parsed, checked and truncated as ICAO Doc 9303-3, -4, -5 and -6 say."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vectors
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.mrz import Mrz, MrzFormat, check_digit, mrz_information

WORKED_EXAMPLES = vectors.load("icao_9303_mrz")
TODAY = date(2026, 11, 24)

ERIKSSON: dict[str, Any] = {
    "document_code": "I",
    "issuing_state": "UTO",
    "document_number": "L898902C",
    "primary_identifier": "Eriksson",
    "secondary_identifier": "Anna Maria",
    "nationality": "UTO",
    "date_of_birth": PartialDate(1969, 8, 6),
    "sex": "F",
    "date_of_expiry": PartialDate(1994, 6, 23),
}


@pytest.mark.parametrize("example", WORKED_EXAMPLES["information"], ids=lambda example: example["form"])
def test_the_worked_examples_of_9303_11_are_parsed_and_give_their_key_input(example: dict[str, Any]) -> None:
    mrz = Mrz.of_text("".join(example["mrz"]))
    # Two of the printed examples end with a composite check digit that the standard's own rule does not give.
    assert mrz.wrong_check_digits() == tuple(example["wrong"])
    assert list(mrz.lines) == example["mrz"]
    assert mrz.information == example["mrz_information"]
    assert mrz_information(mrz.document_number, mrz.birth(TODAY), mrz.expiry(TODAY)) == example["mrz_information"]


def test_the_worked_examples_are_composed_to_the_same_characters() -> None:
    td2_long, td2, td1_long, td1 = (tuple(example["mrz"]) for example in WORKED_EXAMPLES["information"])
    stevenson = ERIKSSON | {
        "document_number": "D23145890734",
        "primary_identifier": "STEVENSON",
        "secondary_identifier": "PETER JOHN",
        "date_of_birth": PartialDate(1934, 7, 12),
        "sex": "M",
        "date_of_expiry": PartialDate(1995, 7, 12),
    }
    assert Mrz.compose(MrzFormat.TD2, **stevenson).lines == td2_long
    assert Mrz.compose(MrzFormat.TD1, **stevenson).lines == td1_long
    # But for the composite check digit, which is misprinted: the last character, and that of TD1's second line.
    assert Mrz.compose(MrzFormat.TD2, **ERIKSSON).text[:-1] == "".join(td2)[:-1]
    composed = Mrz.compose(MrzFormat.TD1, **ERIKSSON).lines
    assert (composed[0], composed[1][:-1], composed[2]) == (td1[0], td1[1][:-1], td1[2])


def test_the_specimen_passport_of_9303_4_is_read_and_written() -> None:
    specimen = WORKED_EXAMPLES["passport"]
    mrz = Mrz.parse("".join(specimen))
    assert (mrz.format, mrz.document_code, mrz.issuing_state) == (MrzFormat.TD3, "PP", "UTO")
    assert (mrz.primary_identifier, mrz.secondary_identifier) == ("ERIKSSON", "ANNA MARIA")
    assert (mrz.document_number, mrz.nationality, mrz.sex) == ("L898902C3", "UTO", "F")
    assert (mrz.optional_data, mrz.second_optional_data) == ("ZE184226B", "")
    assert mrz.birth(TODAY) == PartialDate(1974, 8, 12)
    assert mrz.expiry(TODAY) == PartialDate(2034, 4, 15)
    composed = Mrz.compose(
        MrzFormat.TD3,
        **ERIKSSON
        | {
            "document_code": "PP",
            "document_number": "L898902C3",
            "date_of_birth": PartialDate(1974, 8, 12),
            "date_of_expiry": PartialDate(2034, 4, 15),
            "optional_data": "ZE184226B",
        },
    )
    assert composed == mrz


@pytest.mark.parametrize("example", WORKED_EXAMPLES["names"], ids=lambda example: example["mrz"])
def test_names_are_written_and_truncated_as_in_9303_4(example: dict[str, str]) -> None:
    mrz = Mrz.compose(
        MrzFormat.TD3,
        **ERIKSSON
        | {
            "document_code": "PP",
            "primary_identifier": example["primary"],
            "secondary_identifier": example["secondary"],
        },
    )
    assert mrz.lines[0] == example["mrz"]


@pytest.mark.parametrize(
    ("primary", "secondary"),
    [
        ("A" * 60, "B"),
        ("A" * 60, ""),
        ("A " * 40, "B C"),
        ("Aaaaaaa Bbbbbbbbb Cccccccccc", "D"),
        ("Abcdefghijklmnopqrstuvwxyzab", "D E"),
        ("Abc", "B C D E F G H I J K L M N O P Q R S T"),
        ("Abc", "Bcd Efghij Klmnop Qrstu Vwxyzzz A"),
        ("Abcdefghijklm A A A A A A Bc A A", ""),
    ],
)
def test_a_truncated_name_ends_with_a_letter_and_keeps_both_identifiers(primary: str, secondary: str) -> None:
    mrz = Mrz.compose(MrzFormat.TD1, **ERIKSSON | {"primary_identifier": primary, "secondary_identifier": secondary})
    assert mrz.lines[2][-1] != "<"
    assert mrz.primary_identifier
    assert bool(mrz.secondary_identifier) == bool(secondary)
    assert mrz.lines[2].count("<<") == bool(secondary)


def test_a_name_that_just_fits_is_not_truncated() -> None:
    names = {"primary_identifier": "Papandropoulous", "secondary_identifier": "Jonathon Warren Trevor"}
    assert Mrz.compose(MrzFormat.TD3, **ERIKSSON | names).secondary_identifier == "JONATHON WARREN TREVOR"


def test_the_vietnamese_layout_is_read() -> None:
    mrz = Mrz.parse("IDVNM0990000176000099000017<<6 9901018M3901016VNM<<<<<<<<<<<8 NGUYEN<<VAN<AN<<<<<<<<<<<<<<<<")
    assert mrz.document_number == "099000017"
    assert mrz.optional_data == "000099000017<<6"
    assert mrz.information == "099000017699010183901016"


def test_unknown_dates_and_no_expiry_are_fillers() -> None:
    mrz = Mrz.compose(
        MrzFormat.TD1, **ERIKSSON | {"date_of_birth": PartialDate(1990, None, None), "date_of_expiry": None, "sex": "X"}
    )
    assert mrz.lines[1].startswith("90<<<<3<<<<<<<0UTO")
    assert mrz.sex == "X"
    assert mrz.birth(TODAY) == PartialDate(1990, None, None)
    assert mrz.expiry(TODAY) is None
    assert Mrz.parse(mrz.text) == mrz
    assert mrz_information("L898902C", PartialDate(1990, None, None), None) == mrz.information


def test_the_century_is_told_by_the_present_day() -> None:
    born_today = Mrz.compose(MrzFormat.TD1, **ERIKSSON | {"date_of_birth": PartialDate(2026, 11, 24)})
    assert born_today.birth(TODAY).year == 2026
    assert born_today.birth(date(2026, 11, 23)).year == 1926
    expiring = Mrz.compose(MrzFormat.TD1, **ERIKSSON | {"date_of_expiry": PartialDate(2060, 1, 1)})
    assert expiring.expiry(TODAY) == PartialDate(2060, 1, 1)
    assert Mrz.compose(MrzFormat.TD1, **ERIKSSON).expiry(TODAY) == PartialDate(1994, 6, 23)


@settings(max_examples=150, deadline=1000)
@given(
    st.sampled_from(MrzFormat),
    st.text("0123456789ABCXYZ", min_size=1, max_size=14),
    st.text("0123456789ABCXYZ", max_size=5),
    st.dates(date(1927, 1, 1), TODAY),
    st.none() | st.dates(TODAY, date(2075, 1, 1)),
    st.sampled_from("FMX"),
)
def test_every_field_comes_back(
    size: MrzFormat, number: str, optional: str, birth: date, expiry: date | None, sex: str
) -> None:
    changes = {
        "document_number": number,
        "optional_data": optional,
        "date_of_birth": PartialDate.of(birth),
        "date_of_expiry": expiry and PartialDate.of(expiry),
        "sex": sex,
    }
    try:
        mrz = Mrz.compose(size, **ERIKSSON | changes)
    except BadInput as error:
        assert error.code == "mrz-field-too-long"
        return
    assert Mrz.parse(mrz.text) == mrz
    assert (mrz.document_number, mrz.optional_data, mrz.sex) == (number, optional, sex)
    assert mrz.birth(TODAY) == changes["date_of_birth"]
    assert mrz.expiry(TODAY) == changes["date_of_expiry"]
    assert mrz.information == mrz_information(number, PartialDate.of(birth), changes["date_of_expiry"])


@pytest.mark.parametrize("size", list(MrzFormat))
@pytest.mark.parametrize("number", ["L898902C", "123456789", "A-1 2"])
def test_every_single_wrong_digit_under_a_check_digit_is_found(size: MrzFormat, number: str) -> None:
    mrz = Mrz.compose(size, **ERIKSSON | {"document_number": number})
    for at, character in enumerate(mrz.text):
        if character.isdigit():
            wrong = mrz.text[:at] + str((int(character) + 1) % 10) + mrz.text[at + 1 :]
            with pytest.raises(BadInput):
                Mrz.parse(wrong)


def test_wrong_check_digits_are_named_and_do_not_stop_a_chip_from_being_read() -> None:
    text = Mrz.compose(MrzFormat.TD1, **ERIKSSON).text
    wrong = Mrz.of_text(text[:14] + "4" + text[15:])
    assert wrong.wrong_check_digits() == ("document_number", "composite")


@pytest.mark.parametrize("digit", ["<", "0"])
def test_an_empty_personal_number_may_have_a_zero_or_a_filler(digit: str) -> None:
    mrz = Mrz.compose(MrzFormat.TD3, **ERIKSSON)
    assert Mrz.parse(mrz.text[:86] + digit + mrz.text[87:]).optional_data == ""


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"primary_identifier": " "}, "mrz-no-name"),
        ({"secondary_identifier": "John 2"}, "mrz-digit-in-name"),
        ({"document_number": ""}, "mrz-no-document-number"),
        ({"document_number": "12345678-90"}, "mrz-long-number-with-filler"),
        ({"document_number": "X" * 25}, "mrz-field-too-long"),
        ({"optional_data": "X" * 16}, "mrz-field-too-long"),
        ({"sex": "U"}, "mrz-bad-sex"),
        ({"issuing_state": "ut"}, "mrz-bad-code"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, str], code: str) -> None:
    with pytest.raises(BadInput) as caught:
        Mrz.compose(MrzFormat.TD1, **ERIKSSON | changes)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "text", ["", "P<UTO", "I<UTO" + "<" * 84, "?" * 90, "A" * 10_000, "9" * 88, "I<UTOL898902C<3<<<<<<<<<<<<<<<" * 3]
)
def test_what_is_no_mrz_is_bad_input(text: str) -> None:
    with pytest.raises(BadInput):
        Mrz.parse(text)


def test_the_check_digit_of_the_standard() -> None:
    # 9303-3 4.9, examples 1 and 2
    assert check_digit("520727") == "3"
    assert check_digit("AB2134<<<") == "5"
