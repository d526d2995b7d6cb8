"""The rows of an import, a batch at a time: read and held to the rules, in this process or in several.

What is done here needs the rows alone, and no register: it is most of the work on a processor. Whatever number of
processes does it, the outcomes are the same, in the order of the file.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import islice

from eid_toolkit.books.register.people.person_data import PersonData
from eid_toolkit.books.register.people.person_files import Record, Row, row_reader
from eid_toolkit.books.register.people.person_source import Kind
from eid_toolkit.ground.crew import Crew, cores
from eid_toolkit.ground.errors import BadInput

CHUNK = 2000
"""Rows in one batch, which is one transaction."""
_WORTH_IT = 1 << 20
"""A file of fewer bytes is read before other processes have begun."""

Check = Callable[[PersonData], None]
"""A rule of the caller's own; raises :class:`BadInput`."""


@dataclass(frozen=True, slots=True)
class NumberCheck:
    """A rule for the personal number alone, which other processes can be given."""

    rule: Callable[[str | None], None]

    def __call__(self, data: PersonData) -> None:
        """Raises :class:`BadInput` as the rule does."""
        self.rule(data.personal_number)


Values = tuple["str | None", ...]
"""A person's columns in the order of :data:`VALUES`, or the first of them, the personal number, alone."""
Outcome = Values | BadInput
"""What a row has: a person, or why there is none."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that nobody has looked at, and what is to be found out of them."""

    records: Sequence[Record]
    today: date
    whole: bool
    """Whether the columns are wanted; else the rows are only held to the rules."""

    @property
    def is_last(self) -> bool:
        """Whether it is the last of its file: only that one has fewer rows than the others."""
        return len(self.records) < CHUNK


@dataclass(frozen=True, slots=True)
class Reading:
    """How the rows of a file are read: its kind and columns, and the caller's own rule."""

    kind: Kind
    columns: tuple[str, ...]
    check: Check | None = None

    def begin(self) -> Callable[[Batch], list[Outcome]]:
        """What finds the outcomes of a batch."""
        read = row_reader(self.kind, self.columns)

        def outcomes(batch: Batch) -> list[Outcome]:
            return [self._outcome(read(record), batch) for record in batch.records]

        return outcomes

    def _outcome(self, row: Row, batch: Batch) -> Outcome:
        data = row.person
        if data is None:
            return row.error or BadInput("import-bad-rows", count=1)
        try:
            if self.check is not None:
                self.check(data)
        except BadInput as error:
            return error
        objection = data.objection(batch.today)
        if objection is not None:
            return objection
        return data.row_values() if batch.whole else (data.personal_number,)


class Readers:
    """Those who read: this process, or a crew of others."""

    def __init__(self, reading: Reading, crew: Crew[Batch, list[Outcome]] | None) -> None:
        self._here = reading.begin()
        self._crew = crew

    @classmethod
    @contextmanager
    def at_work(cls, reading: Reading, size: int, processes: int | None) -> Iterator[Readers]:
        """For a file of ``size`` bytes; as many ``processes`` as there are processors, where that is not said.

        A rule that cannot be sent to another process keeps the work in this one.
        """
        count = processes or (cores() if size >= _WORTH_IT else 1)
        if count == 1 or not _can_be_sent(reading):
            yield cls(reading, None)
            return
        with Crew(count, _begin, reading) as crew:
            yield cls(reading, crew)

    def outcomes(self, batches: Iterable[Batch]) -> Generator[tuple[Batch, list[Outcome]]]:
        """Each batch with what its rows have, in order."""
        if self._crew is not None:
            with _drawn_ahead(batches) as coming:
                yield from self._crew.map(coming, self._here)
        else:
            yield from ((batch, self._here(batch)) for batch in batches)


def batches_of(records: Iterator[Record], today: Callable[[], date], *, whole: bool) -> Iterator[Batch]:
    """The rows in batches; the last may be empty."""
    is_last = False
    while not is_last:
        batch = Batch(list(islice(records, CHUNK)), today(), whole)
        is_last = batch.is_last
        yield batch


@contextmanager
def _drawn_ahead(batches: Iterable[Batch]) -> Iterator[Iterator[Batch]]:
    """The same, of which the next is drawn by another thread meanwhile."""

    def coming(threads: ThreadPoolExecutor) -> Iterator[Batch]:
        source = iter(batches)
        following = threads.submit(next, source, None)
        while (batch := following.result()) is not None:
            following = threads.submit(next, source, None)
            yield batch

    with ThreadPoolExecutor(1, thread_name_prefix="rows") as threads:
        yield coming(threads)


def _begin(reading: Reading) -> Callable[[Batch], list[Outcome]]:
    return reading.begin()


def _can_be_sent(reading: Reading) -> bool:
    try:
        pickle.dumps(reading)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True
