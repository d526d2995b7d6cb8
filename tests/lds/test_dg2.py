"""The face: written as ISO/IEC 19794-5, read as that and as 39794-5."""

from __future__ import annotations

import pytest

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.lds.biometric_templates import BiometricTemplate
from eid_toolkit.standards.lds.dg2 import Dg2
from eid_toolkit.standards.lds.face_block import FaceBlock
from eid_toolkit.standards.lds.face_record import FaceImage, FaceRecord
from support.specimen_passport import needs_specimen, specimen_file

JPEG = b"\xff\xd8\xff\xe0 an image"


def test_a_new_file_has_the_sizes_of_the_standard() -> None:
    data = Dg2.of_portrait(JPEG, 413, 531, sex="F").encode()
    record = data[data.index(b"FAC\0") :]
    assert record[4:8] == b"010\0"
    assert int.from_bytes(record[8:12], "big") == len(record) == 14 + 20 + 12 + len(JPEG)
    assert int.from_bytes(record[12:14], "big") == 1
    assert int.from_bytes(record[14:18], "big") == 20 + 12 + len(JPEG)
    assert record[20] == 2  # female
    assert record[34:36] == b"\x01\x00"  # full frontal, JPEG
    assert (int.from_bytes(record[36:38], "big"), int.from_bytes(record[38:40], "big")) == (413, 531)
    assert record[46:] == JPEG
    assert data.index(bytes.fromhex("A10E81010282010087020101880200085F2E")) > 0


def test_what_is_built_is_parsed_back() -> None:
    dg2 = Dg2.of_portrait(b"\x00\x00\x00\x0cjP  and so on", 1, 2, sex="M")
    assert Dg2.parse(dg2.encode()) == dg2
    assert dg2.portrait.media_type == "image/jp2"


def test_several_images_and_feature_points_are_kept() -> None:
    one = FaceImage(JPEG, 4, 5, 0, feature_points=bytes(range(16)), quality=7, device_type=0x1234, properties=b"abc")
    record = FaceRecord((one, FaceImage(JPEG + b"2", 1, 1, 0)))
    assert FaceRecord.parse(record.encode()) == record
    dg2 = Dg2((BiometricTemplate((Tlv(0x81, b"\x02"),), record),))
    assert [image.data for image in Dg2.parse(dg2.encode()).images] == [JPEG, JPEG + b"2"]


@needs_specimen
def test_the_face_of_the_published_specimen_is_found() -> None:
    dg2 = Dg2.parse(specimen_file("DG2"))
    assert dg2.portrait.media_type == "image/jp2"
    record = dg2.templates[0].data
    assert isinstance(record, FaceRecord)
    assert (record.images[0].width, record.images[0].height) == (337, 449)


def _block(image: bytes = JPEG) -> bytes:
    """A FaceImageDataBlock with the fields that ISO/IEC 39794-5 has on the way to the image."""
    information = tlv.encode(0xA1, tlv.encode(0xA0, tlv.encode(0x80, b"\x02")))
    two_dimensional = tlv.encode(0xA0, tlv.encode(0x80, image), information)
    representation = der.sequence(tlv.encode(0x80, b"\x01"), tlv.encode(0xA1, tlv.encode(0xA0, two_dimensional)))
    version = tlv.encode(0xA0, tlv.encode(0x80, b"\x03"), tlv.encode(0x81, b"\x07\xe3"))
    return version + tlv.encode(0xA1, representation)


@pytest.mark.parametrize(
    "content",
    [
        tlv.encode(0x65, _block()),
        tlv.encode(0xA1, _block()),
        tlv.encode(0xA1, tlv.encode(0x65, _block())),
    ],
)
def test_faces_of_39794_5_are_read(content: bytes) -> None:
    template = tlv.encode(0x7F60, tlv.encode(0xA1, tlv.encode(0x81, b"\x02")), tlv.encode(0x7F2E, content))
    data = tlv.encode(0x75, tlv.encode(0x7F61, der.integer(1), template))
    dg2 = Dg2.parse(data)
    assert isinstance(dg2.templates[0].data, FaceBlock)
    assert dg2.portrait.data == JPEG
    assert dg2.portrait.media_type == "image/jpeg"
    assert dg2.encode() == data


def _record(**changes: int) -> bytes:
    data = bytearray(FaceRecord((FaceImage(JPEG, 1, 1, 0),)).encode())
    for place, value in changes.items():
        data[int(place[1:])] = value
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        _record()[:13],
        _record()[:-1],
        _record() + b"\0",
        _record(b0=0),
        _record(b5=0x32),
        _record(b13=0),
        _record(b13=2),
        _record(b13=200),
        _record(b17=0),
        _record(b17=255),
        _record(b19=200),
    ],
)
def test_a_face_record_whose_numbers_contradict_each_other_is_bad_input(data: bytes) -> None:
    with pytest.raises(BadInput):
        FaceRecord.parse(data)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        der.integer(1),
        der.integer(2) + tlv.encode(0x7F60),
        der.integer(0),
        der.integer(1) + tlv.encode(0x7F60),
        der.integer(1) + tlv.encode(0x7F60, tlv.encode(0xA1), tlv.encode(0x5F2E, b"FMR\0")),
        der.integer(1) + tlv.encode(0x7F60, tlv.encode(0xA1), tlv.encode(0x7F2E, tlv.encode(0xA1))),
    ],
)
def test_templates_that_hold_no_face_are_bad_input(content: bytes) -> None:
    with pytest.raises(BadInput):
        Dg2.parse(tlv.encode(0x75, tlv.encode(0x7F61, content)))
