"""`eid card batch`: cards one after another, in one or several readers."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from eid_toolkit.doors.cli.context import App, Command, format_option, pass_app
from eid_toolkit.doors.cli.defaults import default_option
from eid_toolkit.doors.cli.desk import BatchDesk, counter_of, without_print_check
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import beep, emit, is_terminal, note, paint, sentence, table
from eid_toolkit.doors.cli.readers import open_reader
from eid_toolkit.doors.cli.screen import Screen
from eid_toolkit.doors.cli.stations import station_option
from eid_toolkit.ground.display import harmless
from eid_toolkit.ground.errors import ServiceAway
from eid_toolkit.work.office import card_batches
from eid_toolkit.work.office.finding import find_document

if TYPE_CHECKING:
    from eid_toolkit.books.register.documents.documents import Document, Documents
    from eid_toolkit.ground.errors import EidError
    from eid_toolkit.work.personalization.batch import Result, Summary
    from eid_toolkit.work.personalization.work import Free, WorkQueue

_T = TypeVar("_T")
SCHEMA = "eid-card-batch/1"
_COLOURS = {"issued": "green", "finished": "green", "aside": "red", "refused": "yellow", "open": "yellow"}
_WHAT_TO_DO = {"aside": "batch-put-aside", "open": "batch-insert-again"}
_QUESTIONS = {
    (False, False): "batch-write",
    (True, False): "batch-write-half-way",
    (False, True): "batch-write-unchecked",
    (True, True): "batch-write-half-way-unchecked",
}
"""By whether there are half-way cards, and whether what is printed is not checked."""


@click.command("batch", cls=Command)
@click.argument("document_ids", metavar="[DOCUMENT]...", nargs=-1)
@default_option("--reader", "readers", setting="reader", multiple=True, metavar="R")
@station_option
@click.option("--limit", type=click.IntRange(min=1), metavar="N")
@click.option("--patience", type=click.FloatRange(min=0), default=600.0, metavar="SECONDS", show_default=True)
@click.option("--in-order", is_flag=True)
@without_print_check
@click.option("--quiet", is_flag=True)
@click.option("--pause", "turn", flag_value="pause")
@click.option("--resume", "turn", flag_value="resume")
@format_option
@pass_app
def batch(
    app: App,
    document_ids: tuple[str, ...],
    readers: tuple[str, ...],
    station: str,
    limit: int | None,
    patience: float,
    in_order: bool,
    without_print_check: bool,
    quiet: bool,
    turn: str | None,
    fmt: str,
) -> None:
    with open_office(app) as office:
        if turn is not None:
            card_batches.turn_station(office, station, paused=turn == "pause")
            code, word = ("station-paused", "paused") if turn == "pause" else ("station-working", "working")
            emit({"station": station, "state": word}, fmt, lambda: sentence(code, station=station))
            return
        screen = Screen()
        bell = _Bell(app, quiet, screen)
        counter = counter_of(office, checks_print=not without_print_check)
        run = card_batches.card_batch(
            office,
            tuple(find_document(office, each, app.choose, "bind", "issue") for each in document_ids),
            readers,
            station,
            lambda name, wait: open_reader(name, app, wait),
            bell,
            lambda reader, read_back, stop: BatchDesk(app, replace(counter, read_back=read_back), reader, screen, stop),
            by_print=not (in_order or without_print_check),
            limit=limit,
            patience=patience,
        )
        _confirm(app, run, limit, unchecked=without_print_check)
        failure: Exception | None = None
        try:
            with _stopped_by_interrupt(run.stop):
                run.run()
        except Exception as error:
            failure = error  # what was done is told first
        shown = _summary(app, run.summary, run.work, run.documents)
    emit(shown, fmt, lambda: _text(shown))
    errors = _errors_left(run.summary)
    if failure is not None:
        raise failure
    if errors:
        raise next((error for error in errors if error.exit_code == 8), errors[0])


@contextmanager
def _stopped_by_interrupt(stop: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C has the cards in work finished; the second one ends the process, whatever it is at.

    No exception is raised in the middle of waiting for a thread: Python 3.11 then takes the thread for ended.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    told = sentence("batch-finishing")  # in another thread there is no command, whose user's language it would be

    def stop_and_tell() -> None:
        stop()
        note(told)

    def interrupted(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        threading.Thread(target=stop_and_tell).start()  # whatever lock the interrupted code has

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _confirm(app: App, run: card_batches.CardBatch, limit: int | None, *, unchecked: bool) -> None:
    """Ask the operator: half-way cards are gone on with too, and count."""
    waiting, half_way, readers = run.work.waiting(), run.work.half_way(), len(run.feeders)
    cards = min(waiting + half_way, limit or waiting + half_way)
    facts = {"unfinished": min(half_way, cards)} if half_way else {}
    app.confirm(_QUESTIONS[bool(half_way), unchecked], count=cards, readers=readers, **facts)


def _errors_left(summary: Summary) -> list[EidError]:
    """What went wrong with cards that were not finished later in the same batch."""
    finished = {result.document_id for result in summary.results if result.error is None}
    return [
        result.error for result in summary.results if result.error is not None and result.document_id not in finished
    ]


class _Bell:
    """A line on stderr for each card, in colour, and a beep."""

    def __init__(self, app: App, quiet: bool, screen: Screen) -> None:
        self._speaker = app.speaker
        self._beeps = is_terminal() and not quiet
        self._screen = screen

    def waiting(self, reader: str, left: Free) -> None:
        blanks, unfinished = (self._number(count) for count in (left.blanks, left.half_way))
        if not left.blanks:
            self._tell("batch-no-blank", reader=reader, unfinished=unfinished)
        elif left.half_way > 0:
            self._tell("batch-next-blank-or-unfinished", reader=reader, blanks=blanks, unfinished=unfinished)
        else:
            self._tell("batch-next-blank", reader=reader, blanks=blanks)

    def begun(self, reader: str, document_id: str, remake: bool) -> None:
        again = f" {self._speaker.in_short('batch-remake')}" if remake else ""
        self._screen.tell(f"{harmless(reader)}: {document_id}{again} …")

    def done(self, result: Result) -> None:
        colour = _COLOURS[result.outcome]
        outcome = paint(self._speaker.value(result.outcome).upper(), colour)
        line = f"{harmless(result.reader)}: {result.document_id or '-'} {outcome}"
        self._screen.tell(f"{line} {result.seconds:.1f} s")
        if result.error is not None:
            self._screen.tell(f"  {self._speaker.of(result.error).text}")
        if result.outcome in _WHAT_TO_DO:
            self._screen.tell(f"  {self._speaker.explain(_WHAT_TO_DO[result.outcome], {})}")
        self._beep(1 if result.error is None else 3)

    def unused(self, reader: str, chip: str) -> None:
        self._tell("batch-blank-unused", reader=reader)
        self._beep(1)

    def away(self, error: EidError) -> None:
        self._screen.tell(f"{self._speaker.of(error).text} {self._speaker.explain('batch-waiting', {})}")
        self._beep(3)

    def back(self) -> None:
        self._tell("batch-available-again")

    def paused(self) -> None:
        self._tell("batch-paused")

    def _tell(self, code: str, **facts: object) -> None:
        self._screen.tell(self._speaker.explain(code, facts))

    def _number(self, count: int) -> str:
        from eid_toolkit.work.personalization.work import MANY

        return str(count) if count < MANY else self._speaker.in_short("batch-number-or-more").format(count=count)

    def _beep(self, times: int) -> None:
        if self._beeps:
            beep(times)


def _summary(app: App, summary: Summary, work: WorkQueue, documents: Documents) -> dict[str, Any]:
    """What was done, and what is left; a register that is away leaves that out."""
    from eid_toolkit.books.register.documents.documents import Documents, PrintCheck
    from eid_toolkit.work.personalization.batch import Outcome

    away = False

    def known(ask: Callable[[], _T]) -> _T | None:
        nonlocal away  # it is asked once, and not for each card
        if not away:
            try:
                return ask()
            except ServiceAway:
                away = True
        return None

    def asked(result: Result, ask: Callable[[Documents, Document], _T]) -> _T | None:
        identifier = result.document_id
        return known(lambda: ask(documents, documents.get(identifier))) if identifier is not None else None

    checks = [asked(each, Documents.print_check) if each.error is None else None for each in summary.results]
    settled = summary.settled
    good = summary.count(Outcome.ISSUED) + summary.count(Outcome.FINISHED)
    return {
        "schema": SCHEMA,
        "counts": {str(outcome): summary.count(outcome) for outcome in Outcome},
        "without_print_check": checks.count(PrintCheck.NOT_MADE),
        "remakes": sum(result.remake and result.error is None for result in summary.results),
        "seconds": round(summary.seconds, 3),
        "cards_per_hour": round(3600 * good / summary.seconds) if summary.seconds else 0,
        "waiting": known(work.waiting),
        "half_way": known(work.half_way),
        "cards": [
            {
                "document": result.document_id,
                "outcome": str(result.outcome),
                "reader": result.reader,
                "chip": result.chip,
                "serial": asked(result, Documents.serial),
                "print_check": check,
                "finished_later": result not in settled,
                "seconds": round(result.seconds, 3),
                "error": result.error.code if result.error is not None else None,
                "message": app.speaker.of(result.error).text if result.error is not None else None,
            }
            for result, check in zip(summary.results, checks, strict=True)
        ],
    }


def _text(shown: dict[str, Any]) -> str:
    counts = shown["counts"]
    lines = []
    odd = [card for card in shown["cards"] if card["error"] is not None and not card["finished_later"]]
    if odd:
        columns = ("document", "outcome", "serial", "chip", "message")
        lines.append(table(columns, ([card[column] for column in columns] for card in odd)))
    good = counts["issued"] + counts["finished"]
    seconds, speed = f"{shown['seconds']:.1f}", shown["cards_per_hour"]
    lines.append(sentence("batch-issued", count=good, remakes=shown["remakes"], seconds=seconds, speed=speed))
    if shown["without_print_check"]:
        lines.append(sentence("batch-unchecked", count=shown["without_print_check"]))
    left = {"aside": counts["aside"], "refused": counts["refused"], "unfinished": counts["open"]}
    if shown["waiting"] is None:
        lines.append(sentence("batch-left-unknown", **left))
    else:
        lines.append(sentence("batch-left", waiting=shown["waiting"], **left))
    return "\n".join(lines)
