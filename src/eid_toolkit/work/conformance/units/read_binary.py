"""READ BINARY with access: offsets, lengths, short identifiers, the odd form (ISO/IEC 7816-4 11.3.3, 9303-10 3.6.3)."""

from __future__ import annotations

from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import MAX_EXTENDED_NE, MAX_SHORT_NE, CommandApdu
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.iso7816.status import StatusWord
from eid_toolkit.work.conformance.case import Cases, Unit
from eid_toolkit.work.conformance.facts import Facts
from eid_toolkit.work.conformance.outcomes import NotAtHand
from eid_toolkit.work.conformance.pace_rounds import offered
from eid_toolkit.work.conformance.probe import Probe
from eid_toolkit.work.conformance.units.selecting import OPENED

case = Cases(Unit.SELECT, OPENED)
COM, DG1 = ElementaryFile.COM, ElementaryFile.DG1
UNUSED_SFI = 0x1B
_STATUS_WORD = 2


def longest(facts: Facts) -> tuple[ElementaryFile, bytes]:
    """The longest file of the application that could be read; raises :class:`NotAtHand` where there is none."""
    files = [(file, content) for file, content in facts.files.items() if file.in_application]
    if not files:
        raise NotAtHand("no file of the application could be read")
    return max(files, key=lambda entry: len(entry[1]))


def takes_long_answers(facts: Facts) -> str | None:
    """Not without declared sizes, and a file that needs them."""
    if facts.buffers is None:
        return "EF.ATR/INFO declares no sizes for extended length"
    return None if len(longest(facts)[1]) > 2 * MAX_SHORT_NE else "no file is long enough"


def reads_odd(facts: Facts) -> str | None:
    """Only for chips that know the odd form, which those with short files need not (9303-10 3.5.2)."""
    return None if facts.reads_odd else "READ BINARY in the odd form is not supported"


@case(
    38,
    "9303-10 3.6.3",
    "A file has the same content by short identifier and by file identifier.",
    steps="For each file that could be read: READ BINARY by short identifier, and after SELECT by identifier.",
    expected="9000 and the same bytes.",
)
def two_ways_one_file(probe: Probe) -> None:
    probe.open()
    for file, content in probe.facts.files.items():
        if file.in_application:
            size = min(30, len(content))
            direct = probe.ok(probe.send(commands.read_binary_sfi(file.sfi, 0, size)), f"{file.label} by SFI")
            probe.ok(probe.send(commands.select_ef(file.fid)), f"SELECT of {file.label}")
            selected = probe.ok(probe.send(commands.read_binary(0, size)), f"{file.label} after SELECT")
            probe.require(direct == selected == content[:size], f"{file.label} has other bytes by SFI than by SELECT")


@case(
    39,
    "7816-4 11.3.3",
    "With a short identifier, P2 is the offset.",
    steps="READ BINARY of EF.DG1 by short identifier at offset 5.",
    expected="9000 and the bytes from the sixth on.",
)
def offset_with_short_identifier(probe: Probe) -> None:
    probe.open()
    data = probe.ok(probe.send(commands.read_binary_sfi(DG1.sfi, 5, 20)), "READ BINARY at offset 5")
    probe.require(data == probe.facts.files[DG1][5:25], "the bytes are not those at offset 5")


@case(
    40,
    "7816-4 11.3.3",
    "Without a short identifier, P1 and P2 form a 15-bit offset.",
    steps=("SELECT the longest file.", "READ BINARY at offset 0103."),
    expected="9000 and the bytes from there on.",
    condition=lambda facts: None if len(longest(facts)[1]) > 0x0120 else "no file is long enough",
)
def offset_of_two_bytes(probe: Probe) -> None:
    file, content = longest(probe.facts)
    probe.open()
    probe.ok(probe.send(commands.select_ef(file.fid)), f"SELECT of {file.label}")
    data = probe.ok(probe.send(commands.read_binary(0x0103, 20)), "READ BINARY at offset 0103")
    probe.require(data == content[0x0103:0x0117], "the bytes are not those at offset 0103")


@case(
    41,
    "7816-4 11.3.3",
    "Nothing can be read beyond the end of a file.",
    steps=("SELECT EF.COM.", "READ BINARY at offset 7FFF."),
    expected=("6B00, 6282 or another warning or error without data.", "The session continues."),
)
def offset_behind_the_end(probe: Probe) -> None:
    probe.open()
    probe.ok(probe.send(commands.select_ef(COM.fid)), "SELECT of EF.COM")
    answer = probe.send(commands.read_binary(commands.MAX_EVEN_OFFSET, 1))
    probe.require(not answer.data, "data came from behind the end of EF.COM")
    probe.require(not answer.ok, "reading behind the end of EF.COM was answered 9000")
    probe.session_lives("after reading behind the end")


