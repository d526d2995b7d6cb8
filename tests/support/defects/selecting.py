"""Defects of SELECT."""

from __future__ import annotations

from dataclasses import replace

from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.protocols.personalization_data import AccessRule
from support import chip_faults as fault
from support.chip_faults import OK, answers, changes, ends_the_session, frees_selected, is_open
from support.conformance import Defect, DefectiveCard, emrtd

_UNKNOWN = 0x0A


def _by_name(command: CommandApdu) -> bool:
    return command.ins == commands.SELECT and command.p1 == 4


def _selects_for_the_name(card: DefectiveCard, _: CommandApdu) -> ResponseApdu:
    card._session.select(emrtd(card))
    return OK


def _same_as(card: DefectiveCard, file: ElementaryFile) -> ResponseApdu:
    card._session.current_file = file
    return OK


def _takes_class(wrong: int) -> Defect:
    """A bit of the class byte that has to be looked at is not."""

    def defect(card: DefectiveCard) -> None:
        genuine = card._answer

        def answer(command: CommandApdu) -> ResponseApdu:
            return genuine(replace(command, cla=0) if command.cla == wrong else command)

        card._answer = answer  # type: ignore[method-assign]

    return defect


def _caches_free_files(card: DefectiveCard) -> None:
    """Where a free file was found in the session is remembered by short identifier, and not forgotten by SELECT."""
    found: dict[int, ElementaryFile] = {}

    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        if not is_open(card):
            found.clear()
        if not is_open(card) or not fault.reads_by_sfi(command):
            return None
        sfi = command.p1 & 0x1F
        file = fault.file_by_sfi(card, sfi)
        stored = card.memory.part(EmrtdMemory).files.get(file) if file is not None else None
        if file is not None and stored is not None and stored.rule is AccessRule.ALWAYS:
            found[sfi] = file
        return fault.gives(fault.content(card, found[sfi]), command) if sfi in found else None

    card.defects.instead.append(instead)


def _loses_its_way(card: DefectiveCard) -> None:
    """A failed SELECT of a file leaves the first file of the table selected."""

    def afterwards(card: DefectiveCard, command: CommandApdu, answer: ResponseApdu) -> ResponseApdu:
        if fault.selects_file(command) and answer.sw == 0x6A82 and is_open(card):
            card._session.current_file = ElementaryFile.COM
        return answer

    card.defects.afterwards.append(afterwards)


def _keeps_the_file(card: DefectiveCard) -> None:
    """SELECT of the application leaves the file selected that was."""

    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        session = card._session
        if not (fault.selects_application(command) and is_open(card) and fault.in_application(card)):
            return None
        file = session.current_file
        session.select(emrtd(card))
        session.current_file = file
        return OK

    card.defects.instead.append(instead)


def _loses_access(card: DefectiveCard) -> None:
    """SELECT of the application from within takes the access away that PACE gave."""

    def instead(card: DefectiveCard, command: CommandApdu) -> None:
        again = fault.selects_application(command) and is_open(card) and fault.in_application(card)
        if again and card._session.current_file is None:
            card._session.access = None

    card.defects.instead.append(instead)


def _finds_files_everywhere(card: DefectiveCard, command: CommandApdu) -> ResponseApdu:
    card._session.select(emrtd(card))
    return _same_as(card, ElementaryFile.DG1)


def _is_pinned_by_reading(card: DefectiveCard) -> None:
    """READ BINARY by short identifier in the midst of a file pins it: the next SELECT of a file does nothing."""
    pinned: list[bool] = []

    def instead(card: DefectiveCard, command: CommandApdu) -> ResponseApdu | None:
        if fault.reads_by_sfi(command) and command.p2 and is_open(card):
            pinned.append(True)
        elif pinned:
            pinned.clear()
            return OK if fault.selects_file(command) else None
        return None

    card.defects.instead.append(instead)


DEFECTS: dict[str, Defect] = {
    # An FCI that nobody asked for, until the chip was opened.
    "SEL-01": changes(
        lambda card, c: fault.selects_application(c) and c.p2 == commands.NO_ANSWER and not is_open(card),
        lambda *_: b"\x6f\x00",
    ),
    # Every name is one of its own.
    "SEL-02": answers(lambda _, c: _by_name(c) and len(c.data) == 7 and c.data != EMRTD_AID, OK),
    # Nobody asks for access where a file is read that was selected before.
    "SEL-03": frees_selected(ElementaryFile.DG1, application=True),
    "SEL-04": answers(lambda card, c: c.ins == commands.SELECT and c.p1 == 0xFF and not is_open(card), OK),
    # What is selected cannot be selected.
    "SEL-05": answers(
        lambda card, c: fault.selects_application(c) and fault.in_application(card) and not is_open(card),
        ResponseApdu(b"", 0x6985),
    ),
    # Compares as many bytes of the name as its own has.
    "SEL-06": answers(lambda _, c: _by_name(c) and c.data[:7] == EMRTD_AID != c.data, _selects_for_the_name),
    "SEL-07": answers(lambda _, c: fault.selects_application(c) and c.p2 == 0xFF, _selects_for_the_name),
    # The FCI ends before its length says.
    "SEL-08": changes(
        lambda card, c: fault.selects_application(c) and c.p2 == commands.FCI and not is_open(card),
        lambda _, __, data: data[:-1],
    ),
    "SEL-09": changes(
        lambda _, c: fault.selects_file(c) and c.p2 == commands.FCP, lambda _, __, data: b"\x6f" + data[1:]
    ),
    # SELECT of the master file does nothing, and says it did.
    "SEL-10": answers(
        lambda card, c: c.ins == commands.SELECT and c.data == b"\x3f\x00" and fault.in_application(card), OK
    ),
    # The table of identifiers lacks an entry.
    "SEL-11": answers(lambda card, c: fault.selects_file(c, 0x010C) and is_open(card), ResponseApdu(b"", 0x6A82)),
    "SEL-12": _caches_free_files,
    # What is not there is called a wrong reference.
    "SEL-13": answers(lambda card, c: fault.selects_file(c, 0x01FF) and is_open(card), ResponseApdu(b"", 0x6A88)),
    # Compares the last byte of an identifier.
    "SEL-14": answers(
        lambda card, c: fault.selects_file(c) and is_open(card) and c.data == b"\x01",
        lambda card, _: _same_as(card, ElementaryFile.DG1),
    ),
    "SEL-15": _loses_its_way,
    "SEL-16": _keeps_the_file,
    "SEL-17": _loses_access,
    "SEL-18": ends_the_session(lambda _, c: _by_name(c) and c.data[:6] == EMRTD_AID[:6] and c.data != EMRTD_AID),
    "SEL-19": answers(
        lambda card, c: fault.selects_file(c, 0x0101) and is_open(card) and fault.in_master_file(card),
        _finds_files_everywhere,
    ),
    "SEL-20": _takes_class(0x20),
    "SEL-21": _takes_class(0x03),
    "SEL-22": answers(lambda card, c: c.ins == _UNKNOWN and not is_open(card), ResponseApdu(b"", 0x6F00)),
    "SEL-23": ends_the_session(lambda _, c: c.ins == _UNKNOWN),
    "SEL-24": answers(lambda card, c: fault.selects_file(c, 0x2F00) and not is_open(card), ResponseApdu(b"", 0x6A82)),
    "SEL-25": _is_pinned_by_reading,
}
