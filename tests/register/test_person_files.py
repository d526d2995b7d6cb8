"""Files of persons: read row by row, refused with reasons, and written so that nobody's spreadsheet runs them."""

from __future__ import annotations

import csv
import gzip
import io
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eid_toolkit.books.register.people.person_data import FIELDS, PersonData
from eid_toolkit.books.register.people.person_files import (
    harmless_cell,
    plain_cell,
    read_csv,
    read_jsonl,
    read_rows,
    write_csv,
    write_jsonl,
)
from eid_toolkit.books.register.people.person_source import EXPANSION_FREE, LINE_LIMIT, PersonSource
from eid_toolkit.ground.errors import BadInput
from support.homes import UTOPIAN, VIETNAMESE

HEADER = "primary_identifier,date_of_birth,sex,nationality,personal_number\n"
GOOD = "Eriksson,1974-08-12,F,UTO,1\n"


def lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def rows_of(data: bytes, kind: str = "csv") -> list[PersonData | None]:
    with PersonSource.open(None, io.BytesIO(data)) as source:
        source.survey(lambda _: None)
        assert source.kind == kind
        return [row.person for row in read_rows(source.text(lambda _: None), source.kind)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("zipped", [False, True])
def test_csv_comes_with_any_usual_delimiter_mark_and_packing(delimiter: str, mark: str, zipped: bool) -> None:
    data = (mark + (HEADER + GOOD).replace(",", delimiter)).encode()
    (person,) = rows_of(gzip.compress(data) if zipped else data)
    assert person is not None and person.personal_number == "1"


def test_csv_cells_may_hold_delimiters_quotes_and_line_ends() -> None:
    header = "Surname;Given names;date_of_birth;sex;nationality;place_of_residence\n"
    text = header + '"O;""B";C;1990;F;UTO;"1, A\nB"\nD;E;1;F;UTO;\n'
    first, second = read_csv(io.StringIO(text, newline=""))
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
        (HEADER + '"unclosed\n' + GOOD * 5000, "import-csv-malformed"),
        ('"unclosed', "import-csv-malformed"),
        (HEADER + ('"' + "a\n" * 9000 + '",') * 10, "import-csv-malformed"),
    ],
    ids=["no-name", "empty", "unknown", "twice", "unclosed", "unclosed-long", "unclosed-header", "long-record"],
)
def test_a_file_that_is_no_table_of_persons_is_refused(text: str, code: str) -> None:
    with pytest.raises(BadInput, match=code):
        list(read_csv(lines(text)))


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (HEADER.encode() + "Müller".encode("latin-1"), "import-not-utf8", 2),
        (HEADER.encode() + b"\xed\xa0\x80\n", "import-not-utf8", 2),
        (HEADER.encode() + b"a" * (LINE_LIMIT + 1), "import-line-too-long", 2),
        (gzip.compress(HEADER.encode() + b"a" * (LINE_LIMIT + 1), mtime=0), "import-line-too-long", 2),
        (gzip.compress(HEADER.encode() + GOOD.encode() * 100, mtime=0)[:-9], "import-gzip-damaged", 101),
        (gzip.compress(HEADER.encode(), mtime=0)[:-8] + bytes(8), "import-gzip-damaged", 1),
        (b"\x1f\x8b nothing of the kind", "import-gzip-damaged", 0),
    ],
    ids=["latin", "surrogate", "long", "long-packed", "cut-off", "bad-check", "no-gzip"],
)
def test_bytes_that_are_no_text_are_told_with_their_line(data: bytes, code: str, line: int) -> None:
    with pytest.raises(BadInput, match=code) as told:
        rows_of(data)
    assert told.value.facts["line"] == line


def test_a_small_file_that_becomes_huge_is_given_up() -> None:
    bomb = gzip.compress((HEADER + GOOD * (3 * EXPANSION_FREE // len(GOOD))).encode(), 9)
    assert len(bomb) < 400_000
    with pytest.raises(BadInput, match="import-gzip-expands"):
        rows_of(bomb)


def test_what_a_pipe_brings_is_told_apart_by_its_first_character() -> None:
    (person,) = rows_of(b"\xef\xbb\xbf" + json.dumps(UTOPIAN).encode(), "jsonl")
    assert person == PersonData.from_text(UTOPIAN)


def test_the_same_content_is_known_however_it_is_packed() -> None:
    data = (HEADER + GOOD).encode()
    found = set()
    for each in (data, gzip.compress(data), gzip.compress(data[:9]) + gzip.compress(data[9:])):
        with PersonSource.open(None, io.BytesIO(each)) as source:
            found.add(source.survey(lambda _: None))
    assert len(found) == 1


def test_json_lines_are_read_and_bad_ones_told() -> None:
    text = json.dumps(UTOPIAN) + '\r\n\nnot json\n{"sex": 1}\n' + "[" * 60_000 + "\n"
    good, *bad = read_jsonl(lines(text))
    assert good.person is not None
    assert [(row.line, row.error and row.error.code) for row in bad] == [
        (number, "import-json-malformed") for number in (3, 4, 5)
    ]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ('{"surname": "A", "primary_identifier": "B"}', "primary_identifier"),
        ('{"Given names": null, "sex": "F", "secondary_identifier": "B"}', "secondary_identifier"),
        ('{"sex": "F", "sex": "F"}', "sex"),
    ],
)
def test_a_line_with_two_keys_for_one_field_is_refused(line: str, field: str) -> None:
    (row,) = read_jsonl([line])
    assert row.person is None and row.error is not None
    assert (row.error.code, row.error.facts) == ("person-field-twice", {"field": field})


def test_rows_can_be_left_out_without_looking_at_them() -> None:
    text = HEADER + "not,a,good,row\n" + GOOD + "\n" + GOOD
    assert [row.line for row in read_csv(lines(text), 1)] == [3, 5]
    assert [row.line for row in read_jsonl(["bad\n", "\n", json.dumps(UTOPIAN)], 1)] == [3]


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", "''@", "-", "＝1", "＋1", "－1", "＠A"]
)
def test_a_cell_that_a_spreadsheet_would_run_begins_with_an_apostrophe(cell: str) -> None:
    assert harmless_cell(cell)[0] == "'"
    assert plain_cell(harmless_cell(cell)) == cell


