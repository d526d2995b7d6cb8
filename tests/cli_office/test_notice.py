"""`eid notice`: what is reported counts, whether the inspections of the home can be told at once or not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.errors import ServiceAway
from eid_toolkit.ground.home.home import Home
from eid_toolkit.work.office import reporting
from support.homes import ANNA, WorkingOffice

Run = Callable[..., Result]


@pytest.fixture
def number(demo_home: Home) -> str:
    """The identifier of an issued document; the police may report it."""
    office = WorkingOffice.at(demo_home)
    document = office.document()
    office.register.documents.bind_chip(document.id, "c1", ANNA)
    office.register.documents.issue(document.id, ANNA)
    office.register.agencies.add("police", "Police", ["id"], ["a search"], ANNA, may_report=True)
    office.register.close()
    return document.id


@pytest.fixture
def run(demo_home: Home) -> Run:
    def call(*words: str, code: int = 0, typed: str = "") -> Result:
        result = CliRunner().invoke(main, ["--home", str(demo_home.root), "--operator", "anna", *words], input=typed)
        assert result.exit_code == code, (result.output, result.exception)
        assert "Traceback" not in result.output
        return result

    return call


def state(run: Run, number: str) -> Any:
    return json.loads(run("document", "show", number, "--format", "json").stdout)["state"]


def test_a_reported_document_is_asked_for_and_told_to_the_inspections(run: Run, number: str, demo_home: Home) -> None:
    words = ("notice", "add", "--kind", "stolen", "--document", number, "--agency", "police")
    run(*words, code=130)  # asked, and nobody answers
    assert state(run, number) == "issued"
    made = json.loads(run("--yes", *words, "--reason", "a burglary", "--format", "json").stdout)
    assert (made["kind"], made["document"], made["reason"]) == ("stolen", number, "a burglary")
    assert state(run, number) == "stolen"
    assert "stolen" in run("document", "status-list").stdout


def test_what_stands_in_the_way_of_telling_undoes_no_report(
    run: Run, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: object) -> None:
        raise ServiceAway("register-disk-full")

    monkeypatch.setattr(reporting, "publish_reports", failing)
    told = run(
        "--yes", "notice", "add", "--kind", "lost", "--document", number, "--agency", "police", "--format", "json"
    )
    assert json.loads(told.stdout)["kind"] == "lost"
    assert "have not been informed yet" in told.stderr
    assert state(run, number) == "lost"
