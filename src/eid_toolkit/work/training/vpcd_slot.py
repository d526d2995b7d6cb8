"""A card in the virtual PC/SC reader for as long as a case lasts, beside whatever else is done."""

from __future__ import annotations

import threading
import time
from types import TracebackType

from eid_toolkit.cards.transport.interface import Card
from eid_toolkit.cards.transport.vpcd import VpcdCard
from eid_toolkit.work.cardspec.faults import FaultyCard

_SEEN_EMPTY = 1.0
"""Seconds after which pcscd has seen that a slot is empty."""
_PATIENCE = 10.0


class VpcdSlot:
    """Entered, the card is in the slot; left, it is out, and pcscd has seen that.

    Raises :class:`ServiceAway` if nothing listens on the port.
    """

    def __init__(self, card: Card, port: int) -> None:
        self._card, self._port = card, port
        self._is_over = threading.Event()
        self._inserted: VpcdCard | None = None
        self._thread = threading.Thread(target=self._serve, name="vpcd-slot", daemon=True)

    def __enter__(self) -> None:
        self._inserted = VpcdCard(self._card, self._port)
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        if self._inserted is not None:
            self._inserted.pull()
        self._thread.join(_PATIENCE)
        time.sleep(_SEEN_EMPTY)

    def _serve(self) -> None:
        inserted = self._inserted
        while inserted is not None and not self._is_over.is_set():
            inserted.run()
            inserted = self._again()

    def _again(self) -> VpcdCard | None:
        """A card that has lost its power is put in again, once its slot was seen to be empty."""
        has_lost_power = isinstance(self._card, FaultyCard) and not self._card.powered
        if not has_lost_power or self._is_over.wait(_SEEN_EMPTY):
            return None
        self._inserted = VpcdCard(self._card, self._port)
        return self._inserted
