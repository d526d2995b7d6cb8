"""`eid card batch`: cards one after another, in one or several readers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from eid_toolkit.cli.catalogue import message_of
from eid_toolkit.cli.context import App, Command, format_option, pass_app
from eid_toolkit.cli.desk import ClerkDesk, ReadBackFunction
from eid_toolkit.cli.feeders import feeders_of
from eid_toolkit.cli.office import CLOCK, open_office
from eid_toolkit.cli.output import emit, is_terminal, note, paint, table
from eid_toolkit.cli.stations import station_option
from eid_toolkit.codec.display import harmless
from eid_toolkit.errors import AccessDenied, UsageError

if TYPE_CHECKING:
    from eid_toolkit.errors import EidError
    from eid_toolkit.personalization.batch import Result, Summary
    from eid_toolkit.personalization.plan import Plan, Step
    from eid_toolkit.register.documents import Document, Documents

SCHEMA = "eid-card-batch/1"
_COLOURS = {"issued": "green", "finished": "green", "aside": "red", "refused": "yellow", "open": "yellow"}
_WHAT_TO_DO = {
    "aside": "Put this card aside; decide with `eid card resolve`.",
    "open": "Put the card in again: it goes on.",
}


@click.command("batch", cls=Command)
@click.argument("document_ids", metavar="[DOCUMENT]...", nargs=-1)
@click.option(
    "--reader",
    "readers",
    multiple=True,
    metavar="R",
    help="A PC/SC reader, or emulator:NAME-* for a box of emulated cards; given repeatedly, they work at once.",
)
@station_option
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Stop after so many cards.")
@click.option(
    "--patience",
    type=click.FloatRange(min=0),
    default=600.0,
    metavar="SECONDS",
    show_default=True,
    help="How long to wait for a database or reader that is away.",
)
@click.option("--quiet", is_flag=True, help="No beep.")
@click.option("--pause", "turn", flag_value="pause", help="Have the station begin no new card, and do nothing else.")
@click.option("--resume", "turn", flag_value="resume", help="Let the station go on, and do nothing else.")
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
    """Write all prepared documents, or those named, to the blanks that are put into the readers.

    Documents whose card was spoiled come first, then the oldest. A card that a stop has left half-way goes on where
    it was. Ctrl-C finishes the cards in work and stops; --pause and --resume do it from another terminal.
    """
    from eid_toolkit.personalization.batch import Batch
    from eid_toolkit.personalization.service import PersonalizationService
    from eid_toolkit.personalization.work import WorkQueue
    from eid_toolkit.register.stations import Stations
    from eid_toolkit.stores.roles import Permission

    with open_office(app) as office:
        operator = office.act(Permission.PERSONALIZE)
        stations = Stations(office.register.database, CLOCK)
        if turn is not None:
            (stations.pause if turn == "pause" else stations.resume)(station, operator)
            shown = {"station": station, "state": "paused" if turn == "pause" else "working"}
            emit(shown, fmt, lambda: f"The station {station} is {shown['state']}.")
            return
        if not readers:
            raise UsageError("batch-without-reader")
        office.keys.unlock()  # asked for once, before the threads
        service = PersonalizationService(office.home, office.keys, office.register, office.trust)
        for document_id in document_ids:
            office.register.documents.get(document_id)
        work = WorkQueue(office.register.database, service.leases, document_ids)
        feeders = feeders_of(app, readers, lambda chip: _is_wanted(office.register.documents, chip))
        waiting = work.waiting()
        app.confirm(f"Write up to {min(waiting, limit or waiting)} documents, in {len(feeders)} readers?")
        bell = _Bell(app, quiet)
        run = Batch(
            service, office.register.documents, work, operator, bell,
            lambda reader: BatchDesk(app, service.read_back(), reader, bell.lock, run.stop),
            station, lambda: stations.pause_of(station) is not None, limit, patience,
        )  # fmt: skip
        summary = run.run(feeders)
        left, half_way = work.waiting(), work.half_way()
        serials = {
            each.document_id: office.register.documents.serial(office.register.documents.get(each.document_id))
            for each in summary.results
            if each.document_id is not None
        }
    shown = _summary(app, summary, left, half_way, serials)
    emit(shown, fmt, lambda: _text(shown))
    errors = [each.error for each in summary.results if each.error is not None]
    if errors:
        raise next((error for error in errors if error.exit_code == 8), errors[0])


def _is_wanted(documents: Documents, chip: str) -> bool:
    """Whether a card may be written to, or be gone on with."""
    from eid_toolkit.register.documents import DocumentState

    known = documents.with_chip(chip)
    return known is None or known.state is DocumentState.BOUND


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

    def waiting(self, reader: str, left: int) -> None:
        note(f"{harmless(reader)}: next blank, please; {left} to do.")

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

    def away(self, error: EidError) -> None:
        note(f"{message_of(error, self._app.language).text} Waiting for it.")
        self._beep(3)

    def back(self) -> None:
        note("It is there again.")

    def paused(self) -> None:
        note("The station is paused. `eid card batch --resume` lets it go on.")

    def _beep(self, times: int) -> None:
        if self._beeps:
            click.echo("\a" * times, nl=False, err=True)


def _summary(app: App, summary: Summary, left: int, half_way: int, serials: dict[str, str | None]) -> dict[str, Any]:
    from eid_toolkit.personalization.batch import Outcome

    good = summary.count(Outcome.ISSUED) + summary.count(Outcome.FINISHED)
    return {
        "schema": SCHEMA,
        "counts": {str(outcome): summary.count(outcome) for outcome in Outcome},
        "remakes": sum(each.remake and each.error is None for each in summary.results),
        "seconds": round(summary.seconds, 3),
        "cards_per_hour": round(3600 * good / summary.seconds) if summary.seconds else 0,
        "waiting": left,
        "half_way": half_way,
        "cards": [
            {
                "document": each.document_id,
                "outcome": str(each.outcome),
                "reader": each.reader,
                "chip": each.chip,
                "serial": serials.get(each.document_id or ""),
                "seconds": round(each.seconds, 3),
                "error": each.error.code if each.error is not None else None,
                "message": message_of(each.error, app.language).text if each.error is not None else None,
            }
            for each in summary.results
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
    speed = f"{shown['seconds']:.1f} s, {shown['cards_per_hour']} cards an hour"
    lines.append(f"{good} cards issued ({shown['remakes']} re-makes), {speed}.")
    lines.append(
        f"{counts['aside']} aside, {counts['refused']} refused, {counts['open']} half-way; {shown['waiting']} wait."
    )
    return "\n".join(lines)
