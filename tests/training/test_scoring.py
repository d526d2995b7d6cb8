"""Scores, worked out by hand."""

from __future__ import annotations

import pytest

from eid_toolkit.work.training.case import Decision, Family
from eid_toolkit.work.training.deck import find_deck
from eid_toolkit.work.training.scoring import Answer, Share, score

FIRST = find_deck("first-line")


def answered(case: str, decision: Decision, reason: Family | None = None) -> Answer:
    return Answer(case, decision, reason, 2, 30.0)


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # R. G. Newcombe, 1998, table I: method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_intervals_are_those_of_published_tables(count: int, of: int, low: float, high: float) -> None:
    share = Share.wilson(count, of)
    assert (round(share.low, 4), round(share.high, 4)) == (low, high)


def test_the_intervals_are_those_of_scipy() -> None:
    from scipy import stats

    for of in (1, 2, 3, 7, 20, 111):
        for count in range(of + 1):
            expected = stats.binomtest(count, of).proportion_ci(method="wilson")
            share = Share.wilson(count, of)
            assert share.low == pytest.approx(expected.low, abs=1e-12)
            assert share.high == pytest.approx(expected.high, abs=1e-12)


def test_of_none_everything_is_possible() -> None:
    assert Share.wilson(0, 0) == Share(0, 0, 0.0, 1.0)
    assert Share.wilson(0, 0).percent == 0.0


def test_a_score_by_hand() -> None:
    answers = [
        answered("clone", "refuse", "chip"),  # right
        answered("stolen", "refuse", "status"),  # caught, though only the second line is right: not let through
        answered("another-person", "accept"),  # 100
        answered("altered-name", "second-line", "chip"),  # right to do, wrong reason: 2
        answered("utopian", "accept"),
        answered("vietnamese", "refuse", "pa"),  # 20
        answered("passport", "second-line", "document"),  # 5
        answered("suspended", "second-line", "status"),
        answered("old-lists", "accept"),  # 30
        answered("dead-reader", "refuse", "document"),  # 15
    ]
    scored = score(FIRST, answers)
    assert (scored.caught.count, scored.caught.of) == (3, 4)
    assert (scored.refused.count, scored.delayed.count, scored.delayed.of) == (1, 1, 3)
    assert (scored.passed_on.count, scored.passed_on.of) == (1, 3)
    assert (scored.reasons.count, scored.reasons.of) == (2, 3)
    assert scored.cost == 100 + 2 + 20 + 5 + 30 + 15
    assert scored.missed == {"status": 1, "bearer": 1}
    assert scored.seconds == 300.0
    assert not scored.passed


def test_passing_takes_both_marks() -> None:
    caught = [answered("clone", "refuse", "chip")] * 4
    good = [answered("utopian", "accept")] * 9
    assert score(FIRST, [*caught, answered("stolen", "accept"), *good]).passed  # 80 %
    assert not score(FIRST, [*caught[:3], answered("stolen", "accept"), *good]).passed  # 75 %
    assert score(FIRST, [*caught, *good, answered("utopian", "second-line", "pa")]).passed  # 10 %
    assert not score(FIRST, [*caught, *good[:8], answered("utopian", "second-line", "pa")]).passed  # 11 %
