"""Defects of READ BINARY with access."""

from __future__ import annotations

from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import MAX_EXTENDED_NE, MAX_SHORT_NE, CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import ElementaryFile
from support import chip_faults as fault
from support.chip_faults import OK, answers, changes, ends_the_session, is_open
from support.conformance import Defect, DefectiveCard

_SMALL = 64


def _offset(command: CommandApdu) -> int:
    return command.p1 << 8 | command.p2


def _named(card: DefectiveCard, command: CommandApdu) -> bytes:
    """What a READ BINARY by short identifier means."""
    return fault.content(card, fault.file_by_sfi(card, command.p1 & 0x1F))


def _odd(card: DefectiveCard, command: CommandApdu) -> bool:
    return command.ins == commands.READ_BINARY_ODD and is_open(card)


def _odd_content(card: DefectiveCard, command: CommandApdu) -> bytes:
    return fault.content(card, fault.file_by_sfi(card, command.p2)) if command.p2 else fault.current(card)


def _odd_offset(command: CommandApdu) -> bytes:
    return tlv.parse(command.data, 0x54).value


def _odd_answer(card: DefectiveCard, command: CommandApdu, offset: int, size: int) -> ResponseApdu:
    return ResponseApdu(tlv.encode(0x53, _odd_content(card, command)[offset : offset + size]), 0x9000)


def _select_another(card: DefectiveCard, _: CommandApdu) -> ResponseApdu:
    card._session.current_file = ElementaryFile.DG11
    return OK


def _reads_beyond(card: DefectiveCard, command: CommandApdu) -> bool:
    small = fault.reads_by_sfi(command) and command.ne <= _SMALL and is_open(card)
    return small and command.p2 + command.ne > len(_named(card, command)) > 0


DEFECTS: dict[str, Defect] = {
    # Two identifiers name one file.
    "SEL-38": answers(lambda card, c: fault.selects_file(c, 0x010C) and is_open(card), _select_another),
    # With the short identifier of the first file reading begins at the start, whatever P2 says.
    "SEL-39": answers(
        lambda card, c: fault.reads_by_sfi(c, 1) and c.p2 > 0 and is_open(card) and fault.in_application(card),
        lambda card, c: fault.gives(_named(card, c), c),
    ),
    # In the short form the offset is one byte.
    "SEL-40": answers(
        lambda card, c: fault.reads(c) and not c.extended and 0 < c.p1 < 0x7F and is_open(card),
        lambda card, c: fault.gives(fault.current(card), c, c.p2),
    ),
    # Offsets go round.
    "SEL-41": answers(
        lambda card, c: fault.reads(c) and c.p1 == 0x7F and is_open(card),
        lambda card, c: fault.gives(fault.current(card), c, _offset(c) % (len(fault.current(card)) or 1)),
    ),
    # Behind the end stands what memory holds.
    "SEL-42": answers(
        _reads_beyond,
        lambda card, c: ResponseApdu(b"\xff" + _named(card, c)[c.p2 + 1 :].ljust(c.ne - 1, b"\xff"), 0x9000),
    ),
    # Less than eight bytes are read as eight.
    "SEL-43": answers(
        lambda card, c: fault.reads_by_sfi(c, 1) and 4 < c.ne < 8 and is_open(card) and fault.in_application(card),
        lambda card, c: ResponseApdu(_named(card, c)[c.p2 : c.p2 + 8], 0x9000),
    ),
    # Le 00 asks for nothing.
    "SEL-44": changes(
        lambda card, c: fault.reads_by_sfi(c) and c.ne == MAX_SHORT_NE and not c.extended and is_open(card),
        lambda *_: b"",
    ),
    # Up to 512 bytes are sent as if the answer were short.
    "SEL-45": changes(
        lambda card, c: fault.reads_by_sfi(c) and MAX_SHORT_NE < c.ne <= 512 and is_open(card),
        lambda _, __, data: data[:MAX_SHORT_NE],
    ),
    # An extended Le of 0000 brings the whole file, whatever EF.ATR/INFO says.
    "SEL-46": answers(
        lambda card, c: fault.reads_by_sfi(c) and c.ne == MAX_EXTENDED_NE and is_open(card),
        lambda card, c: fault.gives(_named(card, c), c, c.p2),
    ),
    # With a short identifier the odd form gives the bytes without their object.
    "SEL-47": changes(lambda card, c: _odd(card, c) and c.p2 > 0, lambda _, __, data: data[2:]),
    # The first byte of DO'54' is the offset.
    "SEL-48": answers(
        lambda card, c: _odd(card, c) and c.p2 == 0,
        lambda card, c: _odd_answer(card, c, _odd_offset(c)[0], c.ne - 2),
    ),
    # Le counts the bytes within the DO'53'.
    "SEL-49": answers(
        lambda card, c: _odd(card, c) and c.ne == 12,
        lambda card, c: _odd_answer(card, c, int.from_bytes(_odd_offset(c), "big"), c.ne),
    ),
    # The offset has fifteen bits.
    "SEL-50": answers(
        lambda card, c: _odd(card, c) and int.from_bytes(_odd_offset(c), "big") > commands.MAX_EVEN_OFFSET,
        lambda card, c: _odd_answer(card, c, int.from_bytes(_odd_offset(c), "big") & 0x7FFF, c.ne - 2),
    ),
    # The first file is selected from the start.
    "SEL-51": answers(
        lambda card, c: fault.reads(c) and is_open(card) and card._session.current_file is None,
        lambda card, c: fault.gives(fault.content(card, ElementaryFile.COM), c, _offset(c)),
    ),
    # Read in its midst by short identifier, a file does not become the current one.
    "SEL-52": answers(
        lambda card, c: fault.reads_by_sfi(c) and c.p2 > 0 and is_open(card) and fault.in_application(card),
        lambda card, c: fault.gives(_named(card, c), c, c.p2),
    ),
    # Few bytes are read from where a word begins.
    "SEL-53": answers(
        lambda card, c: fault.reads(c) and c.ne <= _SMALL and is_open(card) and c.p2 % 4 > 0 and c.p1 == 0,
        lambda card, c: fault.gives(fault.current(card), c, c.p2 & ~3),
    ),
    "SEL-54": ends_the_session(lambda _, c: fault.reads_by_sfi(c, 0x1B)),
    # What was free before PACE is refused after it.
    "SEL-55": answers(
        lambda card, c: fault.reads_by_sfi(c, 0x1C) and is_open(card) and fault.in_master_file(card),
        ResponseApdu(b"", 0x6982),
    ),
}
