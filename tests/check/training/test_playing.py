"""Officers at a terminal, each with one way to decide: their figures are those that were worked out by hand.

By the seed ``a`` the first line draws three threats (sister, altered-sex, clone), four cases that nobody can decide
there (expired-yesterday, pulled, unknown-state, broken-chip) and 13 good holders; the second line three threats
(signed-algorithm, exchanged, clone), three undecided (no-proof-of-chip, unknown-state, bac-forbidden) and ten.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Any

import pytest

from eid_toolkit.work.training.attempts import Attempts
from eid_toolkit.work.training.case import DECISIONS, FAMILIES, Case
from eid_toolkit.work.training.deck import find_deck
from support.at_terminal import at_terminal

SEED = "a"
DECKS = ("first-line", "second-line")
EID = [sys.executable, "-m", "eid_toolkit.doors.cli.main"]
CASE = re.compile(r"^Case [0-9]+ of [0-9]+\.$", re.MULTILINE)
VERDICT = re.compile(r"^(PASSED|FAILED|UNDETERMINED)", re.MULTILINE)
CHECK = re.compile(r"^  (?:failed|undetermined) +([a-z]+)\.", re.MULTILINE)
NOT_MADE = re.compile(r"^  not-performed +([a-z]+)\.", re.MULTILINE)


@dataclass
class Officer:
    """Answers as ``decide`` says, which sees the case and what is on the screen since it was begun."""

    deck: str
    decide: Callable[[Case, str], tuple[str, str]]
    home: Path
    language: str = "en"
    stops_after: int = 999
    screen: str = ""
    reason: str = ""
    done: int = 0
    cases: Mapping[str, Case] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.cases = {case.telling(self.language).scene: case for case in find_deck(self.deck).cases}

    def play(self, *options: str) -> tuple[int, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("EID_")}
        environment = {**kept, "EID_HOME": str(self.home), "NO_COLOR": "1"}
        command = [*EID, "--lang", self.language, "train", "start", self.deck, *options]
        return at_terminal(command, environment, self.answer, self.look)

    def look(self, screen: str) -> None:
        self.screen = screen

    def answer(self, question: str) -> str:
        now = CASE.split(self.screen)[-1]
        case = next(case for scene, case in self.cases.items() if scene in now)
        if question.startswith("What do you do"):
            if self.done == self.stops_after:
                return "stop"
            decision, self.reason = self.decide(case, now)
            self.done += decision in DECISIONS
            return decision
        return self.reason if question.startswith("Why") else "3"


def perfect(case: Case, screen: str) -> tuple[str, str]:
    return case.answers[0], (*case.reasons, "")[0]


def always(decision: str) -> Callable[[Case, str], tuple[str, str]]:
    return lambda case, screen: (decision, "pa")


def trusting(case: Case, screen: str) -> tuple[str, str]:
    """Does what the tool says, and never looks up."""
    if "verify --verbose" not in screen:
        return "verify --verbose", ""
    verdict, checks = VERDICT.search(screen), CHECK.findall(screen) or NOT_MADE.findall(screen)
    if verdict is None:
        return "second-line", "document"
    decision = {"PASSED": "accept", "FAILED": "refuse", "UNDETERMINED": "second-line"}[verdict[1]]
    return decision, checks[0] if checks else "status"


def guessing(chance: Random) -> Callable[[Case, str], tuple[str, str]]:
    return lambda case, screen: (chance.choice(DECISIONS), chance.choice(FAMILIES))


def told(home: Path, *words: str) -> dict[str, Any]:
    line = [*EID, "--home", str(home), "train", *words, "--format", "json"]
    data: dict[str, Any] = json.loads(subprocess.run(line, check=True, capture_output=True, timeout=60).stdout)
    return data


def result(home: Path) -> dict[str, Any]:
    return told(home, "result")


def counts(score: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    names = ("caught", "refused", "delayed", "passed_on", "reasons")
    return {name: (score[name]["count"], score[name]["of"]) for name in names}


def figures(caught: Any, refused: Any, delayed: Any, passed_on: Any, reasons: Any) -> dict[str, tuple[int, int]]:
    return {"caught": caught, "refused": refused, "delayed": delayed, "passed_on": passed_on, "reasons": reasons}


@pytest.mark.parametrize(
    ("deck", "decide", "counted", "cost", "missed", "passes"),
    [
        ("first-line", perfect, figures((3, 3), (0, 13), (0, 13), (4, 4), (7, 7)), 0, {}, True),
        (
            "first-line",
            always("accept"),
            figures((0, 3), (0, 13), (0, 13), (0, 4), (0, 0)),
            3 * 100 + 4 * 30,
            {"pa": 1, "chip": 1, "document": 4, "status": 1, "bearer": 1, "print": 1},
            False,
        ),
        (
            "first-line",  # an expired card may be refused, but not for its signature
            always("refuse"),
            figures((3, 3), (13, 13), (0, 13), (1, 4), (0, 4)),
            13 * 20 + 3 * 15 + 4 * 2,
            {},
            False,
        ),
        (
            "first-line",  # another woman's card passes; two readings that broke off are no matter of signatures
            trusting,
            figures((2, 3), (0, 13), (0, 13), (4, 4), (4, 6)),
            100 + 2 * 2,
            {"bearer": 1},
            False,
        ),
        ("second-line", perfect, figures((3, 3), (0, 10), (0, 10), (3, 3), (6, 6)), 0, {}, True),
        (
            "second-line",
            always("accept"),
            figures((0, 3), (0, 10), (0, 10), (0, 3), (0, 0)),
            3 * 100 + 3 * 30,
            {"pa": 3, "chip": 2, "document": 2, "print": 1},
            False,
        ),
        (
            "second-line",
            always("refuse"),
            figures((3, 3), (10, 10), (0, 10), (0, 3), (2, 3)),
            10 * 20 + 3 * 15 + 2,
            {},
            False,
        ),
        ("second-line", trusting, figures((3, 3), (0, 10), (0, 10), (3, 3), (6, 6)), 0, {}, True),
    ],
    ids=[f"{deck} {way}" for deck in DECKS for way in ("perfect", "accepts", "refuses", "trusts the tool")],
)
def test_an_officer_gets_the_figures_of_how_they_decide(
    tmp_path: Path,
    deck: str,
    decide: Callable[[Case, str], tuple[str, str]],
    counted: dict[str, tuple[int, int]],
    cost: int,
    missed: dict[str, int],
    passes: bool,
) -> None:
    code, screen = Officer(deck, decide, tmp_path).play("--seed", SEED)
    assert code == 0, screen
    shown = result(tmp_path)
    assert shown["over"]
    assert counts(shown["score"]) == counted, screen
    assert (shown["score"]["cost"], shown["score"]["missed"], shown["score"]["passed"]) == (cost, missed, passes)


@pytest.mark.parametrize("deck", DECKS)
def test_who_guesses_gets_what_the_guesses_were_worth(tmp_path: Path, deck: str) -> None:
    Officer(deck, guessing(Random(19)), tmp_path).play("--seed", SEED)
    chance, cases, cost = Random(19), find_deck(deck).by_name, 0
    for drawn in find_deck(deck).draw(SEED):
        case, decision, reason = cases[drawn.case], chance.choice(DECISIONS), chance.choice(FAMILIES)
        if decision in case.answers:
            cost += 0 if decision == "accept" or reason in case.reasons else 2
        elif case.answers == ("accept",):
            cost += {"refuse": 20, "second-line": 5}[decision]
        elif case.threat:
            cost += 100 if decision == "accept" else 0
        else:
            cost += {"accept": 30, "refuse": 15}[decision]
    assert result(tmp_path)["score"]["cost"] == cost


def test_a_stop_in_the_middle_goes_on_with_the_same_cases(tmp_path: Path) -> None:
    code, screen = Officer("first-line", perfect, tmp_path, stops_after=3).play("--seed", SEED)
    assert code == 0 and "nothing is lost" in screen
    assert len(result(tmp_path)["cases"]) == 3
    assert not (tmp_path / "training" / "stage").exists()
    code, screen = Officer("first-line", perfect, tmp_path).play()
    assert "3 of 20 cases are answered" in screen
    shown = result(tmp_path)
    assert shown["over"] and shown["score"]["cost"] == 0
    assert [each["case"] for each in shown["cases"]] == [each.case for each in find_deck("first-line").draw(SEED)]


def test_a_second_attempt_draws_other_cases_and_an_erased_one_is_gone(tmp_path: Path) -> None:
    for _ in range(2):
        Officer("second-line", always("accept"), tmp_path).play("--again")
    first, second = Attempts(tmp_path).all()
    cases = find_deck("second-line").by_name
    threats = [{each.case for each in attempt.drawn if cases[each.case].threat} for attempt in (first, second)]
    assert threats[0].isdisjoint(threats[1])
    line = [*EID, "--home", str(tmp_path), "--yes", "train", "erase", first.id]
    assert subprocess.run(line, capture_output=True, timeout=60, check=False).returncode == 0
    assert Attempts(tmp_path).all() == (second,)


def test_a_report_tells_of_one_officer_or_of_all(tmp_path: Path) -> None:
    for deck, decide, name in (
        ("first-line", perfect, "linh"),
        ("second-line", always("accept"), "linh"),
        ("second-line", always("refuse"), "wei"),
    ):
        Officer(deck, decide, tmp_path).play("--seed", SEED, "--officer", name)
    own = told(tmp_path, "report", "--officer", "linh")
    assert [each["deck"] for each in own["attempts"]] == ["first-line", "second-line"]
    assert counts(own["together"]) == figures((3, 6), (0, 23), (0, 23), (4, 7), (7, 7))
    assert own["together"]["cost"] == 390 and not own["together"]["passed"]
    assert (own["sure"]["3"]["count"], own["sure"]["3"]["of"]) == (30, 36)
    assert (own["sure"]["1"]["count"], own["sure"]["1"]["of"]) == (0, 0)
    everyone = told(tmp_path, "report", "--class")["officers"]
    assert [(each["officer"], each["cost"], each["passed"]) for each in everyone] == [("linh", 390, 1), ("wei", 247, 0)]
    for words in (("--officer", "nobody"), ("--officer", "wei", "--class")):
        line = [*EID, "--home", str(tmp_path), "train", "report", *words]
        ended = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
        assert ended.returncode != 0 and "Error:" in ended.stderr and "Traceback" not in ended.stderr


def test_the_range_speaks_the_language_of_the_officer(tmp_path: Path) -> None:
    def answer(question: str) -> str:
        return "accept" if question.startswith("Bạn làm gì") else "1"

    environment = {**os.environ, "EID_HOME": str(tmp_path), "NO_COLOR": "1", "EID_LANG": "vi"}
    code, screen = at_terminal([*EID, "train", "start", "first-line", "--seed", SEED], environment, answer)
    assert code == 0
    for name in find_deck("first-line").by_name:  # names of files
        screen = screen.replace(name, "")
    assert not re.search(r"\b(the|and|with|card is|your|not|was|right|wrong|holders|cost)\b", screen)
    assert "Tình huống 20 trên 20." in screen


def test_the_tool_takes_its_options(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    typed = iter([f"verify --report {page}", "verify --can 123456 --brief", "verify --can 999999", "stop"])
    environment = {**os.environ, "EID_HOME": str(tmp_path), "NO_COLOR": "1"}
    command = [*EID, "train", "start", "first-line", "--seed", "training"]
    code, screen = at_terminal(command, environment, lambda question: next(typed))
    assert code == 0
    assert page.read_bytes().startswith(b"<!doctype html>")
    assert screen.count("PASSED") == 3  # first and last line of one, and a brief one
    assert "Error: " in screen.rpartition("999999")[2]


def test_what_is_typed_wrongly_is_asked_again(tmp_path: Path) -> None:
    typed = iter(["what", "'", "verify --nonsense", "refuse", "nose", "chip", "9", "3", "stop"])
    environment = {**os.environ, "EID_HOME": str(tmp_path), "NO_COLOR": "1"}
    code, screen = at_terminal([*EID, "train", "start", "first-line"], environment, lambda question: next(typed))
    assert code == 0 and "Traceback" not in screen
    assert "No such option" in screen and "nose is none of these" in screen and "9 is none of these" in screen
    (attempt,) = Attempts(tmp_path).all()
    assert [(each.decision, each.reason, each.sure) for each in attempt.answers] == [("refuse", "chip", 3)]


def test_an_author_writes_a_case_and_checks_the_deck(tmp_path: Path) -> None:
    deck = tmp_path / "my-deck"
    shutil.copytree(str(files("eid_toolkit.work.training").joinpath("decks", "second-line")), deck)

    def eid(*words: str) -> subprocess.CompletedProcess[str]:
        line = [*EID, "--home", str(tmp_path / "home"), "train", *words]
        return subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    assert eid("new", "my-deck/night-train.toml").returncode == 0
    checked = eid("check", "./my-deck")
    assert checked.returncode == 0 and "night-train" in checked.stdout, checked.stderr
    case = deck / "night-train.toml"
    case.write_text(case.read_text().replace('forgery = "clone"', 'forgery = "portrait"'))
    told = {**os.environ, "EID_HOME": str(tmp_path / "home")}
    at_terminal([*EID, "train", "start", str(deck)], told, lambda question: "stop")
    left_out = eid("report")
    assert "Left out are 1 of 1 attempts" in left_out.stderr and left_out.returncode != 0
    checked = eid("check", "./my-deck", "--format", "json")
    assert checked.returncode == 1 and "1 of" in checked.stderr
    assert [each["case"] for each in json.loads(checked.stdout) if each["differs"]] == ["night-train"]


def test_a_changed_deck_and_a_damaged_attempt_are_refused(tmp_path: Path) -> None:
    deck, home = tmp_path / "my.deck", tmp_path / "home"
    shutil.copytree(str(files("eid_toolkit.work.training").joinpath("decks", "first-line")), deck)
    environment = {**os.environ, "EID_HOME": str(home)}
    line = [*EID, "train", "start", str(deck)]
    at_terminal(line, environment, lambda question: "stop")
    (deck / "clone.toml").write_text((deck / "clone.toml").read_text().replace('"refuse", ', ""))
    code, screen = at_terminal(line, environment, lambda question: "stop")
    assert code != 0 and "has changed" in screen
    (file,) = (home / "training").glob("T-*.json")
    file.write_text(file.read_text().replace('"answers": []', '"answers": [{"case": "clone"}]'))
    code, screen = at_terminal([*EID, "train", "list"], environment, lambda question: "")
    assert code != 0 and "not the record of an attempt" in screen and "Traceback" not in screen
