"""The cards in the hands of a batch, and how many there may be."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from eid_toolkit.ground.errors import EidError
from eid_toolkit.work.personalization.batch_results import Outcome, Result


class Limit:
    """How many cards the batch may still do, and how many of those are in work; None is without end."""

    def __init__(self, cards: int | None) -> None:
        self._left = cards
        self._in_work = 0
        self._lock = threading.Lock()

    @property
    def has_room(self) -> bool:
        """Whether one more may be begun now."""
        return self._left != 0

    @property
    def is_used_up(self) -> bool:
        """Whether none may be begun any more, for none in work can be given back."""
        with self._lock:
            return self._left == 0 and self._in_work == 0

    def take(self) -> bool:
        """Begin one; False if there is none left now."""
        with self._lock:
            if self._left == 0:
                return False
            self._left = None if self._left is None else self._left - 1
            self._in_work += 1
            return True

    def give_back(self, *, used: bool) -> None:
        """One is done with; where no card was ``used``, another may be."""
        with self._lock:
            self._in_work -= 1
            if self._left is not None and not used:
                self._left += 1


@dataclass
class CardInWork:
    """One card in the hands of a batch."""

    reader: str
    began: float
    chip: str | None = None
    document_id: str | None = None
    remake: bool = False
    is_new: bool = False
    """Whether it was a blank when it was put in."""
    outcome: Outcome | None = None
    error: EidError | None = None
    is_counted: bool = False
    """Whether it has a number of the batch's limit."""

    def result(self) -> Result:
        seconds = time.monotonic() - self.began
        outcome = self.outcome or Outcome.REFUSED
        return Result(outcome, self.reader, self.chip, self.document_id, seconds, self.error, self.remake)
