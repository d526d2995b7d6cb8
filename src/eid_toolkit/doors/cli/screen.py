"""One terminal for several readers: news of one reader does not run into what is typed for another."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from eid_toolkit.doors.cli.output import note


class Screen:
    """Who asks has the terminal alone; what is told meanwhile comes when the answer is there."""

    def __init__(self) -> None:
        self._asks = threading.Lock()
        self._lock = threading.Lock()
        self._held: list[str] | None = None
        """What was told while somebody types; None while nobody does."""

    def tell(self, text: str) -> None:
        """Lines for the person at the terminal, now or after the question that is open."""
        with self._lock:
            if self._held is None:
                note(text)
            else:
                self._held.append(text)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """The time of one question with its answer; one after another."""
        with self._asks:
            with self._lock:
                self._held = []
            try:
                yield
            finally:
                with self._lock:
                    held, self._held = self._held, None
                    for text in held:
                        note(text)
