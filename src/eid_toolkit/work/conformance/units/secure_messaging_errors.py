"""Commands whose protection is wrong: refused without protection, and the session is over (9303-11 9.8.3, 9.8.5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.protocols.secure_messaging import CRYPTOGRAM, LE, PLAIN_VALUE, Arrange
from eid_toolkit.work.conformance.case import Body, Cases, Unit
from eid_toolkit.work.conformance.probe import Probe
from eid_toolkit.work.conformance.units.read_binary import reads_odd
from eid_toolkit.work.conformance.units.secure_messaging import COM, READ, SELECT
from eid_toolkit.work.conformance.units.selecting import OPENED

case = Cases(Unit.SECURE_MESSAGING, OPENED)
SELECT_WITH_ANSWER = commands.select_application(EMRTD_AID, commands.FCI)
"""Has DO'87' and DO'97'."""
TWO_BLOCKS = commands.select_application(EMRTD_AID + bytes(9))
"""16 bytes of data: their padding stands in a block of its own, whatever the cipher."""
_CHECKSUM_OBJECT = 10
_PLAIN_DATA = 0x81
_WRONG_PROTECTION = (0x6987, 0x6988)
ENDS = ("An error without protection and without data.", "The session is over, and access with it.")

Change = Callable[[CommandApdu], CommandApdu]


def _wrong(
    number: int, standard: str, purpose: str, step: str, command: CommandApdu, what: str, change: Change
) -> Body:
    """A case whose one command is changed on the line."""

    @case(number, standard, purpose, steps=step, expected=ENDS)
    def changed(probe: Probe) -> None:
        probe.open()
        probe.aborted(probe.protected(command, change), what)

    return changed


def _spoilt(
    number: int, standard: str, purpose: str, step: str, command: CommandApdu, what: str, arrange: Arrange
) -> Body:
    """A case whose one command has wrong data objects under a checksum that fits."""

    @case(number, standard, purpose, steps=step, expected=ENDS)
    def spoilt(probe: Probe) -> None:
        probe.open()
        probe.aborted(probe.protected(command, arrange=arrange), what)

    return spoilt


def _data(change: Callable[[bytes], bytes]) -> Change:
    return lambda message: replace(message, data=change(message.data))


def _flip(data: bytes, position: int, bits: int = 1) -> bytes:
    changed = bytearray(data)
    changed[position] ^= bits
    return bytes(changed)


def _value(tag: int, change: Callable[[bytes], bytes], new_tag: int | None = None) -> Arrange:
    """Changes the value of the object with ``tag``, and its tag too where there is a new one."""

    def arrange(objects: tuple[Tlv, ...]) -> tuple[Tlv, ...]:
        return tuple(Tlv(new_tag or tag, change(item.value)) if item.tag == tag else item for item in objects)

    return arrange


no_checksum = _wrong(
    19,
    "9303-11 9.8.4",
    "A command without DO'8E' is refused.",
    "READ BINARY of EF.COM with DO'97' alone.",
    READ,
    "a command without checksum",
    _data(lambda data: data[:-_CHECKSUM_OBJECT]),
)
short_checksum = _wrong(
    20,
    "9303-11 9.8.6.2, 9.8.7.2",
    "A checksum has eight bytes; its first four are not enough.",
    "READ BINARY of EF.COM with a DO'8E' of the first four bytes of the right checksum.",
    READ,
    "a checksum of four bytes",
    _data(lambda data: data[:-9] + b"\x04" + data[-8:-4]),
)
wrong_checksum = _wrong(
    21,
    "9303-11 9.8.4",
    "A checksum with one wrong bit at its end is refused.",
    "READ BINARY of EF.COM with the last bit of the checksum changed.",
    READ,
    "a wrong checksum",
    _data(lambda data: _flip(data, -1)),
)
checksum_first = _wrong(
    22,
    "9303-11 9.8.4",
    "The checksum stands at the end.",
    "READ BINARY of EF.COM with the right DO'8E' before DO'97'.",
    READ,
    "a checksum that is not the last object",
    _data(lambda data: data[-_CHECKSUM_OBJECT:] + data[:-_CHECKSUM_OBJECT]),
)
bytes_behind = _wrong(
    23,
    "7816-4 5.2.2",
    "Data after the checksum is refused.",
    "READ BINARY of EF.COM with two bytes 00 behind DO'8E'.",
    READ,
    "bytes behind the checksum",
    _data(lambda data: data + b"\x00\x00"),
)
object_cut_off = _wrong(
    24,
    "7816-4 5.2.2",
    "Data objects must end with the data field given by Lc.",
    "READ BINARY of EF.COM with the last four bytes cut off, and Lc fitting what is left.",
    READ,
    "a data field that ends within an object",
    _data(lambda data: data[:-4]),
)
no_objects = _wrong(
    25,
    "9303-11 9.8.4",
    "A command with the secure messaging class byte must have secure messaging objects.",
    "READ BINARY of EF.COM with CLA 0C and no data field.",
    READ,
    "a command with CLA 0C and no objects",
    lambda message: CommandApdu(message.cla, message.ins, message.p1, message.p2, ne=4),
)
wrong_order = _spoilt(
    26,
    "9303-11 9.8.4",
    "DO'87' stands before DO'97'.",
    "SELECT of the application with DO'97' before DO'87', and a checksum over this order.",
    SELECT_WITH_ANSWER,
    "objects in the wrong order",
    lambda objects: tuple(reversed(objects)),
)
object_twice = _spoilt(
    27,
    "9303-11 9.8.4",
    "No object may occur twice.",
    "READ BINARY of EF.COM with DO'97' twice, and a checksum over both.",
    READ,
    "DO'97' twice",
    lambda objects: objects * 2,
)
unknown_object = _spoilt(
    28,
    "9303-11 9.8.4",
    "An object that secure messaging does not define is refused.",
    "READ BINARY of EF.COM with a DO'9B' before DO'97', and a checksum over both.",
    READ,
    "an unknown object",
    lambda objects: (Tlv(0x9B, b"\x00"), *objects),
)
plain_data = _spoilt(
    29,
    "9303-11 9.8.4",
    "Command data must be encrypted.",
    "SELECT of EF.COM with the identifier in a DO'81', in clear, under a right checksum.",
    SELECT,
    "command data in clear",
    _value(CRYPTOGRAM, lambda _: SELECT.data, _PLAIN_DATA),
)
odd_object = _spoilt(
    30,
    "9303-11 9.8.4",
    "DO'85' does not belong to an even instruction.",
    "SELECT of EF.COM with the cryptogram in a DO'85'.",
    SELECT,
    "DO'85' where INS is even",
    _value(CRYPTOGRAM, lambda value: value[1:], PLAIN_VALUE),
)
padding_indicator = _spoilt(
    31,
    "9303-11 9.8.4",
    "The padding indicator is 01.",
    "SELECT of EF.COM with the padding indicator 02.",
    SELECT,
    "a wrong padding indicator",
    _value(CRYPTOGRAM, lambda value: b"\x02" + value[1:]),
)
cryptogram_cut = _spoilt(
    32,
    "9303-11 9.8.4",
    "A cryptogram consists of whole blocks.",
    "SELECT of EF.COM with the last byte of the cryptogram cut off.",
    SELECT,
    "a cryptogram that is no whole block",
    _value(CRYPTOGRAM, lambda value: value[:-1]),
)
cryptogram_empty = _spoilt(
    33,
    "9303-11 9.8.4",
    "A cryptogram is not empty.",
    "SELECT of EF.COM with a DO'87' that holds the padding indicator alone.",
    SELECT,
    "an empty cryptogram",
    _value(CRYPTOGRAM, lambda value: value[:1]),
)
length_of_three = _spoilt(
    34,
    "7816-4 10.4",
    "DO'97' has one or two bytes.",
    "READ BINARY of EF.COM with DO'97' 000004.",
    READ,
    "a DO'97' of three bytes",
    _value(LE, lambda _: b"\x00\x00\x04"),
)
length_changed = _wrong(
    36,
    "9303-11 9.8.4",
    "A DO'97' altered in transmission is refused.",
    "READ BINARY of EF.COM with DO'97' changed after the checksum was made.",
    READ,
    "a changed DO'97'",
    _data(lambda data: _flip(data, 2)),
)
instruction_changed = _wrong(
    37,
    "9303-11 9.8.4",
    "The checksum covers INS.",
    "READ BINARY of EF.COM, its INS changed from B0 to A4 after the checksum was made.",
    READ,
    "a changed instruction byte",
    lambda message: replace(message, ins=commands.SELECT),
)
first_parameter_changed = _wrong(
    38,
    "9303-11 9.8.4",
    "The checksum covers P1.",
    "READ BINARY of EF.COM, its P1 changed to the short identifier of EF.DG1 after the checksum was made.",
    READ,
    "a changed P1",
    lambda message: replace(message, p1=0x80 | ElementaryFile.DG1.sfi),
)
second_parameter_changed = _wrong(
    39,
    "9303-11 9.8.4",
    "The checksum covers P2.",
    "READ BINARY of EF.COM, its P2 changed to 01 after the checksum was made.",
    READ,
    "a changed P2",
    lambda message: replace(message, p2=1),
)
class_changed = _wrong(
    40,
    "9303-11 9.8.4",
    "The class byte of a protected command is 0C: the header is in the checksum.",
    "READ BINARY of EF.COM, sent with CLA 08 in place of 0C.",
    READ,
    "a changed class byte",
    lambda message: replace(message, cla=0x08),
)


@case(
    35,
    "9303-11 9.8.4",
    "A cryptogram altered in transmission is refused, even if its plaintext is padded correctly.",
    steps="SELECT with 16 bytes of data; after the checksum was made the block before the padding is changed.",
    expected=ENDS,
)
def cryptogram_changed(probe: Probe) -> None:
    probe.open()
    block = 8 if probe.channel is None else probe.channel.block
    before_padding = -_CHECKSUM_OBJECT - block - 1  # turns the last byte of the padding into 80
    change = _data(lambda data: _flip(data, before_padding, 0x80))
    probe.aborted(probe.protected(TWO_BLOCKS, change), "a changed cryptogram")


@case(
    41,
    "9303-11 9.8.6.1, 9.8.7.1",
    "Padding without its byte 80 is refused, even if the checksum is correct.",
    steps="SELECT with 16 bytes of data; the block of padding is made 00 … 01 by a change in the block before.",
    expected=ENDS,
)
def wrong_padding(probe: Probe) -> None:
    probe.open()
    block = 8 if probe.channel is None else probe.channel.block
    # The block before is garbled by it, and could end like padding: so the last byte must not be 00.
    arrange = _value(CRYPTOGRAM, lambda value: _flip(_flip(value, -2 * block, 0x80), -block - 1, 0x01))
    probe.aborted(probe.protected(TWO_BLOCKS, arrange=arrange), "wrong padding")


@case(
    42,
    "9303-11 9.8.4",
    "DO'87' does not belong to an odd instruction.",
    steps="READ BINARY of EF.COM in the odd form, the cryptogram in a DO'87' with padding indicator.",
    expected=ENDS,
    condition=reads_odd,
)
def even_object(probe: Probe) -> None:
    probe.open()
    arrange = _value(PLAIN_VALUE, lambda value: b"\x01" + value, CRYPTOGRAM)
    probe.aborted(probe.protected(commands.read_binary_odd(0, 6, COM.sfi), arrange=arrange), "DO'87' where INS is odd")


@case(
    43,
    "9303-11 9.8.2",
    "A replayed command is refused.",
    steps=("READ BINARY of EF.COM, protected.", "The same bytes again."),
    expected=("9000.", *ENDS),
)
def command_replayed(probe: Probe) -> None:
    probe.open()
    sent: list[CommandApdu] = []
    probe.unprotect(READ, probe.protected(READ, _keeping(sent, lambda message: message)), "READ BINARY")
    probe.aborted(probe.plain(sent[0]), "a command for the second time")


def _keeping(sent: list[CommandApdu], change: Change) -> Change:
    def keep(message: CommandApdu) -> CommandApdu:
        sent.append(message)
        return change(message)

    return keep


@case(
    44,
    "9303-11 9.8.2",
    "A command whose counter is ahead is refused.",
    steps="A READ BINARY that is protected but not sent, and another one that is.",
    expected=ENDS,
)
def counter_skipped(probe: Probe) -> None:
    probe.open()
    if probe.channel is not None:
        probe.channel.protect_command(READ)
    probe.aborted(probe.protected(READ), "a command that comes after one which was never sent")


@case(
    45,
    "7816-4 5.6",
    "A wrong checksum has its own status word.",
    steps="READ BINARY of EF.COM with the first bit of the checksum changed.",
    expected="6988 (or 6987) without protection.",
)
def status_of_wrong_checksum(probe: Probe) -> None:
    probe.open()
    answer = probe.protected(READ, _data(lambda data: _flip(data, -8, 0x80)))
    probe.refused(answer, "a wrong checksum", *_WRONG_PROTECTION)


@case(
    46,
    "9303-11 9.8.5",
    "After a secure messaging error, even the correct continuation is refused.",
    steps=("A READ BINARY with a wrong checksum.", "The same command with the correct one.", "The next READ BINARY."),
    expected="An error without data each time.",
)
def no_second_chance(probe: Probe) -> None:
    probe.open()
    sent: list[CommandApdu] = []
    spoil = _data(lambda data: _flip(data, -1))
    probe.refused(probe.protected(READ, _keeping(sent, spoil)), "a wrong checksum")
    probe.refused(probe.plain(sent[0]), "the same command with the right checksum")
    probe.session_is_over("after an error in the protection")
