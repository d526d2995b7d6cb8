"""Fingers: written as ISO/IEC 19794-4, read as that and as 39794-4; or none at all."""

from __future__ import annotations

import pytest

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.lds.biometric_templates import BiometricTemplate
from eid_toolkit.standards.lds.dg3 import Dg3
from eid_toolkit.standards.lds.finger_block import FingerBlock, FingerBlockFormat
from eid_toolkit.standards.lds.finger_record import PER_CENTIMETRE, Finger, FingerCompression, FingerRecord, FingerView
from support.biometric_blocks import block_file, choice, extension, finger_block, template
from support.specimen_passport import needs_specimen, specimen_file

WSQ = b"\xff\xa0\xff\xa4 an image"
INDEX = FingerView(WSQ, 300, 400, Finger.RIGHT_INDEX)
EMPTY_GROUP = bytes.fromhex("7F6103020100")


def test_a_new_file_has_the_sizes_of_the_standard() -> None:
    data = Dg3.of_fingers(INDEX).encode()
    assert bytes.fromhex("A10E81010882010987020101880200075F2E") in data  # 9303-10 table 52: right pointer finger
    record = data[data.index(b"FIR\0") :]
    assert record[4:8] == b"010\0"
    assert int.from_bytes(record[8:14], "big") == len(record) == 32 + 14 + len(WSQ)
    assert record[14:18] == bytes.fromhex("0000001F")  # no device named, acquisition level 31
    assert record[18:20] == b"\x01\x01"  # one image, per inch
    assert record[20:28] == (500).to_bytes(2, "big") * 4
    assert record[28:32] == bytes.fromhex("08020000")  # 8 bits, WSQ
    assert int.from_bytes(record[32:36], "big") == 14 + len(WSQ)
    assert record[36:41] == bytes.fromhex("020101FE00")  # right index, view 1 of 1, quality not known, live-scan plain
    assert (int.from_bytes(record[41:43], "big"), int.from_bytes(record[43:45], "big")) == (300, 400)
    assert record[45:] == b"\0" + WSQ


def test_what_is_built_is_parsed_back() -> None:
    dg3 = Dg3.of_fingers(*(FingerView(WSQ, 1, 2, finger) for finger in Finger))
    assert Dg3.parse(dg3.encode()) == dg3
    assert len(dg3.templates) == len(Finger)


@pytest.mark.parametrize(
    ("finger", "subtype"),
    [
        (Finger.RIGHT_THUMB, 0x05),
        (Finger.RIGHT_INDEX, 0x09),
        (Finger.RIGHT_LITTLE, 0x15),
        (Finger.LEFT_THUMB, 0x06),
        (Finger.LEFT_INDEX, 0x0A),
        (Finger.LEFT_LITTLE, 0x16),
        (Finger.UNKNOWN, 0x00),
        (Finger.BOTH_THUMBS, 0x00),
    ],
)
def test_the_header_names_the_finger_by_table_49(finger: Finger, subtype: int) -> None:
    header = Dg3.of_fingers(FingerView(WSQ, 1, 1, finger)).templates[0].header
    assert Tlv(0x82, bytes((subtype,))) in header


@pytest.mark.parametrize(
    ("image", "compression"),
    [
        (WSQ, FingerCompression.WSQ),
        (b"\xff\xd8\xff\xe0", FingerCompression.JPEG),
        (b"\x00\x00\x00\x0cjP  ", FingerCompression.JPEG_2000),
        (b"\xff\x4f\xff\x51", FingerCompression.JPEG_2000),
        (b"\x89PNG\r\n\x1a\n", FingerCompression.PNG),
        (bytes(12), FingerCompression.UNCOMPRESSED),
    ],
)
def test_the_record_says_how_its_image_is_encoded(image: bytes, compression: FingerCompression) -> None:
    record = Dg3.of_fingers(FingerView(image, 3, 4, Finger.LEFT_RING)).templates[0].data
    assert isinstance(record, FingerRecord)
    assert record.compression == compression


def test_every_field_of_a_record_is_kept() -> None:
    views = (FingerView(WSQ, 4, 5, 36, 2, 1, 77, 9, 3), FingerView(b"", 1, 1, 36, 2, 2))
    record = FingerRecord(views, 0xFF, 0x123, 40, PER_CENTIMETRE, (394, 395), (197, 198), 16, b"ab")
    assert FingerRecord.parse(record.encode()) == record
    dg3 = Dg3((BiometricTemplate((Tlv(0x83, bytes(7)),), record),), b"more")
    assert Dg3.parse(dg3.encode()) == dg3


@needs_specimen
def test_the_fingers_of_the_published_specimen_are_found() -> None:
    data = specimen_file("DG3")
    dg3 = Dg3.parse(data)
    assert dg3.encode() == data
    records = [template.data for template in dg3.templates]
    assert all(isinstance(record, FingerRecord) for record in records)
    views = [view for record in records if isinstance(record, FingerRecord) for view in record.views]
    assert [view.position for view in views] == [Finger.RIGHT_INDEX, Finger.LEFT_INDEX]
    assert {(view.width, view.height, view.quality) for view in views} == {(620, 620, 100)}


def test_a_file_without_fingers_is_that_of_the_standard() -> None:
    # 9303-10 table 50
    assert Dg3(()).encode() == tlv.encode(0x63, EMPTY_GROUP)
    dg3 = Dg3((), issuer_content=bytes(range(8)))
    assert dg3.encode() == tlv.encode(0x63, EMPTY_GROUP, tlv.encode(0x53, bytes(range(8))))
    assert Dg3.parse(dg3.encode()) == dg3
    assert Dg3.parse(Dg3(()).encode()).issuer_content is None
    assert Dg3.parse(Dg3((), b"").encode()).issuer_content == b""


