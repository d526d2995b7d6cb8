"""Reading EFs in as few commands as the card's buffers allow (ICAO Doc 9303-10 3.6, 9303-11 9.3.1.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

from eid_toolkit.cards.terminal.selecting import BY_SHORT_IDENTIFIER, FILE_FORMS, select_file
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.ground.errors import BadInput, ChannelError, ProtocolError, ResponseUnprotected
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import MAX_EXTENDED_NE, MAX_SHORT_NE, CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import MAX_EF_SIZE, ElementaryFile
from eid_toolkit.standards.iso7816.status import StatusWord
from eid_toolkit.standards.lds.atr_info import AtrInfo

_STATUS_WORD = 2
_ABSENT = (StatusWord.FILE_NOT_FOUND, StatusWord.REFERENCED_DATA_NOT_FOUND)
_PROTECTED = (StatusWord.SECURITY_STATUS_NOT_SATISFIED, StatusWord.CONDITIONS_NOT_SATISFIED)
_CHECKING_ERRORS = range(0x67, 0x6F)
"""SW1 of a card that did not like the command (7816-4 5.6); 64, 65 and 6F are of a card that failed."""
_MAX_READS = MAX_EF_SIZE // 16
_ANSWER_LIMITS = (MAX_SHORT_NE, 160)
"""What is tried on a card that refuses the length it declared, in bytes of response data."""
_HEADER = 4
"""Bytes of tag and length at most: every EF of an eMRTD begins with a tag of one byte, and holds less than 64 kB."""


class ReadStatus(Enum):
    """How the reading of a file ended."""

    READ = "read"
    ABSENT = "absent"
    PROTECTED = "protected"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FileRead:
    """The outcome for one file: its bytes if read, else the status word or error code that ended it."""

    file: ElementaryFile
    status: ReadStatus
    data: bytes = b""
    reason: str | None = None


class FileAddress(Protocol):
    """What a file of the current DF is opened by."""

    @property
    def fid(self) -> int:
        """The file identifier."""
        ...

    @property
    def sfi(self) -> int | None:
        """The short identifier, or None where there is none."""
        ...


class FileReader:
    """Reads files of the current DF, one after another."""

    def __init__(
        self,
        session: CardSession,
        buffers: tuple[int, int] | None = None,
        reopen: Callable[[], object] | None = None,
    ) -> None:
        """``buffers`` are the APDU sizes of EF.ATR/INFO; without them only short commands are used.

        ``reopen`` opens the card anew as it is open now: there are cards that end the channel at a form of READ or
        SELECT that they do not know. Without it that ends the reading.
        """
        self._session, self._reopen = session, reopen
        self._habits = session.habits
        largest = buffers[1] - _STATUS_WORD if buffers is not None else 0
        self._declared = max(MAX_SHORT_NE, min(largest, MAX_EXTENDED_NE))

    @property
    def chunk(self) -> int:
        """The most plain bytes that are asked for at once: what the card's answer holds under the present cipher."""
        answer = min(self._declared, self._habits.largest_answer)
        return min(self._session.capacity(answer), MAX_EF_SIZE)

    def read(self, file: ElementaryFile) -> FileRead:
        """The whole file. A card that goes away or breaks the channel raises; all else is an outcome."""
        secure = self._session.is_secure
        try:
            return self._read(file)
        except BadInput as error:
            if secure and not self._session.is_secure:
                raise
            return FileRead(file, ReadStatus.FAILED, reason=error.code)

    def read_first(self, file: FileAddress) -> ResponseApdu:
        """The first part of a file, opened in the form that the card understands (9303-10 3.6.3).

        What a card says against a form that has opened no file yet may be said against the form: it is believed
        once the form has opened one. A file with another tag than the one asked for is another file.
        """
        habits, refusals = self._habits, list[ResponseApdu]()
        for rung in self._forms(file):
            try:
                answer, is_selected = self._read_in_form(rung, file)
            except ChannelError as error:
                self._shun(rung, file, error)
                continue
            if _carries_data(answer) and self._is_asked_for(file, answer.data):
                habits.file, habits.file_proven = rung, True
                return answer
            refusals.append(answer)
            if self._is_believed(answer, is_selected=is_selected):
                return answer
        if habits.file_proven and _carries_data(refusals[0]):
            return refusals[0]
        return next((answer for answer in refusals if answer.sw in _ABSENT), refusals[0])

    def _forms(self, file: FileAddress) -> list[int]:
        """The rungs to try, the one that is known to work first."""
        first = BY_SHORT_IDENTIFIER if file.sfi is not None else 1
        rungs = (rung for rung in range(first, len(FILE_FORMS) + 1) if rung not in self._habits.fatal_forms)
        return sorted(rungs, key=lambda rung: (rung != self._habits.file, rung))

    def _read_in_form(self, rung: int, file: FileAddress) -> tuple[ResponseApdu, bool]:
        """The answer, and whether it is that to a READ after a SELECT that the card took."""
        sfi = file.sfi
        if rung == BY_SHORT_IDENTIFIER and sfi is not None:
            return self._read_start(lambda size: commands.read_binary_sfi(sfi, 0, size)), False
        answer = self._session.exchange(select_file(rung, file.fid))
        if not answer.ok:
            return answer, False
        return self._read_start(lambda size: commands.read_binary(0, size)), True

    def _is_asked_for(self, file: FileAddress, content: bytes) -> bool:
        """Whether the content can be the file's: a form can be taken for that of a file elsewhere on the card."""
        tag = file.tag if isinstance(file, ElementaryFile) and self._session.is_secure else None
        return tag is None or content[0] == tag

    def _is_believed(self, answer: ResponseApdu, *, is_selected: bool) -> bool:
        if answer.sw in _PROTECTED:  # who has no access yet is refused in any form
            return self._habits.file_proven or is_selected or not self._session.is_secure
        return answer.sw in _ABSENT and self._habits.file_proven

    def _shun(self, rung: int, file: FileAddress, error: ChannelError) -> None:
        """Opens the card anew after a form at which it ended the channel; raises ``error`` where that is no cause."""
        is_refusal = isinstance(error, ResponseUnprotected) and error.sw >> 8 in _CHECKING_ERRORS
        is_about_form = is_refusal and not self._habits.file_proven
        if self._reopen is None or not is_about_form or self._forms(file) == [rung]:
            raise error
        self._habits.fatal_forms |= {rung}
        self._reopen()

    def _read_start(self, command: Callable[[int], CommandApdu]) -> ResponseApdu:
        """As much as one answer holds; less where the card refuses the length, at last only the file's header."""
        if not self._habits.header_first:
            answer = self._send_within_limits(command, self.chunk)
            if answer.sw != StatusWord.WRONG_LENGTH:
                return answer
        answer = self._send(command(_HEADER))
        self._habits.header_first = self._habits.header_first or _carries_data(answer)
        return answer

    def _send_within_limits(self, command: Callable[[int], CommandApdu], size: int) -> ResponseApdu:
        """Asks for ``size`` bytes, and for less while the card calls that a wrong length; what it takes is remembered.

        If it takes none of the lengths, the length was not what is wrong, and no limit is remembered.
        """
        answer = self._send(command(size))
        for limit in _ANSWER_LIMITS:
            smaller = self._session.capacity(limit)
            if answer.sw != StatusWord.WRONG_LENGTH or smaller >= size:
                continue
            answer = self._send(command(smaller))
            if answer.sw != StatusWord.WRONG_LENGTH:
                self._habits.largest_answer = limit
        return answer

    def _read(self, file: ElementaryFile) -> FileRead:
        answer = self.read_first(file)
        if not _carries_data(answer):
            return _refused(file, answer.sw)
        data = answer.data
        total = _total_size(data)
        for _ in range(_MAX_READS):
            if len(data) >= total:
                return FileRead(file, ReadStatus.READ, data[:total])
            part = self._read_part(len(data), min(self.chunk, total - len(data)))
            if not part:
                break
            data += part
        return FileRead(file, ReadStatus.FAILED, reason="file-truncated")

    def _read_part(self, offset: int, size: int) -> bytes:
        if offset <= commands.MAX_EVEN_OFFSET:
            answer = self._send_within_limits(lambda size: commands.read_binary(offset, size), size)
            return answer.data if _carries_data(answer) else b""
        header = 1 + len(tlv.encode_length(size))
        answer = self._send(commands.read_binary_odd(offset, min(size + header, self.chunk)))
        return tlv.parse(answer.data, 0x53).value if _carries_data(answer) else b""

    def _send(self, command: CommandApdu) -> ResponseApdu:
        """Sends a command in the long form if a short answer, protected as it is now, would not hold what it asks."""
        extended = command.ne > self._session.capacity(MAX_SHORT_NE)
        return self._session.exchange(replace(command, extended=extended))


