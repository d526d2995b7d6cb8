"""Defects of the lock: commands of personalization that the finished card still carries out."""

from __future__ import annotations

from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.protocols import globalplatform as gp
from support import chip_faults as fault
from support.chip_faults import OK, answers, is_open
from support.conformance import Defect, DefectiveCard

_SECURED_CLASS = 0x84


def _takes(ins: int) -> Defect:
    """An instruction is carried out as if the card were not locked, whoever sends it."""
    return answers(lambda _, command: command.ins == ins, OK)


def _manages(ins: int, cla: int = 0x80) -> Defect:
    """A command of content management is carried out without authentication."""

    def defect(card: DefectiveCard) -> None:
        genuine = card._answer

        def answer(command: CommandApdu) -> ResponseApdu:
            return OK if (command.cla, command.ins) == (cla, ins) else genuine(command)

        card._answer = answer  # type: ignore[method-assign]

    return defect


def _erases_before_it_asks(card: DefectiveCard) -> None:
    """UPDATE BINARY clears the buffer of the page before the access rule is looked at; a reset brings it back."""
    cleared: list[ElementaryFile] = []

    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        file = card._session.current_file
        if command.ins == commands.UPDATE_BINARY and is_open(card) and file is not None:
            cleared.append(file)
            return ResponseApdu(b"", 0x6982)
        named = fault.file_by_sfi(card, command.p1 & 0x1F) if fault.reads_by_sfi(command) else None
        if named is not None and named in cleared:
            content = fault.content(card, named)
            return fault.gives(content[:-1] + b"\xff", command, command.p2)
        return None

    card.defects.instead.append(instead)
    card.defects.on_reset.append(lambda _: cleared.clear())


DEFECTS: dict[str, Defect] = {
    "LOCK-01": answers(lambda card, c: c.ins == commands.UPDATE_BINARY and not is_open(card), OK),
    "LOCK-02": answers(lambda card, c: c.ins == commands.UPDATE_BINARY and is_open(card), OK),
    "LOCK-03": _takes(0xD7),
    "LOCK-04": _takes(0xD0),
    "LOCK-05": _takes(0x0E),
    "LOCK-06": _takes(0xE0),
    "LOCK-07": _takes(0xE4),
    "LOCK-08": _takes(0xDA),
    "LOCK-09": _manages(gp.STORE_DATA),
    "LOCK-10": _manages(gp.PUT_KEY),
    "LOCK-11": _manages(gp.INSTALL),
    "LOCK-12": _manages(gp.SET_STATUS),
    "LOCK-13": _manages(gp.DELETE),
    "LOCK-14": _manages(gp.STORE_DATA, _SECURED_CLASS),
    "LOCK-15": _erases_before_it_asks,
}
