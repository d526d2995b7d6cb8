"""`eid demo`: the verdicts, the exact reasons, the exit code, and a home that is left or left alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from eid_toolkit.books.keys.opening import DEVELOPER_CARD_KEY
from eid_toolkit.cards.emulator import forgeries
from eid_toolkit.cards.emulator.blank import make_blank
from eid_toolkit.cards.emulator.card import EmulatedCard
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.doors.cli.main import main
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.work.cardspec.forging import FORGERIES, Forged
from eid_toolkit.work.office import demo_story
from support.pcscd import PrivatePcscd

EXPECTED = {
    "demo-1": set(),
    "demo-2": set(),
    "demo-3": set(),
    "demo-clone": {"chip.ca", "chip.aa"},
    "demo-portrait": {"pa.data-group-hashes"},
    "demo-card-access": {"document.card-access"},
    "demo-stripped": {"pa.data-group-hashes", "document.consistency", "chip.ca", "chip.aa"},
    "demo-impostor": {"pa.dsc-chain"},
}


def eid(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    home = tmp_path_factory.mktemp("demo") / "home"
    return home, eid("--home", str(home), "demo", "--format", "json")


def test_three_cards_pass_and_six_forgeries_fail_for_exactly_their_reasons(told: tuple[Path, Result]) -> None:
    _, result = told
    story = json.loads(result.stdout)
    assert (result.exit_code, story["as_expected"], story["specimen"]) == (0, True, True)
    *cards, revoked = story["cards"]
    assert {card["card"]: set(card["failed_checks"]) for card in cards} == EXPECTED
    assert [card["verdict"] for card in cards] == ["passed"] * 3 + ["failed"] * 5
    assert (revoked["verdict"], revoked["failed_checks"]) == ("failed", ["status.revocation"])
    assert {card["genuine"] for card in cards[:3]} == {True}


def test_the_holders_are_a_vietnamese_a_singaporean_and_a_utopian(told: tuple[Path, Result]) -> None:
    cards = json.loads(told[1].stdout)["cards"]
    assert [card["holder"] for card in cards[:3]] == ["NGUYEN, THI ANH DUONG", "TAN, WEI MING", "ERIKSSON, ANNA MARIA"]


def test_the_home_that_is_left_can_be_explored(told: tuple[Path, Result]) -> None:
    home, _ = told
    arguments = ("--home", str(home), "--operator", "clerk")
    documents = json.loads(eid(*arguments, "document", "list", "--format", "json").stdout)
    export = json.loads(eid(*arguments, "document", "export", documents[2]["id"], "--format", "json").stdout)
    verdicts = {
        card: json.loads(
            eid(*arguments, "verify", "--reader", f"emulator:{card}", "--can", export["can"], "--format", "json").stdout
        )["verdict"]
        for card in ("demo-3", "demo-clone")
    }
    assert verdicts == {"demo-3": "passed", "demo-clone": "failed"}


def test_a_home_that_is_there_already_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "something").write_text("mine")
    result = eid("--home", str(tmp_path), "demo")
    assert result.exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["something"]


def test_a_forgery_that_is_not_found_out_makes_the_demo_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    not_forged = replace(FORGERIES["clone"], make=lambda genuine: Forged(forgeries.copied(genuine.memory)))
    monkeypatch.setitem(FORGERIES, "clone", not_forged)
    result = eid("demo", "--format", "json")
    story = json.loads(result.stdout)
    assert (result.exit_code, story["as_expected"]) == (1, False)
    assert [card["card"] for card in story["cards"] if not card["as_expected"]] == ["demo-clone"]


def test_the_table_says_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    result = eid("demo")
    assert "changed portrait" in result.stdout
    assert result.stdout.rstrip().endswith("All verdicts are as expected.")
    assert demo_story.POLICY == "demo"


@pytest.mark.pcsc
def test_the_first_card_can_be_a_blank_in_a_reader(pcscd: PrivatePcscd) -> None:
    memory = make_blank((DEVELOPER_CARD_KEY,) * 3, SystemEntropy())
    with pcscd.card_in(EmulatedCard(memory, SystemEntropy(), lambda memory: None)) as reader:
        result = eid("demo", "--reader", reader, "--format", "json")
    assert (result.exit_code, json.loads(result.stdout)["as_expected"]) == (0, True), result.stderr
    assert memory.part(EmrtdMemory).files
