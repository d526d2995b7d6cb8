"""The eMRTD application and the master file that its issuer writes with it (ICAO Doc 9303-10 3.6 and 4.1)."""

from __future__ import annotations

from collections.abc import Sequence

from eid_toolkit.cards.emulator.card_application import CardApplication, Platform
from eid_toolkit.cards.emulator.emrtd import personalizer
from eid_toolkit.cards.emulator.emrtd.access import AccessCommands
from eid_toolkit.cards.emulator.emrtd.chip import ChipCommands
from eid_toolkit.cards.emulator.emrtd.files import EmrtdFiles
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.emrtd.status import EmrtdStatus
from eid_toolkit.cards.emulator.emrtd.terminal_rights import TerminalCommands
from eid_toolkit.cards.emulator.refusal import require
from eid_toolkit.cards.emulator.reply import Reply
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.codec.dgi import Dgi
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu
from eid_toolkit.standards.iso7816.files import EMRTD_AID, MF_FID
from eid_toolkit.standards.iso7816.status import StatusWord
from eid_toolkit.standards.protocols.globalplatform import ApplicationState


def start(memory: EmrtdMemory, card: Platform) -> Sequence[CardApplication]:
    """Both, with power."""
    application = Emrtd(memory, card)
    return MasterFile(application), application


class Emrtd(CardApplication):
    """The application, by name."""

    aid = EMRTD_AID

    def __init__(self, memory: EmrtdMemory, card: Platform) -> None:
        self.memory = memory
        self.status = EmrtdStatus(card.session)
        self.files = EmrtdFiles(memory, self.status)
        self.chip = ChipCommands(memory, self.status, card.entropy)
        self.terminal = TerminalCommands(memory, self.status, card)
        self.access = AccessCommands(memory, self.status, self.chip, self.terminal, card)
        card.session.buffers = self.files.buffers

    @property
    def state(self) -> ApplicationState:
        """Of the life cycle."""
        return self.memory.state

    def personalize(self, groupings: tuple[Dgi, ...], dek: Secret, /) -> None:
        """Takes the data groupings of the personalization."""
        personalizer.store(self.memory, groupings, dek)

    def deselect(self) -> None:
        """The security status of BAC is the application's own."""
        self.status.bac = False

    def reset(self) -> None:
        """Every right ends with the channel."""
        self.status.clear()

    def answer(self, command: CommandApdu, limit: int, /) -> Reply | None:
        """Files and authentication."""
        return self.files.answer(command, limit) or self.authenticate(command)

    def authenticate(self, command: CommandApdu) -> Reply | None:
        """A command of PACE, BAC, Chip, Active or Terminal Authentication: of a card that is finished."""
        handler = {
            commands.MANAGE_SECURITY_ENVIRONMENT: self.access.manage_security_environment,
            commands.GENERAL_AUTHENTICATE: self.access.general_authenticate,
            commands.GET_CHALLENGE: self.access.get_challenge,
            commands.EXTERNAL_AUTHENTICATE: self.access.external_authenticate,
            commands.INTERNAL_AUTHENTICATE: self.chip.internal_authenticate,
            commands.PERFORM_SECURITY_OPERATION: self.terminal.verify_certificate,
        }.get(command.ins)
        if handler is None:
            return None
        require(self.memory.state is ApplicationState.PERSONALIZED, StatusWord.CONDITIONS_NOT_SATISFIED)
        return handler(command)


class MasterFile(CardApplication):
    """The master file: its files while it is selected, and PACE whatever is (9303-11 4.4)."""

    aid = b""

    def __init__(self, application: Emrtd) -> None:
        self._application = application

    def select(self) -> bytes:
        """The identifier."""
        return tlv.encode(0x83, MF_FID.to_bytes(2, "big"))

    def answer(self, command: CommandApdu, limit: int, /) -> Reply | None:
        """PACE; the other protocols are refused here for the reason that they have, mostly that of a wrong place."""
        status = self._application.status
        here = status.session.selected is self
        found = self._application.files.answer(command, limit) if here else None
        return found or self._application.authenticate(command)