def test_a_block_of_39794_4_is_read_and_kept() -> None:
    data = block_file(0x63, finger_block(WSQ), finger_block(WSQ + b"2", position=choice(0xA0, 7)))
    dg3 = Dg3.parse(data)
    assert dg3.encode() == data
    first, second = (template.data for template in dg3.templates)
    assert isinstance(first, FingerBlock)
    assert isinstance(second, FingerBlock)
    image = first.images[0]
    assert (image.image, image.position, image.image_format) == (WSQ, Finger.RIGHT_INDEX, FingerBlockFormat.WSQ)
    assert (image.samples, image.sampling_unit) == (500, 0)
    assert (second.images[0].image, second.images[0].position) == (WSQ + b"2", Finger.LEFT_INDEX)


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        (extension(0xA0, 6), Finger.LEFT_THUMB),
        (tlv.encode(0xA0), None),
        (tlv.encode(0xA0, tlv.encode(0x80)), None),
        (tlv.encode(0xA0, tlv.encode(0x80, b"\x7f" * 3000)), None),
        (b"", None),
    ],
)
def test_what_is_not_said_of_an_image_in_a_block_is_none(position: bytes, expected: int | None) -> None:
    block = FingerBlock.parse(finger_block(WSQ, position=position))
    assert [image.position for image in block.images] == [expected]


def _record(**changes: int) -> bytes:
    data = bytearray(FingerRecord((INDEX,), FingerCompression.WSQ).encode())
    for place, value in changes.items():
        data[int(place[1:])] = value
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "finger-record-truncated"),
        (_record()[:31], "finger-record-truncated"),
        (_record(b0=0), "finger-record-unknown-format"),
        (_record(b5=0x32), "finger-record-unknown-format"),
        (_record()[:-1], "finger-record-malformed"),
        (_record() + b"\0", "finger-record-malformed"),
        (_record(b8=1), "finger-record-malformed"),  # longer than 4 GB
        (_record(b18=0), "finger-record-malformed"),  # no image
        (_record(b18=2), "finger-record-truncated"),  # one image too few
        (_record(b18=17), "finger-record-malformed"),  # more than anybody has taken
        (_record(b35=13), "finger-record-malformed"),  # shorter than its header
        (_record(b35=14 + len(WSQ) - 1), "finger-record-malformed"),  # bytes behind it
        (_record(b35=14 + len(WSQ) + 1), "finger-record-malformed"),  # larger than announced
        (_record(b32=0xFF), "finger-record-malformed"),
    ],
)
def test_a_record_whose_numbers_contradict_each_other_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        FingerRecord.parse(data)
    assert refused.value.code == code


FINGER = template(0x5F2E, _record())


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "tlv-unexpected-tag"),
        (tlv.encode(0x7F61), "tlv-unexpected-tag"),
        (tlv.encode(0x7F61, der.integer(1)), "biometric-template-count"),
        (tlv.encode(0x7F61, der.integer(0), FINGER), "biometric-template-count"),
        (tlv.encode(0x7F61, der.integer(2), FINGER), "biometric-template-count"),
        (tlv.encode(0x7F61, der.integer(-1)), "biometric-template-count"),
        (tlv.encode(0x7F61, der.integer(21), FINGER * 21), "biometric-template-count"),
        (tlv.encode(0x7F61, der.integer(1), tlv.encode(0x7F60)), "biometric-template-malformed"),
        (tlv.encode(0x7F61, der.integer(1), template(0x5F2F, _record())), "biometric-template-malformed"),
        (tlv.encode(0x7F61, der.integer(1), template(0x5F2E, b"FAC\x00010\x00" + bytes(40))), "finger-record-unknown"),
        (tlv.encode(0x7F61, der.integer(1), template(0x7F2E, b"")), "finger-block-without-image"),
        (tlv.encode(0x7F61, der.integer(1), template(0x7F2E, tlv.encode(0x64))), "finger-block-without-image"),
        (tlv.encode(0x7F61, der.integer(1), FINGER + b"\0"), "tlv-truncated"),
        (EMPTY_GROUP + tlv.encode(0x54, b"random"), "biometric-group-malformed"),
        (EMPTY_GROUP + tlv.encode(0x53, b"1") * 2, "biometric-group-malformed"),
        (EMPTY_GROUP * 2, "biometric-group-malformed"),
        (tlv.encode(0x53, b"1") + EMPTY_GROUP, "biometric-group-malformed"),
    ],
)
def test_a_file_that_is_not_built_like_that_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        Dg3.parse(tlv.encode(0x63, content))
    assert refused.value.code.startswith(code)


def test_ten_fingers_in_both_formats_fit_and_no_more() -> None:
    full = tlv.encode(0x63, tlv.encode(0x7F61, der.integer(20), FINGER * 20))
    assert len(Dg3.parse(full).templates) == 20
    with pytest.raises(BadInput, match="biometric-template-count"):
        Dg3.of_fingers(*[INDEX] * 21)
    with pytest.raises(BadInput, match="finger-record-malformed"):
        FingerRecord((), FingerCompression.WSQ)


def test_the_image_of_a_finger_is_not_in_what_a_log_would_hold() -> None:
    shown = repr(Dg3.of_fingers(INDEX)) + repr(Dg3.parse(block_file(0x63, finger_block(WSQ))))
    assert "an image" not in shown
