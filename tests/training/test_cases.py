"""Cases and decks: what is shipped, how they are read, and what hostile files come to."""

from __future__ import annotations

import shutil
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.messages.catalogue import languages
from eid_toolkit.work.cardspec.forging import FORGERIES
from eid_toolkit.work.cardspec.oddities import ODDITIES
from eid_toolkit.work.training.case import FAMILIES, parse_case
from eid_toolkit.work.training.checking import check_cases
from eid_toolkit.work.training.deck import LEAST_SHARE, MOST_SHARE, find_deck, read_deck, shipped_decks
from eid_toolkit.work.training.template import TEMPLATE

DECKS = Path(str(files("eid_toolkit.work.training").joinpath("decks")))
TEMPLATE_BYTES = TEMPLATE.encode()


def test_two_decks_of_forty_cases_and_more_are_shipped() -> None:
    assert shipped_decks() == ("first-line", "second-line")
    assert sum(len(find_deck(name).cases) for name in shipped_decks()) >= 40


def test_every_forgery_and_oddity_that_a_spec_can_name_is_a_case() -> None:
    cards = [case.card for name in shipped_decks() for case in find_deck(name).cases]
    assert {card.forgery for card in cards} - {None} == FORGERIES.keys()
    assert {card.oddity for card in cards} - {None} == ODDITIES.keys()
    assert {family for name in shipped_decks() for case in find_deck(name).cases for family in case.reasons} == {
        *FAMILIES
    }


def test_each_case_is_told_in_each_language() -> None:
    for name in shipped_decks():
        deck = find_deck(name)
        assert deck.title.keys() == {*languages()}
        for case in deck.cases:
            assert case.told.keys() == {*languages()}, case.name


@pytest.mark.parametrize("deck", shipped_decks())
def test_the_toolkit_says_of_each_card_what_its_case_expects(deck: str) -> None:
    checked = list(check_cases(find_deck(deck).cases))
    assert {each.case.name: each.differs for each in checked if each.differs} == {}


def test_what_the_eye_must_see_passes_and_what_nobody_can_decide_does_not() -> None:
    for name in shipped_decks():
        for case in find_deck(name).cases:
            if case.reasons == ("bearer",):
                assert case.threat and case.expected.verdict == "passed" and case.bearer is not None
            elif "accept" in case.answers:
                assert case.expected.verdict == "passed"
            else:
                assert case.expected.verdict != "passed"


def test_a_case_that_has_rotted_is_found() -> None:
    rotten = parse_case("rotten", TEMPLATE_BYTES.replace(b'"ca-proof-wrong"', b'"ca-key-unsigned"'))
    (checked,) = check_cases([rotten])
    assert checked.differs == ("causes",)


def test_the_template_is_a_case_that_holds() -> None:
    (checked,) = check_cases([parse_case("template", TEMPLATE_BYTES)])
    assert checked.differs == ()


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ('schema = "eid-training-case/1"', 'schema = "eid-training-case/9"', "training-case-schema"),
        ("threat = true", "threat = 1", "training-case-wrong-value"),
        ("threat = true", "danger = true", "training-case-unknown-field"),
        ("threat = true", "", "training-case-missing-field"),
        ('"refuse", "second-line"', "", "training-case-wrong-value"),
        ('"refuse", "second-line"', '"refuse", "refuse"', "training-case-wrong-value"),
        ('"refuse", "second-line"', '"accept"', "training-case-wrong-value"),  # a forgery that is to be let through
        ('reasons = ["chip"]', "reasons = []", "training-case-wrong-value"),
        ('reasons = ["chip"]', 'reasons = ["nose"]', "training-case-wrong-value"),
        ("issued_days = 400", "issued_days = -1", "training-case-wrong-value"),
        ("issued_days = 400", "issued_days = 99999999", "training-case-wrong-value"),
        ('forgery = "clone"', 'seed = "mine"', "training-case-wrong-value"),
        ('profile = "utopia-id"', 'profile = "nowhere"', "profile-unknown"),
        ("[told.en]", "[told.vi]", "training-case-wrong-value"),
        ("[card]", "[card", "training-case-malformed"),
        ("[card]", "[card]\nblank = true", "card-spec-wrong-value"),
        ('[expected]\nverdict = "failed"', "[expected]", "training-case-wrong-value"),
    ],
)
def test_a_case_that_is_wrong_is_refused(before: str, after: str, code: str) -> None:
    assert before in TEMPLATE
    with pytest.raises(BadInput, match=code):
        parse_case("mine", TEMPLATE.replace(before, after, 1).encode())


