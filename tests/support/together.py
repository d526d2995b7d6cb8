"""Eight processes that do the same at the same moment, each in the same home by a connection of its own."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.synchronize import Barrier
from typing import Any

from eid_toolkit.ground.errors import EidError
from eid_toolkit.ground.home.home import Home
from support.homes import WorkingOffice

PROCESSES = 8
_LIMIT = 120.0
_HERE: dict[str, Any] = {}

Work = Callable[..., object]
"""A function of a module, which a process calls with its office, its own number, and what all are given."""


class Together:
    """The processes; each opens the home when it is started."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def all(self, work: Work, *given: object) -> list[object]:
        """What each process has got, or the code of what it was refused with; all begin at one moment."""
        futures = [self._pool.submit(_attempt, work, number, given) for number in range(PROCESSES)]
        return [future.result(_LIMIT) for future in futures]

    def outcomes(self, work: Work, *given: object) -> Counter[object]:
        """How often each came of it; what is no code counts as ``done``."""
        return Counter(each if isinstance(each, str) else "done" for each in self.all(work, *given))


@contextmanager
def together(home: Home) -> Iterator[Together]:
    """Eight processes in a home, for the time of the block."""
    context = multiprocessing.get_context("fork")
    start = context.Barrier(PROCESSES)
    with ProcessPoolExecutor(PROCESSES, context, _open, (home, start)) as pool:
        yield Together(pool)


def rounds(them: Together, work: Work, given: Sequence[Sequence[object]]) -> list[Counter[object]]:
    """The same several times, each time with something else."""
    return [them.outcomes(work, *each) for each in given]


def _open(home: Home, start: Barrier) -> None:
    _HERE.update(office=WorkingOffice.at(home), start=start)


def _attempt(work: Work, number: int, given: tuple[object, ...]) -> object:
    _HERE["start"].wait(_LIMIT)
    try:
        return work(_HERE["office"], number, *given)
    except EidError as error:
        return f"{error.code}"
