"""Cards one after another, in several readers at once: a thread for each, until nothing waits or it is told to stop.

A card that is put into a reader is looked at first: one that a stop has left half-way is finished before any blank is
written to. What goes wrong with one card ends that card, not the batch; a database that is away is waited for.
Documents that a stop has left issued, with their jobs still open, are settled first of all.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from functools import partial
from typing import TypeVar

from eid_toolkit.books.register.documents.documents import Document, Documents, DocumentState
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.cards.transport.interface import Transport
from eid_toolkit.ground.errors import (
    CardAbsent,
    CardWouldNotPass,
    DatabaseAway,
    DecisionNeeded,
    EidError,
    NoCardError,
    NoReaderError,
    NotPermitted,
    ReaderAway,
    ServiceAway,
)
from eid_toolkit.work.personalization.batch_cards import CardInWork, Limit
from eid_toolkit.work.personalization.batch_results import Bell, Feeder, Outcome, Result, StationDesk, Summary
from eid_toolkit.work.personalization.outages import Outage
from eid_toolkit.work.personalization.printed import PrintedDocuments
from eid_toolkit.work.personalization.service import PersonalizationService
from eid_toolkit.work.personalization.status import chip_of
from eid_toolkit.work.personalization.work import Taken, WorkQueue

__all__ = ["Batch", "Bell", "Feeder", "Outcome", "Result", "StationDesk", "Summary"]

_T = TypeVar("_T")
PATIENCE = 600.0
"""How many seconds a database that went away is waited for."""
_PAUSE = 0.2
"""Seconds between two looks whether to go on."""
_LOOK_AGAIN = 1.0
"""Seconds between two looks whether a document is still left for a reader that waits for a blank."""
_READER_AWAY = (ReaderAway, NoReaderError)
_TRIES = 3
"""So often one document is tried: with blanks that fail before anything was written to them, or with its own card."""
_SETTLE_EVERY = 20
"""After this many cards the audit log is looked after."""


class Batch:
    """One run of a station.

    Blanks get the documents in their order, or, where there is ``printed``, each the one that is printed on it.
    """

    def __init__(
        self,
        service: PersonalizationService,
        documents: Documents,
        work: WorkQueue,
        operator: Operator,
        bell: Bell,
        desk: Callable[[str], StationDesk],
        station: str,
        is_paused: Callable[[], bool] = lambda: False,
        limit: int | None = None,
        patience: float = PATIENCE,
        settle: Callable[[], None] = lambda: None,
        printed: PrintedDocuments | None = None,
    ) -> None:
        self._service, self._documents, self._work = service, documents, work
        self._operator, self._bell, self._desk, self._station = operator, bell, desk, station
        self._is_paused, self._patience, self._settle, self._printed = is_paused, patience, settle, printed
        self._limit = Limit(limit)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._failures: list[BaseException] = []
        self._tries: dict[str, int] = {}
        self.summary = Summary()
        """What was done so far; also where :meth:`run` raises."""

    def stop(self) -> None:
        """Begin no new card; those in work are finished."""
        self._stop.set()

    def run(self, feeders: Sequence[Feeder]) -> Summary:
        """Serve the readers until nothing waits; raises what went wrong with the batch as a whole."""
        began = time.monotonic()
        threads = [  # an exit does not wait
            threading.Thread(target=self._guarded, args=(feeder,), name=feeder.reader, daemon=True)
            for feeder in feeders
        ]
        try:
            self._patiently(self._finish_left)
            for thread in threads:
                thread.start()
            for thread in threads:
                while thread.is_alive():
                    thread.join(_PAUSE)  # not for ever: else a signal may find nobody to handle it until the end
            if self._failures:
                raise self._failures[0]
            with suppress(EidError):  # the next batch does it
                self._finish_left()
        finally:
            self.summary.seconds = time.monotonic() - began
        return self.summary

    def _finish_left(self) -> None:
        for job in self._service.finish_left(self._operator):
            self._done(Result(Outcome.FINISHED, job.reader, job.chip, job.document_id, 0.0))

    def _guarded(self, feeder: Feeder) -> None:
        try:
            self._serve(feeder)
        except BaseException as error:
            self._failures.append(error)
            self.stop()

    def _serve(self, feeder: Feeder) -> None:
        while self._goes_on():
            free = self._patiently(lambda: self._work.free(self._avoided()))
            if not free:  # what others have in work may come back
                if self._patiently(lambda: self._work.is_empty(self._avoided())):
                    return
                self._stop.wait(_PAUSE)
                continue
            self._tell(self._bell.waiting, feeder.reader, free)
            outage = self._outage()
            watch = _Watch(outage, self._stop, self._is_waiting_over)
            card = self._patiently(partial(feeder.next, watch), outage, readers=True, is_over=watch.gives_up)
            if card is None:
                if watch.is_over:
                    continue
                return  # the reader has no more cards
            with ExitStack() as stack:
                if not self._goes_on():  # paused while the card was put in, and stopped then
                    with suppress(EidError):
                        stack.enter_context(card)
                    return
                result = self._one_card(feeder.reader, stack, card)
            if result is not None:
                self._done(result)
            self._patiently(partial(feeder.taken_out, self._stop.is_set), readers=True, is_over=self._is_waiting_over)

    def _is_waiting_over(self) -> bool:
        """Whether nothing is to be put into a reader now: a stop, a pause, or other readers have the last documents."""
        if self._stop.is_set() or self._limit.is_used_up:
            return True
        try:
            return self._is_paused() or not self._work.free(self._avoided())
        except ServiceAway:  # told when a card comes
            return False

    def _goes_on(self) -> bool:
        """Whether one more card is to be begun; waits while the station is paused, or the limit may be used up."""
        told = False
        while not self._stop.is_set():
            if self._patiently(self._is_paused):
                if not told:
                    self._tell(self._bell.paused)
                    told = True
            elif self._limit.is_used_up:
                return False
            elif self._limit.has_room:
                return True
            self._stop.wait(_PAUSE)
        return False

    def _one_card(self, reader: str, stack: ExitStack, card: AbstractContextManager[Transport]) -> Result | None:
        """Writes to the card, or goes on with it; None if nothing waits for it any more, or it is out again.

        Where the database goes away meanwhile, the card stays in the reader, and all is looked at anew afterwards.
        """
        work, outage = CardInWork(reader, time.monotonic()), self._outage()
        try:
            transport = stack.enter_context(card)
            self._patiently(lambda: self._attempt(work, transport, outage), outage, between=transport.reset)
        except EidError as error:
            if isinstance(error, CardAbsent) and work.chip is None:
                return None
            work.error = error
            if isinstance(error, DecisionNeeded):
                work.outcome = Outcome.ASIDE
            else:
                work.outcome = Outcome.OPEN if self._is_half_way(work) else Outcome.REFUSED
        finally:
            if work.is_counted:
                self._limit.give_back(used=work.outcome in (Outcome.ISSUED, Outcome.FINISHED, Outcome.ASIDE))
        if work.error is not None and work.document_id is not None:
            with self._lock:
                self._tries[work.document_id] = self._tries.get(work.document_id, 0) + 1
        return work.result() if work.outcome is not None else None

    def _attempt(self, work: CardInWork, transport: Transport, outage: Outage) -> None:
        work.chip = chip_of(transport)
        known = self._documents.with_chip(work.chip)
        if known is not None and known.id == work.document_id and self._service.is_issued(known):
            work.outcome = Outcome.ISSUED if work.is_new else Outcome.FINISHED  # the database went away just afterwards
            return
        if known is None:
            self._documents.check_blank(work.chip, self._station)  # else a document would be blamed for its blank
        elif not self._is_to_be_finished(known):
            raise NotPermitted("card-has-document", chip=work.chip, document=known.id, state=known.state)
        if not self._take_number(work):
            return
        desk = self._desk(work.reader)
        while (assignment := self._taken(work, known, desk)) is not None:
            work.document_id, work.remake = assignment.document_id, assignment.remake
            work.is_new = work.is_new or known is None
            outage.over()
            self._tell(self._bell.begun, work.reader, assignment.document_id, work.remake)
            try:
                with self._service.holding(assignment.document_id, assignment.leases):
                    self._service.personalize(assignment.document_id, transport, self._operator, desk, self._station)
            except CardWouldNotPass as error:
                if known is not None or self._printed is not None:
                    raise
                self._put_aside(work, error)  # the blank was not touched: it is the next document's
                continue
            work.outcome = Outcome.ISSUED if work.is_new else Outcome.FINISHED
            return
        self._tell(self._bell.unused, work.reader, work.chip)

    def _taken(self, work: CardInWork, known: Document | None, desk: StationDesk) -> Taken | None:
        if known is not None:
            return self._work.take_bound(known, work.chip or "")
        if self._printed is None:
            return self._work.take(work.chip or "", self._avoided())
        if work.document_id is None:  # else the database went away when it was known already
            printed = self._printed
            named = desk.which_document(printed.find, lambda: printed.is_any_left(self._avoided()))
            if named is None:
                return None
            work.document_id = named.id
        try:
            return self._work.take_named(work.document_id, work.chip or "")
        finally:
            self._printed.release(work.document_id)

    def _put_aside(self, work: CardInWork, error: EidError) -> None:
        """Leaves a document out for the rest of the batch, whose card would not pass."""
        if work.document_id is not None:
            with self._lock:
                self._tries[work.document_id] = _TRIES
        seconds = time.monotonic() - work.began
        self._done(Result(Outcome.REFUSED, work.reader, None, work.document_id, seconds, error, work.remake))
        work.document_id, work.remake, work.is_new, work.began = None, False, False, time.monotonic()

    def _is_to_be_finished(self, known: Document) -> bool:
        """Whether the card of a document is one to go on with, and no finished or foreign one."""
        if known.state is DocumentState.BOUND:
            return self._work.is_wanted(known.id)
        return self._service.is_left_open(known)

    def _take_number(self, work: CardInWork) -> bool:
        """One of the cards that the limit allows; waited for while other readers may give theirs back."""
        while not work.is_counted:
            if self._limit.take():
                work.is_counted = True
            elif self._limit.is_used_up or self._stop.wait(_PAUSE):
                return False
        return True

    def _is_half_way(self, work: CardInWork) -> bool:
        """Whether the card is its document's by now, so that it goes on when it is put in again."""
        if work.document_id is None:
            return False
        try:
            document = self._documents.get(work.document_id)
        except ServiceAway:
            return True
        return document.chip == work.chip and document.state is not DocumentState.SPOILED

    def _avoided(self) -> frozenset[str]:
        """The documents that failed in this batch often enough."""
        with self._lock:
            return frozenset(each for each, tries in self._tries.items() if tries >= _TRIES)

    def _done(self, result: Result) -> None:
        with self._lock:
            self.summary.results.append(result)
            count = len(self.summary.results)
            self._bell.done(result)
        if count % _SETTLE_EVERY == 0:
            with suppress(EidError, OSError):  # the end of the command tries again
                self._settle()

    def _outage(self) -> Outage:
        away, back = self._bell.away, self._bell.back
        return Outage(self._patience, self._stop, partial(self._tell, away), partial(self._tell, back))

    def _patiently(
        self,
        ask: Callable[[], _T],
        outage: Outage | None = None,
        *,
        readers: bool = False,
        is_over: Callable[[], bool] = lambda: False,
        between: Callable[[], None] = lambda: None,
    ) -> _T | None:
        """What ``ask`` answers; a database, or with ``readers`` a reader, that is away is waited for.

        None if by then nothing is to be waited for any more.
        """
        outage = outage or self._outage()
        while True:
            try:
                if outage.is_on:
                    between()
                answer = ask()
            except (ServiceAway, NoCardError) as error:
                waits = isinstance(error, DatabaseAway) or (readers and isinstance(error, _READER_AWAY))
                if not waits or not outage.wait(error):
                    raise
                if is_over():
                    return None
            else:
                outage.over()
                return answer

    def _tell(self, what: Callable[..., None], *facts: object) -> None:
        with self._lock:
            what(*facts)


class _Watch:
    """Whether waiting for a card is over; asked often, it looks once a second.

    That it is asked shows that the reader is there.
    """

    def __init__(self, outage: Outage, stop: threading.Event, look: Callable[[], bool]) -> None:
        self._outage, self._stop, self._look = outage, stop, look
        self._looked = time.monotonic()
        self.is_over = False

    def __call__(self) -> bool:
        self._outage.over()
        if self._stop.is_set() or time.monotonic() - self._looked >= _LOOK_AGAIN:
            self.is_over = self._look()
            self._looked = time.monotonic()
        return self.is_over

    def gives_up(self) -> bool:
        """Whether waiting is over although the reader is away."""
        self.is_over = self._look()
        return self.is_over