@case(
    42,
    "7816-4 11.3.3",
    "If more bytes are requested than the file has, the chip returns what there is, or an error that says why not.",
    steps="READ BINARY of EF.COM from offset 0 for ten bytes more than it has.",
    expected="9000 or 6282 with the file, or an error without data such as 6CXX.",
)
def more_than_there_is(probe: Probe) -> None:
    content = probe.facts.files.get(COM, b"")
    probe.open()
    answer = probe.send(commands.read_binary_sfi(COM.sfi, 0, len(content) + 10))
    if answer.data:
        probe.expect(answer, "READ BINARY beyond the end", StatusWord.OK, StatusWord.END_OF_FILE)
        probe.require(answer.data[: len(content)] == content, "the bytes are not those of EF.COM")
        probe.require(len(answer.data) <= len(content) + 10, "more bytes came than were asked for")
    else:
        probe.refused(answer, "READ BINARY beyond the end")


@case(
    43,
    "7816-4 5.1",
    "The chip returns as many bytes as are requested.",
    steps="READ BINARY of EF.DG1 for 1, for 7 and for 18 bytes.",
    expected="9000 and exactly that many bytes.",
)
def as_many_as_asked(probe: Probe) -> None:
    probe.open()
    for size in (1, 7, 18):
        data = probe.ok(probe.send(commands.read_binary_sfi(DG1.sfi, 0, size)), f"READ BINARY of {size} bytes")
        probe.require(len(data) == size, f"{len(data)} bytes came instead of {size}")


@case(
    44,
    "7816-4 5.1",
    "Le 00 requests as much as a short response can hold.",
    steps="READ BINARY of EF.COM from offset 0 with DO'97' 00.",
    expected="9000 or 6282 with the whole file.",
)
def le_of_zero(probe: Probe) -> None:
    content = probe.facts.files[COM]
    probe.open()
    answer = probe.send(commands.read_binary_sfi(COM.sfi, 0, MAX_SHORT_NE))
    probe.expect(answer, "READ BINARY with Le 00", StatusWord.OK, StatusWord.END_OF_FILE)
    probe.require(answer.data[: len(content)] == content, "not the whole of EF.COM came")


@case(
    45,
    "9303-10 3.6.4.1",
    "A chip that declares extended length in EF.ATR/INFO returns extended-length responses.",
    steps="READ BINARY of the longest file for 402 bytes, the command and its DO'97' in the long form.",
    expected="9000 and 402 bytes.",
    condition=takes_long_answers,
)
def long_answer(probe: Probe) -> None:
    file, content = longest(probe.facts)
    probe.open()
    data = probe.ok(probe.send(commands.read_binary_sfi(file.sfi, 0, 402)), "READ BINARY of 402 bytes")
    probe.require(data == content[:402], f"{len(data)} bytes came, or others than those of {file.label}")


@case(
    46,
    "9303-10 3.6.4.1",
    "No response is longer than EF.ATR/INFO declares.",
    steps="READ BINARY of the longest file with the extended Le 0000, protected.",
    expected="At most as many bytes as EF.ATR/INFO declares, status word included.",
    condition=takes_long_answers,
)
def answer_within_the_buffer(probe: Probe) -> None:
    file, _ = longest(probe.facts)
    limit = (probe.facts.buffers or (0, 0))[1]
    probe.open()
    answer = probe.protected(commands.read_binary_sfi(file.sfi, 0, MAX_EXTENDED_NE))
    size = len(answer.data) + _STATUS_WORD
    probe.require(size <= limit, f"{size} bytes came where EF.ATR/INFO declares {limit}")


@case(
    47,
    "9303-10 3.6.6",
    "READ BINARY with odd INS returns the same bytes as with even INS.",
    steps="READ BINARY of EF.DG1 in both forms.",
    expected="9000; one DO'53' holds the bytes of the even form.",
    condition=reads_odd,
)
def odd_form(probe: Probe) -> None:
    probe.open()
    even = probe.ok(probe.send(commands.read_binary_sfi(DG1.sfi, 0, 18)), "READ BINARY")
    odd = probe.ok(probe.send(commands.read_binary_odd(0, 20, DG1.sfi)), "READ BINARY in the odd form")
    probe.require(odd == tlv.encode(0x53, even), "the odd form gave other bytes, or not in one DO'53'")


@case(
    48,
    "9303-10 3.6.6",
    "With odd INS, the offset is in DO'54'.",
    steps=("SELECT EF.DG1.", "READ BINARY in the odd form with the offsets 05 and 0007."),
    expected="9000 and the bytes from there on.",
    condition=reads_odd,
)
def odd_form_with_offset(probe: Probe) -> None:
    probe.open()
    content = probe.facts.files[DG1]
    probe.ok(probe.send(commands.select_ef(DG1.fid)), "SELECT of EF.DG1")
    for offset in (b"\x05", b"\x00\x07"):
        command = CommandApdu(0x00, commands.READ_BINARY_ODD, 0x00, 0x00, tlv.encode(0x54, offset), ne=10)
        start = int.from_bytes(offset, "big")
        data = probe.objects(probe.ok(probe.send(command), f"READ BINARY at offset {start}")).get(0x53)
        probe.require(data == content[start : start + 8], f"the bytes are not those at offset {start}")


