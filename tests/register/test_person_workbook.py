"""Persons in a workbook: each cell is the text that the register has, whatever a spreadsheet might make of it."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from eid_toolkit.books.register.people import person_workbook as module
from eid_toolkit.books.register.people.person_data import FIELDS, PersonData
from eid_toolkit.books.register.people.person_record import Person
from eid_toolkit.books.register.people.person_workbook import write_workbook
from eid_toolkit.ground.errors import BadInput, NotPermitted
from support.homes import NOW, UTOPIAN, VIETNAMESE


def persons(*values: dict[str, str]) -> list[Person]:
    return [Person(f"P-{number}", PersonData.from_text(each), NOW) for number, each in enumerate(values)]


def rows_of(path: Path) -> list[list[str | None]]:
    sheet = load_workbook(path)["persons"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} == {"s"}
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_numbers_keep_their_zeros_dates_their_form_and_nothing_is_run(tmp_path: Path) -> None:
    dangerous = {**UTOPIAN, "father": '=HYPERLINK("http://example.invalid")', "mother": "@SUM(A1)", "spouse": "+1"}
    path = tmp_path / "people.xlsx"
    assert write_workbook(persons(VIETNAMESE, dangerous), path) == 2
    header, first, second = rows_of(path)
    assert tuple(header) == FIELDS
    shown = dict(zip(header, first, strict=True))
    assert (shown["personal_number"], shown["date_of_birth"]) == ("099000000017", "1990-01-31")
    assert shown["primary_identifier"] == "Nguyễn"
    assert {"@SUM(A1)", "+1", dangerous["father"], "1974-08"} <= set(second)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and list(tmp_path.iterdir()) == [path]


def test_of_nobody_there_is_a_header(tmp_path: Path) -> None:
    write_workbook([], tmp_path / "people.xlsx")
    assert [tuple(row) for row in rows_of(tmp_path / "people.xlsx")] == [FIELDS]


def test_more_than_a_sheet_holds_is_refused_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_PERSONS", 2)
    with pytest.raises(NotPermitted, match="export-too-long-for-a-sheet"):
        write_workbook(persons(UTOPIAN, UTOPIAN, UTOPIAN), tmp_path / "people.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_what_stops_in_the_middle_leaves_what_was_there_before(tmp_path: Path) -> None:
    path = tmp_path / "people.xlsx"
    write_workbook(persons(UTOPIAN), path)
    before = path.read_bytes()

    def coming() -> Iterator[Person]:
        yield from persons(UTOPIAN)
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        write_workbook(coming(), path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(min_size=1, max_size=60))
def test_any_text_comes_back(tmp_path: Path, text: str) -> None:
    try:
        (person,) = persons({**UTOPIAN, "place_of_birth": text})
    except BadInput:
        return
    path = tmp_path / "people.xlsx"
    write_workbook([person], path)
    (header, row) = rows_of(path)
    assert dict(zip(header, row, strict=True))["place_of_birth"] == person.data.place_of_birth
