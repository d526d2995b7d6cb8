"""What a batch is fed by, whom it tells, and what becomes of its cards."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from eid_toolkit.books.register.documents.documents import Document
from eid_toolkit.cards.transport.interface import Transport
from eid_toolkit.ground.errors import EidError
from eid_toolkit.work.personalization.runner import Desk
from eid_toolkit.work.personalization.work import Free


class Outcome(StrEnum):
    """What became of one card."""

    ISSUED = "issued"
    FINISHED = "finished"
    ASIDE = "aside"
    REFUSED = "refused"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Result:
    """One card: what became of it, and why if it is not an issued one.

    ``finished`` is a card that an earlier stop had left half-way, ``aside`` one that waits for a decision of the
    operator, ``refused`` one that was not written to, ``open`` one that was pulled or failed half-way: it goes on when
    it is put in again.
    """

    outcome: Outcome
    reader: str
    chip: str | None
    document_id: str | None
    seconds: float
    error: EidError | None = None
    remake: bool = False


class Feeder(Protocol):
    """Where the cards of one reader come from."""

    @property
    def reader(self) -> str:
        """The reader's name."""
        ...

    def next(self, stop: Callable[[], bool], /) -> AbstractContextManager[Transport] | None:
        """The next card, waited for; None if there is none any more, or ``stop`` says so."""
        ...

    def taken_out(self, stop: Callable[[], bool], /) -> None:
        """Returns when the card was taken out."""
        ...


class StationDesk(Desk, Protocol):
    """The people at one reader of a batch."""

    def which_document(self, find: Callable[[str], Document], is_any_left: Callable[[], bool], /) -> Document | None:
        """Has what is printed on a blank typed, and finds its document; None leaves the blank as it is.

        Asked where the documents are found by what is printed; nobody is, when it comes to that, if none is left.
        """
        ...


class Bell(Protocol):
    """Tells the people at the readers; called from several threads, one at a time."""

    def waiting(self, reader: str, left: Free, /) -> None:
        """A blank is wanted, or a card that is half-way."""
        ...

    def begun(self, reader: str, document_id: str, remake: bool, /) -> None:
        """A card is being written to."""
        ...

    def done(self, result: Result, /) -> None:
        """A card is done with."""
        ...

    def unused(self, reader: str, chip: str, /) -> None:
        """A blank was put in that no document waits for."""
        ...

    def away(self, error: EidError, /) -> None:
        """The database, or a reader, went away and is waited for."""
        ...

    def back(self) -> None:
        """It is there again."""
        ...

    def paused(self) -> None:
        """The station is paused: nothing new is begun."""
        ...


@dataclass
class Summary:
    """What a batch came to."""

    results: list[Result] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def settled(self) -> list[Result]:
        """What became of each card in the end: one that was open and was finished afterwards is a finished one."""
        finished = {result.document_id for result in self.results if result.error is None}
        return [each for each in self.results if each.outcome is not Outcome.OPEN or each.document_id not in finished]

    def count(self, outcome: Outcome) -> int:
        """How many cards became that in the end."""
        return sum(result.outcome is outcome for result in self.settled)
