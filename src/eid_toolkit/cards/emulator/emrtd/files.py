"""The files of MF and eMRTD application, and who may read them (ICAO Doc 9303-10 3.6, 9303-11 4.2 and 7.1)."""

from __future__ import annotations

from functools import lru_cache

from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.cards.emulator.emrtd.status import EmrtdStatus
from eid_toolkit.cards.emulator.file_commands import FileCommands
from eid_toolkit.cards.emulator.refusal import Refused, require
from eid_toolkit.cards.emulator.session import SHORT_RESPONSE
from eid_toolkit.cards.emulator.state import StoredFile
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.iso7816.status import StatusWord
from eid_toolkit.standards.lds.atr_info import AtrInfo
from eid_toolkit.standards.pki.cv_authorization import READ_DG3, READ_DG4, TerminalType
from eid_toolkit.standards.protocols.personalization_data import AccessRule

_RIGHTS = {ElementaryFile.DG3: READ_DG3, ElementaryFile.DG4: READ_DG4}


class EmrtdFiles(FileCommands):
    """The files of whichever of the two is the current DF."""

    def __init__(self, memory: EmrtdMemory, status: EmrtdStatus) -> None:
        super().__init__(status.session)
        self._memory = memory
        self._status = status

    def buffers(self) -> tuple[int, int]:
        """The sizes of command and response that EF.ATR/INFO declares."""
        stored = self._memory.files.get(ElementaryFile.ATR_INFO)
        declared = _declared(stored.content) if stored is not None else None
        return declared or (SHORT_RESPONSE, SHORT_RESPONSE)

    def _none_selected(self) -> StatusWord:
        # Nothing is selected because nothing may be: the answer of 9303-11 4.4.2, not that of an empty card.
        locked_out = self._status.is_selected and self._status.access is None
        return StatusWord.SECURITY_STATUS_NOT_SATISFIED if locked_out else StatusWord.NO_CURRENT_EF

    def _find(self, *, fid: int | None = None, sfi: int | None = None) -> ElementaryFile:
        in_application = self._status.is_selected
        for file in ElementaryFile:
            if file.in_application is in_application and (file.fid == fid or file.sfi == sfi):
                return file
        # What is not there is told only to whom may read: others learn nothing about the card's contents.
        require(not in_application or self._status.access is not None, StatusWord.SECURITY_STATUS_NOT_SATISFIED)
        raise Refused(StatusWord.FILE_NOT_FOUND)

    def _readable(self, file: ElementaryFile) -> StoredFile:
        stored = self._memory.files.get(file)
        if file.in_application or (stored is not None and stored.rule is not AccessRule.ALWAYS):
            require(self._status.access is not None, StatusWord.SECURITY_STATUS_NOT_SATISFIED)
        if stored is None:
            raise Refused(StatusWord.FILE_NOT_FOUND)
        free = stored.rule is not AccessRule.TERMINAL_AUTHENTICATION or self._has_right(file)
        require(free, StatusWord.SECURITY_STATUS_NOT_SATISFIED)
        return stored

    def _has_right(self, file: ElementaryFile) -> bool:
        """Whether Terminal Authentication has given the right to read ``file``."""
        authorization = self._status.authorization
        if authorization is None or authorization.terminal_type is not TerminalType.INSPECTION_SYSTEM:
            return False
        return authorization.allows(_RIGHTS.get(file, 0))


@lru_cache(maxsize=16)
def _declared(atr_info: bytes) -> tuple[int, int] | None:
    """What an EF.ATR/INFO says; asked for at every command."""
    return AtrInfo.parse(atr_info).extended_length
