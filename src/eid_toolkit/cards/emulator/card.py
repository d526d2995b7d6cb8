"""The software card's shell: bytes in, bytes out (ISO/IEC 7816-4 5, ICAO Doc 9303-11 9.8).

Parse, chaining, secure messaging, application, reply under the old session, effects: in this order and in one place.
What the applications are the shell does not know.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace

from eid_toolkit.cards.emulator.card_application import Platform
from eid_toolkit.cards.emulator.file_commands import check_answer_form, selected
from eid_toolkit.cards.emulator.refusal import Refused, require
from eid_toolkit.cards.emulator.reply import Reply
from eid_toolkit.cards.emulator.session import SHORT_RESPONSE, Session
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.ground.errors import BadInput, ChannelError, ObjectsMissing
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import MF_FID
from eid_toolkit.standards.iso7816.status import StatusWord
from eid_toolkit.standards.protocols import secure_messaging
from eid_toolkit.standards.protocols.globalplatform import ISD_AID, DomainState
from eid_toolkit.standards.protocols.secure_messaging import CLASS_BITS

_log = logging.getLogger(__name__)
_STATUS_SIZE = 2
_MASTER_FILE = (b"", MF_FID.to_bytes(2, "big"))


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
        platform = Platform(self.memory, self._session, self._entropy, self._store, self._wait)
        self._session.power_on([each for part in self.memory.parts.values() for each in part.start(platform)])

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
        require(not command.extended or len(raw) <= self._session.buffers()[0], StatusWord.WRONG_LENGTH)
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
                self._end_channels(command)
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
        answer = self._session.proprietary
        if answer is None:
            raise Refused(StatusWord.CLA_NOT_SUPPORTED)
        if not command.cla & CLASS_BITS:
            self._session.end_messaging()
        require(self.memory.state is not DomainState.TERMINATED, StatusWord.CONDITIONS_NOT_SATISFIED)
        return answer(command)

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
        require(len(data) <= self._session.buffers()[0], StatusWord.WRONG_LENGTH)
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

    def _end_channels(self, command: CommandApdu) -> None:
        """What a plain command does to the secure channels (9303-11 9.8.3).

        SELECT by name is the shell's and reaches no application: one that fails leaves the selected one its channel.
        """
        if self._session.channel is not None:
            self._session.end_messaging()
        if self._session.proprietary is not None and (command.chained or not _selects_by_name(command)):
            self._session.selected.reset()

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
                self._session.under_way = None
            return Reply(ResponseApdu(b"", refused.sw))

    def _dispatch(self, command: CommandApdu, limit: int) -> Reply:
        require(self.memory.state is not DomainState.TERMINATED, StatusWord.CONDITIONS_NOT_SATISFIED)
        usable = self.memory.state is not DomainState.CARD_LOCKED or _selects_domain(command)
        require(usable, StatusWord.CONDITIONS_NOT_SATISFIED)
        ins, session = command.ins, self._session
        require(ins != commands.GET_RESPONSE, StatusWord.CONDITIONS_NOT_SATISFIED)  # nothing waits
        if ins not in (commands.GENERAL_AUTHENTICATE, commands.EXTERNAL_AUTHENTICATE):
            session.under_way = None
        if ins == commands.SELECT and (reply := self._select(command)):
            return reply
        reply = session.selected.answer(command, limit)
        if reply is None and session.selected is not session.master_file:
            reply = session.master_file.answer(command, limit)
        if reply is None:
            raise Refused(StatusWord.FILE_NOT_FOUND if ins == commands.SELECT else StatusWord.INS_NOT_SUPPORTED)
        return reply

    def _select(self, command: CommandApdu) -> Reply | None:
        """SELECT of an application or of the MF, which is the shell's; None to that of an EF.

        One that is not there leaves everything as it was (7816-4 11.2, GlobalPlatform 6.4).
        """
        if command.p1 == commands.BY_NAME:
            check_answer_form(command)
            require(5 <= len(command.data) <= 16, StatusWord.WRONG_LENGTH)
            target = self._session.named(command.data)
            if target is None:
                raise Refused(StatusWord.FILE_NOT_FOUND)
        elif command.p1 == commands.ANYWHERE and command.data in _MASTER_FILE:
            check_answer_form(command)
            target = self._session.master_file
        else:
            return None
        return selected(command, self._session.select(target))

    def _room(self, command: CommandApdu) -> int:
        """The most data bytes that an answer to ``command`` can carry."""
        return self._session.buffers()[1] - _STATUS_SIZE if command.extended else SHORT_RESPONSE


def _take(session: Session) -> bytes:
    data, session.waiting = session.waiting, b""
    return data


def _selects_domain(command: CommandApdu) -> bool:
    """All that a card in CARD_LOCKED still does outside the security domain (GlobalPlatform 5.1.1.4)."""
    return _selects_by_name(command) and command.data == ISD_AID


def _selects_by_name(command: CommandApdu) -> bool:
    return command.ins == commands.SELECT and command.p1 == commands.BY_NAME


def _check_class(command: CommandApdu) -> None:
    """The basic channel, without or with the secure messaging of eMRTDs (7816-4 5.4.1)."""
    require(not command.cla & 0x43, StatusWord.LOGICAL_CHANNEL_NOT_SUPPORTED)  # channels 1 to 3, and 4 to 19
    require(not command.cla & 0x20, StatusWord.CLA_NOT_SUPPORTED)
    require(command.cla & CLASS_BITS in (0, CLASS_BITS), StatusWord.SECURE_MESSAGING_NOT_SUPPORTED)
