"""A clock and a source of randomness that do what they are told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


class ScriptedEntropy:
    """Replays given byte strings, one per call and of just the length asked: for worked examples."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = list(pieces)

    def take(self, length: int, /) -> bytes:
        assert self._pieces and len(self._pieces[0]) == length, f"{length} bytes out of order"
        return self._pieces.pop(0)


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A clock that stands still."""

    time: datetime

    def now(self) -> datetime:
        return self.time
