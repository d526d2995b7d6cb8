"""What an attempt was worth: how many of the forgeries were caught, how many good holders refused or delayed.

Shares of few cases say little, so each comes with the interval of Wilson's score (E. B. Wilson, 1927) at 95 %.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from eid_toolkit.work.training.case import FAMILIES, Case, Decision, Family
from eid_toolkit.work.training.deck import Costs, Deck

_Z = 1.959963984540054
"""The 97.5 % point of the normal distribution."""
Sureness = Literal[1, 2, 3]
"""How sure somebody is: a guess, fairly, certain."""
LEVELS: tuple[Sureness, ...] = get_args(Sureness)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an officer has done with one case."""

    case: str
    decision: Decision
    reason: Family | None
    """Why not let through; None with ``accept``."""
    sure: Sureness
    seconds: float
    verdict: str | None = None
    """The last verdict of the tool that the officer has seen; None where there was none."""

    def is_right(self, case: Case) -> bool:
        """Whether it is one of the right decisions."""
        return self.decision in case.answers

    def has_right_reason(self, case: Case) -> bool:
        """Whether the reason is one of the right ones; of a right decision only."""
        return self.is_right(case) and (self.reason in case.reasons if self.reason is not None else True)


@dataclass(frozen=True, slots=True)
class Share:
    """A count of a number, with the interval in which the true share lies with 95 %."""

    count: int
    of: int
    low: float
    high: float

    @classmethod
    def wilson(cls, count: int, of: int) -> Share:
        """With Wilson's interval; of none it is everything."""
        if of == 0:
            return cls(0, 0, 0.0, 1.0)
        part, extra = count / of, _Z * _Z / of
        middle = part + extra / 2
        spread = _Z * math.sqrt(part * (1 - part) / of + extra / (4 * of))
        low, high = ((middle + side * spread) / (1 + extra) for side in (-1, 1))
        return cls(count, of, 0.0 if count == 0 else low, 1.0 if count == of else high)

    def with_more(self, other: Share) -> Share:
        """Both together."""
        return Share.wilson(self.count + other.count, self.of + other.of)

    @property
    def percent(self) -> float:
        """In percent; 0 of none."""
        return 100 * self.count / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True)
class Score:
    """What was right and wrong in an attempt."""

    caught: Share
    """Of the forgeries and impostors, those that were not let through."""
    refused: Share
    """Of the holders who are to be let through, those who were turned away."""
    delayed: Share
    """Of the same, those who were sent to the second line."""
    passed_on: Share
    """Of the cases that nobody can decide there, those that were answered rightly."""
    reasons: Share
    """Of what was rightly not let through, that for a right reason."""
    cost: int
    seconds: float
    missed: Mapping[Family, int]
    """In which families somebody was let through who was not to be, and how often."""
    passed: bool
    """Whether it is enough by the deck's mark."""


def score(deck: Deck, answers: Sequence[Answer]) -> Score:
    """The score of answers, each on a case of the deck."""
    pairs = [(deck.by_name[answer.case], answer) for answer in answers]
    threats = [(case, answer) for case, answer in pairs if case.threat]
    clear = [(case, answer) for case, answer in pairs if "accept" in case.answers]
    unclear = [(case, answer) for case, answer in pairs if not case.threat and "accept" not in case.answers]
    stopped = [pair for pair in (*threats, *unclear) if pair[1].is_right(pair[0])]
    missed: Counter[Family] = Counter()
    for case, answer in (*threats, *unclear):
        if answer.decision == "accept":
            missed.update(case.reasons)
    caught = _share(answer.decision != "accept" for _, answer in threats)
    refused = _share(answer.decision == "refuse" for _, answer in clear)
    delayed = _share(answer.decision == "second-line" for _, answer in clear)
    held_up = 100 * (refused.count + delayed.count) / len(clear) if clear else 0.0
    return Score(
        caught,
        refused,
        delayed,
        _share(answer.is_right(case) for case, answer in unclear),
        _share(answer.has_right_reason(case) for case, answer in stopped),
        sum(cost_of(case, answer, deck.costs) for case, answer in pairs),
        sum(answer.seconds for answer in answers),
        {family: missed[family] for family in FAMILIES if missed[family]},
        caught.percent >= deck.pass_mark.caught and held_up <= deck.pass_mark.refused_or_delayed,
    )


def sureness(pairs: Iterable[tuple[Case, Answer]]) -> dict[int, Share]:
    """By how sure somebody was: how many of the answers were right."""
    known = list(pairs)
    return {level: _share(answer.is_right(case) for case, answer in known if answer.sure == level) for level in LEVELS}


def cost_of(case: Case, answer: Answer, costs: Costs) -> int:
    """What one answer costs."""
    if answer.is_right(case):
        return 0 if answer.has_right_reason(case) else costs.reason_wrong
    if case.threat:
        return costs.threat_accepted if answer.decision == "accept" else 0
    if "accept" in case.answers:
        return costs.holder_refused if answer.decision == "refuse" else costs.holder_delayed
    return costs.unclear_accepted if answer.decision == "accept" else costs.unclear_refused


def _share(hits: Iterable[bool]) -> Share:
    known = list(hits)
    return Share.wilson(sum(known), len(known))
