"""`eid conformance` as the maker of a chip uses it."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from eid_toolkit.cards.emulator import forgeries
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.work.conformance.suite import all_cases
from support.conformance import complete_card, complete_memory
from support.officer import Officer


@pytest.fixture(scope="module")
def officer(tmp_path_factory: pytest.TempPathFactory) -> Officer:
    made = Officer(tmp_path_factory.mktemp("maker") / "home")
    made.add_card("complete", complete_memory())
    made.add_card("clone", forgeries.clone_without_chip_keys(complete_memory(), SystemEntropy()))
    return made


def run(officer: Officer, *arguments: str, card: str | None = "complete") -> Result:
    command = ["--home", str(officer.home.root), "conformance", *arguments]
    if card is not None:
        mrz = complete_card().mrz
        assert mrz is not None
        command += ["--reader", f"emulator:{card}", "--can", "123456", "--mrz", mrz.text]
    return CliRunner().invoke(main, command)


def test_cases_are_listed_without_a_chip(officer: Officer) -> None:
    listed = json.loads(run(officer, "--list", "--format", "json", card=None).stdout)
    assert [case["number"] for case in listed] == [case.number for case in all_cases()]
    assert all(case["purpose"] and case["steps"] and case["expected"] and case["standard"] for case in listed)
    assert "SEL-01" in run(officer, "--list", card=None).stdout


def test_a_unit_of_a_good_chip_passes(officer: Officer, tmp_path: Path) -> None:
    junit = tmp_path / "report.xml"
    result = run(officer, "--unit", "aa", "--unit", "sel", "--junit", str(junit), "--format", "json")
    data = json.loads(result.stdout)
    assert (result.exit_code, data["conforming"], data["totals"]["failed"]) == (0, True, 0)
    suites = ElementTree.parse(junit).getroot().findall("testsuite")
    assert {suite.get("name") for suite in suites} == {"SELECT and READ BINARY", "Active Authentication"}
    assert sum(int(suite.get("tests", 0)) for suite in suites) == len(data["cases"])


def test_a_chip_with_a_fault_fails_and_the_line_says_why(officer: Officer, tmp_path: Path) -> None:
    junit = tmp_path / "report.xml"
    result = run(officer, "--unit", "AA", "--junit", str(junit), card="clone")
    assert result.exit_code == 3
    assert "failed" in result.stdout
    failures = ElementTree.parse(junit).getroot().findall(".//failure")
    assert failures and all(failure.get("message") for failure in failures)


def test_what_does_not_apply_says_why(officer: Officer) -> None:
    """The home has no terminal's key."""
    data = json.loads(run(officer, "--unit", "TA", "--format", "json").stdout)
    assert {case["status"] for case in data["cases"]} == {"not-applicable"}
    assert all(case["detail"] for case in data["cases"])


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [(["--unit", "NOTHING"], 2), (["--case", "SEL-99"], 2), ([], 2)],
)
def test_what_is_not_there_is_named(officer: Officer, arguments: list[str], exit_code: int) -> None:
    result = run(officer, *arguments, card=None)
    assert (result.exit_code, result.stdout) == (exit_code, "")


def test_a_wrong_password_is_no_failed_case(officer: Officer) -> None:
    command = ["--home", str(officer.home.root), "conformance", "--reader", "emulator:complete", "--can", "999999"]
    assert CliRunner().invoke(main, command).exit_code == 7


def test_a_chip_that_lacks_files_gets_its_report_in_every_form(tmp_path: Path) -> None:
    made = Officer(tmp_path / "home")
    memory = complete_memory()
    for file in (ElementaryFile.COM, ElementaryFile.DG1, ElementaryFile.SOD):
        memory.part(EmrtdMemory).files.pop(file)
    made.add_card("bare", memory)
    junit = tmp_path / "report.xml"
    result = run(made, "--junit", str(junit), "--format", "json", card="bare")
    data = json.loads(result.stdout)
    assert (result.exit_code, data["totals"]["error"], len(data["cases"])) == (3, 0, len(all_cases()))
    assert len(ElementTree.parse(junit).getroot().findall(".//testcase")) == len(all_cases())
    shown = run(made, "--unit", "SEL", card="bare")
    assert (shown.exit_code, "EF.COM could not be read" in shown.stdout) == (3, True)


def test_a_chip_that_goes_away_gets_the_report_of_what_was_done(tmp_path: Path) -> None:
    spec, junit = tmp_path / "card.toml", tmp_path / "report.xml"
    spec.write_text('schema = "eid-card-spec/1"\n[[faults]]\nfault = "power-lost"\nat = 120\n')
    command = ["--home", str(tmp_path / "home"), "conformance", "--reader", f"spec:{spec}", "--can", "123456"]
    result = CliRunner().invoke(main, [*command, "--unit", "SEL", "--junit", str(junit)])
    assert result.exit_code == 5
    assert "passed" in result.stdout and "the connection to the chip was lost" in result.stdout
    assert ElementTree.parse(junit).getroot().findall(".//error")
