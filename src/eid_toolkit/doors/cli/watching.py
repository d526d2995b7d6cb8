"""`eid verify --watch`: cards come and go; what is typed belongs to the card that is in the reader, and to no other."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, NoReturn, Protocol

from eid_toolkit.doors.cli.context import App
from eid_toolkit.doors.cli.output import beep, forget_typed, is_terminal, note
from eid_toolkit.doors.cli.passwords import STDIN, Opening, opening_of, typed_opening
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.doors.cli.printed import printed_text
from eid_toolkit.doors.cli.readers import open_reader
from eid_toolkit.ground.errors import AccessDenied, BadInput, EidError, UsageError

if TYPE_CHECKING:
    from eid_toolkit.cards.transport.interface import Transport
    from eid_toolkit.work.inspection.evidence import Evidence
    from eid_toolkit.work.inspection.verdict import Verdict

_PATIENCE = 24 * 3600.0
"""Seconds to wait for the next card before it is looked whether the reader is still there."""
_TRIES = 3
"""How often what is printed on one card may be typed; chips slow down after wrong passwords."""
_BEEPS = {"passed": 1, "undetermined": 2, "failed": 3}
_BETWEEN_BEEPS = 0.25
"""Seconds: terminals make one sound of bells that come together."""


class Slot(Protocol):
    """A reader that one card after another is put into."""

    def is_empty(self) -> bool: ...

    def opened(self) -> AbstractContextManager[Transport]:
        """The card that is in it, or the next: held until it is left, and gone for good when it is pulled."""
        ...

    def wait_until_gone(self) -> None:
        """Returns when the card is gone that was opened last; the next may be in it by then."""
        ...


class PcscSlot:
    """A PC/SC reader."""

    def __init__(self, app: App, reader: str) -> None:
        from eid_toolkit.cards.transport.pcsc import resolve_reader

        self._app, self._name = app, resolve_reader(reader)
        self._events: int | None = None

    def is_empty(self) -> bool:
        from eid_toolkit.cards.transport.pcsc import has_card

        return not has_card(self._name)

    @contextmanager
    def opened(self) -> Iterator[Transport]:
        from eid_toolkit.cards.transport.pcsc import status_of

        self._events = None
        with open_reader(self._name, self._app, _PATIENCE) as transport:
            self._events = status_of(self._name).events
            yield transport

    def wait_until_gone(self) -> None:
        """By the count of cards that came and went: who looks only for an empty reader may miss a quick change.

        And PC/SC may go on for a while to tell of a card that is known to be gone, and even connect to it.
        """
        from eid_toolkit.cards.transport.pcsc import wait_for_removal

        wait_for_removal(self._name, self._events)


class OneCard(Protocol):
    """What is done with one card."""

    def capture(self, transport: Transport, opening: Opening) -> Evidence: ...

    def conclude(self, evidence: Evidence) -> Verdict: ...


class Passwords:
    """What opens each card: what the command line says for all of them, until it is wrong; else it is asked for."""

    def __init__(self, app: App, options: dict[str, str | None]) -> None:
        self._app = app
        self._options: dict[str, str | None] | None = options if any(options.values()) else None
        if self._options is None and not sys.stdin.isatty():
            raise UsageError("password-not-one")
        if self._options is not None and STDIN not in self._options.values():
            opening_of(**self._options)  # what opens no card at all is told at once

    def opened(self, transport: Transport, card: OneCard) -> Evidence | None:
        """The evidence of the card behind ``transport``; None where nothing was typed for it."""
        if self._options is not None:
            try:
                return card.capture(transport, opening_of(**self._options))
            except AccessDenied as error:
                if not sys.stdin.isatty():
                    raise
                self._options = None
                self._app.tell(error)
                transport.reset()
        forget_typed()  # it was for the card before, or came twice
        for left in reversed(range(_TRIES)):
            typed = printed_text(presentation().speaker.in_short("ask-mrz-or-can"), optional=True).strip()
            if not typed:
                return None
            try:
                return card.capture(transport, typed_opening(typed))
            except (AccessDenied, BadInput) as error:
                if not left:
                    raise
                self._app.tell(error)
                transport.reset()  # a card that was pulled meanwhile ends here
        raise AssertionError("the last try ends otherwise")


def serve(
    app: App,
    slot: Slot,
    passwords: Passwords,
    begin: Callable[[], OneCard],
    between: Callable[[str], None],
    *,
    quiet: bool,
) -> NoReturn:
    """One card after another, until interrupted; what goes wrong with one is told, and the next is waited for.

    ``between`` is told what goes on while no verdict is to be seen, so that nobody's data stay on a second screen.
    """
    try:
        while True:
            if slot.is_empty():
                waiting = presentation().speaker.explain("waiting-for-card", {})
                between(waiting)
                note(waiting)
            try:
                _serve_one(slot, passwords, begin, between, quiet=quiet)
            except EidError as error:
                between(app.speaker.of(error).text)
                app.tell(error)
            slot.wait_until_gone()
    finally:
        between(presentation().speaker.explain("watch-ended", {}))


def _serve_one(
    slot: Slot, passwords: Passwords, begin: Callable[[], OneCard], between: Callable[[str], None], *, quiet: bool
) -> None:
    with slot.opened() as transport:
        between(presentation().speaker.explain("reading-card", {}))
        card = begin()  # with what is believed now, and not when the waiting began
        evidence = passwords.opened(transport, card)
    if evidence is not None:
        _ring(card.conclude(evidence).decision.value, quiet=quiet)


def _ring(decision: str, *, quiet: bool) -> None:
    if quiet or not is_terminal():
        return
    for number in range(_BEEPS[decision]):
        if number:
            time.sleep(_BETWEEN_BEEPS)
        beep(1)
