"""`eid card batch`: cards one after another, in one or several readers."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from eid_toolkit.doors.cli.context import App, Command, format_option, pass_app
from eid_toolkit.doors.cli.desk import ClerkDesk, ReadBackFunction
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import beep, emit, is_terminal, note, paint, table
from eid_toolkit.doors.cli.readers import open_reader
from eid_toolkit.doors.cli.stations import station_option
from eid_toolkit.ground.display import harmless
from eid_toolkit.ground.errors import AccessDenied, ServiceAway
from eid_toolkit.ground.messages.catalogue import message_of
from eid_toolkit.work.office import card_batches

if TYPE_CHECKING:
    from eid_toolkit.books.register.documents.documents import Document, Documents
    from eid_toolkit.ground.errors import EidError
    from eid_toolkit.work.personalization.batch import Result, Summary
    from eid_toolkit.work.personalization.plan import Plan, Step
    from eid_toolkit.work.personalization.work import Free, WorkQueue

_T = TypeVar("_T")
SCHEMA = "eid-card-batch/1"
_COLOURS = {"issued": "green", "finished": "green", "aside": "red", "refused": "yellow", "open": "yellow"}
_WHAT_TO_DO = {
    "aside": "Put this card aside and decide with `eid card resolve`.",
    "open": "Insert the card again to continue.",
}


@click.command("batch", cls=Command)
@click.argument("document_ids", metavar="[DOCUMENT]...", nargs=-1)
@click.option(
    "--reader",
    "readers",
    multiple=True,
    metavar="R",
    help="A PC/SC reader, or emulator:NAME-* for a box of emulated cards; repeat to use several in parallel.",
)
@station_option
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Stop after N cards.")
@click.option(
    "--patience",
    type=click.FloatRange(min=0),
    default=600.0,
    metavar="SECONDS",
    show_default=True,
    help="How long to wait for an unavailable database or reader.",
)
@click.option("--quiet", is_flag=True, help="Do not beep.")
@click.option("--pause", "turn", flag_value="pause", help="Only pause the station: it starts no new card.")
@click.option("--resume", "turn", flag_value="resume", help="Only let the station continue.")
@format_option
@pass_app
def batch(
    app: App,
    document_ids: tuple[str, ...],
    readers: tuple[str, ...],
    station: str,
    limit: int | None,
    patience: float,
    quiet: bool,
    turn: str | None,
    fmt: str,
) -> None:
    """Write all prepared documents, or those named, to the blanks inserted into the readers.

    Documents whose card was spoiled come first, then the oldest. A card left unfinished by an interruption continues
    where it stopped. Ctrl-C finishes the current cards and stops; use --pause and --resume from another terminal.
    """
    with open_office(app) as office:
        if turn is not None:
            card_batches.turn_station(office, station, paused=turn == "pause")
            state = {"station": station, "state": "paused" if turn == "pause" else "working"}
            emit(state, fmt, lambda: f"The station {station} is {state['state']}.")
            return
        bell = _Bell(app, quiet)
        run = card_batches.card_batch(
            office,
            document_ids,
            readers,
            station,
            lambda name, wait: open_reader(name, app, wait),
            bell,
            lambda reader, read_back, stop: BatchDesk(app, read_back, reader, bell.lock, stop),
            limit=limit,
            patience=patience,
        )
        app.confirm(_question(run.work.waiting(), run.work.half_way(), limit, len(run.feeders)))
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

    def stop_and_tell() -> None:
        stop()
        note("Finishing the current cards; no new card is started. Press Ctrl-C again to stop at once.")

    def interrupted(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        threading.Thread(target=stop_and_tell).start()  # whatever lock the interrupted code has

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _question(waiting: int, half_way: int, limit: int | None, readers: int) -> str:
    """What the operator confirms: half-way cards are gone on with too, and count."""
    cards = min(waiting + half_way, limit or waiting + half_way)
    going_on = f", up to {min(half_way, cards)} of them on unfinished cards" if half_way else ""
    return f"Write up to {cards} documents{going_on}, using {readers} readers?"


def _errors_left(summary: Summary) -> list[EidError]:
    """What went wrong with cards that were not finished later in the same batch."""
    finished = {result.document_id for result in summary.results if result.error is None}
    return [
        result.error for result in summary.results if result.error is not None and result.document_id not in finished
    ]


class BatchDesk(ClerkDesk):
    """The desk of one reader among several: it asks for one card at a time, and says for which."""

    def __init__(
        self, app: App, read_back: ReadBackFunction, reader: str, lock: threading.Lock, stop: Callable[[], None]
    ) -> None:
        super().__init__(app, read_back)
        self._reader = reader
        self._lock = lock
        self._stop = stop

    def confirm(self, document: Document, plan: Plan) -> None:
        """The batch as a whole was confirmed."""

    def confirm_print(self, matches: Callable[[str], bool]) -> str:
        """Asked while no other reader asks; where nobody answers any more, no new card is begun."""
        with self._lock:
            if not self._app.yes:
                note(f"Reader {harmless(self._reader)}:")
            try:
                return super().confirm_print(matches)
            except click.Abort:
                self._stop()
                raise AccessDenied("print-not-confirmed") from None

    def progress(self, step: Step, done: bool) -> None:
        """A line a card is enough here."""


class _Bell:
    """A line on stderr for each card, in colour, and a beep."""

    def __init__(self, app: App, quiet: bool) -> None:
        self._app = app
        self._beeps = is_terminal() and not quiet
        self.lock = threading.Lock()
        self._count = 0

    def waiting(self, reader: str, left: Free) -> None:
        again = f"unfinished cards to insert again: {_number(left.half_way)}"
        if not left.blanks:
            note(f"{harmless(reader)}: no blank needed; {again}. Ctrl-C to stop.")
            return
        note(
            f"{harmless(reader)}: insert the next blank; "
            f"{_number(left.blanks)} to do{f', {again}' * (left.half_way > 0)}."
        )

    def begun(self, reader: str, document_id: str, remake: bool) -> None:
        note(f"{harmless(reader)}: {document_id}{' (re-make)' if remake else ''} …")

    def done(self, result: Result) -> None:
        self._count += 1
        colour = _COLOURS[result.outcome]
        line = f"{harmless(result.reader)}: {result.document_id or '-'} {paint(result.outcome.upper(), colour)}"
        note(f"{line} {result.seconds:.1f} s")
        if result.error is not None:
            note(f"  {message_of(result.error, self._app.language).text}")
        if result.outcome in _WHAT_TO_DO:
            note(f"  {_WHAT_TO_DO[result.outcome]}")
        self._beep(1 if result.error is None else 3)

    def unused(self, reader: str, chip: str) -> None:
        note(f"{harmless(reader)}: no document is waiting for this blank; nothing was written to it.")
        self._beep(1)

    def away(self, error: EidError) -> None:
        note(f"{message_of(error, self._app.language).text} Waiting ...")
        self._beep(3)

    def back(self) -> None:
        note("Available again.")

    def paused(self) -> None:
        note("The station is paused. To continue: eid card batch --resume")

    def _beep(self, times: int) -> None:
        if self._beeps:
            beep(times)


def _number(count: int) -> str:
    from eid_toolkit.work.personalization.work import MANY

    return str(count) if count < MANY else f"{count} or more"


def _summary(app: App, summary: Summary, work: WorkQueue, documents: Documents) -> dict[str, Any]:
    """What was done, and what is left; a register that is away leaves that out."""
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

    def serial(document_id: str | None) -> str | None:
        return known(lambda: documents.serial(documents.get(document_id))) if document_id is not None else None

    good = summary.count(Outcome.ISSUED) + summary.count(Outcome.FINISHED)
    return {
        "schema": SCHEMA,
        "counts": {str(outcome): summary.count(outcome) for outcome in Outcome},
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
                "serial": serial(result.document_id),
                "seconds": round(result.seconds, 3),
                "error": result.error.code if result.error is not None else None,
                "message": message_of(result.error, app.language).text if result.error is not None else None,
            }
            for result in summary.results
        ],
    }


def _text(shown: dict[str, Any]) -> str:
    counts = shown["counts"]
    lines = []
    odd = [card for card in shown["cards"] if card["error"] is not None]
    if odd:
        columns = ("document", "outcome", "serial", "chip", "message")
        lines.append(table(columns, ([card[column] for column in columns] for card in odd)))
    good = counts["issued"] + counts["finished"]
    speed = f"{shown['seconds']:.1f} s, {shown['cards_per_hour']} cards per hour"
    lines.append(f"{good} cards issued ({shown['remakes']} remakes), {speed}.")
    waiting = "an unknown number" if shown["waiting"] is None else shown["waiting"]
    lines.append(
        f"{counts['aside']} aside, {counts['refused']} refused, {counts['open']} unfinished; {waiting} waiting."
    )
    return "\n".join(lines)
