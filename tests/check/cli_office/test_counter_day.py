"""A day at the counter, typed at terminals: each person gives one passphrase, and a card costs none beyond it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.day import WORDS, Day
from support.homes import portrait_file
from support.waiting import wait_for


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    with Day.founded(tmp_path) as day:
        yield day


def test_each_person_is_asked_once_and_a_card_costs_no_question(day: Day) -> None:
    folder = day.folder
    holder = "--given-names Anna --birth 1974-08-12 --sex F --nationality UTO --format json"
    create = "application create --profile utopia-id --format json"
    day.at_terminal_of(
        "clara",
        "unlock --for 1h",
        "person search Eriksson",
        *(f"person add --surname {name} {holder} > {folder}/{name}.json" for name in ("Eriksson", "Berg")),
        "person search Eriksson",
    )
    people = [day.told(f"{name}.json")["id"] for name in ("Eriksson", "Berg")]
    for number, person in enumerate(people):
        (folder / f"{person}.png").write_bytes(portrait_file(number))
    words = (f"{create} --person {each} --portrait {folder}/{each}.png > {folder}/{each}.json" for each in people)
    day.at_terminal_of("clara", "unlock", *words, "lock")
    applications = [day.told(f"{person}.json")["id"] for person in people]
    day.at_terminal_of("albert", "unlock", f"application approve {' '.join(applications)}")
    assert day.asked == {"clara": 2, "albert": 1}  # Clara went home in between: her terminal was closed

    day.asked.clear()
    blanks = [f"emulator blank card-{number}" for number in (1, 2)]
    day.at_terminal_of(
        "pat",
        "unlock",
        *(
            f"document prepare {application} --format json > {folder}/{application}.json"
            for application in applications
        ),
        *blanks,
        f"emulator manifest card-1 card-2 --batch E1 --output {folder}/blanks.json",
    )
    day.at_terminal_of(
        "sam", "unlock", f"stock receive {folder}/blanks.json --station counter",
        "stock open --station counter --counted 2 --second-operator clara", "agent",
    )  # fmt: skip
    assert day.asked == {"pat": 1, "sam": 1, "clara": 1}  # the second person is always asked
    day.asked.clear()
    documents = [day.told(f"{application}.json")[0]["id"] for application in applications]
    day.at_terminal_of(
        "pat",
        "unlock",
        *(
            f"card personalize {document} --reader emulator:card-{number} --station counter --without-print-check"
            for number, document in enumerate(documents, 1)
        ),
    )
    assert day.asked == {"pat": 1}


def test_an_agent_ends_with_the_terminal_that_it_was_unlocked_at(day: Day) -> None:
    assert "not unlocked" not in day.at_terminal_of("clara", "unlock", "agent")
    wait_for(lambda: "not unlocked" in day.at_terminal_of("clara", "agent"))
    day.at_terminal_of("clara", "person search Eriksson")
    assert day.asked == {"clara": 2}


def test_what_two_open_together_asks_both_also_beside_an_agent(day: Day) -> None:
    screen = day.at_terminal_of(
        "dora", "unlock", "person search Eriksson || true", "pki cvca create --second-operator emil"
    )
    assert day.asked == {"dora": 2, "emil": 1}
    assert "Passphrase of dora, to create a CVCA key of UTO:" in screen
    assert "Passphrase of emil, to create a CVCA key of UTO:" in screen


def test_a_question_says_who_is_asked_and_what_for(day: Day) -> None:
    screen = day.at_terminal_of("dora", "operator disable clara --second-operator emil")
    assert "Passphrase of dora, to disable clara:" in screen
    assert "Passphrase of emil, to disable clara:" in screen
    assert "Passphrase of albert, to decide on applications:" in day.at_terminal_of(
        "albert", "application approve A-0", code=9
    )


def test_a_passphrase_may_be_mistyped_twice_and_not_three_times(day: Day) -> None:
    screen = day.at_terminal_of("clara", "person search Eriksson", wrong=2)
    assert "Tries left: 1." in screen
    day.asked.clear()
    screen = day.at_terminal_of("clara", "person search Eriksson", code=7, wrong=3)
    assert day.asked == {"clara": 3}
    assert "re-enrol clara" in screen
    assert all(words not in screen for words in WORDS.values())


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("operator add emma --role clerk --second-operator emil", 10),
        ("operator add dora --role clerk", 10),
        ("pki csca roll --second-operator emil", 10),
        ("audit checkpoint", 10),
    ],
)
def test_what_cannot_be_is_told_before_anybody_is_asked(day: Day, command: str, code: int) -> None:
    day.at_terminal_of("clara", command, code=code)
    assert not day.asked


def test_an_agent_serves_no_home_whose_foundation_was_exchanged(day: Day) -> None:
    """Else what is sealed from then on could be sealed for somebody else."""
    path = day.folder / "home" / "keys" / "foundation.json"
    before = path.read_text()
    other = re.sub(r'"created": "\d{4}', '"created": "2001', before)
    (day.folder / "other").write_text(other)
    screen = day.at_terminal_of(
        "clara", "unlock", f"keys show; cp {day.folder}/other {path}; true", "person search x", code=12
    )
    assert other != before and day.asked["clara"] <= 2
    assert "endorsed" in screen or "foundation" in screen
    path.write_text(before)
    day.at_terminal_of("clara", "person search Eriksson")


def test_the_page_for_the_office_shows_what_unlocking_shows(day: Day) -> None:
    page = (Path(__file__).parents[3] / "docs" / "office.md").read_text("utf-8")
    (block,) = re.findall(r"^## One passphrase a day\n.*?^```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    commands = re.findall(r"^\$ eid --operator clara (.*)$", block, re.MULTILINE)
    screen = day.at_terminal_of("clara", *commands)
    shown = [line.rstrip() for line in screen.splitlines() if line.strip()]
    told = [line.rstrip() for line in block.splitlines() if line.strip() and not line.startswith("$")]
    masked = [re.sub(r"\d+:\d\d:\d\d", "H:MM:SS", line) for line in (*told, *shown)]
    assert [line for line in masked[len(told) :] if "lock memory" not in line] == masked[: len(told)]
