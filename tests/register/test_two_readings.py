"""What the first reading of an import keeps for the second, in whatever form, and what the second does without it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select

from eid_toolkit.books.ledger.copy_text import copy_text
from eid_toolkit.books.ledger.schema import person
from eid_toolkit.books.register.people import kept_outcomes, person_batches, two_readings
from eid_toolkit.books.register.people.kept_outcomes import KeptOutcomes
from eid_toolkit.books.register.people.person_batches import CHUNK, Batch, Reading, unpack
from eid_toolkit.books.register.people.person_import import ImportOptions
from eid_toolkit.books.register.people.person_source import PersonSource
from eid_toolkit.ground.errors import BadInput
from support.homes import ENTROPY, WorkingOffice

HEADER = "primary_identifier,date_of_birth,sex,nationality,personal_number,place_of_residence\n"
TODAY, TOMORROW = date(2026, 8, 1), date(2026, 8, 2)
COLUMNS = tuple(HEADER.strip().split(","))
GOOD = ("Eriksson", "1990", "F", "UTO", "L1", r"C:\new")
BAD = ("Nobody", "1990-13", "F", "UTO", "", "")


def rows(count: int) -> str:
    return HEADER + "".join(f"N{n},1990,F,UTO,{n:07},Street {n}\n" for n in range(count))


def batch(*cells: tuple[str, ...], today: date = TODAY, whole: bool = True) -> Batch:
    return Batch.of([(number, each) for number, each in enumerate(cells, start=2)], today, whole=whole, is_last=False)


@pytest.fixture
def kept() -> Iterator[KeptOutcomes]:
    found = KeptOutcomes(ENTROPY)
    yield found
    found.close()


@pytest.mark.parametrize("cells", [(), (BAD,), (GOOD,), (BAD, GOOD, BAD, BAD, GOOD), (GOOD, BAD)])
def test_rows_come_back_in_their_order_as_values_and_as_lines(cells: tuple[tuple[str, ...], ...]) -> None:
    values = unpack(Reading("csv", COLUMNS).begin()(batch(*cells)))
    lines = unpack(Reading("csv", COLUMNS, lines=True).begin()(batch(*cells)))
    assert len(values) == len(lines) == len(cells)
    for as_values, as_line in zip(values, lines, strict=True):
        if isinstance(as_values, BadInput):
            assert isinstance(as_line, BadInput) and (as_line.code, as_line.facts) == (as_values.code, as_values.facts)
        else:
            assert as_line == (as_values[0], copy_text([[value] for value in as_values]), as_values[-1])


def test_a_person_without_a_number_has_none_in_a_line_either() -> None:
    (line,) = unpack(Reading("csv", COLUMNS, lines=True).begin()(batch((*GOOD[:4], "", ""))))
    assert not isinstance(line, BadInput)
    assert line[0] is None and (line[1] or "").startswith("\\N\tEriksson\t")


def test_what_has_a_meaning_in_a_table_is_escaped_and_nothing_else_is_touched() -> None:
    odd = ["a\tb", "a\nb", "a\rb", "a\\b", r"\N", "", "ữ", None]
    wanted = [r"a\tb", r"a\nb", r"a\rb", r"a\\b", r"\\N", "", "ữ", r"\N"]
    assert copy_text([odd, ["x"] * 8]).split("\n") == [f"{cell}\tx" for cell in wanted]
    assert copy_text([[None, None], ["", "y"]]) == "\\N\t\n\\N\ty"


def test_what_is_kept_comes_back_in_order_until_another_day_and_not_from_there_on(kept: KeptOutcomes) -> None:
    for number, day in enumerate((TODAY, TODAY, TOMORROW, TODAY)):
        kept.add(batch(GOOD, today=day), b"%d" % number)
    assert [found for _, found in kept.all(TODAY)] == [b"0", b"1"]


def test_behind_a_batch_that_is_not_whole_or_finds_no_room_nothing_is_kept(
    kept: KeptOutcomes, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.add(batch(GOOD), b"0")
    kept.add(batch(GOOD, whole=False), b"1")
    kept.add(batch(GOOD), b"2")
    assert not kept.is_taking
    assert [found for _, found in kept.all(TODAY)] == [b"0"]
    monkeypatch.setattr(kept_outcomes, "MOST", 1000)
    small = KeptOutcomes(ENTROPY)
    small.add(batch(GOOD), b"0")
    small.add(batch(GOOD), bytes(1000))
    small.add(batch(GOOD), b"2")
    assert [found for _, found in small.all(TODAY)] == [b"0"]
    small.close()


def test_no_person_stands_in_the_file_in_clear_and_what_was_changed_in_it_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "kept"
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: path.open("w+b"))
    kept = KeptOutcomes(ENTROPY)
    for number in range(3):
        kept.add(batch(GOOD), b"Eriksson %d" % number)
    kept._file.flush()
    content = path.read_bytes()
    assert len(content) > 300 and b"Eriksson" not in content
    changed = bytearray(content)
    changed[len(content) // 2] ^= 1
    path.write_bytes(changed)
    assert [found for _, found in kept.all(TODAY)] == [b"Eriksson 0"]
    kept.close()


@pytest.mark.parametrize("room", [0, 800_000, 1 << 30])
def test_an_import_is_the_same_whatever_is_kept(
    office: WorkingOffice, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    """Nothing, the first chunks, and all; how often a batch is read tells which."""
    read, shown = [], []
    begin = person_batches.Reading.begin

    def counting(reading: Reading) -> object:
        outcomes = begin(reading)
        return lambda each: (read.append(each.count), outcomes(each))[1]

    monkeypatch.setattr(kept_outcomes, "MOST", room)
    monkeypatch.setattr(person_batches.Reading, "begin", counting)
    count = 4 * CHUNK + 7
    with PersonSource.of_text(rows(count)) as source:
        options = ImportOptions(processes=1, progress=shown.append)
        report = office.register.persons.imports.run(source, office.clerk, options)
    assert (report.imported, report.rejected_count) == (count, 0)
    with office.register.database.read() as connection:
        numbers = connection.execute(select(person.c.personal_number)).scalars().all()
        streets = connection.execute(select(func.count(person.c.place_of_residence.distinct()))).scalar()
    assert sorted(map(int, filter(None, numbers))) == list(range(count)) and streets == count
    assert {0: len(read) == 10, 800_000: 5 < len(read) < 10, 1 << 30: len(read) == 5}[room]
    assert shown == sorted(shown) and shown[-1] == 1.0


def test_an_import_over_midnight_holds_the_rows_to_the_new_day(
    office: WorkingOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    begin = two_readings.TwoReadings.second

    def later(readings: two_readings.TwoReadings, *arguments: object) -> object:
        readings._today = lambda: TOMORROW
        return begin(readings, *arguments)  # type: ignore[arg-type]

    read = person_batches.Reading._outcome

    def outcome(reading: Reading, row: object, of: Batch) -> object:
        asked.append(of.today)
        return read(reading, row, of)  # type: ignore[arg-type]

    monkeypatch.setattr(two_readings.TwoReadings, "second", later)
    monkeypatch.setattr(person_batches.Reading, "_outcome", outcome)
    with PersonSource.of_text(rows(3)) as source:
        report = office.register.persons.imports.run(source, office.clerk, ImportOptions(processes=1))
    assert report.imported == 3
    assert len(asked) == 6 and asked[3:] == [TOMORROW] * 3 and TOMORROW not in asked[:3]