@case(
    49,
    "7816-4 11.3.3",
    "With odd INS, Le includes the header of DO'53'.",
    steps="READ BINARY of EF.DG1 in the odd form for 12 bytes.",
    expected="9000 and not more than 12 bytes.",
    condition=reads_odd,
)
def odd_form_counts_the_header(probe: Probe) -> None:
    probe.open()
    data = probe.ok(probe.send(commands.read_binary_odd(0, 12, DG1.sfi)), "READ BINARY in the odd form")
    probe.require(0 < len(data) <= 12, f"{len(data)} bytes came where 12 were asked for")


@case(
    50,
    "9303-10 3.6.6",
    "Offsets beyond 32767 can be reached with odd INS if a file is that long, and give no other data.",
    steps="READ BINARY of the longest file in the odd form at offset 8000.",
    expected="The bytes at that offset; in a shorter file an error or a warning without file content.",
    condition=reads_odd,
)
def beyond_fifteen_bits(probe: Probe) -> None:
    file, content = longest(probe.facts)
    probe.open()
    answer = probe.send(commands.read_binary_odd(0x8000, 10, file.sfi))
    if len(content) > 0x8008:
        data = probe.objects(probe.ok(answer, "READ BINARY at offset 8000")).get(0x53)
        probe.require(data == content[0x8000:0x8008], "the bytes are not those at offset 8000")
    else:
        data = probe.objects(answer.data).get(0x53) if answer.data else b""
        probe.require(not data, "an offset beyond the end of the file gave data")


@case(
    51,
    "7816-4 11.3.3",
    "READ BINARY needs a file.",
    steps="READ BINARY at offset 0 with no file selected since the application was.",
    expected="6986 or another error without data.",
)
def no_file_selected(probe: Probe) -> None:
    probe.open()
    probe.refused(probe.send(commands.read_binary(0, 1)), "READ BINARY with no file selected")


@case(
    52,
    "7816-4 11.3",
    "READ BINARY by short identifier makes the file the current one.",
    steps=("SELECT EF.COM.", "READ BINARY of EF.DG1 by short identifier at offset 4.", "READ BINARY at offset 0."),
    expected="The first byte is 61.",
)
def short_identifier_selects(probe: Probe) -> None:
    probe.open()
    probe.ok(probe.send(commands.select_ef(COM.fid)), "SELECT of EF.COM")
    probe.ok(probe.send(commands.read_binary_sfi(DG1.sfi, 4, 1)), "READ BINARY of EF.DG1")
    start = probe.ok(probe.send(commands.read_binary(0, 1)), "READ BINARY of the current file")
    probe.require(start == b"\x61", "the file read by short identifier is not the current one")


@case(
    53,
    "7816-4 11.3.3",
    "A file read in small pieces equals the file read at once.",
    steps="READ BINARY of EF.DG1 in pieces of 13 bytes.",
    expected="9000 for each, and together the bytes of EF.DG1.",
)
def pieces_make_the_whole(probe: Probe) -> None:
    probe.open()
    content = probe.facts.files[DG1]
    probe.ok(probe.send(commands.select_ef(DG1.fid)), "SELECT of EF.DG1")
    pieces = b""
    while len(pieces) < len(content):
        size = min(13, len(content) - len(pieces))
        piece = probe.ok(probe.send(commands.read_binary(len(pieces), size)), f"READ BINARY at {len(pieces)}")
        probe.require(bool(piece), f"nothing came at offset {len(pieces)}")
        pieces += piece
    probe.require(pieces == content, "the pieces are not the file")


@case(
    54,
    "7816-4 11.3.3",
    "A short identifier that no file has is refused, and the session continues.",
    steps="READ BINARY by short identifier 1B, protected.",
    expected=("6A82 or another error under secure messaging.", "The session continues."),
)
def unused_short_identifier(probe: Probe) -> None:
    probe.open()
    probe.refused(probe.send(commands.read_binary_sfi(UNUSED_SFI, 0, 1)), "READ BINARY by an unused identifier")
    probe.session_lives("after an unused short identifier")


@case(
    55,
    "9303-11 4.2",
    "After PACE, EF.CardAccess can still be read under secure messaging, for comparison.",
    preconditions="The chip was opened by PACE; the master file is the current DF.",
    steps="READ BINARY by short identifier 1C, protected.",
    expected="9000 and the bytes that were read before PACE.",
    condition=offered,
)
def card_access_in_the_session(probe: Probe) -> None:
    probe.run_pace()
    content = probe.facts.files[ElementaryFile.CARD_ACCESS]
    data = probe.ok(probe.send(commands.read_binary_sfi(0x1C, 0, min(len(content), 60))), "reading EF.CardAccess")
    probe.require(data == content[:60], "EF.CardAccess differs from what was read before PACE")
