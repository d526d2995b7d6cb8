"""The two readings of a file of persons: the first looks at all rows, the second has them for the register.

What the first has found out is kept for the second (:mod:`eid_toolkit.books.register.people.kept_outcomes`), which
looks again only at the rows that were not kept, or were held to another day.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from datetime import date

from eid_toolkit.books.register.people.kept_outcomes import KeptOutcomes
from eid_toolkit.books.register.people.person_batches import Batch, Outcome, Readers, batches_of, drawn_ahead, unpack
from eid_toolkit.books.register.people.person_files import read_records
from eid_toolkit.books.register.people.person_source import PersonSource, Progress

Found = Generator[tuple[Batch, list[Outcome]]]
"""Batches in the order of the file, with what their rows have."""


class TwoReadings:
    """The readings of one file in batches of ``size`` rows, without the first ``skip``.

    ``today`` is asked for the day at the office.
    """

    def __init__(
        self,
        source: PersonSource,
        size: int,
        skip: int,
        readers: Readers,
        kept: KeptOutcomes,
        today: Callable[[], date],
    ) -> None:
        self._source = source
        self._size = size
        self._skip = skip
        self._readers = readers
        self._kept = kept
        self._today = today

    def first(self, progress: Progress, keep: Callable[[], bool]) -> Found:
        """All batches; asked for each of them whether it is to be kept, were there room."""
        kept = self._kept

        def tell(done: float) -> None:
            if kept.is_taking:
                kept.part = done
            progress(done)

        batches = self._batches(self._skip, tell, lambda: kept.is_taking and keep())
        with closing(self._readers.found(batches)) as read:
            for batch, found in read:
                kept.add(batch, found)
                yield batch, unpack(found)

    def second(self, progress: Progress) -> Found:
        """All batches, with what the register has of their persons."""
        kept, skip = self._kept, self._skip
        count = kept.count
        with drawn_ahead((batch, unpack(found)) for batch, found in kept.all(self._today())) as coming:
            for number, (batch, outcomes) in enumerate(coming, start=1):
                yield batch, outcomes
                progress(kept.part * number / count)
                if batch.is_last:
                    return
                skip += batch.count
        batches = self._batches(skip, lambda done: progress(max(done, kept.part)), lambda: True)
        with closing(self._readers.found(batches)) as read:
            yield from ((batch, unpack(found)) for batch, found in read)

    def _batches(self, skip: int, progress: Progress, whole: Callable[[], bool]) -> Iterator[Batch]:
        records = read_records(self._source.text(progress), self._source.kind, skip)
        return batches_of(records, self._size, self._today, whole=whole)
