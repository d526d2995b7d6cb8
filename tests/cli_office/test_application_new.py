"""`eid application new`: somebody new and their application in one go, or neither; who is there already is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eid_toolkit.books.register.documents.applications import Applications
from eid_toolkit.ground.errors import DatabaseAway
from eid_toolkit.ground.home.home import Home
from support.offices import CommandLine

HOLDER = ("--surname", "Berg", "--given-names", "Nils", "--birth", "1980-02-29", "--sex", "M")
NEW = ("application", "new", "--profile", "utopia-id", *HOLDER, "--portrait")


@pytest.fixture
def office(demo_home: Home) -> CommandLine:
    return CommandLine(demo_home.root)


def as_json(office: CommandLine, *words: object) -> Any:
    return json.loads(office.call("--operator", "anna", "--yes", *words, "--format", "json").stdout)


def people(office: CommandLine) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = as_json(office, "person", "search", "Berg")
    return found


def test_a_person_and_an_application_come_of_one_command(office: CommandLine, portrait: Path) -> None:
    made = as_json(office, *NEW, portrait)
    (person,) = people(office)
    assert (made["person"], made["state"], person["nationality"]) == (person["id"], "created", "UTO")


def test_somebody_who_is_there_already_is_told_and_nobody_is_added(office: CommandLine, portrait: Path) -> None:
    as_json(office, *NEW, portrait)
    refused = office.one("--yes", *NEW, portrait, code=9)
    (person,) = people(office)
    assert person["id"] in refused.stderr


@pytest.mark.parametrize(
    "words", [("--surname", "\u0411\u0435\u0440\u0433\u05d0"), ("--birth", "2980-01-01"), ("--evidence", "nothing")]
)
def test_what_is_refused_leaves_nobody_behind(office: CommandLine, portrait: Path, words: tuple[str, str]) -> None:
    refused = office.one("--yes", *NEW, portrait, *words, code=2 if "--evidence" in words else 9)
    assert "Error" in refused.stderr
    assert as_json(office, "person", "search", "Nils") == []


def test_a_stop_between_loses_nothing(office: CommandLine, portrait: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise DatabaseAway("register-away", reason="test")

    with monkeypatch.context() as patch:
        patch.setattr(Applications, "create", away)
        office.one("--yes", *NEW, portrait, code=11)
    (person,) = people(office)
    assert person["id"] in office.one("--yes", *NEW, portrait, code=9).stderr
    words = ("--person", person["id"], "--profile", "utopia-id", "--portrait", portrait)
    assert as_json(office, "application", "create", *words)["state"] == "created"
