"""The pytest plugin as a test-writer meets it: small test runs of their own, and what becomes of each test in them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

SPEC = 'schema = "eid-card-spec/1"\n[document]\nnumber = "U00000042"\n'
OLD_TRACE = "   1  00A4040C Nc     7 Ne     0  ->      0 bytes, 6A82  0.1 ms\n"
SOURCE = """
import pytest

SELECT = bytes.fromhex("00A4040C07A0000002471001")


def test_nothing_heavy_is_loaded_before_a_card_is_asked_for():
    import sys
    assert not {"eid_toolkit.work.cardspec", "eid_toolkit.cards.emulator", "smartcard", "sqlalchemy"} & set(sys.modules)

def test_a_specimen_of_utopia_without_a_marker(eid_card, eid_transport):
    assert (eid_card.mrz.issuing_state, eid_card.can) == ("UTO", "123456")
    assert eid_transport.process(SELECT) == bytes.fromhex("9000")

@pytest.mark.eid_card(profile="vn-cccd")
def test_another_profile(eid_card):
    assert eid_card.mrz.issuing_state == "VNM"

@pytest.mark.eid_card({"document": {"can": "654321"}})
def test_a_mapping(eid_card):
    assert eid_card.can == "654321"

@pytest.mark.eid_card("card.toml")
def test_a_file_beside_the_test(eid_card):
    assert eid_card.mrz.document_number == "U00000042"

@pytest.mark.eid_card("card.toml", blank=True)
def test_a_file_with_a_field_in_the_place_of_its_own(eid_card):
    assert eid_card.mrz is None

def test_a_seed_makes_the_same_card_twice(eid_card_maker):
    from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory

    first, second = (eid_card_maker(seed="x", at="2026-11-20") for _ in range(2))
    files = [dict(card.memory.part(EmrtdMemory).files) for card in (first, second)]
    files = [{file: stored.content for file, stored in found.items()} for found in files]
    assert files[0] == files[1] and first.memory.chip_identity == second.memory.chip_identity

def test_every_forgery(eid_forged_cards):
    assert "clone" in eid_forged_cards and all(card.mrz for card in eid_forged_cards.values())

def test_a_blank(eid_blank_card):
    assert eid_blank_card.can is None

@pytest.mark.eid_card(colour="green")
def test_wrong_field(eid_card): ...

def test_other_conversation(eid_transport, eid_trace):
    traced = eid_trace(eid_transport)
    traced.transport.process(SELECT)
    traced.matches("old.trace")
"""
FAILING = {"test_wrong_field", "test_other_conversation"}
TESTS = re.findall(r"def (test_\w+)", SOURCE)


def run(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *arguments, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, timeout=120).stdout


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("writer")
    for name, content in {
        "test_it.py": SOURCE,
        "card.toml": SPEC,
        "old.trace": OLD_TRACE,
        "pytest.ini": "[pytest]\n",
    }.items():
        (folder / name).write_text(content, "utf-8")
    return run(folder)


@pytest.mark.parametrize("name", [name for name in TESTS if name not in FAILING])
def test_a_writer_gets(outcome: str, name: str) -> None:
    assert re.search(rf"::{name} PASSED", outcome), outcome


def test_a_wrong_spec_fails_the_test_with_its_reason(outcome: str) -> None:
    assert "::test_wrong_field ERROR" in outcome
    assert "card-spec-unknown-field (field=colour)" in outcome


def test_another_conversation_than_the_traced_one_is_told(outcome: str) -> None:
    assert "the conversation is another than in old.trace" in outcome


def test_the_marker_is_explained(tmp_path: Path) -> None:
    assert "@pytest.mark.eid_card(spec=None, **fields): what the fixture eid_card" in run(tmp_path, "--markers")
