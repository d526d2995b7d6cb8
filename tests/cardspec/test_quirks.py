"""Cards with the ways of real cards are read to a passed verdict, alone and combined, told or not."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from eid_toolkit.cards.emulator.quirks import CARD_QUIRKS
from eid_toolkit.cards.terminal.quirks import QUIRKS
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.profiles.chip_protocols import ActiveAuthenticationProfile
from eid_toolkit.work.cardspec import CardSpec, build
from eid_toolkit.work.cardspec.spec import AccessSpec, ChipSpec
from eid_toolkit.work.inspection.verdict import Decision
from support.spec_cards import SEEDED, inspect, with_quirks

SIGNS = {
    "vietnam": 0x6D00,
    "no-master-file": 0x6A82,
    "no-short-identifiers": 0x6A82,
    "short-length": 0x6700,
    "small-answers": 0x6700,
    "wrong-le": 0x6C00,
    "header-first": 0x6700,
    "select-anywhere": 0x6A86,
    "fci": 0x6A86,
    "get-response": 0x6100,
}
"""What a card with this quirk says and one without it never does; of the last two digits 00 stands for any."""
USUAL = {0x9000, 0x6282}
"""The latter where less than everything was asked for, and the file ends before."""
BEFORE_ACCESS = slice(0, 3)
"""SELECT of the master file, and two files read with Le 00."""
QUESTIONS = {name: quirk.question for name, quirk in CARD_QUIRKS.items()}


def compatible(names: tuple[str, ...]) -> bool:
    questions = [QUESTIONS[name] for name in names if QUESTIONS[name] is not None]
    return len(questions) == len(set(questions))


PAIRS = [names for names in combinations(CARD_QUIRKS, 2) if compatible(names)]


def signs(said: list[int]) -> set[int]:
    return {sw & 0xFF00 if sw >> 8 in (0x61, 0x6C) else sw for sw in said}


def test_a_card_without_quirks_says_nothing_unusual() -> None:
    found = inspect(with_quirks())
    assert found.verdict.decision is Decision.PASSED
    assert signs(found.said) == USUAL
    assert found.said[BEFORE_ACCESS] == [0x9000] * 3


@pytest.mark.parametrize("name", CARD_QUIRKS)
def test_a_quirky_card_is_read_without_being_told(name: str) -> None:
    found = inspect(with_quirks(name))
    assert found.verdict.decision is Decision.PASSED, found.verdict.checks
    if name in SIGNS:
        assert SIGNS[name] in signs(found.said) - USUAL
    elif name == "end-of-file":
        assert found.said[BEFORE_ACCESS] == [0x9000, 0x6282, 0x6282]
    else:
        (aa,) = [check for check in found.verdict.checks if check.id == "chip.aa"]
        assert aa.outcome.facts == {"signature_form": "der"}


@pytest.mark.parametrize("name", sorted(CARD_QUIRKS.keys() & QUIRKS.keys()))
def test_with_its_profile_a_quirky_card_is_asked_nothing_that_it_refuses(name: str) -> None:
    found = inspect(with_quirks(name), QUIRKS[name])
    assert found.verdict.decision is Decision.PASSED
    assert signs(found.said) == USUAL


@pytest.mark.parametrize("names", PAIRS, ids=" and ".join)
def test_two_quirks_at_once_are_read(names: tuple[str, ...]) -> None:
    found = inspect(with_quirks(*names))
    assert found.verdict.decision is Decision.PASSED, found.verdict.checks


@pytest.mark.parametrize("opening", ["vietnam", "select-anywhere", "no-short-identifiers"])
@pytest.mark.parametrize("end", ["wrong-le", "end-of-file", "header-first"])
def test_all_that_can_be_combined_at_once_is_read(opening: str, end: str) -> None:
    rest = [name for name, question in QUESTIONS.items() if question is None]
    found = inspect(with_quirks(*dict.fromkeys((opening, end, *rest))))
    assert found.verdict.decision is Decision.PASSED, found.verdict.checks


EVERYTHING = replace(
    SEEDED,
    access=AccessSpec(protocols=("pace", "bac")),
    chip=ChipSpec(
        terminal_authentication=True, active_authentication=ActiveAuthenticationProfile("sha256", rsa_bits=2048)
    ),
)


@pytest.mark.parametrize("name", CARD_QUIRKS)
def test_terminal_authentication_and_signatures_longer_than_a_short_answer_work_with_every_quirk(name: str) -> None:
    found = inspect(with_quirks(name, spec=EVERYTHING))
    assert found.verdict.decision is Decision.PASSED, found.verdict.checks
    assert found.verdict.evidence.terminal_authentication.data_groups == (3, 4)


def test_a_blank_has_its_quirks_too() -> None:
    card = build(CardSpec(blank=True, quirks=("vietnam",))).card
    assert card.process(bytes.fromhex("00A4000C023F00")) == b"\x6d\x00"


def test_an_unknown_quirk_is_named_with_the_known_ones() -> None:
    with pytest.raises(BadInput, match="vietnam") as caught:
        with_quirks("mars")
    assert caught.value.code == "card-quirk-unknown"


def test_quirks_that_answer_one_question_in_two_ways_are_refused() -> None:
    with pytest.raises(BadInput) as caught:
        with_quirks("fci", "vietnam", "select-anywhere")
    assert caught.value.facts == {"first": "vietnam", "second": "select-anywhere"}


def test_a_quirk_named_twice_is_there_once() -> None:
    assert inspect(with_quirks("fci", "fci")).verdict.decision is Decision.PASSED
