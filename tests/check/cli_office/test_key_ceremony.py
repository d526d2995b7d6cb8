"""The key ceremony of docs/keys.md, run as it stands: every command at a terminal, typed by the person it names."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from support.at_terminal import at_terminal
from support.offices import ENVIRONMENT, PEOPLE, CommandLine, new_office

PAGE = (Path(__file__).parents[3] / "docs" / "keys.md").read_text("utf-8")
CEREMONY = re.search(r"^## A key ceremony\n(.*?)^## ", PAGE, re.MULTILINE | re.DOTALL)
ROLES = {"anna": "security-officer", "bert": "clerk", "wilma": "personalizer"}
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def ceremony() -> str:
    assert CEREMONY is not None
    return CEREMONY[1]


def letters() -> dict[str, tuple[str, str]]:
    """Component and check value by the number of the letter."""
    rows = re.findall(r"^\| (\d) \| `([0-9A-F ]+)` \| `([0-9A-F]+)` \|$", ceremony(), re.MULTILINE)
    return {number: (component, check_value) for number, component, check_value in rows}


def steps() -> list[tuple[list[str], str]]:
    """Each command, and what the page says is on the screen then."""
    blocks = re.findall(r"^```text\n\$ eid (.*?)\n(.*?)^```$", ceremony(), re.MULTILINE | re.DOTALL)
    return [(shlex.split(words), screen) for words, screen in blocks]


@pytest.fixture
def office(tmp_path: Path) -> CommandLine:
    """Anna and Bert found it; then everybody has the one role of theirs."""
    office = new_office(tmp_path / "home")
    office.add("wilma", of_person("wilma"), ROLES["wilma"])
    office.add("carl", of_person("carl"), "security-officer")
    office.two("operator", "roles", "bert", "--role", ROLES["bert"])
    return office


def of_person(name: str) -> str:
    variable = PEOPLE.get(name)
    return ENVIRONMENT[variable] if variable is not None else f"the words of {name}"


class People:
    """They answer what they are asked, from the page and their letters."""

    def __init__(self, words: list[str], wrong: dict[str, int] | None = None) -> None:
        self._words = words
        self._wrong = wrong or {}
        self.asked: list[str] = []

    def __call__(self, question: str) -> str | None:
        self.asked.append(question)
        if asked := re.fullmatch(r"Passphrase of (\w+), to .*:", question):
            return of_person(asked[1])
        if question.endswith("[y/N]:"):
            return "y"
        typed = re.fullmatch(r"(\w+): (check value of )?component (\d) of 2 \(Cards Ltd, batch 2026/17\):", question)
        assert typed is not None, question
        component, check_value = letters()[typed[3]]
        if typed[2]:
            return check_value
        if self._wrong.get(typed[3], 0) > 0:
            self._wrong[typed[3]] -= 1
            return component[::-1]
        return component


def run(office: CommandLine, words: list[str], people: People) -> tuple[int, str]:
    command = [sys.executable, "-m", "eid_toolkit.doors.cli.main", "--home", str(office.root), *words]
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME", "LANG") if name in os.environ}
    return at_terminal(command, {**kept, "NO_COLOR": "1"}, people)


def seen(screen: str) -> list[str]:
    """Lines without passphrases' questions, days, and blanks at the end."""
    lines = [DATE.sub("DAY", line.rstrip()) for line in screen.strip().split("\n")]
    return [re.sub(r"^since.*", "since", line) for line in lines if line and not line.startswith("Passphrase of")]


def without_time(lines: list[str]) -> list[str]:
    return [line for line in lines if line != "since"]


def test_each_step_shows_what_the_page_says(office: CommandLine) -> None:
    assert len(letters()) == 2
    assert len(steps()) == 5
    for words, expected in steps():
        people = People(words)
        code, screen = run(office, words, people)
        assert code == 0, screen
        assert without_time(seen(screen)) == without_time(seen(expected)), words
        assert any(question.startswith(f"Passphrase of {words[1]}, to") for question in people.asked)
        for component, _ in letters().values():
            assert component not in screen


def test_a_slip_is_told_at_once_and_the_third_one_ends_the_command(office: CommandLine) -> None:
    words = steps()[1][0]
    code, screen = run(office, words, People(words, {"1": 2}))
    assert code == 0
    assert screen.count("does not have the check value CB696F") == 2
    second = steps()[2][0]
    people = People(second, {"2": 3})
    code, screen = run(office, second, people)
    assert code == 9
    assert screen.count("does not have the check value 2B8997") == 3
    assert sum("bert: component" in question for question in people.asked) == 3
    code, screen = run(office, second, People(second))
    assert (code, "active" in screen) == (0, True)


class Leaving(People):
    """Whoever is asked for a component presses Ctrl-C."""

    def __call__(self, question: str) -> str | None:
        return "\x03" if re.match(r"\w+: component", question) else super().__call__(question)


def test_who_leaves_while_a_component_is_asked_for_keeps_nothing(office: CommandLine) -> None:
    words = steps()[1][0]
    code, screen = run(office, words, Leaving(words))
    assert code == 130, screen
    assert not list((office.root / "keys").glob("vendor-*"))
