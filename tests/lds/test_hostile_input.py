"""Whatever bytes come from a card or a file: a parser returns or raises an EidError, and does not take long."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from eid_toolkit.doors.cli.decode import decoded
from eid_toolkit.ground.display import harmless
from eid_toolkit.ground.errors import BadInput, EidError
from eid_toolkit.ground.images.portrait import PortraitFormat, make_portrait
from eid_toolkit.standards.asn1.security_infos import (
    ActiveAuthenticationInfo,
    ChipAuthenticationInfo,
    ChipAuthenticationPublicKeyInfo,
    FileId,
    PaceDomainParameterInfo,
    PaceInfo,
    SecurityInfos,
    TerminalAuthenticationInfo,
)
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.atr_info import AtrInfo
from eid_toolkit.standards.lds.card_access import CardAccess
from eid_toolkit.standards.lds.com import Com
from eid_toolkit.standards.lds.dates import PartialDate, birth_from_mrz, expiry_from_mrz
from eid_toolkit.standards.lds.dg1 import Dg1
from eid_toolkit.standards.lds.dg2 import Dg2
from eid_toolkit.standards.lds.dg3 import Dg3
from eid_toolkit.standards.lds.dg4 import Dg4
from eid_toolkit.standards.lds.dg11 import Dg11
from eid_toolkit.standards.lds.dg12 import Dg12
from eid_toolkit.standards.lds.dg13 import Dg13
from eid_toolkit.standards.lds.dg14 import Dg14
from eid_toolkit.standards.lds.dg15 import Dg15
from eid_toolkit.standards.lds.ef_dir import EfDir
from eid_toolkit.standards.lds.finger_record import Finger, FingerView
from eid_toolkit.standards.lds.iris_record import Eye
from eid_toolkit.standards.lds.mrz import Mrz, number_text
from eid_toolkit.standards.lds.mrz_name import name_field
from eid_toolkit.standards.lds.registry import parse_file
from eid_toolkit.standards.lds.security_object import LdsSecurityObject
from eid_toolkit.standards.lds.sod import build_sod
from eid_toolkit.standards.lds.transliteration import fold, transliterate
from eid_toolkit.standards.lds.vietnam import NationalField, VietnamNationalData
from eid_toolkit.standards.pki.cms import SignedData, build_signed_data
from support.authorities import NOW, Authority, new_key
from support.biometric_blocks import block_file, finger_block, iris_block
from support.specimen_passport import FOLDER

QUICK = settings(max_examples=60, deadline=1000, suppress_health_check=[HealthCheck.too_slow])
FEW = settings(QUICK, max_examples=15, deadline=3000)

_AUTHORITY = Authority()
_KEY = new_key()
_SIGNER = _AUTHORITY.signer(_KEY)
_INFOS = SecurityInfos.of(
    PaceInfo("0.4.0.127.0.7.2.2.4.2.2", 2, 13),
    PaceDomainParameterInfo("0.4.0.127.0.7.2.2.4.2", der.sequence(der.object_identifier("2.999")), 13),
    ChipAuthenticationInfo("0.4.0.127.0.7.2.2.3.2.4", 1, 300),
    ChipAuthenticationPublicKeyInfo("0.4.0.127.0.7.2.2.1.2", _KEY.public_key),
    ActiveAuthenticationInfo("0.4.0.127.0.7.1.1.4.1.3"),
    TerminalAuthenticationInfo(1, FileId(0x011C, 0x1C)),
)
_MRZ = Mrz.of_text("IDVNM0990000176000099000017<<69901018M3901016VNM<<<<<<<<<<<8NGUYEN<<VAN<AN<<<<<<<<<<<<<<<<")
_NATIONAL = VietnamNationalData.of({NationalField.FULL_NAME: "Nguyễn Văn An", NationalField.PARENTS: ("A", "B")})
_BLOCK = tlv.encode(
    0xA1,
    der.sequence(tlv.encode(0xA1, tlv.encode(0xA0, tlv.encode(0xA0, tlv.encode(0x80, b"\xff\xd8\xff"))))),
)
_FACE_39794 = tlv.encode(
    0x75,
    tlv.encode(
        0x7F61, der.integer(1), tlv.encode(0x7F60, tlv.encode(0xA1), tlv.encode(0x7F2E, tlv.encode(0x65, _BLOCK)))
    ),
)
_FINGERS_AND_IRISES = [
    Dg3.of_fingers(*(FingerView(b"\xff\xa0\xff image", 1, 1, finger) for finger in Finger)).encode(),
    Dg3((), b"a random number").encode(),
    block_file(0x63, finger_block(b"\xff\xa0\xff image"), finger_block(b"P5 image")),
    Dg4.of_irises((Eye.RIGHT, b"\xff\xd8\xff image"), (Eye.LEFT, b"raw"), width=1, height=3).encode(),
    Dg4((), b"a random number").encode(),
    block_file(0x76, iris_block(b"P5 image"), iris_block(b"P6 image", range_first=True)),
]
_MASTER_LIST = der.sequence(der.integer(0), tlv.encode(der.SET, _AUTHORITY.csca.der))
VALID = [
    AtrInfo.of(1000, 65535).encode(),
    CardAccess(_INFOS).encode(),
    Com.of_data_groups([1, 2, 14]).encode(),
    Dg1(_MRZ).encode(),
    Dg2.of_portrait(b"\xff\xd8\xff an image", 1, 1).encode(),
    _FACE_39794,
    *_FINGERS_AND_IRISES,
    Dg11.of(primary_identifier="Nguyễn", other_names=("A",), date_of_birth=PartialDate(1990, 1, 1)).encode(),
    Dg12.of(date_of_issue=PartialDate(2026, 1, 1), other_persons=("A",)).encode(),
    Dg13(_NATIONAL.encode()).encode(),
    Dg14(_INFOS).encode(),
    Dg15(_KEY.public_key).encode(),
    EfDir().encode(),
    build_sod({1: b"one", 2: b"two"}, "sha256", _KEY, _SIGNER.der, NOW),
    build_signed_data(_MASTER_LIST, "2.23.136.1.1.2", _KEY, _SIGNER.der, "sha256"),
    _AUTHORITY.csca.der,
    _SIGNER.der,
    _AUTHORITY.crl().der,
    _MRZ.text.encode(),
    *(file.read_bytes() for file in sorted(FOLDER.glob("EF_*.bin"))),
]
PARSERS: list[Callable[[bytes], object]] = [
    *(lambda data, file=file: parse_file(file, data) for file in ElementaryFile),
    SecurityInfos.parse,
    SignedData.parse,
    LdsSecurityObject.parse,
    VietnamNationalData.parse,
    lambda data: list(decoded(data)),
]


def _survives(call: Callable[[], object]) -> None:
    with contextlib.suppress(EidError):
        call()


def _read_all(data: bytes) -> None:
    """Every parser, and for whatever is recognised every field of it."""
    for parse in PARSERS:
        _survives(lambda parse=parse: parse(data))  # type: ignore[misc]


@QUICK
@given(st.binary(max_size=300))
def test_random_bytes(data: bytes) -> None:
    _read_all(data)


@QUICK
@given(st.sampled_from([file.tag for file in ElementaryFile if file.tag]), st.binary(max_size=200))
def test_random_bytes_in_the_right_template(tag: int, data: bytes) -> None:
    _read_all(tlv.encode(tag, data))


@QUICK
@given(st.data())
def test_truncated_files(data: st.DataObject) -> None:
    valid = data.draw(st.sampled_from(VALID))
    with contextlib.suppress(EidError):
        list(decoded(valid[: data.draw(st.integers(0, min(len(valid), 2000) - 1))]))


@settings(QUICK, max_examples=400)
@given(st.data())
def test_files_with_changed_bytes(data: st.DataObject) -> None:
    valid = bytearray(data.draw(st.sampled_from(VALID)))
    places = st.integers(0, min(len(valid), 1200) - 1)
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=4)):
        valid[place] = value
    with contextlib.suppress(EidError):
        list(decoded(bytes(valid)))


@settings(QUICK, max_examples=300)
@given(st.data())
def test_fingers_and_irises_with_changed_bytes_are_refused_or_written_as_they_were_read(data: st.DataObject) -> None:
    valid = bytearray(data.draw(st.sampled_from(_FINGERS_AND_IRISES)))
    places = st.integers(0, len(valid) - 1)
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=3)):
        valid[place] = value
    changed = bytes(valid[: data.draw(st.sampled_from([len(valid), data.draw(places)]))])
    for parse in (Dg3.parse, Dg4.parse):
        with contextlib.suppress(BadInput):
            parsed = parse(changed)
            assert parse(parsed.encode()) == parsed


@pytest.mark.parametrize(("file_tag", "block_tag"), [(0x63, 0x64), (0x75, 0x65), (0x76, 0x66)])
@pytest.mark.parametrize(
    "representations",
    [
        der.sequence() * 4096,
        der.sequence(tlv.encode(0xA0, tlv.encode(0xA1) * 1000) * 20) * 10,
        der.sequence(tlv.encode(0xA9) * 4096),
    ],
    ids=["many", "deep", "wide"],
)
def test_large_blocks_without_an_image_do_not_take_long(file_tag: int, block_tag: int, representations: bytes) -> None:
    block = tlv.encode(block_tag, tlv.encode(0xA1, representations))
    begun = time.monotonic()
    _read_all(block_file(file_tag, *[block] * 9))
    assert time.monotonic() - begun < 60  # minutes, where each object is looked at from each level


@pytest.mark.parametrize("valid", VALID, ids=[str(number) for number in range(len(VALID))])
def test_the_unchanged_files_are_read(valid: bytes) -> None:
    assert list(decoded(valid))


@pytest.mark.parametrize("tag", [0x30, 0x31, 0x61, 0x63, 0x6B, 0x6D, 0x75, 0x76, 0x77])
def test_deeply_nested_objects(tag: int) -> None:
    data = b""
    for _ in range(5000):
        data = tlv.encode(0x30, data)
    _read_all(tlv.encode(tag, data))


@QUICK
@given(st.text(max_size=100))
def test_text_of_any_kind(text: str) -> None:
    _survives(lambda: transliterate(text))
    _survives(lambda: Mrz.parse(text))
    _survives(lambda: PartialDate.parse(text))
    _survives(lambda: PartialDate.parse_compact(text))
    _survives(lambda: number_text(text))
    for read in (birth_from_mrz, expiry_from_mrz):
        _survives(lambda read=read: read(text, NOW.date()))  # type: ignore[misc]
    assert fold(fold(text)) == fold(text)
    assert harmless(text).isprintable()


@QUICK
@given(st.text("0123456789<", min_size=6, max_size=6))
def test_dates_of_digits_and_fillers(text: str) -> None:
    for read in (birth_from_mrz, expiry_from_mrz):
        with contextlib.suppress(BadInput):
            found = read(text, NOW.date())
            assert found is None or found.earliest <= found.latest


@QUICK
@given(st.text("AB ", min_size=1, max_size=80), st.text("CD ", max_size=80), st.sampled_from([30, 31, 39]))
def test_names_of_any_length_fit_their_field(primary: str, secondary: str, length: int) -> None:
    with contextlib.suppress(BadInput):
        field = name_field(" ".join(primary.split()), " ".join(secondary.split()), length)
        assert 0 < len(field) <= length
        assert field.count("<<") == bool(secondary.strip())


def _image(kind: str) -> bytes:
    stream = io.BytesIO()
    Image.effect_noise((300, 400), 50).convert("RGB").save(stream, kind)
    return stream.getvalue()


IMAGES = [_image(kind) for kind in ("JPEG", "PNG", "BMP", "TIFF", "WEBP", "JPEG2000")]


@FEW
@given(st.data())
def test_damaged_images(data: st.DataObject) -> None:
    image = bytearray(data.draw(st.sampled_from(IMAGES)))
    places = st.integers(0, min(len(image), 600) - 1)
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=8)):
        image[place] = value
    _survives(lambda: make_portrait(bytes(image), PortraitFormat(120, 160, 20_000, "jpeg", 60, 80)))


@pytest.mark.parametrize(
    "text",
    [
        "\x1b[31m",
        "\x07",
        "\u202e",
        "\u2066",
        "\u200b",
        "\ufeff",
        "\u2028",
        "\x85",
        "\ud800",
        "\U000e0041",
        "\n",
        "\x7f",
    ],
)
def test_characters_that_act_on_a_terminal_are_written_out(text: str) -> None:
    shown = harmless(f"A{text}B")
    assert shown.startswith("A\\u{")
    assert shown.endswith("B")
    assert shown.isprintable()


def test_letters_and_their_marks_are_shown_as_they_are() -> None:
    for name in ("Nguyễn Thị Ánh", "Nguye\u0302\u0303n", "王小明", "Дмитрий", "أحمد"):
        assert harmless(name) == name
