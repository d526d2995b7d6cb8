"""Blocks of ISO/IEC 39794-4 and 39794-6, with the fields that the standards have around an image, and files of them."""

from __future__ import annotations

from eid_toolkit.standards.codec import der, tlv

VERSION = tlv.encode(0xA0, tlv.encode(0x80, b"\x03"), tlv.encode(0x81, b"\x07\xe3"))


def choice(tag: int, code: int) -> bytes:
    """A field that is either a code, as here, or an extension."""
    return tlv.encode(tag, tlv.encode(0x80, bytes((code,))))


def extension(tag: int, fallback: int) -> bytes:
    """A field of a later version, with the code that an earlier one falls back to."""
    return tlv.encode(tag, tlv.encode(0xA1, tlv.encode(0x80, bytes((fallback,))), tlv.encode(0x81, b"new")))


def finger_block(image: bytes, *, position: bytes = choice(0xA0, 2)) -> bytes:
    """FingerImageDataBlock: plain contact, WSQ, 500 samples an inch."""
    sampling_rate = tlv.encode(0xA7, tlv.encode(0x80, b"\x01\xf4"), tlv.encode(0x81, b"\x00"))
    fields = (position, choice(0xA1, 0), choice(0xA2, 1), tlv.encode(0x83, image), sampling_rate)
    return tlv.encode(0x64, VERSION, tlv.encode(0xA1, der.sequence(*fields)))


def iris_block(image: bytes, *, range_first: bool = False) -> bytes:
    """IrisImageDataBlock: left eye, cropped, 8 bits, lossy JPEG 2000."""
    date, distance = tlv.encode(0x80, b"\x07\xe9"), tlv.encode(0x80, b"\x64")
    last = (
        (tlv.encode(0xA7, distance), tlv.encode(0xA8, date), tlv.encode(0x89, image))
        if range_first
        else (tlv.encode(0xA7, date), tlv.encode(0x88, image), tlv.encode(0xA9, distance))
    )
    orientation = (tlv.encode(tag, b"\x01") for tag in (0x84, 0x85, 0x86))
    fields = (tlv.encode(0x80, b"\x02"), choice(0xA1, 3), tlv.encode(0x82, b"\x08"), choice(0xA3, 4))
    return tlv.encode(0x66, VERSION, tlv.encode(0xA1, der.sequence(*fields, *orientation, *last)))


def template(tag: int, data: bytes) -> bytes:
    """A biometric information template with the data in DO ``tag``."""
    return tlv.encode(0x7F60, tlv.encode(0xA1, tlv.encode(0x81, b"\x08")), tlv.encode(tag, data))


def block_file(file_tag: int, *blocks: bytes) -> bytes:
    """A data group with a template for each block, nested as 9303-10 4.5.6 says."""
    templates = (template(0x7F2E, tlv.encode(0xA1, block)) for block in blocks)
    return tlv.encode(file_tag, tlv.encode(0x7F61, der.integer(len(blocks)), *templates))
