"""A software card driven in this process, without pcscd."""

from __future__ import annotations

from eid_toolkit.cards.transport.interface import Card
from eid_toolkit.ground.errors import CardAbsent


class InProcessTransport:
    """Powers ``card`` on, hands it each command as bytes, and powers it off when closed."""

    def __init__(self, card: Card, reader: str) -> None:
        self._card: Card | None = card
        self._reader = reader
        card.reset()

    @property
    def reader(self) -> str:
        return self._reader

    @property
    def atr(self) -> bytes:
        return self._powered().atr

    def process(self, command: bytes, /) -> bytes:
        return self._powered().process(command)

    def reset(self) -> None:
        self._powered().reset()

    def close(self) -> None:
        if self._card is not None:
            self._card.power_off()
            self._card = None

    def _powered(self) -> Card:
        if self._card is None:
            raise CardAbsent("no-card", reader=self._reader)
        return self._card
