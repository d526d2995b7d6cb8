"""The words in which defects of SELECT and READ BINARY are written: which command, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable

from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from support.conformance import Defect, DefectiveCard, emrtd

Matches = Callable[[DefectiveCard, CommandApdu], bool]
Answer = Callable[[DefectiveCard, CommandApdu], ResponseApdu]
OK = ResponseApdu(b"", 0x9000)


def answers(matches: Matches, answer: ResponseApdu | Answer) -> Defect:
    """Commands that match are answered like this, whatever the genuine card would do."""

    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        if not matches(card, command):
            return None
        return answer if isinstance(answer, ResponseApdu) else answer(card, command)

    return lambda card: card.defects.instead.append(instead)


def changes(matches: Matches, change: Callable[[DefectiveCard, CommandApdu, bytes], bytes]) -> Defect:
    """The data that the genuine card gives for commands that match become other ones."""

    def afterwards(card: DefectiveCard, command: CommandApdu, answer: ResponseApdu) -> ResponseApdu:
        hit = matches(card, command) and answer.ok
        return ResponseApdu(change(card, command, answer.data), answer.sw) if hit else answer

    return lambda card: card.defects.afterwards.append(afterwards)


def ends_the_session(matches: Matches) -> Defect:
    """Commands that match end the session, once they are answered."""

    def defect(card: DefectiveCard) -> None:
        ending: list[bool] = []

        def instead(card: DefectiveCard, command: CommandApdu) -> None:
            if is_open(card) and matches(card, command):
                ending.append(True)

        def afterwards_raw(card: DefectiveCard, raw: bytes, answer: bytes) -> bytes:
            if ending:
                ending.clear()
                card._session.end_messaging()
            return answer

        card.defects.instead.append(instead)
        card.defects.afterwards_raw.append(afterwards_raw)

    return defect


def is_open(card: DefectiveCard) -> bool:
    return card._session.channel is not None


def in_application(card: DefectiveCard) -> bool:
    return emrtd(card).status.is_selected


def in_master_file(card: DefectiveCard) -> bool:
    return card._session.selected is card._session.master_file


def selects_application(command: CommandApdu) -> bool:
    return command.ins == commands.SELECT and command.p1 == 0x04 and command.data == EMRTD_AID


def selects_file(command: CommandApdu, fid: int | None = None) -> bool:
    """SELECT of an EF, or of that one, under the current DF."""
    named = command.ins == commands.SELECT and command.p1 == commands.IN_CURRENT_DF
    return named and fid in (None, int.from_bytes(command.data, "big"))


def reads(command: CommandApdu) -> bool:
    """READ BINARY, even, of the current file."""
    return command.ins == commands.READ_BINARY and not command.p1 & 0x80


def reads_by_sfi(command: CommandApdu, sfi: int | None = None) -> bool:
    """READ BINARY, even, by a short identifier or by that one."""
    named = command.ins == commands.READ_BINARY and bool(command.p1 & 0x80)
    return named and sfi in (None, command.p1 & 0x1F)


def file_by_sfi(card: DefectiveCard, sfi: int) -> ElementaryFile | None:
    """The file of the current DF with a short identifier."""
    inside = in_application(card)
    return next((file for file in ElementaryFile if file.in_application is inside and file.sfi == sfi), None)


def content(card: DefectiveCard, file: ElementaryFile | None) -> bytes:
    stored = card.memory.part(EmrtdMemory).files.get(file) if file is not None else None
    return b"" if stored is None else stored.content


def current(card: DefectiveCard) -> bytes:
    """The content of the current file."""
    return content(card, card._session.current_file)


def gives(data: bytes, command: CommandApdu, offset: int = 0) -> ResponseApdu:
    """As much of ``data`` as is asked for."""
    return ResponseApdu(data[offset : offset + command.ne], 0x9000)


def frees_selected(file: ElementaryFile, *, p1: int = commands.IN_CURRENT_DF, application: bool) -> Defect:
    """A file can be read once it was selected by its identifier, from the application or from the master file."""

    def defect(card: DefectiveCard) -> None:
        selected: list[bool] = []

        def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
            here = in_application(card) is application and not is_open(card)
            if command.ins == commands.SELECT:
                selected.clear()
                if here and command.p1 == p1 and command.data == file.fid.to_bytes(2, "big"):
                    selected.append(True)
                    return OK
            if reads(command) and here and selected:
                return gives(content(card, file), command, command.p1 << 8 | command.p2)
            return None

        card.defects.instead.append(instead)
        card.defects.on_reset.append(lambda _: selected.clear())

    return defect
