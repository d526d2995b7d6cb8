"""Patience: something that is away is waited for, from its first failure on and for a number of seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from eid_toolkit.ground.errors import EidError

_PAUSE = 1.0
"""Seconds between two tries."""


class Outage:
    """Whether one thing is away just now; ``away`` and ``back`` are told once each time."""

    def __init__(
        self,
        patience: float,
        stop: threading.Event,
        away: Callable[[EidError], None],
        back: Callable[[], None],
    ) -> None:
        self._patience, self._stop, self._away, self._back = patience, stop, away, back
        self._since: float | None = None

    @property
    def is_on(self) -> bool:
        """Whether the last try failed."""
        return self._since is not None

    def wait(self, error: EidError) -> bool:
        """Wait a little after a failure; False if the patience is at its end, or a stop is wanted."""
        now = time.monotonic()
        if self._since is None:
            self._since = now
            self._away(error)
        return now - self._since <= self._patience and not self._stop.wait(min(_PAUSE, self._patience))

    def over(self) -> None:
        """It is there: the next failure is a first one again."""
        if self._since is not None:
            self._since = None
            self._back()
