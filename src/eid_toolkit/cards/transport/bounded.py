"""Calls that may never return, with a limit: PC/SC has none, and nothing ends a command that is with the card.

SCardCancel ends waiting for a card, not SCardTransmit (pcsc-lite). So the calls are made in a thread of their own, one
after another, and a call that takes too long is given up: who asked goes on, and the thread does what is left to do
when the call returns at last, or ends with the process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class BoundedCalls:
    """One thread for the calls of one card; it ends when it has been left."""

    def __init__(self, name: str) -> None:
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._is_given_up = False
        # A daemon: a call that does not return would else keep the process from ending.
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def run(self, call: Callable[[], T], limit: float) -> T:
        """What ``call`` returns or raises; raises :class:`TimeoutError` if that takes more than ``limit`` seconds.

        From then on it raises that at once: a call that was given up stands before all others.
        """
        if self._is_given_up:
            raise TimeoutError
        asked = _Call(call)
        self._calls.put(asked)
        try:
            value, error = asked.outcome(limit)
        except TimeoutError:
            self._is_given_up = True
            raise
        if error is not None:
            raise error
        result: T = value
        return result

    def leave(self, last: Callable[[], object], limit: float) -> None:
        """Has ``last`` done, behind a call that was given up when that returns; waits ``limit`` seconds at most."""
        asked = _Call(last)
        self._calls.put(asked)
        self._calls.put(None)
        if not self._is_given_up:
            with suppress(TimeoutError):
                asked.outcome(limit)

    def _work(self) -> None:
        while (asked := self._calls.get()) is not None:
            asked.make()


class _Call:
    """One call, and the place for what comes of it."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call
        self._outcome: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()

    def make(self) -> None:
        try:
            self._outcome.put((self._call(), None))
        except BaseException as error:
            self._outcome.put((None, error))

    def outcome(self, limit: float) -> tuple[Any, BaseException | None]:
        try:
            return self._outcome.get(timeout=limit)
        except Empty:
            raise TimeoutError from None
