"""SELECT of an EF and READ BINARY on the card (ICAO Doc 9303-10 3.6, ISO/IEC 7816-4 11.2 and 11.3)."""

from __future__ import annotations

from eid_toolkit.cards.emulator.refusal import Refused, require
from eid_toolkit.cards.emulator.reply import Reply, ok
from eid_toolkit.cards.emulator.session import Session
from eid_toolkit.cards.emulator.state import StoredFile
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.iso7816.status import StatusWord

_ANSWERS = (commands.NO_ANSWER, commands.FCI, commands.FCP)


def check_answer_form(command: CommandApdu) -> None:
    """SELECT asks for nothing, or for control information of the first or only occurrence (7816-4 table 63)."""
    require(command.p2 in _ANSWERS, StatusWord.WRONG_P1P2)


def selected(command: CommandApdu, information: bytes) -> Reply:
    """The reply to a SELECT that succeeded: the control information in the form that was asked for."""
    if command.p2 == commands.NO_ANSWER:
        return ok()
    return ok(tlv.encode(0x62 if command.p2 == commands.FCP else 0x6F, information))


class FileCommands:
    """The handlers, over the files of the current DF, of which there are none here."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def answer(self, command: CommandApdu, limit: int) -> Reply | None:
        """The reply to a command about files; None to any other. An answer carries ``limit`` bytes at most."""
        if command.ins == commands.READ_BINARY:
            return Reply(self._read_binary(command, limit))
        if command.ins == commands.READ_BINARY_ODD:
            return Reply(self._read_binary_odd(command, limit))
        return self._select(command) if command.ins == commands.SELECT else None

    def _find(self, *, fid: int | None = None, sfi: int | None = None) -> ElementaryFile:
        raise Refused(StatusWord.FILE_NOT_FOUND)

    def _readable(self, file: ElementaryFile) -> StoredFile:
        raise Refused(StatusWord.FILE_NOT_FOUND)

    def _none_selected(self) -> StatusWord:
        """The answer to reading the current file where there is none."""
        return StatusWord.NO_CURRENT_EF

    def _select(self, command: CommandApdu) -> Reply:
        check_answer_form(command)
        require(command.p1 in (commands.ANYWHERE, commands.IN_CURRENT_DF), StatusWord.WRONG_P1P2)
        require(len(command.data) == 2, StatusWord.WRONG_LENGTH)
        file = self._find(fid=int.from_bytes(command.data, "big"))
        stored = self._readable(file)
        self._session.current_file = file
        size = len(stored.content).to_bytes(2, "big")
        return selected(command, tlv.encode(0x80, size) + tlv.encode(0x82, b"\x01") + tlv.encode(0x83, command.data))

    def _read_binary(self, command: CommandApdu, limit: int) -> ResponseApdu:
        """READ BINARY in the even form."""
        require(not command.data and command.ne, StatusWord.WRONG_LENGTH)
        if command.p1 & 0x80:
            require(not command.p1 & 0x60, StatusWord.WRONG_P1P2)
            stored = self._open(command.p1 & 0x1F)
            offset = command.p2
        else:
            stored = self._current()
            offset = command.p1 << 8 | command.p2
        require(offset < len(stored.content) or offset == 0, StatusWord.WRONG_OFFSET)
        return self._cut(stored.content[offset:], command, limit)

    def _read_binary_odd(self, command: CommandApdu, limit: int) -> ResponseApdu:
        """READ BINARY in the odd form: offset in a DO'54', answer in a DO'53'."""
        require(command.data and command.ne, StatusWord.WRONG_LENGTH)
        require(command.p1 == 0 and command.p2 <= 0x1E, StatusWord.WRONG_P1P2)
        try:
            offset_bytes = tlv.parse(command.data, 0x54).value
        except BadInput:
            raise Refused(StatusWord.WRONG_DATA) from None
        require(1 <= len(offset_bytes) <= 4, StatusWord.WRONG_DATA)
        stored = self._open(command.p2) if command.p2 else self._current()
        offset = int.from_bytes(offset_bytes, "big")
        require(offset < len(stored.content) or offset == 0, StatusWord.WRONG_OFFSET)
        room = min(command.ne, limit)
        rest = stored.content[offset:]
        header = 1 + len(tlv.encode_length(min(len(rest), room)))
        require(room > header, StatusWord.WRONG_LENGTH)
        return ResponseApdu(tlv.encode(0x53, rest[: room - header]), StatusWord.OK)

    def _cut(self, rest: bytes, command: CommandApdu, limit: int) -> ResponseApdu:
        """As many bytes as are asked for and fit; a warning where the file ends before (7816-4 11.3.3)."""
        takes_all = command.ne == (65536 if command.extended else 256)
        ends = len(rest) <= limit and len(rest) < command.ne and not takes_all
        return ResponseApdu(rest[: min(command.ne, limit)], StatusWord.END_OF_FILE if ends else StatusWord.OK)

    def _open(self, sfi: int) -> StoredFile:
        file = self._find(sfi=sfi)
        stored = self._readable(file)
        self._session.current_file = file
        return stored

    def _current(self) -> StoredFile:
        if self._session.current_file is None:
            raise Refused(self._none_selected())
        return self._readable(self._session.current_file)
