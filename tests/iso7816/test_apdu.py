"""APDUs, commands, files and status words (ISO/IEC 7816-3 12.1, 7816-4, ICAO Doc 9303-10)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.iso7816 import commands
from eid_toolkit.standards.iso7816.apdu import CommandApdu, ResponseApdu
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.iso7816.status import StatusWord, describe

byte = st.integers(0, 255)
COMMANDS = st.builds(
    CommandApdu,
    byte, byte, byte, byte,
    st.binary(max_size=300) | st.sampled_from([bytes(255), bytes(256), bytes(65535)]),
    st.sampled_from([0, 1, 255, 256, 257, 65535, 65536]),
    st.booleans(),
)  # fmt: skip


@given(COMMANDS)
def test_a_command_is_read_as_it_was_written(command: CommandApdu) -> None:
    read = CommandApdu.decode(command.encode())
    assert (read.header, read.data, read.ne) == (command.header, command.data, command.ne)
    assert read.extended is (command.is_extended and bool(command.data or command.ne))
    assert read.encode() == command.encode()


@pytest.mark.parametrize(
    ("command", "encoded"),
    [
        (CommandApdu(0, 0xA4, 0, 0x0C), "00A4000C"),
        (CommandApdu(0, 0xB0, 0, 0, ne=256), "00B0000000"),
        (CommandApdu(0, 0xA4, 0, 0x0C, b"\x3f\x00"), "00A4000C023F00"),
        (CommandApdu(0, 0x88, 0, 0, b"\x01", 256), "00880000010100"),
        (CommandApdu(0, 0xB0, 0, 0, ne=65536), "00B00000000000"),
        (CommandApdu(0, 0xA4, 0, 0x0C, b"\x3f\x00", extended=True), "00A4000C0000023F00"),
        (CommandApdu(0, 0x88, 0, 0, b"\x01", 257), "00880000000001010101"),
    ],
)
def test_the_seven_forms_of_7816_3_table_12(command: CommandApdu, encoded: str) -> None:
    assert command.encode().hex().upper() == encoded
    assert CommandApdu.decode(bytes.fromhex(encoded)).encode() == command.encode()


@pytest.mark.parametrize(
    "raw",
    [
        "", "00", "00A404", "00A4000C023F", "00A4000C023F000000", "00A4000C0000", "00A4000C0000023F",
        "00A4000C0000023F0000", "00A4000C00000000", "00A4000C0000023F00000000",
    ],
)  # fmt: skip
def test_bytes_that_are_no_command_are_refused(raw: str) -> None:
    with pytest.raises(BadInput, match=r"apdu-(truncated|length-mismatch)"):
        CommandApdu.decode(bytes.fromhex(raw))


@given(st.binary(max_size=80))
def test_any_bytes_are_a_command_or_refused(raw: bytes) -> None:
    try:
        command = CommandApdu.decode(raw)
    except BadInput:
        return
    assert command.encode() == raw


@pytest.mark.parametrize("wrong", [{"cla": 256}, {"ins": -1}, {"p1": 999}, {"p2": 256}])
def test_a_header_out_of_range_cannot_be_built(wrong: dict[str, int]) -> None:
    with pytest.raises(BadInput, match="apdu-header-range"):
        CommandApdu(**{"cla": 0, "ins": 0, "p1": 0, "p2": 0, **wrong})


@pytest.mark.parametrize(("data", "ne"), [(bytes(65536), 0), (b"", 65537), (b"", -1)])
def test_a_command_too_long_cannot_be_built(data: bytes, ne: int) -> None:
    with pytest.raises(BadInput, match="apdu-too-long"):
        CommandApdu(0, 0, 0, 0, data, ne)


def test_the_chaining_bit_is_that_of_the_first_interindustry_class() -> None:
    assert [cla for cla in (0x00, 0x10, 0x1C, 0x40, 0x50) if CommandApdu(cla, 0, 0, 0).chained] == [0x10, 0x1C]


@given(st.binary(max_size=300), st.integers(0, 0xFFFF))
def test_an_answer_is_read_as_it_was_written(data: bytes, sw: int) -> None:
    answer = ResponseApdu(data, sw)
    assert ResponseApdu.decode(answer.encode()) == answer
    assert answer.ok is (sw == 0x9000)


@pytest.mark.parametrize("raw", [b"", b"\x90"])
def test_an_answer_without_status_word_is_refused(raw: bytes) -> None:
    with pytest.raises(BadInput, match="apdu-response-truncated"):
        ResponseApdu.decode(raw)


@pytest.mark.parametrize("offset", [0, 0xFF, 0x7FFF, 0x8000, 0xFFFF])
def test_reading_changes_to_the_odd_form_where_the_even_one_ends(offset: int) -> None:
    command = commands.read_binary(offset, 16)
    if offset <= 0x7FFF:
        assert (command.ins, command.p1 << 8 | command.p2) == (0xB0, offset)
    else:
        assert (command.ins, command.data) == (0xB1, b"\x54\x02" + offset.to_bytes(2, "big"))


def test_status_words_have_words() -> None:
    for sw in range(0x10000):
        assert describe(sw)
    assert describe(StatusWord.SECURITY_STATUS_NOT_SATISFIED) == "security status not satisfied"
    assert describe(0x63C2) == "verification failed, 2 tries left"
    assert describe(0x6110) == "16 more bytes"
    assert describe(0x6100) == "256 more bytes"
    assert describe(0x6C00) == "wrong Le, 256 is right"
    assert describe(0x1234) == "unknown status word"


def test_files_have_one_place_each() -> None:
    """9303-10 tables 38 and 39: identifiers are unique within a DF, not over the card."""
    for in_application in (True, False):
        files = [file for file in ElementaryFile if file.in_application is in_application]
        for name in ("fid", "sfi"):
            assert len({getattr(file, name) for file in files}) == len(files)
        assert all(1 <= file.sfi <= 30 for file in files)
    assert ElementaryFile.CVCA.fid == ElementaryFile.CARD_ACCESS.fid
    assert ElementaryFile.SOD.sfi == ElementaryFile.CARD_SECURITY.sfi


def test_files_are_found_by_number_and_label() -> None:
    for number in range(1, 17):
        file = ElementaryFile.of_data_group(number)
        assert (file.data_group, file.fid, file.sfi) == (number, 0x100 + number, number)
    assert ElementaryFile.by_label("EF.ATR/INFO").file_name == "EF_ATR_INFO.bin"
    assert ElementaryFile.COM.data_group is None
    for wrong in (0, 17):
        with pytest.raises(ValueError, match="no data group"):
            ElementaryFile.of_data_group(wrong)
    with pytest.raises(KeyError):
        ElementaryFile.by_label("EF.DG17")
