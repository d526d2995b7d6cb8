"""`eid train`: the range, where officers are trained on true and forged cards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Command, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.files import OutputFile
from eid_toolkit.doors.cli.office import CLOCK, ENTROPY
from eid_toolkit.doors.cli.output import emit, emit_rows, sentence, table, tell
from eid_toolkit.ground.home.named_files import write_file
from eid_toolkit.ground.plain_values import to_plain

if TYPE_CHECKING:
    from eid_toolkit.work.training.attempts import Attempt
    from eid_toolkit.work.training.checking import Checked
    from eid_toolkit.work.training.deck import Deck
    from eid_toolkit.work.training.scoring import Score

_SCHEMA = "eid-training-result/1"


@click.group(cls=Group)
def train() -> None:
    pass


@train.command("start", cls=Command)
@click.argument("deck")
@click.option("--officer", metavar="NAME")
@click.option("--seed", metavar="TEXT")
@click.option("--again", is_flag=True)
@format_option
@pass_app
def start(app: App, deck: str, officer: str | None, seed: str | None, again: bool, fmt: str) -> None:
    from eid_toolkit.doors.cli.training import Session
    from eid_toolkit.ground.home.atomic import private_directory
    from eid_toolkit.work.training.attempts import Attempts
    from eid_toolkit.work.training.deck import find_deck

    found, attempts = find_deck(deck), Attempts(app.home_path)
    who = officer or app.operator or "-"
    attempt = None if again or seed is not None else attempts.unfinished(found.name, who)
    if attempt is None:
        private_directory(app.home_path)
        attempt = attempts.begin(found, who, CLOCK.now().replace(microsecond=0), ENTROPY, seed)
    else:
        attempt.check(found)
        tell("training-goes-on", attempt=attempt.id, done=len(attempt.answers), of=len(attempt.drawn))
    attempt = Session(app, found, attempts).play(attempt)
    _show(found, attempt, fmt)


@train.command("result", cls=Command)
@click.argument("attempt", required=False)
@click.option("--deck", metavar="DECK")
@format_option
@pass_app
def result(app: App, attempt: str | None, deck: str | None, fmt: str) -> None:
    from eid_toolkit.ground.errors import BadInput
    from eid_toolkit.work.training.attempts import Attempts
    from eid_toolkit.work.training.deck import find_deck

    attempts = Attempts(app.home_path)
    every = attempts.all()
    if attempt is None and not every:
        raise BadInput("training-attempts-none")
    chosen = every[-1] if attempt is None else attempts.get(attempt)
    found = find_deck(deck or chosen.deck)
    chosen.check(found)
    _show(found, chosen, fmt)


@train.command("list", cls=Command)
@list_format_option
@pass_app
def list_(app: App, fmt: str) -> None:
    from eid_toolkit.work.training.attempts import Attempts

    rows: list[dict[str, object]] = [
        {
            "attempt": each.id,
            "officer": each.officer,
            "deck": each.deck,
            "version": each.version,
            "started_at": each.begun.isoformat(),
            "answered": len(each.answers),
            "cases": len(each.drawn),
        }
        for each in Attempts(app.home_path).all()
    ]
    columns = ("attempt", "officer", "deck", "version", "started_at", "answered", "cases")
    emit_rows(rows, columns, fmt)


@train.command("report", cls=Command)
@click.option("--officer", metavar="NAME")
@click.option("--class", "everyone", is_flag=True)
@format_option
@pass_app
def report(app: App, officer: str | None, everyone: bool, fmt: str) -> None:
    from eid_toolkit.doors.cli.training_report import class_report, officer_report
    from eid_toolkit.ground.errors import BadInput, UsageError
    from eid_toolkit.work.training.attempts import Attempts

    if everyone and officer is not None:
        raise UsageError("training-officer-and-class")
    attempts = Attempts(app.home_path).all()
    if not attempts:
        raise BadInput("training-attempts-none")
    if everyone:
        class_report(attempts, fmt)
    else:
        officer_report(attempts, officer or app.operator or attempts[-1].officer, fmt)


@train.command("erase", cls=Command)
@click.argument("attempt")
@pass_app
def erase(app: App, attempt: str) -> None:
    from eid_toolkit.work.training.attempts import Attempts

    attempts = Attempts(app.home_path)
    attempts.get(attempt)
    app.confirm("ask-training-erase", attempt=attempt)
    attempts.erase(attempt)
    tell("training-erased", attempt=attempt)


@train.command("check", cls=Command)
@click.argument("deck")
@list_format_option
@pass_app
def check(app: App, deck: str, fmt: str) -> None:
    from eid_toolkit.work.training.checking import check_cases
    from eid_toolkit.work.training.deck import find_deck

    checked = list(check_cases(find_deck(deck).cases))
    rows = list(map(_checked_row, checked))
    emit_rows(rows, ("case", "verdict", "causes", "differs"), fmt, lambda name, row: _joined(row[name]))
    differing = sum(bool(each.differs) for each in checked)
    tell("training-checked" if not differing else "training-checked-differing", cases=len(rows), count=differing)
    if differing:
        click.get_current_context().exit(1)


@train.command("new", cls=Command)
@click.argument("case", type=OutputFile())
def new(case: Path) -> None:
    from eid_toolkit.work.training.template import TEMPLATE

    write_file(case, TEMPLATE.encode())
    tell("training-case-written", file=case)


def _checked_row(checked: Checked) -> dict[str, object]:
    found = checked.found
    causes = [f"{name}: {reason}" for name, reason in found.causes.items()]
    return {
        "case": checked.case.name,
        "verdict": found.verdict or found.error,
        "causes": causes,
        "findings": list(found.findings),
        "differs": list(checked.differs),
    }


def _joined(value: object) -> object:
    return ", ".join(map(str, value)) or None if isinstance(value, list) else value


def _show(deck: Deck, attempt: Attempt, fmt: str) -> None:
    """The score of an attempt, and each case with what was answered."""
    from eid_toolkit.work.training.scoring import cost_of, score

    scored = score(deck, attempt.answers)
    rows: list[dict[str, object]] = [
        {
            "case": answer.case,
            "answer": answer.decision,
            "reason": answer.reason,
            "sure": answer.sure,
            "seconds": answer.seconds,
            "verdict": answer.verdict,
            "right": answer.is_right(deck.by_name[answer.case]),
            "right_reason": answer.has_right_reason(deck.by_name[answer.case]),
            "cost": cost_of(deck.by_name[answer.case], answer, deck.costs),
        }
        for answer in attempt.answers
    ]
    data = {
        "schema": _SCHEMA,
        "attempt": attempt.id,
        "officer": attempt.officer,
        "deck": attempt.deck,
        "version": attempt.version,
        "started_at": attempt.begun.isoformat(),
        "over": attempt.is_over,
        "score": to_plain(scored),
        "cases": rows,
    }
    emit(data, fmt, lambda: _text(deck, attempt, scored, rows))


def _text(deck: Deck, attempt: Attempt, scored: Score, rows: list[dict[str, object]]) -> str:
    columns = ("case", "answer", "reason", "right", "verdict", "cost")
    from eid_toolkit.doors.cli.training_report import score_lines

    lines = score_lines(scored)
    if not attempt.is_over:
        lines.append(sentence("training-not-over", done=len(attempt.answers), of=len(attempt.drawn)))
    else:
        mark = {"caught": deck.pass_mark.caught, "delayed": deck.pass_mark.refused_or_delayed}
        lines.append(sentence("training-passed" if scored.passed else "training-not-passed", **mark))
    shown = table(columns, ([row[name] for name in columns] for row in rows))
    return "\n".join((shown, "", *lines))
