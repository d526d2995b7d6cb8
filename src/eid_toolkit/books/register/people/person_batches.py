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
from typing import TypeVar

from eid_toolkit.books.ledger.copy_text import copy_text
from eid_toolkit.books.register.people.person_data import PersonData
from eid_toolkit.books.register.people.person_files import Record, Row, row_reader
from eid_toolkit.books.register.people.person_source import Kind
from eid_toolkit.ground.crew import Crew, cores
from eid_toolkit.ground.errors import BadInput

CHUNK = 2000
"""Rows in one batch, which is one transaction, of a register that is a file: meanwhile nobody else writes."""
SERVER_CHUNK = 8000
"""The same of a register on a server."""
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
"""A person's columns in the order of :data:`VALUES`; or the first of them, the personal number, alone; or, as lines,
the number, all columns in the text form of COPY, and the last of them, the folded name."""
Outcome = Values | BadInput
"""What a row has: a person, or why there is none."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that nobody has looked at, and what is to be found out of them.

    The rows are packed, once for all who are sent them; few need to look at them again.
    """

    packed: bytes
    count: int
    today: date
    whole: bool
    """Whether the columns are wanted; else the rows are only held to the rules."""
    is_last: bool
    """Whether it is the last of its file."""

    @classmethod
    def of(cls, records: Sequence[Record], today: date, *, whole: bool, is_last: bool) -> Batch:
        return cls(pickle.dumps(records, pickle.HIGHEST_PROTOCOL), len(records), today, whole, is_last)

    @property
    def records(self) -> Sequence[Record]:
        """The rows, unpacked."""
        records: Sequence[Record] = pickle.loads(self.packed)
        return records


@dataclass(frozen=True, slots=True)
class Reading:
    """How the rows of a file are read: its kind and columns, and the caller's own rule."""

    kind: Kind
    columns: tuple[str, ...]
    check: Check | None = None
    lines: bool = False
    """Whether persons are wanted as lines for COPY."""

    def begin(self) -> Callable[[Batch], bytes]:
        """What finds the outcomes of a batch, for :func:`unpack`."""
        read = row_reader(self.kind, self.columns)

        def outcomes(batch: Batch) -> bytes:
            return _pack([self._outcome(read(record), batch) for record in batch.records], self.lines and batch.whole)

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

    def __init__(self, reading: Reading, crew: Crew[Batch, bytes] | None) -> None:
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

    def found(self, batches: Iterable[Batch]) -> Generator[tuple[Batch, bytes]]:
        """Each batch with what its rows have, for :func:`unpack`, in order."""
        if self._crew is not None:
            with drawn_ahead(batches) as coming:
                yield from self._crew.map(coming, self._here)
        else:
            yield from ((batch, self._here(batch)) for batch in batches)


def batches_of(
    records: Iterator[Record], size: int, today: Callable[[], date], *, whole: Callable[[], bool]
) -> Iterator[Batch]:
    """The rows in batches of ``size``; the last has fewer, and may be empty."""
    is_last = False
    while not is_last:
        those = list(islice(records, size))
        is_last = len(those) < size
        yield Batch.of(those, today(), whole=whole(), is_last=is_last)


_Packed = list[Outcome] | tuple[dict[int, BadInput], int, str, str, str]


def _pack(outcomes: list[Outcome], lines: bool) -> bytes:
    """Outcomes as few large things, which are sent and kept much faster than many small ones.

    Of lines: the bad rows by their places, the number of good ones, and these, joined by line ends, which stand in
    no personal number, no folded name and no line for COPY.
    """
    packed: _Packed = outcomes
    if lines:
        bad = {at: each for at, each in enumerate(outcomes) if isinstance(each, BadInput)}
        columns = list(zip(*(each for each in outcomes if not isinstance(each, BadInput)), strict=True))
        ends = [[cell or "" for cell in columns[at]] for at in (0, -1)] if columns else [[], []]
        packed = (bad, len(ends[0]), "\n".join(ends[0]), copy_text(columns), "\n".join(ends[1]))
    return pickle.dumps(packed, pickle.HIGHEST_PROTOCOL)


def unpack(found: bytes) -> list[Outcome]:
    """What the rows of a batch have, in their order."""
    packed: _Packed = pickle.loads(found)
    if isinstance(packed, list):
        return packed
    bad, count, numbers, text, names = packed
    outcomes: list[Outcome] = []
    if count:
        each_number = [each or None for each in numbers.split("\n")]
        outcomes += zip(each_number, text.split("\n"), names.split("\n"), strict=True)
    for at, error in bad.items():  # in the order of their places
        outcomes.insert(at, error)
    return outcomes


_Drawn = TypeVar("_Drawn")


@contextmanager
def drawn_ahead(those: Iterable[_Drawn]) -> Iterator[Iterator[_Drawn]]:
    """The same, of which the next is drawn by another thread meanwhile."""

    def coming(threads: ThreadPoolExecutor) -> Iterator[_Drawn]:
        source = iter(those)
        following = threads.submit(next, source, None)
        while (drawn := following.result()) is not None:
            following = threads.submit(next, source, None)
            yield drawn

    with ThreadPoolExecutor(1, thread_name_prefix="rows") as threads:
        yield coming(threads)


def _begin(reading: Reading) -> Callable[[Batch], bytes]:
    return reading.begin()


def _can_be_sent(reading: Reading) -> bool:
    try:
        pickle.dumps(reading)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True
