"""From a person to an issued card in four commands, in any order of cards, and again by name alone: keys are counted.

Each command is given by whose task it is, at a terminal; what is typed, the screen has just shown, or it is printed on
the card, or the person at the counter has said it.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest

from support.day import Day
from support.homes import portrait_file

COUNTS = "counts"
Tell = Callable[[str, object], None]
BLANKS = 12
NUMBER = r"\bU\d{8}\b"
"""Of a document, as screens show it."""
LOST = '"Eriksson Anna 1974-08-12"'


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    """The stock is there, a shift is open, and each one has set their defaults, as somebody does once."""
    with Day.founded(tmp_path) as day:
        blanks = [f"card-{number:02}" for number in range(BLANKS)]
        day.at_terminal_of(
            "pat",
            "unlock",
            *(f"emulator blank {name}" for name in blanks),
            f"emulator manifest {' '.join(blanks)} --batch E1 --output {day.folder}/blanks.json",
        )
        day.at_terminal_of(
            "sam",
            f"stock receive {day.folder}/blanks.json --station main",
            f"stock open --counted {BLANKS} --second-operator clara",
            "config set profile utopia-id --for-home",
        )
        day.begin()
        yield day


def documents(day: Day) -> list[dict[str, Any]]:
    return json.loads(day.office.call("document", "list", "--format", "json").stdout)


def printed(day: Day, number: str) -> Mapping[str, Any]:
    """What is printed on a card, as the printer was told."""
    screen = day.at_terminal_of("pat", f"document export {number} --format json > {day.folder}/print.json")
    assert "Error" not in screen
    return day.told("print.json")


def answers(*replies: tuple[str, str]) -> Callable[[str], str]:
    """Each question has its answer; one that nobody expects fails the test."""

    def answer(question: str) -> str:
        for pattern, reply in replies:
            if re.search(pattern, question):
                return reply
        raise AssertionError(f"nobody expects to be asked: {question}")

    return answer


TYPED = answers(
    ("^Surname", "Eriksson"),
    ("^Given names", "Anna"),
    ("^Date of birth", "1974-08-12"),
    ("^Sex", "F"),
    ("^Nationality", ""),
    ("^Personal number", ""),
)


def issue_one(day: Day, first: str, create: Callable[[str], str], card: str) -> None:
    """The rest of the way of one application: approved, prepared, written; its number is read from the screen."""
    day.unlocked("clara", first, create)
    day.unlocked("albert", "application approve --all", answers(("^Approve", "y")))
    screen = day.unlocked("pat", "document prepare --all", answers())
    (number,) = set(re.findall(NUMBER, screen))
    with day.uncounted():  # a printer has no keyboard
        can = printed(day, number)["can"]
    questions = answers(("^Write document", "y"), ("^Printed number", can))
    day.unlocked("pat", f"card personalize {number} --reader emulator:{card}", questions)


def test_a_person_has_a_card_in_four_commands_and_another_one_by_name_when_it_is_lost(
    day: Day, record_property: Tell
) -> None:
    (day.folder / "face.png").write_bytes(portrait_file(1))
    issue_one(day, f"application new --portrait {day.folder}/face.png", TYPED, "card-00")
    (issued,) = documents(day)
    assert issued["state"] == "issued"
    assert day.commands == 4
    typed_path = len(str(day.folder))  # a clerk's portraits do not lie as deep
    record_property(COUNTS, f"one card: {day.counts()}")
    assert day.keys - typed_path < 260 and day.questions == 9

    day.begin()
    day.unlocked("clara", f"document report-lost {LOST}", answers(("", "y")))
    assert documents(day)[0]["state"] == "lost"
    issue_one(day, f"document reissue {LOST}", answers(("", "y")), "card-01")
    states = sorted(each["state"] for each in documents(day))
    assert states == ["issued", "reissued"]
    record_property(COUNTS, f"a lost card, reported and replaced: {day.counts()}")
    assert day.commands == 5 and day.keys < 330 and day.questions <= 5
    shown = json.loads(day.office.call("document", "show", documents(day)[1]["id"], "--format", "json").stdout)
    assert shown["print_check"] == "typed"


def test_ten_cards_are_written_in_whatever_order_they_lie(day: Day, record_property: Tell) -> None:
    faces = day.folder / "faces"
    faces.mkdir()
    numbers = [f"ZE{number:04}" for number in range(10)]
    with (day.folder / "people.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["personal_number", "surname", "given_names", "date_of_birth", "sex", "nationality"])
        for at, number in enumerate(numbers):
            table.writerow([number, f"Berg{'abcdefghij'[at]}", "Nils", f"19{50 + at}-01-31", "M", "UTO"])
            (faces / f"{number}.png").write_bytes(portrait_file(10 + at))
    day.at_terminal_of("clara", f"person import {day.folder}/people.csv", answer=answers())
    day.begin()
    create = f"application create --from {day.folder}/people.csv --portraits {faces}"
    day.unlocked("clara", create, answers(("", "y")))
    day.unlocked("albert", "application approve --all", answers(("^Approve", "y")))
    screen = day.unlocked("pat", "document prepare --all", answers())
    shown_numbers = re.findall(NUMBER, screen)
    assert len(set(shown_numbers)) == 10
    with day.uncounted():
        prints = [printed(day, number) for number in dict.fromkeys(shown_numbers)]
    Random(7).shuffle(prints)
    kinds = ("can", "number", "mrz")
    cards = [(kinds[at % 3], each) for at, each in enumerate(prints)]

    def scanned(question: str) -> str:
        if question.startswith("Write up to"):
            return "y"
        assert question.startswith("Printed number"), question
        kind, each = cards.pop(0)
        typed = {"can": each["can"], "number": each["front"]["document_number"], "mrz": "".join(each["mrz"])}
        return typed[kind]

    screen = day.unlocked("pat", "card batch --reader emulator:card-* --reader emulator:card-*", scanned)
    assert cards == [] and "10 cards issued" in screen
    assert {each["state"] for each in documents(day)} == {"issued"}
    for each in documents(day):
        shown = json.loads(day.office.call("document", "show", each["id"], "--format", "json").stdout)
        assert shown["print_check"] == "typed-first"
    record_property(COUNTS, f"ten cards: {day.counts()}")
    assert day.commands == 4
