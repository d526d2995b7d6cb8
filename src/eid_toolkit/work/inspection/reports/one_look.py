"""The verdict in one look: at most 24 lines of 80 columns, whatever a card holds; the verdict first and last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from eid_toolkit.ground.columns import fitted, width_of
from eid_toolkit.ground.display import harmless
from eid_toolkit.work.inspection.holder import Holder
from eid_toolkit.work.inspection.reports.circumstances import ages, when, witness_lines
from eid_toolkit.work.inspection.reports.report import explain_check
from eid_toolkit.work.inspection.reports.wording import (
    Words,
    cause,
    closing,
    decided,
    decision_word,
    full_name,
)
from eid_toolkit.work.inspection.result import CheckResult, CheckStatus
from eid_toolkit.work.inspection.verdict import Verdict

LINES, COLUMNS = 24, 80
"""A terminal of the usual size."""
_INDENT = 2
_LABEL = 18
"""Columns of a label with the gap behind it; more where a language has longer ones."""
_LABELS = (
    "label-name",
    "label-date-of-birth",
    "label-document-number",
    "label-date-of-expiry",
    "label-nationality-and-sex",
)
_STATUS = 14
_NAME_LINES, _NEXT_LINES, _AROUND_LINES = 3, 5, 3
_PASSED_LINES = 2
_SENTENCE_LINES = 3
"""Of one check; fewer where several have to fit."""
_NOTE_COLUMNS = 44
"""Of what stands in brackets behind a value."""
_NUMBER_COLUMNS, _NAME_COLUMNS = 32, 80
"""Of number and name in a line for each card."""
_TOLD_OF = (CheckStatus.FAILED, CheckStatus.UNDETERMINED)


def one_look(verdict: Verdict, words: Words) -> str:
    """The verdict for a second: verdict and cause, holder, what was not passed, what to do, verdict and cause."""
    first = decided(verdict, words)
    above = [first, "", *_holder(verdict.holder, words), ""]
    around = " ".join(_around(verdict, words))
    to_do = fitted(closing(verdict, words), COLUMNS, _NEXT_LINES)
    below = [*_passed(verdict, words), *fitted(around, COLUMNS, _AROUND_LINES), "", *to_do, first]
    return "\n".join([*above, *_not_passed(verdict, words, LINES - len(above) - len(below)), *below])


def brief(verdict: Verdict, words: Words) -> str:
    """One line for a card: time, verdict, cause, number, name."""
    holder = verdict.holder
    number = "-" if holder is None else _one_line(holder.document_number, _NUMBER_COLUMNS)
    name = "-" if holder is None else _one_line(full_name(holder), _NAME_COLUMNS)
    word = words.paint(f"{decision_word(verdict.decision, words):<12}", verdict.decision)
    return "  ".join((words.time(verdict.judged_at), word, cause(verdict, words) or "-", number, name))


def _one_line(text: str, columns: int) -> str:
    return fitted(harmless(text) or "-", columns, 1)[0]


def _holder(holder: Holder | None, words: Words) -> Iterator[str]:
    if holder is None:
        yield " " * _INDENT + words.explain("holder-not-read", {})
        return
    cut = holder.truncated and holder.name is None
    century = "" if holder.birth_century_known else words.in_short("holder-century-unknown")
    issued = ", ".join(filter(None, (holder.document_code, holder.issuing_state)))
    yield from _labelled(
        words, "label-name", full_name(holder), words.in_short("holder-name-cut") if cut else "", _NAME_LINES
    )
    yield from _labelled(words, "label-date-of-birth", words.speaker.date(holder.date_of_birth), century)
    yield from _labelled(words, "label-document-number", holder.document_number, issued)
    expiry = words.speaker.date(holder.date_of_expiry) if holder.date_of_expiry else words.in_short("holder-no-expiry")
    yield from _labelled(words, "label-date-of-expiry", expiry)
    yield from _labelled(words, "label-nationality-and-sex", f"{holder.nationality or '-'}, {holder.sex}")


def _labelled(words: Words, label: str, value: str, note: str = "", most: int = 1) -> Iterator[str]:
    """A value behind its label, and a note behind it where there is room for it."""
    column = max(_LABEL, *(width_of(words.in_short(each)) + 2 for each in _LABELS))
    room = COLUMNS - _INDENT - column
    lines = fitted(harmless(value) or "-", room, most)
    if note:
        shown = f"  ({fitted(harmless(note), _NOTE_COLUMNS, 1)[0]})"
        if width_of(lines[-1]) + width_of(shown) <= room:
            lines[-1] += shown
        elif len(lines) < most:
            lines += fitted(shown.strip(), room, 1)
        else:
            lines[-1] = fitted(lines[-1], room - width_of(shown), 1)[0] + shown
    for title, line in zip((words.in_short(label), *[""] * len(lines)), lines, strict=False):
        yield " " * _INDENT + title + " " * (column - width_of(title)) + line


def _not_passed(verdict: Verdict, words: Words, room: int) -> list[str]:
    """What failed, then what is undetermined, then what decided by not being made; in ``room`` lines."""
    deciding = tuple(result for result in verdict.causes if result.status is CheckStatus.NOT_PERFORMED)
    told = [result for status in _TOLD_OF for result in verdict.checks if result.status is status]
    results = [*told, *deciding]
    for most in range(_SENTENCE_LINES, 0, -1):
        lines = list(chain.from_iterable(_check(result, words, most) for result in results))
        if len(lines) <= room:
            return lines
    kept = max(room - 1, 0)  # a line each
    more = words.explain("look-more", {"count": len(results) - kept})
    return [*lines[:kept], " " * (_INDENT + _STATUS) + more]


def _check(result: CheckResult, words: Words, most: int) -> Iterator[str]:
    lines = fitted(explain_check(result, words.explain), COLUMNS - _INDENT - _STATUS, most)
    yield from _with_status(words, result.status, lines)


def _with_status(words: Words, status: CheckStatus, lines: Sequence[str]) -> Iterator[str]:
    first, *rest = lines
    yield " " * _INDENT + words.status_column(status, _STATUS) + first
    yield from (" " * (_INDENT + _STATUS) + line for line in rest)


def _passed(verdict: Verdict, words: Words) -> Iterator[str]:
    statuses = [result.status for result in verdict.checks]
    not_made = statuses.count(CheckStatus.NOT_PERFORMED)
    facts = {
        "passed": statuses.count(CheckStatus.PASSED),
        "performed": len(statuses) - not_made,
        "not_made": not_made,
        "findings": sum(len(result.outcome.findings) for result in verdict.checks),
    }
    more = facts["not_made"] or facts["findings"]
    sentence = words.explain("look-passed-and-more" if more else "look-passed", facts)
    yield from _with_status(words, CheckStatus.PASSED, fitted(sentence, COLUMNS - _INDENT - _STATUS, _PASSED_LINES))


def _around(verdict: Verdict, words: Words) -> Iterator[str]:
    """By whose word, when, and how old what it rests on is."""
    yield from witness_lines(verdict.witness, words)
    yield when(verdict, words)
    yield from ages(verdict, words)