def _carries_data(answer: ResponseApdu) -> bool:
    return bool(answer.data) and (answer.ok or answer.sw == StatusWord.END_OF_FILE)


def _refused(file: ElementaryFile, sw: int) -> FileRead:
    if sw in _ABSENT:
        return FileRead(file, ReadStatus.ABSENT, reason=f"{sw:04X}")
    if sw in _PROTECTED:
        return FileRead(file, ReadStatus.PROTECTED, reason=f"{sw:04X}")
    return FileRead(file, ReadStatus.FAILED, reason=f"{sw:04X}")


def _total_size(start: bytes) -> int:
    """The file's size by the header of its first object; raises :class:`ProtocolError` beyond what an EF holds."""
    _, offset, length = tlv.read_header(start)
    if offset + length > MAX_EF_SIZE:
        raise ProtocolError("file-too-large", size=offset + length, limit=MAX_EF_SIZE)
    return offset + length


def read_short_file(session: CardSession, file: FileAddress, size: int | None = None) -> bytes | None:
    """A file that is a series of objects, so that no length tells its end: whole in one answer, or None.

    ``size`` is the file's, where it is known: a card that refuses to be asked for more than a file holds is asked so.
    """
    answer = FileReader(session).read_first(file)
    if session.habits.header_first:
        if size is None or not _carries_data(answer):
            return None
        answer = session.exchange(commands.read_binary(0, size))
    return answer.data if _carries_data(answer) else None


def read_buffers(session: CardSession) -> tuple[int, int] | None:
    """The APDU sizes that EF.ATR/INFO declares, read in the MF before access; None if there are none."""
    try:
        info = AtrInfo.parse(read_short_file(session, ElementaryFile.ATR_INFO) or b"")
    except BadInput:
        return None
    return info.extended_length if info.supports_extended_length else None
