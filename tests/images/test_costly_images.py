"""Images that are made to harm are decoded in a child process, which has limits of memory and time."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.images import converting, portrait
from eid_toolkit.ground.images.child import Limits, run_in_child
from eid_toolkit.ground.images.portrait import PortraitFormat, as_jpeg, make_portrait
from eid_toolkit.standards.lds.biometric_image import size_of

WANTED = PortraitFormat(413, 531, 18_000)
BOMB_SIDE = 7000


def file_of(picture: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def bomb(side: int) -> bytes:
    """A codestream of some hundred bytes whose header asks for ``side`` by ``side`` pixels (ISO/IEC 15444-1 A.5.1)."""
    data = bytearray(file_of(Image.new("RGB", (64, 64), "blue"), "JPEG2000", no_jp2=True))
    at = data.index(b"\xff\x51") + 6
    for place in (at, at + 16):  # of the image, and of its only tile
        struct.pack_into(">II", data, place, side, side)
    return bytes(data)


@pytest.fixture
def no_decoder_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: bytes) -> None:
        raise AssertionError("decoded in this process")

    monkeypatch.setattr(converting, "_opened", refuse)


@pytest.mark.usefixtures("no_decoder_here")
def test_a_small_file_that_stands_for_a_huge_picture_is_refused_and_not_decoded_here() -> None:
    data = bomb(BOMB_SIDE)
    assert len(data) < 1000
    with pytest.raises(BadInput) as caught:
        as_jpeg(data)
    assert caught.value.code in ("portrait-too-costly", "portrait-damaged")  # as the decoder tells of missing memory


@pytest.mark.usefixtures("no_decoder_here")
@pytest.mark.parametrize("kind", ["JPEG2000", "TIFF"])
def test_what_a_child_decodes_is_what_this_process_would_have_made(kind: str) -> None:
    picture = file_of(Image.linear_gradient("L").resize((600, 800)).convert("RGB"), kind)
    made = make_portrait(picture, WANTED)
    assert (made.width, made.height) == Image.open(io.BytesIO(made.image)).size == (413, 531)
    assert Image.open(io.BytesIO(as_jpeg(picture))).size == (600, 800)


@pytest.mark.usefixtures("no_decoder_here")
def test_a_jpeg_of_many_scans_is_not_decoded_here() -> None:
    picture = file_of(Image.new("RGB", (600, 800)), "JPEG")
    scans = picture[:-2] + b"\xff\xda\x00\x02" * 100 + picture[-2:]
    with pytest.raises(BadInput):
        make_portrait(b"\xff\xda" * 1000, WANTED)
    assert not portrait._is_cheap(scans)


def test_an_ordinary_portrait_needs_no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portrait, "run_in_child", lambda *_: pytest.fail("a child was started"))
    for kind in ("JPEG", "PNG", "BMP", "WEBP"):
        picture = file_of(Image.new("RGB", (600, 800), "grey"), kind)
        assert make_portrait(picture, WANTED).width == 413
        assert as_jpeg(picture)


@pytest.mark.parametrize(
    ("side", "limits"),
    [(2500, Limits(memory=150 << 20, seconds=20)), (BOMB_SIDE, Limits(memory=4 << 30, seconds=1))],
)
def test_the_child_has_limits_of_memory_and_of_time(side: int, limits: Limits) -> None:
    with pytest.raises(BadInput) as caught:
        run_in_child("jpeg", bomb(side), {}, limits)
    assert caught.value.code in ("portrait-too-costly", "portrait-damaged")


def test_the_childs_own_refusals_come_back_with_their_facts() -> None:
    with pytest.raises(BadInput) as caught:
        make_portrait(file_of(Image.new("RGB", (60, 80)), "TIFF"), WANTED)
    assert (caught.value.code, caught.value.facts["width"]) == ("portrait-too-small", 60)
    with pytest.raises(BadInput, match="portrait-no-image"):
        make_portrait(b"no image", WANTED)


def test_a_grey_of_sixteen_bits_is_the_same_face_in_eight() -> None:
    grey = Image.linear_gradient("L").resize((600, 800))
    deep = grey.convert("I").point(lambda value: value * 257).convert("I;16")
    made = Image.open(io.BytesIO(make_portrait(file_of(deep, "PNG"), WANTED).image)).convert("L")
    wanted = Image.open(io.BytesIO(make_portrait(file_of(grey, "PNG"), WANTED).image)).convert("L")
    assert max(abs(made.getpixel((200, y)) - wanted.getpixel((200, y))) for y in range(0, 531, 10)) < 8  # type: ignore[operator]


def test_the_size_of_a_biometric_image_is_read_from_its_header() -> None:
    with pytest.raises(BadInput, match="biometric-image-unreadable"):
        size_of(bomb(60_000))