RUNS = set("=+-@＝＋－＠\t\r\n")
cells = st.text(st.sampled_from("'\"=+-@＝＋－＠;,|\t\r\na1 "), max_size=8) | st.text(max_size=20)


@given(cells)
def test_any_cell_comes_back(cell: str) -> None:
    assert plain_cell(harmless_cell(cell)) == cell
    assert harmless_cell(cell)[:1] not in RUNS


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("Ann;=cmd|' /C calc'!A0", "Ann;'=cmd|' /C calc'!A0"),
        ("Ann;'\"=1", "Ann;'\"'=1"),
        ("a|+1,@x", "a|'+1,'@x"),
        ("O'Brien-Smith; +1", "O'Brien-Smith; +1"),
    ],
)
def test_a_cell_that_would_split_runs_nowhere(cell: str, written: str) -> None:
    assert harmless_cell(cell) == written
    assert plain_cell(written) == cell


@example([["", "\n"]])
@example([["", "\n"], ["=1", "\n"], ["\t+1", ";"]])
@given(st.lists(st.lists(cells.filter(lambda cell: "\0" not in cell), min_size=1, max_size=4), min_size=1, max_size=3))
@pytest.mark.parametrize("separator", [",", ";", "|", "\t"])
def test_whatever_separates_lists_in_a_spreadsheet_no_cell_is_run(separator: str, wanted: list[list[str]]) -> None:
    columns = [str(number) for number in range(len(wanted[0]))]
    stream = io.StringIO(newline="")
    write_csv([dict(zip(columns, row, strict=False)) for row in wanted], stream, columns)
    for row in csv.reader(io.StringIO(stream.getvalue(), newline=""), delimiter=separator):
        # With another separator a quotation mark at the end of a line begins a cell: with the line's end, and then with
        # what begins the next line, which was made harmless itself.
        assert all(cell.lstrip("\t\r\n")[:1] not in RUNS for cell in row)


texts = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
    | st.sampled_from("'=+-@,;|\"\\＝＋－＠"),
    max_size=40,
)  # fmt: skip
numbers = st.from_regex(r"[0-9A-Za-z./-]{1,30}", fullmatch=True)
people = st.builds(
    lambda fields, number, sex: PersonData.from_text(
        {**fields, "primary_identifier": "=" + fields["father"], "date_of_birth": "1990-02", "sex": sex,
         "nationality": "UTO", "personal_number": number}
    ),
    st.fixed_dictionaries(dict.fromkeys(("father", "mother", "spouse", "place_of_birth", "former_names"), texts)),
    st.none() | numbers,
    st.sampled_from("FMX"),
)  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize("zipped", [False, True])
@given(st.lists(people, min_size=1, max_size=5))
def test_what_is_exported_is_read_back(kind: str, zipped: bool, wanted: list[PersonData]) -> None:
    stream = io.StringIO(newline="")
    (write_csv if kind == "csv" else write_jsonl)((each.to_text() for each in wanted), stream)
    data = stream.getvalue().encode()
    assert rows_of(gzip.compress(data, 1) if zipped else data, kind) == wanted
    for separator in (",", ";") if kind == "csv" else ():
        for row in csv.reader(io.StringIO(stream.getvalue(), newline=""), delimiter=separator):
            assert all(cell[:1] not in RUNS for cell in row)


def test_an_export_holds_every_field() -> None:
    stream = io.StringIO()
    write_csv([PersonData.from_text(VIETNAMESE).to_text()], stream)
    assert stream.getvalue().splitlines()[0] == ",".join(FIELDS)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (read_csv, read_jsonl):
        try:
            rows = list(read(lines(text)))
        except BadInput:
            continue
        assert all((row.person is None) is (row.error is not None) for row in rows)


@pytest.mark.parametrize("cell", ["a\rb", "a\nb", "a\r\nb", "\r", 'a"\r'])
def test_a_cell_with_any_line_end_is_read_back(cell: str) -> None:
    stream = io.StringIO(newline="")
    write_csv([{"primary_identifier": cell, "sex": "F"}], stream, ("primary_identifier", "sex"))
    assert stream.getvalue().startswith("primary_identifier,sex\n")
    (row,) = read_csv(io.StringIO(stream.getvalue(), newline="\n"))
    assert row.cells == (cell, "F")
