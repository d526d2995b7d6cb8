"""The clerk at the counter: questions and progress of a personalization on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App
from eid_toolkit.doors.cli.output import is_terminal, note
from eid_toolkit.doors.cli.printed import printed_text
from eid_toolkit.doors.cli.screen import Screen
from eid_toolkit.ground.display import harmless
from eid_toolkit.ground.errors import AccessDenied, BadInput, NotPermitted

if TYPE_CHECKING:
    from eid_toolkit.books.register.documents.documents import Document, PrintCheck
    from eid_toolkit.cards.terminal.session import CardSession
    from eid_toolkit.ground.messages.catalogue import Speaker
    from eid_toolkit.work.office.office import Office
    from eid_toolkit.work.personalization.content import CardContent
    from eid_toolkit.work.personalization.plan import Plan, Step

_TRIES = 3
_STEPS = {
    "bind-chip": "step-bind-chip",
    "replace-keys": "step-replace-keys",
    "write-file": "step-write-file",
    "set-access": "step-set-access",
    "trust-terminals": "step-trust-terminals",
    "store-secret": "step-store-secret",
    "lock-application": "step-lock-application",
    "secure-domain": "step-secure-domain",
    "prove-locks": "step-prove-locks",
    "read-back": "step-read-back",
    "confirm-print": "step-confirm-print",
    "issue": "step-issue",
}
"""What a person is told of a step, by its action."""

without_print_check = click.option("--without-print-check", is_flag=True)


@dataclass(frozen=True, slots=True)
class Counter:
    """What a desk needs from the office."""

    read_back: Callable[[CardSession, CardContent], Mapping[str, object]]
    holder: Callable[[Document], str]
    """The holder's name."""
    checks_print: bool = True


def counter_of(office: Office, *, checks_print: bool) -> Counter:
    """The counter of an office."""
    documents = office.register.documents

    def holder(document: Document) -> str:
        return documents.application_of(document).person.data.names

    return Counter(office.personalization.read_back(), holder, checks_print)


def step_text(step: Step, speaker: Speaker) -> str:
    """What a step does, as a sentence."""
    code, content = _STEPS[step.action], step.content
    facts: dict[str, object] = {"subject": step.subject, **content}
    if "version" in content:
        facts["version"] = f"{content['version']:02X}"
    if "sha256" in content:
        facts["digest"] = f"{str(content['sha256'])[:16]}…"
    if "check_value" in content:
        code = "step-store-checked-secret"
    for name, joint in (("protocols", "+"), ("references", ", ")):
        if isinstance(several := content.get(name), list):
            facts[name] = joint.join(several)
    return speaker.explain(code, facts)


class ClerkDesk:
    """Asks on stderr; ``--yes`` answers what is only to be confirmed, and never what is printed on a card."""

    def __init__(self, app: App, counter: Counter) -> None:
        self._app = app
        self._counter = counter
        self._speaker = app.speaker

    def confirm(self, document: Document, plan: Plan) -> None:
        """Asks before anything is written."""
        steps = sum(step.irreversible for step in plan.steps)
        self._app.confirm("card-write", count=steps, **self._named(document))

    def confirm_print(self, document: Document, matches: Callable[[str], bool]) -> PrintCheck:
        """Has what is printed on the card typed, three times at the most."""
        try:
            return self._checked_print(document, matches)
        except click.Abort:
            if sys.stdin.isatty():
                raise
            raise AccessDenied("print-not-confirmed") from None  # nobody is there

    def _checked_print(self, document: Document, matches: Callable[[str], bool]) -> PrintCheck:
        from eid_toolkit.books.register.documents.documents import PrintCheck

        if not self._counter.checks_print:
            return PrintCheck.NOT_MADE
        self._tell("card-written", **self._named(document))
        for left in reversed(range(_TRIES)):
            if matches(self._printed()):
                return PrintCheck.TYPED
            self._tell("print-not-matching", left=left)
        raise AccessDenied("print-not-confirmed")

    def read_back(self, session: CardSession, content: CardContent) -> Mapping[str, object]:
        """The issuer's own inspection."""
        return self._counter.read_back(session, content)

    def progress(self, step: Step, done: bool) -> None:
        """One line a step, for a person who watches."""
        if done and is_terminal():
            note(f"{step.position + 1:>3} {step_text(step, self._speaker)}")

    def _named(self, document: Document) -> dict[str, str]:
        holder = self._counter.holder(document)
        return {"document": document.id, "number": document.document_number, "holder": holder}

    def _printed(self, *, optional: bool = False) -> str:
        question = self._speaker.explain("ask-printed", {})
        return printed_text(question, optional=optional, speaker=self._speaker)

    def _tell(self, code: str, **facts: object) -> None:
        """Also in a thread of a batch, where no command is known, whose user's language it would be."""
        note(self._speaker.explain(code, facts))


class BatchDesk(ClerkDesk):
    """The desk of one reader among several: it asks for one card at a time, and says for which."""

    def __init__(self, app: App, counter: Counter, reader: str, screen: Screen, stop: Callable[[], None]) -> None:
        super().__init__(app, counter)
        self._reader, self._screen, self._stop = reader, screen, stop
        self._typed: str | None = None
        """What said which document the card in the reader is for."""

    def confirm(self, document: Document, plan: Plan) -> None:
        """The batch as a whole was confirmed."""

    def which_document(self, find: Callable[[str], Document], is_any_left: Callable[[], bool]) -> Document | None:
        """Has what is printed on the blank typed while no other reader asks; nothing typed leaves the blank.

        Where nobody answers any more, no new card is begun.
        """
        with self._screen.asking():
            if not is_any_left():  # another reader has the last one
                return None
            self._tell("batch-type-printed", reader=self._reader)
            for _ in range(_TRIES):
                try:
                    self._typed = self._printed(optional=True)
                    if not self._typed.strip():
                        return None
                    document = find(self._typed)
                except (BadInput, NotPermitted) as error:
                    self._app.tell(error)
                except click.Abort:
                    self._stop()
                    raise AccessDenied("print-not-confirmed") from None
                else:
                    self._tell("batch-writing", reader=self._reader, **self._named(document))
                    return document
        return None

    def confirm_print(self, document: Document, matches: Callable[[str], bool]) -> PrintCheck:
        """What was typed first counts; else asked while no other reader asks.

        Where nobody answers any more, no new card is begun.
        """
        from eid_toolkit.books.register.documents.documents import PrintCheck

        if self._typed is not None and matches(self._typed):
            return PrintCheck.TYPED_FIRST
        if not self._counter.checks_print:
            return PrintCheck.NOT_MADE
        with self._screen.asking():
            note(f"{harmless(self._reader)}:")
            try:
                return self._checked_print(document, matches)
            except click.Abort:
                self._stop()
                raise AccessDenied("print-not-confirmed") from None

    def progress(self, step: Step, done: bool) -> None:
        """A line a card is enough here."""
