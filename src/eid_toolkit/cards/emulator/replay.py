"""A recorded session as a card: it answers the same commands with the same bytes, and knows no others.

A reader that draws fresh random numbers gets as far as its first random number: what depends on it was never recorded.
One that can be given its random numbers (ours takes them from the recording) has the whole session again.
"""

from __future__ import annotations

import logging

from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.cards.transport.recording import Exchange, Recording
from eid_toolkit.ground.errors import CardRemoved
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.standards.iso7816.status import StatusWord

_log = logging.getLogger(__name__)
_NOT_RECORDED = StatusWord.UNKNOWN_ERROR.to_bytes(2, "big")


class ReplayedCard:
    """Answers out of a recording.

    After a reset the first command chooses the session: the next recorded one that has it, the first of all behind the
    last; if a later command is not in it, another session that has all of them takes its place. Within a session a
    command is looked for from the place on where the last one stood, so that some may be left out, and then in the
    whole of it, so that a file may be read again.
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._sessions = tuple(session for session in recording.sessions if session)
        self._number, self._at = -1, 0
        self._since_reset: list[bytes] = []

    @property
    def atr(self) -> bytes:
        """The recorded card's."""
        return self._recording.atr

    def process(self, command: bytes, /) -> bytes:
        """The recorded answer, or 6F00; raises :class:`NoCardError` where the card was gone."""
        asked = [*self._since_reset, command]
        for number in self._candidates():
            at = _place_of_last(self._sessions[number], asked, self._at if number == self._number else 0)
            if at is not None:
                self._number, self._at, self._since_reset = number, at + 1, asked
                return self._answer(self._sessions[number][at])
        _log.warning("not recorded: %s, %d bytes", command[:4].hex().upper(), len(command))
        return _NOT_RECORDED

    def reset(self) -> None:
        """The next command begins a session."""
        self._since_reset = []

    def power_off(self) -> None:
        """As a reset: nothing is lost that was recorded."""
        self.reset()

    def _candidates(self) -> list[int]:
        """The sessions to look in: within one first that, after a reset first the next one."""
        count = len(self._sessions)
        first = max(self._number, 0) if self._since_reset else self._number + 1
        return [(first + step) % count for step in range(count)]

    def _answer(self, exchange: Exchange) -> bytes:
        if not exchange.response:
            raise CardRemoved("card-removed", reader=self._recording.reader)
        return exchange.response


class ReplayedTransport(InProcessTransport):
    """A recorded session to be had again by a reader that draws its random numbers from :attr:`entropy`."""

    def __init__(self, card: ReplayedCard, reader: str, entropy: Entropy) -> None:
        super().__init__(card, reader)
        self.entropy = entropy


def _place_of_last(session: tuple[Exchange, ...], asked: list[bytes], start: int) -> int | None:
    """Where the last command stands, from ``start`` on or else anywhere; None unless the session has all commands."""
    if not {exchange.command for exchange in session}.issuperset(asked):
        return None
    places = [at for at, exchange in enumerate(session) if exchange.command == asked[-1]]
    return next((at for at in places if at >= start), places[0])
