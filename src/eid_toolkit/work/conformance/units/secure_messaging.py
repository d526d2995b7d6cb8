"""Secure messaging as it should go, and how a session ends (ICAO Doc 9303-11 9.8, ISO/IEC 7816-4 10)."""

from __future__ import annotations

from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import MAX_EXTENDED_NE, MAX_SHORT_NE, CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import EMRTD_AID, ElementaryFile
from eid_toolkit.standards.protocols.secure_messaging import CHECKSUM, CLASS_BITS, CRYPTOGRAM, STATUS, SecureChannel
from eid_toolkit.work.conformance.case import Cases, Unit
from eid_toolkit.work.conformance.pace_rounds import offered
from eid_toolkit.work.conformance.probe import Probe
from eid_toolkit.work.conformance.units.read_binary import longest, takes_long_answers
from eid_toolkit.work.conformance.units.selecting import OPENED

case = Cases(Unit.SECURE_MESSAGING, OPENED)
COM, DG1 = ElementaryFile.COM, ElementaryFile.DG1
READ = commands.read_binary_sfi(COM.sfi, 0, 4)
SELECT = commands.select_ef(COM.fid)
REFUSED_SELECT = CommandApdu(0x00, commands.SELECT, 0xFF, commands.NO_ANSWER, EMRTD_AID)
"""P1 FF is reserved, so every chip refuses this with a status word of its own choice."""
_MANY = 130


def _tags(answer: ResponseApdu) -> list[int]:
    return [item.tag for item in tlv.iterate(answer.data)]


@case(
    1,
    "9303-11 9.8.4",
    "A response without data has DO'99' and DO'8E', whether or not the command changes anything.",
    steps=("SELECT EF.COM, protected.", "The same once more."),
    expected="9000 with DO'99' and DO'8E', in this order and nothing else, both times.",
)
def status_only(probe: Probe) -> None:
    probe.open()
    for what in ("SELECT of EF.COM", "SELECT of the file that is selected"):
        answer = probe.protected(SELECT)
        probe.ok(answer, what)
        probe.require(list(probe.objects(answer.data)) == [STATUS, CHECKSUM], f"{what}: not DO'99' and DO'8E'")
        probe.unprotect(SELECT, answer, what)


@case(
    2,
    "9303-11 9.8.4",
    "Response data is in one DO'87' before DO'99' and DO'8E', padded even if it fills whole blocks.",
    steps="READ BINARY of EF.DG1 for as many bytes as the cipher's block has, protected.",
    expected="DO'87' with 01 and two blocks, DO'99', DO'8E', in this order and nothing else.",
)
def response_objects(probe: Probe) -> None:
    probe.open()
    block = 8 if probe.channel is None else probe.channel.block
    command = commands.read_binary_sfi(DG1.sfi, 0, block)
    answer = probe.protected(command)
    probe.ok(answer, "READ BINARY")
    objects = probe.objects(answer.data)
    probe.require(list(objects) == [CRYPTOGRAM, STATUS, CHECKSUM], "the objects are not DO'87', DO'99', DO'8E'")
    probe.require(objects[CRYPTOGRAM][:1] == b"\x01", "the padding indicator is not 01")
    probe.require(len(objects[CRYPTOGRAM]) == 1 + 2 * block, "one block of data was not padded to two")
    probe.unprotect(command, answer, "READ BINARY")


@case(
    3,
    "9303-11 9.8.4",
    "DO'99' contains the status word at the end of the response, both for success and for errors.",
    steps=("SELECT EF.COM, protected.", "A SELECT with the reserved P1 FF, protected."),
    expected="DO'99' equals SW1 and SW2.",
)
def status_words_agree(probe: Probe) -> None:
    probe.open()
    for command in (SELECT, REFUSED_SELECT):
        answer = probe.protected(command)
        probe.require(bool(answer.data), f"{answer.sw:04X} came without protection")
        status = probe.objects(answer.data).get(STATUS, b"")
        probe.require(status == answer.sw.to_bytes(2, "big"), f"DO'99' {status.hex()} beside {answer.sw:04X}")
        probe.unprotect(command, answer, "SELECT")


