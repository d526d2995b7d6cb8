"""SELECT and READ BINARY on the card (ICAO Doc 9303-10 3.6, ISO/IEC 7816-4 11.2 and 11.3)."""

from __future__ import annotations

from eid_toolkit.cards.emulator.refusal import Refused, require
from eid_toolkit.cards.emulator.session import Selected, Session
from eid_toolkit.cards.emulator.state import ApplicationMemory, StoredFile
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import EMRTD_AID, MF_FID, ElementaryFile
from eid_toolkit.standards.iso7816.status import StatusWord
from eid_toolkit.standards.pki.cv_authorization import READ_DG3, READ_DG4, TerminalType
from eid_toolkit.standards.protocols.globalplatform import ISD_AID
from eid_toolkit.standards.protocols.personalization_data import AccessRule

_BY_NAME, _MF_OR_FILE, _FILE_IN_DF = 0x04, 0x00, 0x02
_NO_ANSWER, _FCI, _FCP = 0x0C, 0x00, 0x04
_RIGHTS = {ElementaryFile.DG3: READ_DG3, ElementaryFile.DG4: READ_DG4}


class FileCommands:
    """The handlers, over the card's files and session."""

    def __init__(self, memory: ApplicationMemory, session: Session) -> None:
        self._memory = memory
        self._session = session

    def select(self, command: CommandApdu) -> ResponseApdu:
        """SELECT by AID, of the MF, or of an EF in the current DF."""
        require(command.p2 in (_NO_ANSWER, _FCI, _FCP), StatusWord.WRONG_P1P2)
        if command.p1 == _BY_NAME:
            information = self._select_name(command.data)
        elif command.p1 == _MF_OR_FILE and command.data in (b"", MF_FID.to_bytes(2, "big")):
            self._session.select(Selected.MASTER_FILE)
            information = tlv.encode(0x83, MF_FID.to_bytes(2, "big"))
        elif command.p1 in (_MF_OR_FILE, _FILE_IN_DF):
            information = self._select_file(command.data)
        else:
            raise Refused(StatusWord.WRONG_P1P2)
        if command.p2 == _NO_ANSWER:
            return ResponseApdu(b"", StatusWord.OK)
        return ResponseApdu(tlv.encode(0x62 if command.p2 == _FCP else 0x6F, information), StatusWord.OK)

    def _select_name(self, name: bytes) -> bytes:
        require(5 <= len(name) <= 16, StatusWord.WRONG_LENGTH)
        if EMRTD_AID.startswith(name):
            self._session.select(Selected.APPLICATION)
            return tlv.encode(0x84, EMRTD_AID)
        if ISD_AID.startswith(name):
            self._session.select(Selected.DOMAIN)
            return tlv.encode(0x84, ISD_AID)
        raise Refused(StatusWord.FILE_NOT_FOUND)

    def _select_file(self, identifier: bytes) -> bytes:
        require(len(identifier) == 2, StatusWord.WRONG_LENGTH)
        file = self._find(fid=int.from_bytes(identifier, "big"))
        stored = self._readable(file)
        self._session.current_file = file
        size = len(stored.content).to_bytes(2, "big")
        return tlv.encode(0x80, size) + tlv.encode(0x82, b"\x01") + tlv.encode(0x83, identifier)

    def read_binary(self, command: CommandApdu, limit: int) -> ResponseApdu:
        """READ BINARY in the even form; ``limit`` is the most bytes that the answer can carry."""
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

    def read_binary_odd(self, command: CommandApdu, limit: int) -> ResponseApdu:
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
            # Nothing is selected because nothing may be: the answer of 9303-11 4.4.2, not that of an empty card.
            locked_out = self._session.selected is Selected.APPLICATION and self._session.access is None
            raise Refused(StatusWord.SECURITY_STATUS_NOT_SATISFIED if locked_out else StatusWord.NO_CURRENT_EF)
        return self._readable(self._session.current_file)

    def _find(self, *, fid: int | None = None, sfi: int | None = None) -> ElementaryFile:
        require(self._session.selected is not Selected.DOMAIN, StatusWord.FILE_NOT_FOUND)
        in_application = self._session.selected is Selected.APPLICATION
        for file in ElementaryFile:
            if file.in_application is in_application and (file.fid == fid or file.sfi == sfi):
                return file
        # What is not there is told only to whom may read: others learn nothing about the card's contents.
        require(not in_application or self._session.access is not None, StatusWord.SECURITY_STATUS_NOT_SATISFIED)
        raise Refused(StatusWord.FILE_NOT_FOUND)

    def _readable(self, file: ElementaryFile) -> StoredFile:
        stored = self._memory.files.get(file)
        if file.in_application or (stored is not None and stored.rule is not AccessRule.ALWAYS):
            require(self._session.access is not None, StatusWord.SECURITY_STATUS_NOT_SATISFIED)
        if stored is None:
            raise Refused(StatusWord.FILE_NOT_FOUND)
        free = stored.rule is not AccessRule.TERMINAL_AUTHENTICATION or self._has_right(file)
        require(free, StatusWord.SECURITY_STATUS_NOT_SATISFIED)
        return stored

    def _has_right(self, file: ElementaryFile) -> bool:
        """Whether Terminal Authentication has given the right to read ``file``."""
        authorization = self._session.authorization
        if authorization is None or authorization.terminal_type is not TerminalType.INSPECTION_SYSTEM:
            return False
        return authorization.allows(_RIGHTS.get(file, 0))