@given(at=st.integers(0, len(TEMPLATE_BYTES) - 1), put=st.binary(max_size=8), drop=st.integers(0, 40))
def test_a_damaged_case_is_a_case_or_refused(at: int, put: bytes, drop: int) -> None:
    with suppress(BadInput):
        parse_case("damaged", TEMPLATE_BYTES[:at] + put + TEMPLATE_BYTES[at + drop :])


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("share = [5, 30]", "share = [5, 50]", "training-deck-wrong-value"),
        ("share = [5, 30]", "share = [30, 5]", "training-deck-wrong-value"),
        ("share = [5, 30]", "share = [0, 30]", "training-deck-wrong-value"),
        ("drawn = 20", "drawn = 0", "training-deck-wrong-value"),
        ("drawn = 20", "drawn = 100000", "training-deck-wrong-value"),
        ("version = 1", "version = 0", "training-deck-wrong-value"),
        ("version = 1", "colour = 1\nversion = 1", "training-deck-wrong-value"),
        ("caught = 80", "caught = 101", "training-deck-wrong-value"),
        ("threat_accepted = 100", "threat_accepted = -1", "training-deck-wrong-value"),
        ('schema = "eid-training-deck/1"', "", "training-deck-schema"),
        ("[costs]", "[costs", "training-deck-malformed"),
    ],
)
def test_a_deck_that_is_wrong_is_refused(tmp_path: Path, before: str, after: str, code: str) -> None:
    folder = shutil.copytree(DECKS / "first-line", tmp_path / "deck")
    head = (folder / "deck.toml").read_text()
    assert before in head
    (folder / "deck.toml").write_text(head.replace(before, after, 1))
    with pytest.raises(BadInput, match=code):
        read_deck("deck", folder)


def test_a_deck_without_its_head_or_without_a_forgery_is_none(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="training-deck-unknown"):
        find_deck("third-line")
    with pytest.raises(BadInput, match="training-deck-missing"):
        find_deck(f"{tmp_path}/nothing")
    shutil.copy(DECKS / "first-line" / "deck.toml", tmp_path)
    shutil.copy(DECKS / "first-line" / "utopian.toml", tmp_path)
    with pytest.raises(BadInput, match="training-deck-wrong-value"):
        read_deck("mine", tmp_path)


def test_a_changed_case_is_another_deck(tmp_path: Path) -> None:
    folder = shutil.copytree(DECKS / "first-line", tmp_path / "deck")
    before = read_deck("deck", folder).digest
    assert before == find_deck("first-line").digest
    (folder / "clone.toml").write_text((folder / "clone.toml").read_text().replace('"refuse", ', ""))
    assert read_deck("deck", folder).digest != before


@given(seed=st.text(max_size=20))
def test_the_share_of_forgeries_stays_between_its_bounds(seed: str) -> None:
    deck = find_deck("first-line")
    drawn = deck.draw(seed)
    threats = sum(deck.by_name[each.case].threat for each in drawn)
    assert len(drawn) == deck.drawn
    assert LEAST_SHARE <= 100 * threats / len(drawn) <= MOST_SHARE
    assert drawn == deck.draw(seed)


def test_shares_differ_from_draw_to_draw() -> None:
    deck = find_deck("first-line")
    counts = {sum(deck.by_name[each.case].threat for each in deck.draw(str(seed))) for seed in range(60)}
    assert counts == {1, 2, 3, 4, 5, 6}


def test_a_second_draw_has_other_forgeries() -> None:
    deck = find_deck("second-line")
    first = deck.draw("one")
    second = deck.draw("two", [each.case for each in first])
    threats = [{each.case for each in drawn if deck.by_name[each.case].threat} for drawn in (first, second)]
    assert threats[0].isdisjoint(threats[1])
    assert all(len({each.seed for each in drawn}) == deck.drawn for drawn in (first, second))