@case(
    4,
    "9303-11 9.8.3",
    "The refusal of a correctly protected command is itself protected, and the session continues.",
    steps=("A SELECT with the reserved P1 FF, protected.", "READ BINARY of EF.COM, protected."),
    expected=("An error in DO'99', with DO'8E' and no response data.", "The session continues."),
)
def refusal_is_protected(probe: Probe) -> None:
    probe.open()
    answer = probe.protected(REFUSED_SELECT)
    probe.require(not answer.ok and _tags(answer) == [STATUS, CHECKSUM], "the refusal is not DO'99' and DO'8E'")
    probe.refused(probe.unprotect(REFUSED_SELECT, answer, "the refusal"), "SELECT with P1 FF")
    probe.session_lives("after a refusal")


@case(
    5,
    "7816-4 10.4",
    "Without DO'97', no response data is sent.",
    steps="READ BINARY of EF.COM without DO'97', protected.",
    expected="A protected answer without DO'87', or an error without protection.",
)
def read_without_length(probe: Probe) -> None:
    probe.open()
    answer = probe.protected(READ, arrange=lambda _: ())
    if answer.data:
        plain = probe.unprotect(READ, answer, "READ BINARY without DO'97'")
        probe.require(not plain.data, f"{len(plain.data)} bytes came though none were asked for")
    else:
        probe.refused(answer, "READ BINARY without DO'97'")


@case(
    6,
    "9303-11 9.8.4",
    "A DO'97' of two bytes 00 requests as much as an extended-length response can hold.",
    steps="READ BINARY of the longest file in the long form with DO'97' 0000.",
    expected="9000 and more than 256 bytes of the file.",
    condition=takes_long_answers,
)
def long_length(probe: Probe) -> None:
    file, content = longest(probe.facts)
    probe.open()
    data = probe.send(commands.read_binary_sfi(file.sfi, 0, MAX_EXTENDED_NE)).data
    probe.require(len(data) > MAX_SHORT_NE, f"{len(data)} bytes came")
    probe.require(data == content[: len(data)], f"the bytes are not those of {file.label}")


@case(
    7,
    "9303-11 9.8.4",
    "A short response is used in full: data, DO'99' and DO'8E' in 256 bytes.",
    steps="READ BINARY of the longest file for 223 bytes (AES) or 231 (3DES) in the short form.",
    expected="9000 and as many bytes.",
    condition=lambda facts: None if len(longest(facts)[1]) >= MAX_SHORT_NE else "no file is long enough",
)
def full_short_answer(probe: Probe) -> None:
    file, content = longest(probe.facts)
    probe.open()
    size = probe.session.capacity(MAX_SHORT_NE)
    data = probe.ok(probe.send(commands.read_binary_sfi(file.sfi, 0, size)), f"READ BINARY of {size} bytes")
    probe.require(data == content[:size], f"{len(data)} bytes came, or others than those of {file.label}")


@case(
    8,
    "9303-10 3.6.4.1",
    "A chip that declares extended length accepts a protected command in extended form, however short.",
    steps="READ BINARY of four bytes of EF.COM in the long form, with DO'97' 0004.",
    expected="9000 and four bytes.",
    condition=lambda facts: None if facts.buffers else "EF.ATR/INFO declares no sizes for extended length",
)
def long_form(probe: Probe) -> None:
    probe.open()
    data = probe.ok(
        probe.send(CommandApdu(0x00, READ.ins, READ.p1, READ.p2, ne=4, extended=True)), "READ BINARY in the long form"
    )
    probe.require(data == probe.facts.files[COM][:4], "the bytes are not those of EF.COM")


@case(
    9,
    "9303-11 9.8.2",
    "The send sequence counter is longer than one byte.",
    steps=f"READ BINARY of EF.COM, {_MANY} times in one session.",
    expected="9000 and the same bytes each time.",
)
def many_commands(probe: Probe) -> None:
    probe.open()
    for number in range(_MANY):
        data = probe.ok(probe.send(READ), f"READ BINARY number {number + 1}")
        probe.require(data == probe.facts.files[COM][:4], "the bytes are not those of EF.COM")


@case(
    10,
    "9303-11 9.8.3",
    "A plain READ BINARY ends the session and is not answered with data.",
    steps=("READ BINARY of EF.COM without protection.", "READ BINARY of EF.COM, protected."),
    expected=("An error without data.", "The session is over, and access with it."),
)
def plain_read_ends_the_session(probe: Probe) -> None:
    probe.open()
    probe.refused(probe.plain(READ), "plain READ BINARY in a session")
    probe.session_is_over("after a plain READ BINARY")


@case(
    11,
    "9303-11 9.8.3",
    "A plain SELECT ends the session.",
    steps=("SELECT the application without protection.", "READ BINARY of EF.COM, protected."),
    expected="The session is over, and access with it.",
)
def plain_select_ends_the_session(probe: Probe) -> None:
    probe.open()
    probe.plain(commands.select_application(EMRTD_AID))
    probe.session_is_over("after a plain SELECT")


