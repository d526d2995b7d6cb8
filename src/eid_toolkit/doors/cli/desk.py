"""The clerk at the counter: questions and progress of a personalization on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from eid_toolkit.doors.cli.context import App
from eid_toolkit.doors.cli.output import is_terminal, note, prompt
from eid_toolkit.ground.display import harmless
from eid_toolkit.ground.errors import AccessDenied

if TYPE_CHECKING:
    from eid_toolkit.books.register.documents.documents import Document
    from eid_toolkit.cards.terminal.session import CardSession
    from eid_toolkit.work.personalization.content import CardContent
    from eid_toolkit.work.personalization.plan import Plan, Step

_TRIES = 3

ReadBackFunction = Callable[["CardSession", "CardContent"], Mapping[str, object]]


class ClerkDesk:
    """Asks on stderr; ``--yes`` answers for the clerk, and the journal says so."""

    def __init__(self, app: App, read_back: ReadBackFunction) -> None:
        self._app = app
        self._read_back = read_back

    def confirm(self, document: Document, plan: Plan) -> None:
        """Asks before anything is written."""
        steps = sum(step.irreversible for step in plan.steps)
        number = harmless(document.document_number)
        self._app.confirm(f"Write document {document.id} ({number}) to this card? {steps} steps cannot be undone.")

    def confirm_print(self, matches: Callable[[str], bool]) -> str:
        """Has the CAN or the MRZ typed from the printed card, three times at the most."""
        if self._app.yes:
            return "by --yes"
        note("The card has been written. Type what is PRINTED on it: the CAN, or the MRZ on one line.")
        for left in reversed(range(_TRIES)):
            if matches(prompt("Printed CAN or MRZ")):
                return "typed"
            note(f"This does not match the card's content. Is it the right card? Tries left: {left}.")
        raise AccessDenied("print-not-confirmed")

    def read_back(self, session: CardSession, content: CardContent) -> Mapping[str, object]:
        """The issuer's own inspection."""
        return self._read_back(session, content)

    def progress(self, step: Step, done: bool) -> None:
        """One line a step, for a person who watches."""
        if done and is_terminal():
            note(f"{step.position + 1:>3} {harmless(step.title)}")
