"""Randomness that a seed gives, and time that stands until it is moved: for cards that are the same on every run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(slots=True)
class SeededEntropy:
    """Bytes that look random and are the same for the same seed: the n-th call gives SHAKE-256 of seed and n.

    Whoever knows the seed knows every key made from it: for specimens only.
    """

    seed: str
    calls: int = 0

    def take(self, length: int, /) -> bytes:
        """``length`` bytes."""
        self.calls += 1
        return hashlib.shake_256(f"{self.seed}\n{self.calls}".encode()).digest(length)


@dataclass(slots=True)
class VirtualClock:
    """A clock that moves only when somebody waits."""

    time: datetime

    def now(self) -> datetime:
        """The present time, timezone-aware, in UTC."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Takes no time, but the clock moves on."""
        self.time += timedelta(seconds=seconds)
