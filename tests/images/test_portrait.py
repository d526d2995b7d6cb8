"""Portraits from any common image file."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.images.portrait import MAX_FILE, PortraitFormat, as_jpeg, make_portrait

WANTED = PortraitFormat(413, 531, 18_000)


def _picture(width: int = 600, height: int = 800, mode: str = "RGB") -> Image.Image:
    """Red above, blue below."""
    picture = Image.new("RGB", (width, height), "blue")
    picture.paste("red", (0, 0, width, height // 2))
    return picture.convert(mode)


def _file(picture: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def _open(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "TIFF", "WEBP", "JPEG2000"])
def test_every_common_kind_of_file_is_taken(kind: str) -> None:
    portrait = make_portrait(_file(_picture(), kind), WANTED)
    made = _open(portrait.image)
    assert (made.format, made.size, made.mode) == ("JPEG", (413, 531), "RGB")
    assert (portrait.width, portrait.height) == (413, 531)
    assert len(portrait.image) <= 18_000


@pytest.mark.parametrize(
    ("mode", "kind"), [("L", "PNG"), ("P", "PNG"), ("RGBA", "PNG"), ("LA", "PNG"), ("CMYK", "JPEG"), ("1", "TIFF")]
)
def test_every_common_colour_mode_is_taken(mode: str, kind: str) -> None:
    assert _open(make_portrait(_file(_picture(mode=mode), kind), WANTED).image).mode == "RGB"


@pytest.mark.parametrize("coding", ["jpeg", "jpeg2000"])
@pytest.mark.parametrize("budget", [9_000, 18_000, 30_000])
def test_the_budget_is_kept_and_used(coding: str, budget: int) -> None:
    noisy = Image.effect_noise((20, 27), 80).convert("RGB").resize((600, 800))
    portrait = make_portrait(_file(noisy, "PNG"), PortraitFormat(413, 531, budget, coding))  # type: ignore[arg-type]
    assert budget * 0.7 <= len(portrait.image) <= budget
    assert _open(portrait.image).format == coding.upper()


def test_a_budget_that_cannot_be_kept_is_refused() -> None:
    for coding in ("jpeg", "jpeg2000"):
        with pytest.raises(BadInput) as caught:
            make_portrait(_file(_picture(), "PNG"), PortraitFormat(413, 531, 100, coding))  # type: ignore[arg-type]
        assert caught.value.code == "portrait-over-budget"


def test_the_orientation_of_the_camera_is_honoured_and_nothing_but_pixels_comes_along() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to see it upright
    exif[0x010E] = "a description"
    lying = _picture().transpose(Image.Transpose.ROTATE_90)
    made = _open(make_portrait(_file(lying, "JPEG", exif=exif, comment=b"a comment"), WANTED).image)
    assert made.size == (413, 531)
    assert not made.getexif()
    assert "comment" not in made.info
    above, below = made.getpixel((200, 50)), made.getpixel((200, 500))
    assert isinstance(above, tuple) and above[0] > 200 > below[0]  # type: ignore[index,operator]


def test_what_is_transparent_becomes_white() -> None:
    made = _open(make_portrait(_file(Image.new("RGBA", (600, 800), (0, 0, 0, 0)), "PNG"), WANTED).image)
    assert made.getpixel((200, 200)) == (255, 255, 255)


@pytest.mark.parametrize("size", [(1000, 800), (600, 2000), (2000, 2600)])
def test_another_shape_is_cropped_to_the_shape_of_the_profile(size: tuple[int, int]) -> None:
    portrait = make_portrait(_file(_picture(*size), "PNG"), WANTED)
    assert (portrait.width, portrait.height) == (413, 531)


def test_a_small_picture_keeps_its_pixels_and_a_smaller_one_is_refused() -> None:
    portrait = make_portrait(_file(_picture(300, 400), "PNG"), WANTED)
    assert (portrait.width, portrait.height) == (300, 386)
    for size in ((239, 500), (500, 319)):
        with pytest.raises(BadInput) as caught:
            make_portrait(_file(_picture(*size), "PNG"), WANTED)
        assert caught.value.code == "portrait-too-small"


@pytest.mark.parametrize("data", [b"", b"no image", b"<svg/>", b"GIF89a" + bytes(50), b"%PDF-1.4", bytes(1000)])
def test_what_is_no_image_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        make_portrait(data, WANTED)
    assert caught.value.code == "portrait-no-image"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "JPEG2000"])
def test_a_file_that_is_cut_off_is_refused(kind: str) -> None:
    whole = _file(Image.effect_noise((600, 800), 80).convert("RGB"), kind)
    with pytest.raises(BadInput) as caught:
        make_portrait(whole[: len(whole) // 2], WANTED)
    assert caught.value.code in ("portrait-damaged", "portrait-no-image")


def _png_that_claims(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [8_000, 10_000, 60_000])
def test_an_image_with_too_many_pixels_is_refused_before_it_is_decoded(side: int) -> None:
    with pytest.raises(BadInput) as caught:
        make_portrait(_png_that_claims(side, side), WANTED)
    assert caught.value.code == "portrait-too-many-pixels"


def test_a_file_that_is_too_large_is_not_looked_at() -> None:
    with pytest.raises(BadInput) as caught:
        make_portrait(bytes(MAX_FILE + 1), WANTED)
    assert caught.value.code == "portrait-file-too-large"


def test_an_image_of_a_card_is_shown_as_jpeg() -> None:
    jpeg = _file(_picture(), "JPEG")
    assert as_jpeg(jpeg) == jpeg
    converted = _open(as_jpeg(_file(_picture(), "JPEG2000")))
    assert (converted.format, converted.size) == ("JPEG", (600, 800))
    with pytest.raises(BadInput):
        as_jpeg(b"no image")
