"""The software card: bytes in, bytes out (ISO/IEC 7816-4 5, ICAO Doc 9303-11 9.8).

Parse, chaining, secure messaging, handler, reply under the old session, effects: in this order and in one place.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from eid_toolkit.cards.emulator.domain import DomainCommands
from eid_toolkit.cards.emulator.emrtd.access import AccessCommands
from eid_toolkit.cards.emulator.emrtd.chip import ChipCommands
from eid_toolkit.cards.emulator.emrtd.file_commands import FileCommands
from eid_toolkit.cards.emulator.emrtd.terminal_rights import TerminalCommands
from eid_toolkit.cards.emulator.refusal import Refused, require
from eid_toolkit.cards.emulator.reply import Reply
from eid_toolkit.cards.emulator.session import Selected, Session
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.ground.errors import BadInput, ChannelError, ObjectsMissing
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.iso7816.status import StatusWord
from eid_toolkit.standards.lds.atr_info import AtrInfo
from eid_toolkit.standards.protocols import secure_messaging
from eid_toolkit.standards.protocols.globalplatform import ISD_AID, ApplicationState, DomainState
from eid_toolkit.standards.protocols.secure_messaging import CLASS_BITS

_log = logging.getLogger(__name__)
SHORT_RESPONSE = 256
"""The most data bytes in a short answer (7816-4 5.1)."""
_STATUS_SIZE = 2


class EmulatedCard:
    """A card with power; :meth:`process` answers one command.

    ``save`` is called with the memory whenever it has changed, before the answer leaves. ``short_response`` is the
    most data in a short answer: what is longer waits for GET RESPONSE. ``wait`` is how the card takes its time.
    """

    def __init__(
        self,
        memory: CardMemory,
        entropy: Entropy,
        save: Callable[[CardMemory], None],
        *,
        short_response: int = SHORT_RESPONSE,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.memory = memory
        self._entropy = entropy
        self._save = save
        self._short_response = short_response
        self._wait = wait
        self.reset()

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return self.memory.atr

    def reset(self) -> None:
        """Power on, or reset: nothing volatile is left."""
        self._session = Session()
        self._files = FileCommands(self.memory.application, self._session)
        self._chip = ChipCommands(self.memory.application, self._session, self._entropy)
        self._terminal = TerminalCommands(self.memory.application, self._session, self._entropy, self._store)
        self._access = AccessCommands(
            self.memory.application,
            self._session,
            self._chip,
            self._terminal,
            self._entropy,
            self._store,
            self._wait,
        )
        self._domain = DomainCommands(self.memory, self._session, self._entropy, self._store)

    def power_off(self) -> None:
        """Power is gone, and with it every session."""
        self.reset()

    def _store(self) -> None:
        self._save(self.memory)

    def process(self, raw: bytes, /) -> bytes:
        """The response APDU to a command APDU; never raises for what the terminal sent."""
        try:
            answer = self._answer(self._decode(raw))
        except Refused as refused:  # answered without protection, so there is no session any more
            self._session.end_messaging()
            answer = ResponseApdu(b"", refused.sw)
        except Exception:
            _log.exception("a command made the card fail")
            self.reset()
            answer = ResponseApdu(b"", StatusWord.UNKNOWN_ERROR)
        return answer.encode()

    def _decode(self, raw: bytes) -> CommandApdu:
        """The command; one that is malformed, or longer than EF.ATR/INFO allows, has a wrong length."""
        try:
            command = CommandApdu.decode(raw)
        except BadInput:
            raise Refused(StatusWord.WRONG_LENGTH) from None
        require(not command.extended or len(raw) <= self._buffers()[0], StatusWord.WRONG_LENGTH)
        return command

    def _answer(self, command: CommandApdu) -> ResponseApdu:
        if command.ins == commands.GET_RESPONSE and self._session.waiting:
            return self._rest(command)
        self._session.waiting = b""
        if command.cla & 0x80:
            self._session.chain = None
            answer = self._proprietary(command)
        else:
            _check_class(command)
            if not command.cla & CLASS_BITS:
                self._end_channels()
            whole = self._chained(command)
            if whole is None:
                return ResponseApdu(b"", StatusWord.OK)
            answer = self._protected(whole) if whole.cla & CLASS_BITS else self._plain(whole)
        return answer if command.extended else self._session.hold_back(answer, self._short_response)

    def _rest(self, command: CommandApdu) -> ResponseApdu:
        session = self._session
        _check_class(command)
        require((command.p1, command.p2) == (0, 0), StatusWord.WRONG_P1P2)
        require(not command.data and command.ne, StatusWord.WRONG_LENGTH)
        return session.hold_back(
            ResponseApdu(_take(session), session.waiting_sw), min(command.ne, self._short_response)
        )

    def _proprietary(self, command: CommandApdu) -> ResponseApdu:
        require(command.cla in (0x80, 0x84), StatusWord.CLA_NOT_SUPPORTED)
        if command.cla == 0x80 or self._session.selected is not Selected.DOMAIN:
            self._session.end_messaging()
        return self._domain.process(command)

    def _chained(self, command: CommandApdu) -> CommandApdu | None:
        """Puts a chain together (7816-4 5.3.3); PACE uses the chaining bit in a way of its own (9303-11 4.4.4.3)."""
        chain, self._session.chain = self._session.chain, None
        if command.ins == commands.GENERAL_AUTHENTICATE:
            return command
        if command.chained:
            require(not command.cla & CLASS_BITS, StatusWord.CHAINING_NOT_SUPPORTED)
        same = chain is not None and (chain.ins, chain.p1, chain.p2) == (command.ins, command.p1, command.p2)
        require(chain is None or same, StatusWord.LAST_COMMAND_EXPECTED)
        data = (chain.data if chain else b"") + command.data
        require(len(data) <= self._buffers()[0], StatusWord.WRONG_LENGTH)
        if chain is None and not command.chained:
            return command
        whole = replace(command, cla=command.cla & ~0x10, data=data, extended=command.extended or len(data) > 255)
        if command.chained:
            self._session.chain = whole
            return None
        return whole

    def _protected(self, command: CommandApdu) -> ResponseApdu:
        channel = self._session.channel
        if channel is None:
            raise Refused(StatusWord.SM_OBJECTS_INCORRECT)
        try:
            plain = channel.open_command(command)
        except ChannelError as error:
            self._session.end_messaging()
            missing = isinstance(error, ObjectsMissing)
            raise Refused(StatusWord.SM_OBJECTS_MISSING if missing else StatusWord.SM_OBJECTS_INCORRECT) from None
        reply = self._handle(plain, secure_messaging.capacity(self._room(command), channel.block))
        answer = channel.protect_response(command.ins, reply.answer)
        if reply.effect is not None:
            reply.effect()
        return answer

    def _end_channels(self) -> None:
        """What a plain command does to the secure channels (9303-11 9.8.3)."""
        if self._session.channel is not None:
            self._session.end_messaging()
        self._session.domain = None

    def _plain(self, command: CommandApdu) -> ResponseApdu:
        reply = self._handle(command, self._room(command))
        if reply.effect is not None:
            reply.effect()
        return reply.answer

    def _handle(self, command: CommandApdu, limit: int) -> Reply:
        """The handler's reply; a refusal becomes its status word here and nowhere else."""
        try:
            return self._dispatch(command, limit)
        except Refused as refused:
            if command.ins in (commands.GENERAL_AUTHENTICATE, commands.MANAGE_SECURITY_ENVIRONMENT):
                self._session.end_protocols()
            return Reply(ResponseApdu(b"", refused.sw))

    def _dispatch(self, command: CommandApdu, limit: int) -> Reply:
        state = self.memory.domain.state
        require(state is not DomainState.TERMINATED, StatusWord.CONDITIONS_NOT_SATISFIED)
        usable = state is not DomainState.CARD_LOCKED or _selects_domain(command)
        require(usable, StatusWord.CONDITIONS_NOT_SATISFIED)
        ins = command.ins
        require(ins != commands.GET_RESPONSE, StatusWord.CONDITIONS_NOT_SATISFIED)  # nothing waits
        if ins not in (commands.GENERAL_AUTHENTICATE, commands.EXTERNAL_AUTHENTICATE):
            self._session.end_protocols()
        if ins == commands.SELECT:
            return Reply(self._files.select(command))
        if ins == commands.READ_BINARY:
            return Reply(self._files.read_binary(command, limit))
        if ins == commands.READ_BINARY_ODD:
            return Reply(self._files.read_binary_odd(command, limit))
        handler = {
            commands.MANAGE_SECURITY_ENVIRONMENT: self._access.manage_security_environment,
            commands.GENERAL_AUTHENTICATE: self._access.general_authenticate,
            commands.GET_CHALLENGE: self._access.get_challenge,
            commands.EXTERNAL_AUTHENTICATE: self._access.external_authenticate,
            commands.INTERNAL_AUTHENTICATE: self._chip.internal_authenticate,
            commands.PERFORM_SECURITY_OPERATION: self._terminal.verify_certificate,
        }.get(ins)
        if handler is None:
            raise Refused(StatusWord.INS_NOT_SUPPORTED)
        personalized = self.memory.application.state is ApplicationState.PERSONALIZED
        require(personalized, StatusWord.CONDITIONS_NOT_SATISFIED)
        return handler(command)

    def _room(self, command: CommandApdu) -> int:
        """The most data bytes that an answer to ``command`` can carry."""
        return self._buffers()[1] - _STATUS_SIZE if command.extended else SHORT_RESPONSE

    def _buffers(self) -> tuple[int, int]:
        """The sizes of command and response that EF.ATR/INFO declares."""
        stored = self.memory.application.files.get(ElementaryFile.ATR_INFO)
        declared = _declared(stored.content) if stored is not None else None
        return declared or (SHORT_RESPONSE, SHORT_RESPONSE)


@lru_cache(maxsize=16)
def _declared(atr_info: bytes) -> tuple[int, int] | None:
    """What an EF.ATR/INFO says; asked for at every command."""
    return AtrInfo.parse(atr_info).extended_length


def _take(session: Session) -> bytes:
    data, session.waiting = session.waiting, b""
    return data


def _selects_domain(command: CommandApdu) -> bool:
    """All that a card in CARD_LOCKED still does outside the security domain (GlobalPlatform 5.1.1.4)."""
    return command.ins == commands.SELECT and command.p1 == 0x04 and command.data == ISD_AID


def _check_class(command: CommandApdu) -> None:
    """The basic channel, without or with the secure messaging of eMRTDs (7816-4 5.4.1)."""
    require(not command.cla & 0x43, StatusWord.LOGICAL_CHANNEL_NOT_SUPPORTED)  # channels 1 to 3, and 4 to 19
    require(not command.cla & 0x20, StatusWord.CLA_NOT_SUPPORTED)
    require(command.cla & CLASS_BITS in (0, CLASS_BITS), StatusWord.SECURE_MESSAGING_NOT_SUPPORTED)
