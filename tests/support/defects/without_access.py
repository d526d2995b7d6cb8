"""Defects of access control: what is free to read is not, and what is not free is."""

from __future__ import annotations

from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import ElementaryFile
from support import chip_faults as fault
from support.chip_faults import OK, answers, frees_selected, is_open
from support.conformance import Defect, DefectiveCard


def _stumbles_at_the_end(file: ElementaryFile) -> Defect:
    """Asked for exactly as much as the file has, the card says that this is too much."""

    def matches(card: DefectiveCard, command: CommandApdu) -> bool:
        named = fault.reads_by_sfi(command, file.sfi) and fault.in_master_file(card)
        return named and command.ne == len(fault.content(card, file)) and not is_open(card)

    return answers(matches, ResponseApdu(b"", 0x6700))


def _frees(file: ElementaryFile) -> Defect:
    """A file of the application can be read by its short identifier, and nobody asks for access."""

    def matches(card: DefectiveCard, command: CommandApdu) -> bool:
        return fault.reads_by_sfi(command, file.sfi) and fault.in_application(card) and not is_open(card)

    return answers(matches, lambda card, command: fault.gives(fault.content(card, file), command))


DEFECTS: dict[str, Defect] = {
    "SEL-26": _stumbles_at_the_end(ElementaryFile.CARD_ACCESS),
    "SEL-27": _stumbles_at_the_end(ElementaryFile.DIR),
    "SEL-28": _stumbles_at_the_end(ElementaryFile.ATR_INFO),
    "SEL-29": _frees(ElementaryFile.SOD),
    "SEL-30": _frees(ElementaryFile.DG11),
    "SEL-31": frees_selected(ElementaryFile.DG12, application=True),
    "SEL-32": answers(
        lambda card, c: c.ins == commands.READ_BINARY_ODD and fault.in_application(card) and not is_open(card),
        lambda card, c: ResponseApdu(tlv.encode(0x53, fault.content(card, ElementaryFile.COM)[:4]), 0x9000),
    ),
    "SEL-33": answers(
        lambda card, c: fault.reads_by_sfi(c, 2) and c.extended and fault.in_application(card) and not is_open(card),
        lambda card, c: fault.gives(fault.content(card, ElementaryFile.DG2), c),
    ),
    # SELECT never says that a file is not there.
    "SEL-34": answers(lambda card, c: fault.selects_file(c, 0x01FF) and not is_open(card), OK),
    "SEL-35": frees_selected(ElementaryFile.CARD_SECURITY, application=False),
    "SEL-36": frees_selected(ElementaryFile.CARD_ACCESS, application=True),
    "SEL-37": frees_selected(ElementaryFile.DG1, p1=commands.ANYWHERE, application=False),
}
