"""A grey picture of any depth becomes the same face in eight bits, never a white or a black page."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.images.eight_bits import in_eight_bits
from eid_toolkit.ground.images.portrait import PortraitFormat, examine_portrait

WANTED = PortraitFormat(413, 531, 18_000)
FACE = Path(__file__).parents[2] / "fixtures" / "cases" / "face-gray16.png"
"""A drawn face in sixteen bits of grey, 320 by 420 pixels, with values from 5140 to 53456."""


def face(bits: int = 16) -> Image.Image:
    """The face with values of so many bits, in whole numbers of 32."""
    with Image.open(FACE) as opened:
        return opened.convert("I").point(lambda value: value * (1 / 2 ** (16 - bits)))


def levels(picture: Image.Image) -> bytes:
    return in_eight_bits(picture).convert("L").tobytes()


def far(one: bytes, other: bytes) -> int:
    """The largest difference between two pixels at one place."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


EIGHT = bytes(value >> 8 for value in face().get_flattened_data()) if hasattr(Image.Image, "get_flattened_data") else (
    bytes(value >> 8 for value in face().getdata())
)  # fmt: skip


@pytest.mark.parametrize("mode", ["I", "I;16", "I;16B", "F"])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_values_that_use_only_the_lower_bits_are_the_same_face(bits: int, mode: str) -> None:
    picture = face(bits) if mode == "I" else face(bits).convert(mode)
    assert far(levels(picture), EIGHT) <= 2


def test_real_numbers_from_nought_to_one_are_the_same_face() -> None:
    parts = face().convert("F").point(lambda value: value * (1 / 65536) + 0)
    assert far(levels(parts), EIGHT) <= 2


def test_real_numbers_a_little_above_one_are_white_and_leave_the_rest_as_it_is() -> None:
    parts = Image.new("F", (2, 1), 0.5)
    parts.putpixel((1, 0), 1.04)
    assert list(levels(parts)) == [128, 255]


def test_the_largest_value_of_each_depth_is_white_and_nought_is_black() -> None:
    for bits in (8, 10, 12, 14, 16, 24):
        picture = Image.new("I", (2, 1), 0)
        picture.putpixel((1, 0), (1 << bits) - 1)
        assert list(levels(picture)) == [0, 255]


def test_what_is_below_nought_is_black() -> None:
    picture = Image.new("I", (2, 1), -5)
    picture.putpixel((1, 0), 65535)
    assert list(levels(picture)) == [0, 255]


def test_what_has_eight_bits_already_stays_as_it_is() -> None:
    for mode in ("L", "RGB", "P", "LA", "1"):
        picture = Image.new(mode, (3, 3))
        assert in_eight_bits(picture) is picture


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_picture_whose_values_are_no_numbers_is_refused(value: float) -> None:
    with pytest.raises(BadInput, match="portrait-damaged"):
        in_eight_bits(Image.new("F", (4, 4), value))


@pytest.mark.parametrize(("mode", "kind"), [("I;16", "PNG"), ("I", "TIFF"), ("I;16", "JPEG2000"), ("F", "TIFF")])
@pytest.mark.parametrize("bits", [12, 16])
def test_a_deep_grey_file_of_any_kind_is_a_good_portrait(bits: int, mode: str, kind: str) -> None:
    stream = io.BytesIO()
    picture = face(bits)
    (picture if mode == "I" else picture.convert(mode)).save(stream, kind)
    done = examine_portrait(stream.getvalue(), WANTED)
    assert (done.measures.findings, done.measures.grey) == ((), True)
    assert done.fingerprint == examine_portrait(FACE.read_bytes(), WANTED).fingerprint


def test_a_transparent_part_of_a_deep_grey_picture_makes_nothing_else_of_it() -> None:
    stream = io.BytesIO()
    with Image.open(FACE) as opened:
        opened.save(stream, "PNG", transparency=0)
    assert examine_portrait(stream.getvalue(), WANTED).measures.findings == ()
