"""Terminal Authentication on the card: who may read fingerprints and irises (ICAO Doc 9303-11 7.1)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from eid_toolkit.cards.emulator.card_application import Platform
from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.emrtd.status import EmrtdStatus
from eid_toolkit.cards.emulator.refusal import Refused, require
from eid_toolkit.cards.emulator.reply import Reply, ok
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.iso7816.apdu import CommandApdu
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.iso7816.status import StatusWord
from eid_toolkit.standards.lds.dg1 import Dg1
from eid_toolkit.standards.protocols import terminal_authentication as ta
from eid_toolkit.standards.protocols.personalization_data import AccessProtocols
from eid_toolkit.standards.protocols.terminal_authentication_card import (
    AlreadyPerformed,
    KeyNotFound,
    OutOfOrder,
    SignatureWrong,
    TerminalAuthenticationResponder,
)

_STATUS: dict[type[BadInput], StatusWord] = {
    KeyNotFound: StatusWord.REFERENCED_DATA_NOT_FOUND,
    AlreadyPerformed: StatusWord.SECURITY_STATUS_NOT_SATISFIED,
    OutOfOrder: StatusWord.CONDITIONS_NOT_SATISFIED,
    SignatureWrong: StatusWord.AUTHENTICATION_FAILED,
}


class TerminalCommands:
    """The handlers, over memory and security status."""

    def __init__(self, memory: EmrtdMemory, status: EmrtdStatus, card: Platform) -> None:
        self._memory = memory
        self._status = status
        self._card = card

    @property
    def is_meant(self) -> bool:
        """Whether GET CHALLENGE and EXTERNAL AUTHENTICATE are not those of BAC, which needs no channel."""
        return self._memory.terminal_trust is not None and self._card.session.channel is not None

    def select_issuer(self, data: bytes) -> Reply:
        """MSE:Set DST."""
        with self._responder(StatusWord.WRONG_P1P2) as responder:
            responder.select_issuer(data)
        return ok()

    def verify_certificate(self, command: CommandApdu) -> Reply:
        """PSO: Verify Certificate; trust points and date change in one step, before the answer leaves."""
        with self._responder(StatusWord.INS_NOT_SUPPORTED) as responder:
            require((command.p1, command.p2) == ta.VERIFY_CERTIFICATE, StatusWord.WRONG_P1P2)
            responder.verify_certificate(command.data)
            if responder.trust != self._memory.terminal_trust:
                self._memory.trust_terminals_by(responder.trust)
                self._status.terminal_authentication = None  # a link that was not kept counts for nothing
                self._card.save()
                self._status.terminal_authentication = responder
        return ok()

    def select_terminal(self, data: bytes) -> Reply:
        """MSE:Set AT for external authentication."""
        with self._responder(StatusWord.WRONG_P1P2) as responder:
            responder.select_terminal(data)
        return ok()

    def get_challenge(self, command: CommandApdu) -> Reply:
        """r.IC."""
        with self._responder(StatusWord.CONDITIONS_NOT_SATISFIED) as responder:
            require((command.p1, command.p2) == (0, 0), StatusWord.WRONG_P1P2)
            require(not command.data and command.ne in (ta.CHALLENGE_SIZE, 256), StatusWord.WRONG_LENGTH)
            return ok(responder.challenge())

    def external_authenticate(self, command: CommandApdu) -> Reply:
        """The terminal's signature; grants its effective authorization to this channel alone."""
        with self._responder(StatusWord.CONDITIONS_NOT_SATISFIED) as responder:
            require((command.p1, command.p2) == (0, 0), StatusWord.WRONG_P1P2)
            binding = ta.SessionBinding(self._chip_name(), self._status.terminal_key)
            self._status.authorization = responder.authenticate(command.data, binding)
        return ok()

    @contextmanager
    def _responder(self, not_offered: StatusWord) -> Iterator[TerminalAuthenticationResponder]:
        """The session's responder, which there is after Chip Authentication; its errors become status words."""
        status, trust = self._status, self._memory.terminal_trust
        if trust is None:
            raise Refused(not_offered)
        has_key = self._card.session.channel is not None and status.terminal_key
        require(has_key, StatusWord.SECURITY_STATUS_NOT_SATISFIED)
        require(status.is_selected, StatusWord.CONDITIONS_NOT_SATISFIED)
        if status.terminal_authentication is None:
            status.terminal_authentication = TerminalAuthenticationResponder(trust, self._card.entropy)
        try:
            yield status.terminal_authentication
        except BadInput as error:
            raise Refused(_STATUS.get(type(error), StatusWord.WRONG_DATA)) from None

    def _chip_name(self) -> bytes:
        """ID.IC: of PACE the card's ephemeral key, of BAC the document number (7.1.2)."""
        if self._status.access is not AccessProtocols.BAC:
            return self._status.chip_name
        stored = self._memory.files.get(ElementaryFile.DG1)
        return ta.chip_name_of_bac(Dg1.parse(stored.content if stored is not None else b"").mrz.information)
