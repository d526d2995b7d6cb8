"""Cards with the ways of cards in the field: an emulated card that does not understand all that is standard."""

from __future__ import annotations

from collections.abc import Callable

from eid_toolkit.emulator.card import EmulatedCard
from eid_toolkit.emulator.refusal import Refused
from eid_toolkit.emulator.reply import Reply
from eid_toolkit.emulator.session import Selected
from eid_toolkit.emulator.state import CardMemory
from eid_toolkit.iso7816 import commands
from eid_toolkit.iso7816.apdu import CommandApdu
from eid_toolkit.iso7816.files import ElementaryFile
from eid_toolkit.terminal.session import CardSession
from eid_toolkit.transport.inprocess import InProcessTransport
from support.card_states import ENTROPY

Refusal = Callable[[CommandApdu], int | None]
"""The status word with which a card refuses a command, or None."""


class QuirkyCard(EmulatedCard):
    """Refuses what ``refuse`` says, under secure messaging where there is one, and keeps every command, plain."""

    def __init__(self, memory: CardMemory, refuse: Refusal) -> None:
        self.seen: list[CommandApdu] = []
        self._refuse = refuse
        super().__init__(memory, ENTROPY, lambda _: None, wait=lambda _: None)

    def _dispatch(self, command: CommandApdu, limit: int) -> Reply:
        self.seen.append(command)
        sw = self._refuse(command)
        if sw is not None:
            raise Refused(sw)
        return super()._dispatch(command, limit)

    def session(self) -> CardSession:
        return CardSession(InProcessTransport(self, "quirky"))

    def file_of(self, command: CommandApdu) -> ElementaryFile | None:
        """The file that a READ BINARY with a short identifier means in the current DF."""
        in_application = self._session.selected is Selected.APPLICATION
        sfi = command.p1 & 0x1F
        return next((f for f in ElementaryFile if f.sfi == sfi and f.in_application is in_application), None)

    @property
    def current_file(self) -> ElementaryFile | None:
        return self._session.current_file


def selects_master_file(command: CommandApdu) -> bool:
    return command.ins == commands.SELECT and command.p1 == 0 and command.data in (b"", b"\x3f\x00")


def selects_file(command: CommandApdu) -> bool:
    return command.ins == commands.SELECT and len(command.data) == 2 and not selects_master_file(command)


def names_short_identifier(command: CommandApdu) -> bool:
    odd = command.ins == commands.READ_BINARY_ODD and command.p2 != 0
    return odd or (command.ins == commands.READ_BINARY and bool(command.p1 & 0x80))


def form(command: CommandApdu) -> tuple[int, int]:
    return command.p1, command.p2


def asks(command: CommandApdu) -> int:
    """How much a READ BINARY asks for; 0 for any other command."""
    return command.ne if command.ins in (commands.READ_BINARY, commands.READ_BINARY_ODD) else 0
