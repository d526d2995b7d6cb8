"""What attempts on the range were worth, for one officer over the weeks, or for a class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from eid_toolkit.doors.cli.output import emit, sentence, table, tell
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.plain_values import to_plain
from eid_toolkit.work.training.deck import Deck, find_deck
from eid_toolkit.work.training.scoring import Answer, Score, Share, score, sureness

if TYPE_CHECKING:
    from eid_toolkit.work.training.attempts import Attempt

_SCHEMA = "eid-training-report/1"
_COLUMNS = ("attempt", "started_at", "deck", "cases", "caught", "refused", "delayed", "reasons", "cost", "passed")
_CLASS_COLUMNS = ("officer", "attempts", "cases", "caught", "refused", "delayed", "reasons", "cost", "passed")
_SHARES = ("caught", "refused", "delayed", "reasons")


def score_lines(scored: Score) -> list[str]:
    """What a score says, line by line."""
    shares = {
        "training-share-caught": scored.caught,
        "training-share-refused": scored.refused,
        "training-share-delayed": scored.delayed,
        "training-share-passed-on": scored.passed_on,
        "training-share-reasons": scored.reasons,
    }
    lines = [sentence(code, **_facts(share)) for code, share in shares.items()]
    lines.append(sentence("training-cost", cost=scored.cost, minutes=round(scored.seconds / 60)))
    if scored.missed:
        missed = ", ".join(f"{family} ({count})" for family, count in scored.missed.items())
        lines.append(sentence("training-missed", missed=missed))
    return lines


def officer_report(attempts: Iterable[Attempt], officer: str, fmt: str) -> None:
    """The course of one officer, attempt by attempt, and all answers together."""
    own = _scored(each for each in attempts if each.officer == officer)
    if not own:
        raise BadInput("training-officer-unknown", officer=officer)
    rows = [{"attempt": attempt.id, "started_at": attempt.begun.isoformat(), "deck": attempt.deck,
             "cases": len(attempt.answers), **_figures(scored)} for attempt, _, scored in own]  # fmt: skip
    pairs = [(deck, answer) for attempt, deck, _ in own for answer in attempt.answers]
    together, sure = _together(pairs), _sure(pairs)
    data = {
        "schema": _SCHEMA,
        "officer": officer,
        "attempts": rows,
        "together": to_plain(together),
        "sure": {str(level): to_plain(share) for level, share in sure.items()},
    }

    def text() -> str:
        shown = table(_COLUMNS, ([_cell(row[name]) for name in _COLUMNS] for row in rows))
        lines = score_lines(together)
        lines += [sentence("training-sure", level=level, **_facts(share)) for level, share in sure.items() if share.of]
        return "\n".join((shown, "", *lines))

    emit(data, fmt, text)


def class_report(attempts: Iterable[Attempt], fmt: str) -> None:
    """Everybody in this home, one row each."""
    own = _scored(attempts)
    rows: list[dict[str, Any]] = []
    for officer in sorted({attempt.officer for attempt, _, _ in own}):
        theirs = [each for each in own if each[0].officer == officer]
        pairs = [(deck, answer) for attempt, deck, _ in theirs for answer in attempt.answers]
        over = [scored for attempt, _, scored in theirs if attempt.is_over]
        figures = {**_figures(_together(pairs)), "passed": sum(scored.passed for scored in over)}
        rows.append({"officer": officer, "attempts": len(theirs), "cases": len(pairs), **figures})
    data = {"schema": _SCHEMA, "officers": rows}
    emit(data, fmt, lambda: table(_CLASS_COLUMNS, ([_cell(row[name]) for name in _CLASS_COLUMNS] for row in rows)))


def _scored(attempts: Iterable[Attempt]) -> list[tuple[Attempt, Deck, Score]]:
    """Attempts with their decks; one whose deck has changed or is not found by its name is left out, and told."""
    known: dict[str, Deck] = {}
    scored, every = [], list(attempts)
    for attempt in every:
        with suppress(BadInput, OSError):
            deck = known.setdefault(attempt.deck, find_deck(attempt.deck))
            if deck.digest == attempt.digest:
                scored.append((attempt, deck, score(deck, attempt.answers)))
    if len(scored) < len(every):
        tell("training-left-out", count=len(every) - len(scored), of=len(every))
    return scored


def _together(pairs: Sequence[tuple[Deck, Answer]]) -> Score:
    """One score over answers of several decks; each costs what it costs in its own deck."""
    decks = {deck.name: deck for deck, _ in pairs}
    parts = [score(deck, [answer for its, answer in pairs if its is deck]) for deck in decks.values()]
    total = parts[0]
    for part in parts[1:]:
        families = {*total.missed, *part.missed}
        total = replace(
            part,
            **{name: getattr(total, name).with_more(getattr(part, name)) for name in (*_SHARES, "passed_on")},
            cost=total.cost + part.cost,
            seconds=total.seconds + part.seconds,
            missed={family: total.missed.get(family, 0) + part.missed.get(family, 0) for family in families},
            passed=total.passed and part.passed,
        )
    return total


def _sure(pairs: Sequence[tuple[Deck, Answer]]) -> dict[int, Share]:
    return sureness((deck.by_name[answer.case], answer) for deck, answer in pairs)


def _figures(scored: Score) -> dict[str, Any]:
    shares = {name: to_plain(getattr(scored, name)) for name in _SHARES}
    return {**shares, "cost": scored.cost, "passed": scored.passed}


def _cell(value: Any) -> object:
    return f"{value['count']}/{value['of']}" if isinstance(value, dict) else value


def _facts(share: Share) -> dict[str, object]:
    low, high = (f"{100 * bound:.0f}" for bound in (share.low, share.high))
    return {"count": share.count, "of": share.of, "low": low, "high": high}
