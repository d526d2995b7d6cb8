"""A station for tests: a office with batches, boxes of blanks that feed their readers, and a bell that remembers."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from eid_toolkit.books.register.documents.documents import Document, DocumentState
from eid_toolkit.cards.transport.interface import Transport
from eid_toolkit.ground.errors import EidError
from eid_toolkit.work.personalization.batch import Batch, Outcome, Result, Summary
from eid_toolkit.work.personalization.work import Free, WorkQueue
from support.homes import WorkingOffice
from support.silent_clerk import SilentClerk


class Box:
    """Blanks that are put into a reader one after another."""

    def __init__(
        self, office: WorkingOffice, reader: str, cards: list[str], line: Callable[[Transport], Transport]
    ) -> None:
        self.reader = reader
        self._office, self.cards, self._line = office, cards, line

    def next(self, stop: Callable[[], bool], /) -> AbstractContextManager[Transport] | None:
        if not self.cards or stop():
            return None
        return self._open(self.cards.pop(0))

    def taken_out(self, stop: Callable[[], bool], /) -> None:
        pass

    @contextmanager
    def _open(self, card: str) -> Iterator[Transport]:
        with self._office.reader(card) as transport:
            yield self._line(transport)


class Slot:
    """A reader: ``faults`` are raised one after another when it is asked for a card, which comes when it is put in."""

    def __init__(self, box: Box, faults: tuple[EidError, ...] = (), slowness: float = 0.0) -> None:
        self.reader = box.reader
        self.is_filled = threading.Event()
        self._box, self._faults, self._slowness = box, list(faults), slowness
        self.is_asked = threading.Event()

    def next(self, stop: Callable[[], bool], /) -> AbstractContextManager[Transport] | None:
        if self._faults:
            time.sleep(self._slowness)
            raise self._faults.pop(0)
        while not self.is_filled.wait(0.02):
            self.is_asked.set()
            if stop():
                return None
        return self._box.next(lambda: False)

    def taken_out(self, stop: Callable[[], bool], /) -> None:
        pass


def outcomes(summary: Summary) -> list[Outcome]:
    return [each.outcome for each in summary.results]


class Bell:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.results: list[Result] = []
        self.left: list[Free] = []

    def waiting(self, reader: str, left: Free) -> None:
        self.told.append("waiting")
        self.left.append(left)

    def begun(self, reader: str, document_id: str, remake: bool) -> None:
        self.told.append(f"begun {document_id}")

    def done(self, result: Result) -> None:
        self.results.append(result)

    def unused(self, reader: str, chip: str) -> None:
        self.told.append("unused")

    def away(self, error: EidError) -> None:
        self.told.append(error.code)

    def back(self) -> None:
        self.told.append("back")

    def paused(self) -> None:
        self.told.append("paused")


class Station:
    """An office with a batch to run."""

    def __init__(self, office: WorkingOffice) -> None:
        self.office = office
        self.bell = Bell()
        self._blanks = 0

    def documents(self, count: int) -> list[Document]:
        """In the order of the queue: by their identifiers, since the clock stands still."""
        return sorted((self.office.document() for _ in range(count)), key=lambda each: each.id)

    def box(
        self, count: int, reader: str = "one", line: Callable[[Transport], Transport] = lambda transport: transport
    ) -> Box:
        names = []
        for _ in range(count):
            self._blanks += 1
            names.append(self.office.blank(f"b{self._blanks}"))
        return Box(self.office, reader, names, line)

    def batch(self, *wanted: str, desk: SilentClerk | None = None, **options: object) -> Batch:
        service, documents = self.office.personalization, self.office.register.documents
        work = WorkQueue(self.office.register.database, service.leases, wanted)
        used = desk or SilentClerk(service)
        return Batch(
            service, documents, work, self.office.clerk, self.bell, lambda reader: used, "main", **options,
        )  # type: ignore[arg-type]  # fmt: skip

    def run(self, *boxes: Box, **options: object) -> Summary:
        return self.batch(**options).run(boxes)  # type: ignore[arg-type]

    def states(self) -> Counter[DocumentState]:
        return Counter(found.state for found in self.office.register.documents.list())

    def check(self) -> None:
        """One chip each, one issue each, and a whole log."""
        found = self.office.register.documents.list()
        chips = [each.chip for each in found if each.chip is not None]
        assert len(chips) == len(set(chips))
        issued = [row.subject for row in self.office.register.audit_rows() if row.action == "document.issued"]
        assert len(issued) == len(set(issued)) == self.states()[DocumentState.ISSUED]
        assert self.office.register.audit.verify().broken_at is None
