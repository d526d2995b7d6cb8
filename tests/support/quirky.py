"""Cards with the ways of cards in the field: an emulated card that does not understand all that is standard."""

from __future__ import annotations

from eid_toolkit.cards.emulator.quirks import CardQuirk, QuirkyCard, Refusal
from eid_toolkit.cards.emulator.reply import Reply
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.standards.iso7816.apdu import CommandApdu
from eid_toolkit.work.cardspec.randomness import SeededEntropy


class WatchedCard(QuirkyCard):
    """Refuses what ``refuse`` says, has ``quirks`` besides, and keeps every command, plain."""

    def __init__(self, memory: CardMemory, refuse: Refusal = lambda _: None, *quirks: CardQuirk) -> None:
        self.seen: list[CommandApdu] = []
        own = CardQuirk("own", "what the test says", refuse)
        self.entropy = SeededEntropy("card")
        super().__init__(memory, self.entropy, lambda _: None, (own, *quirks), wait=lambda _: None)

    def _dispatch(self, command: CommandApdu, limit: int) -> Reply:
        self.seen.append(command)
        return super()._dispatch(command, limit)

    def session(self) -> CardSession:
        return CardSession(InProcessTransport(self, "quirky"))


def form(command: CommandApdu) -> tuple[int, int]:
    return command.p1, command.p2
