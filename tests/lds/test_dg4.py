"""Irises: written as ISO/IEC 19794-6, read as that and as 39794-6; or none at all."""

from __future__ import annotations

import pytest

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.lds.biometric_templates import BiometricTemplate
from eid_toolkit.standards.lds.dg4 import Dg4
from eid_toolkit.standards.lds.iris_block import IrisBlock, IrisBlockFormat
from eid_toolkit.standards.lds.iris_record import Eye, EyeImages, IrisFormat, IrisImage, IrisRecord
from support.biometric_blocks import block_file, iris_block, template
from support.specimen_passport import needs_specimen, specimen_file

JP2 = b"\x00\x00\x00\x0cjP   an image"
IMAGE = IrisImage(JP2)


def test_a_new_file_has_the_sizes_of_the_standard() -> None:
    data = Dg4.of_irises((Eye.LEFT, JP2), width=640, height=480).encode()
    assert bytes.fromhex("A10E81011082010287020101880200095F2E") in data
    record = data[data.index(b"IIR\0") :]
    assert record[4:8] == b"010\0"
    assert int.from_bytes(record[8:12], "big") == len(record) == 45 + 3 + 11 + len(JP2)
    assert record[12:17] == bytes.fromhex("000001002D")  # no device named, one eye, 45 bytes of header
    assert record[17:23] == bytes.fromhex("00000000000E")  # nothing said of orientation and size; grey JPEG 2000
    assert (int.from_bytes(record[23:25], "big"), int.from_bytes(record[25:27], "big")) == (640, 480)
    assert record[27:45] == b"\x08\x00" + bytes(16)
    assert record[45:48] == bytes.fromhex("020001")  # left eye, one image
    assert record[48:55] == bytes.fromhex("0001FEFFFFFFFF")
    assert record[55:] == len(JP2).to_bytes(4, "big") + JP2


def test_what_is_built_is_parsed_back() -> None:
    dg4 = Dg4.of_irises((Eye.RIGHT, JP2), (Eye.LEFT, b"\xff\xd8\xff"), (Eye.UNKNOWN, bytes(4)), width=2, height=2)
    assert Dg4.parse(dg4.encode()) == dg4
    records = [template.data for template in dg4.templates]
    formats = [record.image_format for record in records if isinstance(record, IrisRecord)]
    assert formats == [IrisFormat.MONO_JPEG_2000, IrisFormat.MONO_JPEG, IrisFormat.MONO_RAW]


def test_every_field_of_a_record_is_kept() -> None:
    right = EyeImages(Eye.RIGHT, (IrisImage(JP2, 1, 80, 0x1234, 0x10), IrisImage(b"", 2)))
    left = EyeImages(Eye.LEFT, (IMAGE,))
    record = IrisRecord((right, left), 640, 480, 0x10, 7, 0x03FF, 200, 24, 1, bytes(range(16)))
    assert IrisRecord.parse(record.encode()) == record
    dg4 = Dg4((BiometricTemplate((Tlv(0x80, b"\x01\x01"),), record),), b"more")
    assert Dg4.parse(dg4.encode()) == dg4


@needs_specimen
def test_the_irises_of_the_published_specimen_are_found() -> None:
    data = specimen_file("DG4")
    dg4 = Dg4.parse(data)
    assert dg4.encode() == data
    records = [template.data for template in dg4.templates if isinstance(template.data, IrisRecord)]
    assert [(record.eyes[0].eye, record.width, record.height) for record in records] == [
        (Eye.RIGHT, 163, 149),
        (Eye.LEFT, 160, 152),
    ]
    assert {record.image_format for record in records} == {IrisFormat.RGB_JPEG_2000}


def test_a_file_without_irises_is_that_of_the_standard() -> None:
    # 9303-10 table 57
    assert Dg4(()).encode() == bytes.fromhex("76067F6103020100")
    dg4 = Dg4((), issuer_content=b"\x01\x02")
    assert dg4.encode() == bytes.fromhex("760A7F610302010053020102")
    assert Dg4.parse(dg4.encode()) == dg4


