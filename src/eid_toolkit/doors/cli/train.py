"""`eid train`: the range, where officers are trained on true and forged cards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from eid_toolkit.cards.transport.vpcd import DEFAULT_PORT
from eid_toolkit.doors.cli.context import App, Command, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.files import OutputFile
from eid_toolkit.doors.cli.office import CLOCK, ENTROPY
from eid_toolkit.doors.cli.output import emit, emit_rows, sentence, table, tell
from eid_toolkit.doors.cli.readers import reader_option
from eid_toolkit.ground.fingerprints import grouped
from eid_toolkit.ground.home.named_files import write_file
from eid_toolkit.ground.plain_values import to_plain

if TYPE_CHECKING:
    from eid_toolkit.work.training.attempts import Attempt, Attempts
    from eid_toolkit.work.training.checking import Checked
    from eid_toolkit.work.training.deck import Deck
    from eid_toolkit.work.training.scoring import Score

_SCHEMA = "eid-training-result/1"
_CERTIFICATE = click.Path(exists=True, dir_okay=False, path_type=Path)
_exams_option = click.option("--exams", is_flag=True)
"""Those of exams, in a trainer's home, instead of one's own attempts."""


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

    found, attempts = _deck(app, deck), Attempts(app.home_path)
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
@_exams_option
@format_option
@pass_app
def result(app: App, attempt: str | None, deck: str | None, exams: bool, fmt: str) -> None:
    from eid_toolkit.ground.errors import BadInput

    attempts = _attempts(app, exams)
    every = attempts.all()
    if attempt is None and not every:
        raise BadInput("training-attempts-none")
    chosen = every[-1] if attempt is None else attempts.get(attempt)
    found = _deck(app, deck or chosen.deck)
    chosen.check(found)
    if exams:
        from eid_toolkit.work.training.examining import check_answers

        check_answers(chosen)
    _show(found, chosen, fmt)


@train.command("list", cls=Command)
@_exams_option
@list_format_option
@pass_app
def list_(app: App, exams: bool, fmt: str) -> None:
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
        for each in _attempts(app, exams).all()
    ]
    columns = ("attempt", "officer", "deck", "version", "started_at", "answered", "cases")
    emit_rows(rows, columns, fmt)


@train.command("report", cls=Command)
@click.option("--officer", metavar="NAME")
@click.option("--class", "everyone", is_flag=True)
@_exams_option
@format_option
@pass_app
def report(app: App, officer: str | None, everyone: bool, exams: bool, fmt: str) -> None:
    from eid_toolkit.doors.cli.training_report import class_report, officer_report
    from eid_toolkit.ground.errors import BadInput, UsageError

    if everyone and officer is not None:
        raise UsageError("training-officer-and-class")
    attempts = _attempts(app, exams).all()
    if not attempts:
        raise BadInput("training-attempts-none")
    if everyone:
        class_report(attempts, fmt)
    else:
        officer_report(attempts, officer or app.operator or attempts[-1].officer, fmt)


@train.command("erase", cls=Command)
@click.argument("attempt")
@_exams_option
@pass_app
def erase(app: App, attempt: str, exams: bool) -> None:
    attempts = _attempts(app, exams)
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

    checked = list(check_cases(_deck(app, deck).cases))
    rows = list(map(_checked_row, checked))
    emit_rows(rows, ("case", "verdict", "causes", "differs"), fmt, lambda name, row: _joined(row[name]))
    differing = sum(bool(each.differs) for each in checked)
    tell("training-checked" if not differing else "training-checked-differing", cases=len(rows), count=differing)
    if differing:
        click.get_current_context().exit(1)


@train.command("serve", cls=Command)
@click.argument("deck")
@click.option("--officer", required=True, metavar="NAME")
@click.option("--officer-key", metavar="F")
@click.option("--address", default="127.0.0.1:0", show_default=True, metavar="HOST:PORT")
@click.option("--port", type=click.IntRange(1, 65535), default=DEFAULT_PORT, show_default=True)
@format_option
@pass_app
def serve(app: App, deck: str, officer: str, officer_key: str | None, address: str, port: int, fmt: str) -> None:
    from eid_toolkit.doors.cli import training_exam
    from eid_toolkit.ground.home.atomic import private_directory

    found = _deck(app, deck)
    private_directory(app.home_path)
    _show(found, training_exam.serve(app, found, officer, officer_key, address, port), fmt)


@train.command("sit", cls=Command)
@click.argument("address", metavar="HOST:PORT")
@click.option("--trainer", required=True, metavar="F")
@reader_option
@click.option("--output", required=True, type=OutputFile())
@pass_app
def sit(app: App, address: str, trainer: str, reader: str, output: Path) -> None:
    from eid_toolkit.doors.cli import training_exam
    from eid_toolkit.ground.home.atomic import private_directory

    private_directory(app.home_path)
    training_exam.sit(app, address, trainer, reader, output)


@train.command("verify", cls=Command)
@click.argument("certificate", type=_CERTIFICATE)
@click.option("--trainer", metavar="F")
@format_option
def verify(certificate: Path, trainer: str | None, fmt: str) -> None:
    from eid_toolkit.doors.cli import training_exam

    training_exam.verify(certificate, trainer, fmt)


@train.command("seal", cls=Command)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--for", "trainer", type=_CERTIFICATE, metavar="FILE")
@click.option("--output", required=True, type=OutputFile())
@pass_app
def seal(app: App, folder: Path, trainer: Path | None, output: Path) -> None:
    from eid_toolkit.doors.cli import training_exam

    training_exam.seal(app, folder, trainer, output)


@train.command("trainer", cls=Command)
@click.option("--output", required=True, type=OutputFile())
@pass_app
def trainer(app: App, output: Path) -> None:
    from eid_toolkit.doors.cli import training_exam

    training_exam.introduce(app, output)


@train.command("new", cls=Command)
@click.argument("case", type=OutputFile())
def new(case: Path) -> None:
    from eid_toolkit.work.training.template import TEMPLATE

    write_file(case, TEMPLATE.encode())
    tell("training-case-written", file=case)


def _deck(app: App, word: str) -> Deck:
    from eid_toolkit.work.training.deck import find_deck

    found = find_deck(word, app.home_path)
    if found.author is not None:
        tell("training-deck-author", deck=found.name, version=found.version, fingerprint=grouped(found.author))
    return found


def _attempts(app: App, exams: bool) -> Attempts:
    from eid_toolkit.work.training.attempts import Attempts
    from eid_toolkit.work.training.examining import EXAMS

    return Attempts(app.home_path, EXAMS if exams else "")


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
