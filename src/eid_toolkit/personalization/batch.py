"""Cards one after another, in several readers at once: a thread for each, until nothing waits or it is told to stop.

A card that is put into a reader is looked at first: one that a stop has left half-way is finished before any blank is
written to. What goes wrong with one card ends that card, not the batch; a database that is away is waited for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Protocol, TypeVar

from eid_toolkit.errors import DecisionNeeded, EidError, NoCardError, NotPermitted, ServiceAway
from eid_toolkit.personalization.runner import Desk
from eid_toolkit.personalization.service import PersonalizationService
from eid_toolkit.personalization.status import chip_of
from eid_toolkit.personalization.work import Taken, WorkQueue
from eid_toolkit.register.documents import Documents, DocumentState
from eid_toolkit.stores.operators import Operator
from eid_toolkit.transport.interface import Transport

_T = TypeVar("_T")
PATIENCE = 600.0
"""How many seconds a database that went away is waited for."""
_PAUSE = 0.2
"""Seconds between two looks whether to go on."""
_LOOK_AGAIN = 1.0
"""Seconds between two looks whether a document is still left for a reader that waits for a blank."""
_DATABASE_AWAY = ("register-away", "register-busy")
_READER_AWAY = ("pcsc-service-away", "reader-gone", "reader-busy")
_TRIES = 3
"""So often one document is tried on cards that fail before anything was written to them."""


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


class Bell(Protocol):
    """Tells the people at the readers; called from several threads, one at a time."""

    def waiting(self, reader: str, left: int, /) -> None:
        """A blank is wanted."""
        ...

    def begun(self, reader: str, document_id: str, remake: bool, /) -> None:
        """A card is being written to."""
        ...

    def done(self, result: Result, /) -> None:
        """A card is done with."""
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

    def count(self, outcome: Outcome) -> int:
        """How many cards became that."""
        return sum(result.outcome is outcome for result in self.results)


class Batch:
    """One run of a station."""

    def __init__(
        self,
        service: PersonalizationService,
        documents: Documents,
        work: WorkQueue,
        operator: Operator,
        bell: Bell,
        desk: Callable[[str], Desk],
        station: str,
        is_paused: Callable[[], bool] = lambda: False,
        limit: int | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._service, self._documents, self._work = service, documents, work
        self._operator, self._bell, self._desk, self._station = operator, bell, desk, station
        self._is_paused, self._left, self._patience = is_paused, limit, patience
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._failures: list[BaseException] = []
        self._tries: dict[str, int] = {}
        self.summary = Summary()

    def stop(self) -> None:
        """Begin no new card; those in work are finished."""
        self._stop.set()

    def run(self, feeders: Sequence[Feeder]) -> Summary:
        """Serve the readers until nothing waits; raises what went wrong with the batch as a whole."""
        began = time.monotonic()
        threads = [threading.Thread(target=self._guarded, args=(each,), name=each.reader) for each in feeders]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            try:
                threads[0].join(_PAUSE) if threads[0].is_alive() else time.sleep(_PAUSE)
            except KeyboardInterrupt:
                self.stop()
        self.summary.seconds = time.monotonic() - began
        if self._failures:
            raise self._failures[0]
        return self.summary

    def _guarded(self, feeder: Feeder) -> None:
        try:
            self._serve(feeder)
        except BaseException as error:
            self._failures.append(error)
            self.stop()

    def _serve(self, feeder: Feeder) -> None:
        while self._goes_on():
            free = self._patiently(self._work.free)
            if not free:  # what others have in work may come back
                if not self._patiently(self._work.waiting):
                    return
                self._stop.wait(_PAUSE)
                continue
            self._tell(self._bell.waiting, feeder.reader, free)
            with ExitStack() as stack:
                card = self._patiently(partial(feeder.next, self._watch()), readers=True)
                if card is None:
                    if self._stop.is_set() or self._patiently(self._work.free):
                        return  # the reader has no more cards
                    continue
                result = self._one_card(feeder.reader, stack, card)
            if result is not None:
                with self._lock:
                    self.summary.results.append(result)
                    self._bell.done(result)
            self._patiently(lambda: feeder.taken_out(self._stop.is_set), readers=True)

    def _watch(self) -> Callable[[], bool]:
        """Whether waiting for a blank is over, for another reader has taken the last document; asked once a second."""
        asked = time.monotonic()

        def is_over() -> bool:
            nonlocal asked
            if self._stop.is_set():
                return True
            if time.monotonic() - asked < _LOOK_AGAIN:
                return False
            asked = time.monotonic()
            try:
                return not self._work.free()
            except ServiceAway:  # told when a card comes
                return False

        return is_over

    def _goes_on(self) -> bool:
        told = False
        while not self._stop.is_set() and self._patiently(self._is_paused):
            if not told:
                self._tell(self._bell.paused)
                told = True
            self._stop.wait(_PAUSE)
        with self._lock:
            return not self._stop.is_set() and self._left != 0

    def _one_card(self, reader: str, stack: ExitStack, card: AbstractContextManager[Transport]) -> Result | None:
        """Writes to the card, or goes on with it; None if nothing waits for it any more.

        Where the database goes away meanwhile, the card stays in the reader, and all is looked at anew afterwards.
        """
        work = _Card(reader, time.monotonic())
        try:
            transport = stack.enter_context(card)
            self._patiently(lambda: self._attempt(work, transport), between=transport.reset)
        except EidError as error:
            work.error = error
            if isinstance(error, DecisionNeeded):
                work.outcome = Outcome.ASIDE
            else:
                work.outcome = Outcome.OPEN if self._is_bound(work.document_id) else Outcome.REFUSED
        with self._lock:
            if work.counted and work.outcome is Outcome.REFUSED and self._left is not None:
                self._left += 1
            if work.error is not None and work.document_id is not None:
                self._tries[work.document_id] = self._tries.get(work.document_id, 0) + 1
        return work.result() if work.outcome is not None else None

    def _attempt(self, work: _Card, transport: Transport) -> None:
        work.chip = chip_of(transport)
        known = self._documents.with_chip(work.chip)
        if known is not None and known.state is not DocumentState.BOUND:
            raise NotPermitted("card-not-blank", chip=work.chip)
        if known is None:
            self._documents.check_blank(work.chip, self._station)  # else a document would be blamed for its blank
        taken = self._take(work) if known is None else self._work.take_bound(known.id, work.chip)
        if taken is None:
            return
        work.document_id, work.remake = taken.document_id, taken.remake
        self._tell(self._bell.begun, work.reader, taken.document_id, taken.remake)
        with self._service.holding(taken.document_id, taken.leases):
            desk = self._desk(work.reader)
            self._service.personalize(taken.document_id, transport, self._operator, desk, self._station)
        work.outcome = Outcome.ISSUED if known is None else Outcome.FINISHED

    def _take(self, work: _Card) -> Taken | None:
        """The next document for a blank, as long as the batch's limit is not reached."""
        with self._lock:
            if self._left == 0 and not work.counted:
                return None
            if self._left is not None and not work.counted:
                self._left -= 1
            work.counted = True
            avoid = frozenset(each for each, tries in self._tries.items() if tries >= _TRIES)
        return self._work.take(str(work.chip), avoid)

    def _is_bound(self, document_id: str | None) -> bool:
        if document_id is None:
            return False
        try:
            return self._documents.get(document_id).state is DocumentState.BOUND
        except ServiceAway:
            return True

    def _patiently(
        self, ask: Callable[[], _T], *, readers: bool = False, between: Callable[[], None] = lambda: None
    ) -> _T:
        """What ``ask`` answers; a database, or with ``readers`` a reader, that is away is waited for."""
        deadline = time.monotonic() + self._patience
        told = False
        while True:
            try:
                if told:
                    between()
                answer = ask()
            except (ServiceAway, NoCardError) as error:
                waits = error.code in _DATABASE_AWAY or (readers and error.code in _READER_AWAY)
                if not waits or time.monotonic() > deadline:
                    raise
                if not told:
                    self._tell(self._bell.away, error)
                    told = True
                if self._stop.wait(1.0):
                    raise
            else:
                if told:
                    self._tell(self._bell.back)
                return answer

    def _tell(self, what: Callable[..., None], *facts: object) -> None:
        with self._lock:
            what(*facts)


@dataclass
class _Card:
    """One card in the hands of a batch."""

    reader: str
    began: float
    chip: str | None = None
    document_id: str | None = None
    remake: bool = False
    outcome: Outcome | None = None
    error: EidError | None = None
    counted: bool = False
    """Whether the batch's limit was lowered for it."""

    def result(self) -> Result:
        seconds = time.monotonic() - self.began
        outcome = self.outcome or Outcome.REFUSED
        return Result(outcome, self.reader, self.chip, self.document_id, seconds, self.error, self.remake)
