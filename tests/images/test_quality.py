"""What is measured of a portrait: what nobody could be recognised in is refused, what is odd is told, good is good."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.images import portrait
from eid_toolkit.ground.images.portrait import Examined, PortraitFormat, examine_portrait, look_at_portrait
from eid_toolkit.ground.images.quality import BLURRED, Measures, Severity
from eid_toolkit.ground.messages.catalogue import ENGLISH
from eid_toolkit.standards.profiles import list_profiles, load_profile
from eid_toolkit.work.specimens import persons
from support.homes import portrait_file

WANTED = PortraitFormat(413, 531, 18_000)


def file_of(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def examined(picture: Image.Image, **options: object) -> Examined:
    return examine_portrait(file_of(picture, **options), WANTED)  # type: ignore[arg-type]


def codes(picture: Image.Image) -> list[str]:
    return [finding.code for finding in examined(picture).measures.findings]


@pytest.fixture(scope="module", params=[person.record["primary_identifier"] for person in persons()])
def face(request: pytest.FixtureRequest) -> Image.Image:
    """Each of the drawn specimens."""
    return next(opened(each.portrait()) for each in persons() if each.record["primary_identifier"] == request.param)


def test_the_specimens_pass_with_every_profile_and_as_they_are_on_the_chip() -> None:
    for name in list_profiles():
        for person in persons():
            done = examine_portrait(person.portrait(), load_profile(name).portrait)
            assert done.measures.findings == (), (name, person)
            _, again, _ = look_at_portrait(done.portrait.image)
            assert again.findings == (), (name, person)


def test_the_portraits_of_the_tests_pass() -> None:
    assert [examine_portrait(portrait_file(number), WANTED).measures.findings for number in range(5)] == [()] * 5


@pytest.mark.parametrize(
    ("colour", "code"),
    [
        ("white", "portrait-white"),
        ("black", "portrait-black"),
        ("#808080", "portrait-empty"),
        ("#c4a080", "portrait-empty"),
    ],
)
def test_one_tone_is_no_portrait(colour: str, code: str) -> None:
    (finding,) = examined(Image.new("RGB", (600, 772), colour)).measures.findings
    assert (finding.code, finding.severity) == (code, Severity.REFUSED)


def test_a_face_in_so_few_levels_that_it_is_hardly_there_is_refused(face: Image.Image) -> None:
    """As a decoder leaves twelve bits that it took for sixteen."""
    assert codes(face.point(lambda value: value >> 5)) in (["portrait-empty"], ["portrait-black"])


def test_a_speck_in_the_middle_makes_no_portrait_of_a_page() -> None:
    page = Image.new("RGB", (600, 772), "#b0b0b0")
    page.paste("black", (300, 380, 306, 386))
    assert codes(page) == ["portrait-empty"]


def test_a_lying_picture_is_refused_unless_the_camera_says_how_it_stands(face: Image.Image) -> None:
    lying = face.transpose(Image.Transpose.ROTATE_90)
    assert codes(lying) == ["portrait-lying"]
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to see it upright
    turned = examined(lying, kind="JPEG", exif=exif, quality=95).measures
    assert (turned.findings, turned.turned, turned.width < turned.height) == ((), True, True)
    assert not examined(face).measures.turned


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda face: face.filter(ImageFilter.GaussianBlur(face.width / 50)), "portrait-blurred"),
        (lambda face: ImageEnhance.Brightness(face).enhance(0.18), "portrait-dark"),
        (lambda face: Image.eval(face, lambda value: 225 + value // 10), "portrait-bright"),
        (lambda face: Image.eval(face, lambda value: 128 + value // 8), "portrait-flat"),
        (lambda face: ImageEnhance.Brightness(face).enhance(2.2), "portrait-clipped-white"),
    ],
)
def test_what_is_wrong_with_the_light_and_the_lens_is_told(
    face: Image.Image, spoil: Callable[[Image.Image], Image.Image], code: str
) -> None:
    findings = examined(spoil(face)).measures.findings
    assert code in [finding.code for finding in findings]
    assert {finding.severity for finding in findings} == {Severity.ODD}


def test_a_face_in_the_shadow_is_told(face: Image.Image) -> None:
    draw = ImageDraw.Draw(face_copy := face.copy())
    draw.rectangle((0, 0, face.width * 45 // 100, face.height), fill="black")
    assert "portrait-clipped-black" in [finding.code for finding in examined(face_copy).measures.findings]


def test_a_background_that_is_none_is_told(face: Image.Image) -> None:
    shelves = face.copy()
    draw = ImageDraw.Draw(shelves)
    for top in range(0, face.height // 5, 30):
        draw.rectangle((0, top, face.width // 8, top + 15), fill="black")
        draw.rectangle((0, top + 15, face.width // 8, top + 30), fill="white")
    assert codes(shelves) == ["portrait-background"]
    shadow = face.copy()
    shadow.paste("black", (face.width * 7 // 8, 0, face.width, face.height // 4))
    assert codes(shadow) == ["portrait-background"]


def test_a_picture_of_which_much_is_cut_away_is_told(face: Image.Image) -> None:
    tall = Image.new("RGB", (face.width, face.height * 5 // 2), face.getpixel((5, 5)))
    tall.paste(face, (0, face.height * 6 // 10))
    assert "portrait-cut" in codes(tall)


def test_the_darkest_and_the_fairest_skin_are_not_odd() -> None:
    from eid_toolkit.work.specimens.drawing import Look, draw_portrait

    for skin, hair in (("#3b2219", "#0f0b09"), ("#f7e3d6", "#e8d6a0")):
        drawn = opened(draw_portrait(Look(skin, hair, "#304060", "#d8dde0")))
        assert codes(drawn) == [], skin


def test_grey_and_colour_are_told_apart(face: Image.Image) -> None:
    assert not examined(face).measures.grey
    assert examined(face.convert("L").convert("RGB"), kind="JPEG", quality=80).measures.grey


def test_sharpness_is_measured_at_one_size_for_all(face: Image.Image) -> None:
    small, large = (face.resize(size, Image.Resampling.LANCZOS) for size in ((413, 531), (1200, 1544)))
    ratio = examined(small).measures.sharpness / examined(large).measures.sharpness
    assert 0.7 < ratio < 1.4
    assert examined(face.filter(ImageFilter.GaussianBlur(face.width / 50))).measures.sharpness < BLURRED


def test_each_finding_has_a_sentence_with_its_value_and_limit(face: Image.Image) -> None:
    spoilt = ImageEnhance.Brightness(face.filter(ImageFilter.GaussianBlur(12))).enhance(0.2)
    findings = examined(spoilt).measures.findings
    assert len(findings) > 1
    for finding in findings:
        told = ENGLISH.message(finding.code, finding.facts())
        assert told is not None
        assert f"{finding.value:g}" in told.text and f"{finding.limit:g}" in told.text


def test_a_costly_picture_is_measured_in_the_child_with_the_same_result(
    face: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, looked = examined(face), look_at_portrait(file_of(face))
    monkeypatch.setattr(portrait, "_is_cheap", lambda data: False)
    assert examined(face) == here
    assert look_at_portrait(file_of(face)) == looked


def test_a_picture_that_is_far_too_small_is_refused_before_it_is_measured() -> None:
    with pytest.raises(BadInput, match="portrait-too-small"):
        examined(Image.new("RGB", (100, 130), "white"))


MODES = st.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I", "I;16", "F"])


@settings(max_examples=60)
@given(
    mode=MODES,
    width=st.integers(1, 60),
    height=st.integers(1, 60),
    content=st.binary(min_size=1, max_size=64),
    kind=st.sampled_from(["PNG", "JPEG", "BMP", "TIFF", "WEBP"]),
    data=st.data(),
)
def test_of_any_picture_there_are_measures_or_a_reason(
    mode: str, width: int, height: int, content: bytes, kind: str, data: st.DataObject
) -> None:
    length = len(Image.new(mode, (width, height)).tobytes())
    picture = Image.frombytes(mode, (width, height), (content * (length // len(content) + 1))[:length])
    try:
        saved = file_of(picture, kind)
    except (OSError, ValueError, KeyError):  # not every format has every mode
        return
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(saved) - 1))
        saved = saved[:at] + data.draw(st.binary(max_size=4)) + saved[at:]
    wanted = PortraitFormat(35, 45, 20_000, min_width=1, min_height=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(portrait, "_is_cheap", lambda data: True)  # a child for each would take minutes
        try:
            done = examine_portrait(saved, wanted)
        except BadInput:
            return
    assert isinstance(done.measures, Measures)
    assert 0 <= done.fingerprint < 1 << 64
    assert all(finding.severity in tuple(Severity) for finding in done.measures.findings)
