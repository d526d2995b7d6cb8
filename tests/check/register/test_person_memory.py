"""However many persons there are: an export and a search for duplicates take the same memory."""

from __future__ import annotations

import pytest

from eid_toolkit.books.ledger.bulk import insert_rows
from eid_toolkit.books.ledger.schema import person
from eid_toolkit.ground.home.home import Home
from support.homes import NOW, WorkingOffice
from support.memory import most_memory

FEW, MANY = 1_000, 12_000
MORE = 8 << 20
"""Bytes that the many may take more than the few; what all of them come to is more than twice as much."""
BLOCK = 1_000
WORDS, LONG_NAME = "abcdefgh " * 40, "ABCDEFGH " * 180
FIELDS = ("place_of_birth", "place_of_origin", "place_of_residence", "father", "mother", "spouse")


def fill(home: Home, begin: int, end: int) -> None:
    """Persons with much about each, every tenth of whom has a double."""
    office = WorkingOffice.at(home)
    for start in range(begin, end, BLOCK):
        rows = [
            {
                "id": f"P-{number:08}",
                **dict.fromkeys(FIELDS, WORDS),
                "primary_identifier": WORDS,
                "folded_name": f"{number - number % 10 // 9:08} {LONG_NAME}",
                "date_of_birth": f"{1920 + number // 10 % 100}-{1 + number // 1000 % 12:02}-01",
                "sex": "F",
                "nationality": "UTO",
                "created_at": NOW,
            }
            for number in range(start, start + BLOCK)
        ]
        with office.register.database.write() as connection:
            insert_rows(connection, person, rows)
    office.register.close()


@pytest.mark.parametrize(
    ("hold", "words"),
    [("people", ("person", "export", "--output", "/dev/null")), ("rows", ("person", "duplicates", "--scan"))],
    ids=["export", "duplicates"],
)
def test_many_persons_take_no_more_memory_than_few(demo_home: Home, hold: str, words: tuple[str, ...]) -> None:
    words = ("--operator", "anna", *words)
    fill(demo_home, 0, FEW)
    few = most_memory(demo_home.root, *words)
    fill(demo_home, FEW, MANY)
    many = most_memory(demo_home.root, *words)
    assert many - few < MORE, f"{few >> 20} and {many >> 20} megabytes"
    held = most_memory(demo_home.root, *words, hold=hold)
    assert held - few > 2 * MORE, f"the measure saw nothing: {few >> 20} and {held >> 20} megabytes"
