"""What a clerk is asked of a portrait that is odd, or like another person's; ``--yes`` answers."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App
from eid_toolkit.doors.cli.output import note, sentence
from eid_toolkit.ground.errors import BadInput, EidError, NotPermitted
from eid_toolkit.ground.messages.catalogue import Speaker

if TYPE_CHECKING:
    from eid_toolkit.books.register.documents.portrait_prints import Alike
    from eid_toolkit.ground.images.quality import Finding


class ClerkDoubts:
    """Tells on stderr what there is to doubt, and asks; refuses where nobody can be asked."""

    def __init__(self, app: App) -> None:
        self._app = app

    def odd(self, findings: Sequence[Finding]) -> None:
        """What was measured is odd."""
        refusal = BadInput("portrait-odd", codes=", ".join(finding.code for finding in findings))
        told = [finding_text(finding, self._app.speaker) for finding in findings]
        ask(self._app, told, "portrait-take", refusal)

    def alike(self, others: Sequence[Alike]) -> None:
        """It is equal or near-equal to portraits in applications of other persons."""
        refusal = NotPermitted("portrait-of-another-person", application=others[0].application)
        ask(self._app, list(map(alike_text, others)), "portrait-take-too", refusal)


def ask(app: App, told: Sequence[str], code: str, refusal: EidError) -> None:
    """Say what there is to doubt and ask; raises ``refusal`` where nobody is there who could answer.

    A program that reads errors as JSON gets nothing but that.
    """
    if app.errors_as_json and not app.yes and not sys.stdin.isatty():
        raise refusal
    for line in told:
        note(line)
    try:
        app.confirm(code)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise refusal from None


def finding_text(finding: Finding, speaker: Speaker) -> str:
    """The finding as a sentence."""
    told = speaker.message(finding.code, finding.facts())
    return finding.code if told is None else told.text


def alike_text(other: Alike) -> str:
    """Which application has such a portrait, without a word of whose it is."""
    if other.equal:
        return sentence("portrait-same", application=other.application)
    return sentence("portrait-near-equal", application=other.application, bits=other.bits)
