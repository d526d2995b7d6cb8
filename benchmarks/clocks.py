"""Time that passes, and time that a processor spends: the second is less where a program waits."""

from __future__ import annotations

import ctypes
import os
import resource
import time
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds: by the clock on the wall, and on the processor."""

    wall: float
    cpu: float

    def __sub__(self, other: Times) -> Times:
        return Times(self.wall - other.wall, self.cpu - other.cpu)

    def __add__(self, other: Times) -> Times:
        return Times(self.wall + other.wall, self.cpu + other.cpu)

    @property
    def milliseconds(self) -> tuple[float, float]:
        """Both in milliseconds."""
        return 1000 * self.wall, 1000 * self.cpu


NOTHING = Times(0.0, 0.0)


def here() -> Times:
    """Now, and what this thread has spent."""
    return Times(time.perf_counter(), time.thread_time())


def children() -> Times:
    """Now, and what all processes that were started here and have ended have spent."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Times(time.perf_counter(), used.ru_utime + used.ru_stime)


def process(pid: int) -> Times:
    """Now, and what the process has spent; raises :class:`OSError` if it is gone."""
    clock = ctypes.c_int()
    if failure := ctypes.CDLL(None).clock_getcpuclockid(pid, ctypes.byref(clock)):
        raise OSError(failure, os.strerror(failure))
    return Times(time.perf_counter(), time.clock_gettime(clock.value))


def medians(runs: Iterable[Times]) -> Times:
    """The median of each."""
    walls, cpus = zip(*((run.wall, run.cpu) for run in runs), strict=True)
    return Times(median(walls), median(cpus))
