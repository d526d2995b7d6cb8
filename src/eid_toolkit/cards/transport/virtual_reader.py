"""A software card in a virtual PC/SC reader, from the moment that PC/SC sees it until it is pulled."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from eid_toolkit.cards.transport.interface import Card
from eid_toolkit.cards.transport.pcsc import list_readers
from eid_toolkit.cards.transport.vpcd import DEFAULT_PORT, VpcdCard
from eid_toolkit.ground.errors import ServiceAway

PATIENCE = 10.0
"""Seconds that PC/SC may take to see a card come or go; half a second is usual."""
_POLL = 0.02


@contextmanager
def inserted(card: Card, port: int = DEFAULT_PORT) -> Iterator[str]:
    """The name of the reader that holds ``card`` meanwhile; the slot of vpcd listens on ``port``.

    Raises :class:`ServiceAway` if no vpcd listens there, no pcscd answers, or it does not see the card.
    """
    occupied = _occupied()
    slot = VpcdCard(card, port)
    thread = threading.Thread(target=slot.run, name=f"vpcd-{port}", daemon=True)
    thread.start()
    try:
        readers = _until(lambda: _occupied() - occupied, port)
        (reader,) = readers if len(readers) == 1 else {_holding(card.atr, readers)}
        yield reader
    finally:
        slot.pull()
        thread.join(PATIENCE)
    _until(lambda: all(status.is_left for status in list_readers() if status.name == reader), port)


def _occupied() -> set[str]:
    return {status.name for status in list_readers() if status.atr is not None}


def _holding(atr: bytes, names: set[str]) -> str:
    """Of several cards that came at once, the one with this ATR."""
    return next(status.name for status in list_readers() if status.name in names and status.atr == atr)


def _until(condition: Callable[[], object], port: int) -> set[str]:
    deadline = time.monotonic() + PATIENCE
    while not (outcome := condition()):
        if time.monotonic() > deadline:
            raise ServiceAway("vpcd-card-unseen", port=port)
        time.sleep(_POLL)
    return outcome if isinstance(outcome, set) else set()
