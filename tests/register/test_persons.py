"""Persons: added, imported with every bad row told, and found."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.errors import BadInput
from eid_toolkit.register import person_files
from eid_toolkit.register.person_data import FIELDS, PersonData
from eid_toolkit.register.person_files import decode, read_csv, read_jsonl, write_csv, write_jsonl
from support.homes import UTOPIAN, VIETNAMESE, Desk

HEADER = "primary_identifier,date_of_birth,sex,nationality,personal_number\n"
GOOD = "Eriksson,1974-08-12,F,UTO,1\n"


def test_a_person_comes_back_as_typed_in_nfc(desk: Desk) -> None:
    typed = {**VIETNAMESE, "primary_identifier": "Nguye\u0302\u0303n "}
    added = desk.person(typed)
    assert added.data.primary_identifier == "Nguyễn"
    assert desk.register.persons.get(added.id.lower()) == added
    assert desk.register.persons.get("099000000017") == added


@pytest.mark.parametrize(
    "text", ["nguyen", "NGUYỄN", "văn nguyễn", "an van nguyen", "Nguye\u0302\u0303n", "099000000017"]
)
def test_a_search_finds_with_and_without_diacritics(desk: Desk, text: str) -> None:
    added = desk.person(VIETNAMESE)
    desk.person(UTOPIAN)
    assert desk.register.persons.search(text) == (added,)


def test_a_search_takes_wildcards_for_letters_and_pages(desk: Desk) -> None:
    for number in range(5):
        desk.person({**UTOPIAN, "primary_identifier": f"Eriksson{number}"})
    assert desk.register.persons.search("%") == ()
    first, second = (desk.register.persons.search("eriksson", limit=3, offset=offset) for offset in (0, 3))
    assert [len(first), len(second)] == [3, 2]
    assert len({each.id for each in first + second}) == 5


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
    ],
)
def test_a_field_that_breaks_a_rule_is_named(field: str, value: str, code: str) -> None:
    with pytest.raises(BadInput, match=code) as told:
        PersonData.from_text({**UTOPIAN, field: value})
    assert told.value.facts["field"] == field


def test_a_number_belongs_to_one_person_and_births_lie_behind(desk: Desk) -> None:
    desk.person(VIETNAMESE)
    with pytest.raises(BadInput, match="person-number-taken"):
        desk.person({**UTOPIAN, "personal_number": VIETNAMESE["personal_number"]})
    with pytest.raises(BadInput, match="person-birth-in-future"):
        desk.person({**UTOPIAN, "date_of_birth": "2027-01-01"})


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_csv_comes_with_any_usual_delimiter_and_with_or_without_a_mark(delimiter: str, mark: str) -> None:
    text = mark + (HEADER + GOOD).replace(",", delimiter)
    (row,) = read_csv(decode(text.encode()))
    assert row.person is not None and row.person.personal_number == "1"


def test_csv_cells_may_hold_delimiters_quotes_and_line_ends() -> None:
    header = "Surname;Given names;date_of_birth;sex;nationality;place_of_residence\n"
    first, second = read_csv(header + '"O;""B";C;1990;F;UTO;"1, A\nB"\nD;E;1;F;UTO;\n')
    assert first.person is not None
    assert (first.person.primary_identifier, first.person.place_of_residence, first.line) == ('O;"B', "1, A B", 3)
    assert (second.line, second.error and second.error.facts["field"]) == (4, "date_of_birth")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("date_of_birth,sex\n", "import-column-missing"),
        ("", "import-column-missing"),
        ("surname,birth place\n", "import-column-unknown"),
        (HEADER.replace("sex", "primary_identifier"), "import-column-twice"),
        (HEADER + '"unclosed', "import-csv-malformed"),
    ],
)
def test_a_file_that_is_no_table_of_persons_is_refused(text: str, code: str) -> None:
    with pytest.raises(BadInput, match=code):
        list(read_csv(text))


def test_text_that_is_not_utf8_is_told_with_its_line() -> None:
    with pytest.raises(BadInput, match="import-not-utf8") as told:
        decode(HEADER.encode() + "Müller".encode("latin-1"))
    assert told.value.facts["line"] == 2


def test_json_lines_are_read_and_bad_ones_told() -> None:
    text = json.dumps(UTOPIAN) + '\r\n\nnot json\n{"sex": 1}\n' + "[" * 100_000 + "\n"
    good, *bad = read_jsonl(text)
    assert good.person is not None
    assert [(row.line, row.error and row.error.code) for row in bad] == [
        (number, "import-json-malformed") for number in (3, 4, 5)
    ]


def rows_with_faults() -> list[person_files.Row]:
    lines = [GOOD, "B,1990-13-01,F,UTO,2\n", "C,1990,Q,UTO,3\n", "D,1990,F,UTO,1\n", "E,1990\n", "F,1990,M,UTO,6\n"]
    return list(read_csv(HEADER + "".join(lines)))


def test_one_bad_row_keeps_all_out_and_every_bad_row_is_told(desk: Desk) -> None:
    report = desk.register.persons.import_rows(rows_with_faults(), desk.clerk)
    assert not report.written
    assert [(row.line, row.error and row.error.facts["field"]) for row in report.rejected] == [
        (3, "date_of_birth"),
        (4, "sex"),
        (5, "personal_number"),
        (6, None),
    ]
    assert desk.register.persons.search() == ()
    assert desk.register.verify_audit().reason is None


def test_keep_going_brings_the_good_rows_in(desk: Desk) -> None:
    report = desk.register.persons.import_rows(rows_with_faults(), desk.clerk, keep_going=True)
    assert (report.written, report.imported, len(report.rejected)) == (True, 2, 4)
    assert {each.data.primary_identifier for each in desk.register.persons.search()} == {"Eriksson", "F"}


def test_a_dry_run_writes_nothing(desk: Desk) -> None:
    report = desk.register.persons.import_rows(read_csv(HEADER + GOOD), desk.clerk, dry_run=True)
    assert (report.written, report.imported) == (False, 1)
    assert desk.register.persons.search() == ()


def test_a_number_that_stands_twice_is_told_across_batches(desk: Desk) -> None:
    lines = [f"P,1990,F,UTO,{number}\n" for number in range(1200)]
    report = desk.register.persons.import_rows(read_csv(HEADER + "".join([*lines, GOOD])), desk.clerk)
    assert [row.line for row in report.rejected] == [1202]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_what_is_exported_is_read_back(desk: Desk, kind: str) -> None:
    people = [PersonData.from_text(values) for values in (VIETNAMESE, UTOPIAN)]
    stream = io.StringIO()
    texts = [each.to_text() for each in people]
    if kind == "csv":
        write_csv(texts, stream, FIELDS)
    else:
        write_jsonl(texts, stream)
    read = read_csv if kind == "csv" else read_jsonl
    assert [row.person for row in read(stream.getvalue())] == people


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (read_csv, read_jsonl):
        try:
            rows = list(read(text))
        except BadInput:
            continue
        assert all((row.person is None) is (row.error is not None) for row in rows)
