"""Defects of SELECT and READ BINARY."""

from __future__ import annotations

from eid_toolkit.iso7816 import commands
from eid_toolkit.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.iso7816.files import EMRTD_AID
from support.conformance import Defect, DefectiveCard


def _selects_by_name(command: CommandApdu) -> bool:
    return command.ins == commands.SELECT and command.p1 == 4


def _answers_with_data(card: DefectiveCard) -> None:
    """SELECT of the application comes with an FCI that nobody asked for, until the chip was opened."""

    def change(card: DefectiveCard, command: CommandApdu, answer: ResponseApdu) -> ResponseApdu:
        asked = _selects_by_name(command) and command.p2 == commands.NO_ANSWER and answer.ok
        return ResponseApdu(b"\x6f\x00", answer.sw) if asked else answer

    card.defects.afterwards.append(change)


def _takes_any_name(card: DefectiveCard) -> None:
    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        return ResponseApdu(b"", 0x9000) if _selects_by_name(command) and command.data != EMRTD_AID else None

    card.defects.instead.append(instead)


def _reads_without_access(card: DefectiveCard) -> None:
    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        plain_read = command.ins == commands.READ_BINARY and not command.p1 & 0x80 and card._session.channel is None
        return ResponseApdu(b"\x61", 0x9000) if plain_read else None

    card.defects.instead.append(instead)


def _takes_reserved_parameters(card: DefectiveCard) -> None:
    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        return ResponseApdu(b"", 0x9000) if command.ins == commands.SELECT and command.p1 == 0xFF else None

    card.defects.instead.append(instead)


DEFECTS: dict[str, Defect] = {
    "SEL-01": _answers_with_data,
    "SEL-02": _takes_any_name,
    "SEL-03": _reads_without_access,
    "SEL-04": _takes_reserved_parameters,
}
