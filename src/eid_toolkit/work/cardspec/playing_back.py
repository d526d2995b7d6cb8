"""A card that is none: it plays back what a genuine one answered to another terminal."""

from __future__ import annotations

from contextlib import suppress

from eid_toolkit.cards.terminal.access import open_access
from eid_toolkit.cards.terminal.file_reader import FileReader
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.cards.transport.interface import Card
from eid_toolkit.ground.errors import EidError
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.iso7816.status import StatusWord
from eid_toolkit.standards.protocols.passwords import AccessPassword

Exchange = tuple[bytes, bytes]


def played_back(card: Card, password: AccessPassword, entropy: Entropy) -> PlayedBack:
    """Records how ``card`` is opened with ``password`` and read whole, for a card that plays it back."""
    recorder = _Recorder(card)
    session = CardSession(InProcessTransport(recorder, "emulator"))
    with suppress(EidError):  # what there is of a card that does not let itself be read can be played back as well
        reader = FileReader(session, open_access(session, password, entropy, allow_bac=True).buffers)
        for file in ElementaryFile:
            if file.in_application:
                reader.read(file)
    card.power_off()
    return PlayedBack(card.atr, recorder.exchanges)


class PlayedBack:
    """Answers out of a recording: that to the same command if one was recorded further on, else just the next one."""

    def __init__(self, atr: bytes, exchanges: list[Exchange]) -> None:
        self._atr = atr
        self._exchanges = tuple(exchanges)
        self._at = 0

    @property
    def atr(self) -> bytes:
        """The recorded card's."""
        return self._atr

    def process(self, command: bytes, /) -> bytes:
        """A recorded answer; 6F00 behind the last one."""
        rest = range(self._at, len(self._exchanges))
        at = next((at for at in rest if self._exchanges[at][0] == command), self._at)
        if at >= len(self._exchanges):
            return StatusWord.UNKNOWN_ERROR.to_bytes(2, "big")
        self._at = at + 1
        return self._exchanges[at][1]

    def reset(self) -> None:
        """From the beginning."""
        self._at = 0

    def power_off(self) -> None:
        """From the beginning."""
        self._at = 0


class _Recorder:
    """Passes everything on to the card, and keeps it."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self.exchanges: list[Exchange] = []

    @property
    def atr(self) -> bytes:
        return self._card.atr

    def process(self, command: bytes, /) -> bytes:
        answer = self._card.process(command)
        self.exchanges.append((command, answer))
        return answer

    def reset(self) -> None:
        self._card.reset()

    def power_off(self) -> None:
        self._card.power_off()