@pytest.mark.parametrize("range_first", [False, True])
def test_a_block_of_39794_6_is_read_and_kept(range_first: bool) -> None:
    data = block_file(0x76, iris_block(JP2, range_first=range_first))
    dg4 = Dg4.parse(data)
    assert dg4.encode() == data
    block = dg4.templates[0].data
    assert isinstance(block, IrisBlock)
    image = block.images[0]
    assert (image.image, image.eye, image.depth) == (JP2, Eye.LEFT, 8)
    assert image.image_format == IrisBlockFormat.JPEG_2000_LOSSY


def _record(**changes: int) -> bytes:
    data = bytearray(IrisRecord((EyeImages(Eye.LEFT, (IMAGE,)),), 4, 5, IrisFormat.MONO_JPEG_2000).encode())
    for place, value in changes.items():
        data[int(place[1:])] = value
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "iris-record-truncated"),
        (_record()[:44], "iris-record-truncated"),
        (_record(b2=0x53), "iris-record-unknown-format"),
        (_record(b5=0x32), "iris-record-unknown-format"),
        (_record()[:-1], "iris-record-malformed"),
        (_record() + b"\0", "iris-record-malformed"),
        (_record(b14=0), "iris-record-malformed"),  # no eye
        (_record(b14=2), "iris-record-truncated"),  # one eye too few
        (_record(b14=3), "iris-record-malformed"),  # three eyes
        (_record(b16=46), "iris-record-malformed"),  # a header of another edition
        (_record(b47=0), "iris-record-malformed"),  # no image
        (_record(b47=2), "iris-record-truncated"),  # one image too few
        (_record(b46=0xFF), "iris-record-malformed"),  # more images than bytes
        (_record(b58=len(JP2) - 1), "iris-record-malformed"),  # bytes behind it
        (_record(b58=len(JP2) + 1), "iris-record-malformed"),  # larger than announced
        (_record(b55=0xFF), "iris-record-malformed"),
    ],
)
def test_a_record_whose_numbers_contradict_each_other_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        IrisRecord.parse(data)
    assert refused.value.code == code


IRIS = template(0x5F2E, _record())


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (tlv.encode(0x7F61, der.integer(2), IRIS), "biometric-template-count"),
        (tlv.encode(0x7F61, der.integer(10), IRIS * 10), "biometric-template-count"),
        (tlv.encode(0x7F61, der.integer(1), template(0x5F2E, bytes(60))), "iris-record-unknown-format"),
        (tlv.encode(0x7F61, der.integer(1), template(0x7F2E, tlv.encode(0x66))), "iris-block-without-image"),
        (tlv.encode(0x7F61, der.integer(0)) + b"\x54\x00", "biometric-group-malformed"),
    ],
)
def test_a_file_that_is_not_built_like_that_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        Dg4.parse(tlv.encode(0x76, content))
    assert refused.value.code == code


def test_nine_templates_fit_and_no_more() -> None:
    # 9303-10 table 55
    assert len(Dg4.parse(tlv.encode(0x76, tlv.encode(0x7F61, der.integer(9), IRIS * 9))).templates) == 9
    with pytest.raises(BadInput, match="biometric-template-count"):
        Dg4.of_irises(*[(Eye.LEFT, JP2)] * 10, width=1, height=1)
    with pytest.raises(BadInput, match="iris-record-malformed"):
        IrisRecord((), 1, 1, IrisFormat.MONO_RAW)
    with pytest.raises(BadInput, match="iris-record-malformed"):
        EyeImages(Eye.LEFT, (IMAGE,) * 17)


def test_the_image_of_an_iris_is_not_in_what_a_log_would_hold() -> None:
    shown = repr(Dg4.of_irises((Eye.LEFT, JP2), width=1, height=1)) + repr(Dg4.parse(block_file(0x76, iris_block(JP2))))
    assert "an image" not in shown
