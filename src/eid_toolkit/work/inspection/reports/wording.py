"""The words of a verdict that every report shares: the headline, what to do now, and the holder's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from eid_toolkit.ground.columns import width_of
from eid_toolkit.ground.messages.catalogue import ENGLISH, Speaker
from eid_toolkit.work.inspection.holder import Holder
from eid_toolkit.work.inspection.result import CheckStatus
from eid_toolkit.work.inspection.verdict import Decision, Verdict

Paint = Callable[[str, str], str]
"""A text in the colour of a status (the second argument)."""

_VERDICTS = {
    Decision.PASSED: "verdict-passed",
    Decision.FAILED: "verdict-failed",
    Decision.UNDETERMINED: "verdict-undetermined",
}
_NEXT = {
    Decision.PASSED: "next-passed",
    Decision.FAILED: "next-failed",
    Decision.UNDETERMINED: "next-undetermined",
}
_NEXT_OF_STATUS = {"status.reported": "next-reported", "document.expiry": "next-expired"}
"""9303-2 6.4: until otherwise proven nobody with a reported document is treated as if they meant ill."""
_FORGED = ("document-on-stolen-blank",)
"""Reports that say of the document itself that it is no genuine one."""


FINDING = "finding"
"""Stands where a check has its status."""
_STATUSES = {
    CheckStatus.PASSED.value: "status-passed",
    CheckStatus.FAILED.value: "status-failed",
    CheckStatus.UNDETERMINED.value: "status-undetermined",
    CheckStatus.NOT_PERFORMED.value: "status-not-performed",
    FINDING: "status-finding",
}


@dataclass(frozen=True, slots=True)
class Words:
    """How a person is told: sentences for codes, a few words for the cause in the first line, and colours."""

    speaker: Speaker = ENGLISH
    paint: Paint = lambda text, status: text
    clock: Callable[[datetime], str] | None = None
    """How a time (UTC) is written; None for as much as a minute, in UTC."""

    def explain(self, code: str, facts: Mapping[str, object]) -> str:
        """The sentence of a code."""
        return self.speaker.explain(code, facts)

    def in_short(self, code: str) -> str:
        """A code in a few words."""
        return self.speaker.in_short(code)

    def time(self, time: datetime) -> str:
        """A point in time."""
        return f"{self.speaker.date(f'{time:%Y-%m-%d}')} {time:%H:%M} UTC" if self.clock is None else self.clock(time)

    def status(self, status: str) -> str:
        """The status of a check or a layer in a word."""
        return self.in_short(_STATUSES[status])

    def status_column(self, status: str, least: int) -> str:
        """The status in its colour and blanks behind it, as many as the widest leaves and ``least`` columns want."""
        width = max(least, *(width_of(self.in_short(code)) + 1 for code in _STATUSES.values()))
        word = self.status(status)
        return self.paint(word + " " * (width - width_of(word)), status)

    @property
    def language(self) -> str:
        """What language the sentences are in (BCP 47)."""
        return self.speaker.language


def decision_word(decision: Decision, words: Words) -> str:
    """The verdict in one word."""
    return words.in_short(_VERDICTS[decision])


def cause(verdict: Verdict, words: Words) -> str | None:
    """The first cause in a few words; None for what passed."""
    reason = next((result.reason for result in verdict.causes if result.reason is not None), None)
    return None if reason is None else words.in_short(reason)


def headline(verdict: Verdict, words: Words) -> str:
    """The decision and its first cause: ``FAILED: copied chip``."""
    word, first = decision_word(verdict.decision, words), cause(verdict, words)
    return word if first is None else f"{word}: {first}"


def decided(verdict: Verdict, words: Words) -> str:
    """The headline in its colour, and whether the card is a specimen."""
    mark = f"  ({words.in_short('verdict-specimen')})" if verdict.specimen else ""
    return words.paint(headline(verdict, words), verdict.decision) + mark


def closing(verdict: Verdict, words: Words) -> str:
    """What to do now."""
    failed = [result for result in verdict.checks if result.status is CheckStatus.FAILED]
    if verdict.decision is Decision.FAILED and not any(result.reason in _FORGED for result in failed):
        for check, code in _NEXT_OF_STATUS.items():
            if check in {result.id for result in failed} <= _NEXT_OF_STATUS.keys():
                return words.explain(code, {})
    return words.explain(_NEXT[verdict.decision], {})


def full_name(holder: Holder) -> str:
    """The holder's whole name: in national letters where the card has them, else as the MRZ has it."""
    return holder.name or ", ".join(filter(None, (holder.primary_identifier, holder.secondary_identifier)))
