"""The fingerprint of a portrait survives what an office does to a file, and another picture has another one."""

from __future__ import annotations

import io
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from eid_toolkit.ground.images.fingerprint import BANDS, NEAR, bands_of, distance, fingerprint_of, of_bands
from eid_toolkit.work.specimens import persons
from support.homes import portrait_file

PRINTS = st.integers(0, (1 << 64) - 1)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


FACES = [*(opened(person.portrait()) for person in persons()), opened(portrait_file())]


def saved_again(picture: Image.Image, quality: int) -> Image.Image:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return opened(stream.getvalue())


@pytest.mark.parametrize("face", FACES)
def test_the_same_picture_saved_anew_is_near_equal(face: Image.Image) -> None:
    width, height = face.size
    same = (
        saved_again(face, 30),
        face.resize((width // 2, height // 2)),
        face.convert("L"),
        saved_again(ImageEnhance.Brightness(face).enhance(1.08), 70),
        saved_again(ImageEnhance.Contrast(face).enhance(0.85), 70),
        face.crop((width // 100, height // 100, width - width // 100, height - height // 100)),
    )
    assert [distance(fingerprint_of(face), fingerprint_of(each)) <= NEAR for each in same] == [True] * len(same)


def test_other_pictures_are_not() -> None:
    others = [fingerprint_of(face) for face in FACES] + [fingerprint_of(opened(portrait_file(n))) for n in range(1, 20)]
    assert all(distance(*pair) > NEAR for pair in combinations(others, 2))


@given(PRINTS)
def test_a_fingerprint_is_made_of_its_parts_again(fingerprint: int) -> None:
    parts = bands_of(fingerprint)
    assert len(parts) == BANDS and all(0 <= part < 1 << 16 for part in parts)
    assert of_bands(parts) == fingerprint


@given(PRINTS, st.sets(st.integers(0, 63), max_size=NEAR))
def test_of_two_that_are_near_equal_one_part_is_the_same(fingerprint: int, bits: set[int]) -> None:
    other = fingerprint ^ sum(1 << bit for bit in bits)
    assert distance(fingerprint, other) == len(bits)
    assert any(one == two for one, two in zip(bands_of(fingerprint), bands_of(other), strict=True))