@case(
    12,
    "9303-11 9.8.4",
    "Secure messaging objects under class byte 00 do not make a protected command: the session ends.",
    steps="READ BINARY of EF.COM, protected, but sent with CLA 00.",
    expected=("An error without data.", "The session is over."),
)
def plain_class_with_objects(probe: Probe) -> None:
    probe.open()
    answer = probe.protected(READ, lambda m: CommandApdu(0x00, m.ins, m.p1, m.p2, m.data, m.ne, m.extended))
    probe.aborted(answer, "protected data under class byte 00")


@case(
    13,
    "9303-11 9.8.3",
    "All rights end with the session, including the right to the selected file.",
    steps=(
        "SELECT EF.DG1, protected.",
        "READ BINARY of the current file without protection, twice.",
        "SELECT the application, then READ BINARY of EF.DG1 by short identifier.",
    ),
    expected="An error without data for each READ.",
)
def no_rights_linger(probe: Probe) -> None:
    probe.open()
    probe.ok(probe.send(commands.select_ef(DG1.fid)), "SELECT of EF.DG1")
    for _ in range(2):
        probe.refused(probe.plain(commands.read_binary(0, 1)), "READ BINARY of the file that was selected")
    probe.plain(commands.select_application(EMRTD_AID))
    probe.refused(probe.plain(commands.read_binary_sfi(DG1.sfi, 0, 1)), "READ BINARY of EF.DG1 after the session")


@case(
    14,
    "9303-11 9.8.5",
    "A reset ends the session.",
    steps=("Reset the chip.", "READ BINARY of EF.COM, protected with the keys from before."),
    expected="An error without data.",
)
def reset_ends_the_session(probe: Probe) -> None:
    probe.open()
    old = probe.channel
    probe.reset()
    probe.channel = old
    probe.refused(probe.protected(READ), "a protected command after a reset")


@case(
    15,
    "9303-11 9.8.5",
    "After a reset, the file read last cannot be read without a new SELECT.",
    steps=(
        "READ BINARY of EF.DG2 by short identifier, protected.",
        "Reset the chip.",
        "READ BINARY of EF.DG2 by short identifier without protection.",
    ),
    expected="Not the file's first byte.",
)
def reset_ends_access(probe: Probe) -> None:
    probe.open()
    command = commands.read_binary_sfi(ElementaryFile.DG2.sfi, 0, 4)
    start = probe.ok(probe.send(command), "READ BINARY of EF.DG2")
    probe.reset()
    probe.require(probe.plain(command).data != start, "EF.DG2 is read after a reset")


@case(
    16,
    "9303-11 9.8.1",
    "The keys of one session do not work in the next.",
    steps=("Reset the chip and open it again.", "READ BINARY of EF.COM, protected with the keys from before."),
    expected=("An error without data.", "The new session is over too."),
)
def keys_of_another_session(probe: Probe) -> None:
    probe.open()
    old = probe.channel
    probe.reset()
    probe.open()
    _fails_under(old, probe)


def _fails_under(old: SecureChannel | None, probe: Probe) -> None:
    new, probe.channel = probe.channel, old
    answer = probe.protected(READ)
    probe.channel = new
    probe.aborted(answer, "a command under keys from before")


@case(
    17,
    "9303-11 9.8.1",
    "A new PACE run derives new keys, even without a reset in between.",
    preconditions="The chip was opened by PACE.",
    steps=("PACE once more, without protection.", "READ BINARY of EF.COM, protected with the keys from before."),
    expected=("An error without data.", "The new session is over too."),
    condition=offered,
)
def keys_of_an_earlier_run(probe: Probe) -> None:
    probe.run_pace()
    old = probe.channel
    probe.session.exchange_plain(commands.select_mf())
    probe.run_pace()
    _fails_under(old, probe)


@case(
    18,
    "9303-11 9.8.3",
    "The secure messaging class byte has no effect without a session.",
    preconditions="The chip was reset.",
    steps="SELECT of the application with CLA 0C and the plain identifier.",
    expected="An error without data.",
)
def protection_without_session(probe: Probe) -> None:
    answer = probe.plain(CommandApdu(CLASS_BITS, commands.SELECT, 0x04, commands.NO_ANSWER, EMRTD_AID))
    probe.refused(answer, "SELECT with CLA 0C and no session")
