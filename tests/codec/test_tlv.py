"""BER-TLV, DER and DGI: what is written is read again, and what is not written so is refused."""

from __future__ import annotations

import pytest
from asn1crypto import core
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import der, dgi, tlv
from eid_toolkit.standards.codec.dgi import Dgi
from eid_toolkit.standards.codec.tlv import MAX_OBJECT, MAX_OBJECTS, Tlv

TAGS = st.sampled_from([0x04, 0x30, 0x53, 0x61, 0x7C, 0x87, 0x5F1F, 0x7F61, 0x7F4C, 0x9F70, 0x5F8150])
DOTTED = st.builds(
    lambda first, second, rest: ".".join(map(str, (first, second, *rest))),
    st.integers(0, 2),
    st.integers(0, 39),
    st.lists(st.integers(0, 1 << 40), max_size=8),
)


@given(TAGS, st.binary(max_size=600))
def test_an_object_is_read_as_it_was_written(tag: int, value: bytes) -> None:
    encoded = tlv.encode(tag, value)
    assert tlv.parse(encoded, tag) == Tlv(tag, value)
    assert Tlv(tag, value).encode() == encoded
    with pytest.raises(BadInput, match="tlv-trailing-bytes"):
        tlv.parse(encoded + b"\0")


@given(st.lists(st.builds(Tlv, TAGS, st.binary(max_size=20)), max_size=8))
def test_a_series_is_read_as_it_was_written(objects: list[Tlv]) -> None:
    data = b"".join(item.encode() for item in objects)
    assert list(tlv.parse_all(data)) == objects
    for length in range(1, len(data)):
        try:
            read = tlv.parse_all(data[:length])
        except BadInput:
            continue
        assert list(read) == objects[: len(read)]  # cut between two objects


@pytest.mark.parametrize(
    ("length", "encoded"),
    [
        (0, "00"),
        (0x7F, "7F"),
        (0x80, "8180"),
        (0xFF, "81FF"),
        (0x100, "820100"),
        (0xFFFF, "82FFFF"),
        (1 << 16, "83010000"),
    ],
)
def test_lengths_are_minimal(length: int, encoded: str) -> None:
    assert tlv.encode_length(length).hex().upper() == encoded


def test_lengths_that_are_longer_than_needed_are_read() -> None:
    for header in ("04810261", "0482000261", "048300000261", "04840000000261"):
        assert tlv.parse(bytes.fromhex(header) + b"a").value == b"aa"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("", "tlv-truncated"),
        ("04", "tlv-truncated"),
        ("1F", "tlv-truncated"),
        ("5F1F", "tlv-truncated"),
        ("0481", "tlv-truncated"),
        ("048201", "tlv-truncated"),
        ("0402AA", "tlv-truncated"),
        ("0480AA0000", "tlv-indefinite-length"),
        ("0485000000000101", "tlv-length-too-long"),
        ("04FF", "tlv-length-too-long"),
        ("0484FFFFFFFF", "tlv-value-too-large"),
        ("1F8181818101", "tlv-tag-too-long"),
    ],
)
def test_what_is_no_object_is_refused_by_name(data: str, code: str) -> None:
    with pytest.raises(BadInput, match=code):
        tlv.parse(bytes.fromhex(data))


def test_limits_hold() -> None:
    assert len(tlv.parse(tlv.encode(4, bytes(MAX_OBJECT))).value) == MAX_OBJECT
    with pytest.raises(BadInput, match="tlv-value-too-large"):
        tlv.parse(tlv.encode(4, bytes(MAX_OBJECT + 1)))
    assert len(tlv.parse_all(b"\x04\x00" * MAX_OBJECTS)) == MAX_OBJECTS
    with pytest.raises(BadInput, match="tlv-too-many-objects"):
        tlv.parse_all(b"\x04\x00" * (MAX_OBJECTS + 1))


@given(st.binary(max_size=64))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for read in (tlv.parse, tlv.parse_all, dgi.parse_all, der.decode_oid_value):
        try:
            read(data)
        except BadInput:
            continue


def test_constructed_objects_are_known_by_their_tag() -> None:
    assert [tag for tag in (0x04, 0x30, 0x7F61, 0x5F1F, 0x7C, 0x87, 0xA0) if Tlv(tag, b"").constructed] == [
        0x30, 0x7F61, 0x7C, 0xA0,
    ]  # fmt: skip


def test_a_tag_that_stands_twice_is_no_mapping() -> None:
    with pytest.raises(BadInput, match="tlv-repeated-tag"):
        tlv.as_mapping(tlv.parse_all(bytes.fromhex("800101800102")))


@given(st.integers(-(1 << 300), 1 << 300))
def test_integers_are_those_of_asn1crypto(number: int) -> None:
    assert der.integer(number) == core.Integer(number).dump()
    assert der.read_integer(tlv.parse(der.integer(number))) == number


@given(DOTTED)
def test_object_identifiers_are_those_of_asn1crypto(dotted: str) -> None:
    encoded = der.object_identifier(dotted)
    assert encoded == core.ObjectIdentifier(dotted).dump()
    if len(encoded) <= 64:
        assert der.read_object_identifier(tlv.parse(encoded)) == dotted


@pytest.mark.parametrize("data", ["", "80", "2A80", "2A8001", "FF", "2A" + 70 * "01"])
def test_bytes_that_are_no_identifier_are_refused(data: str) -> None:
    with pytest.raises(BadInput, match="oid-malformed"):
        der.decode_oid_value(bytes.fromhex(data))


@given(st.lists(st.binary(max_size=6).map(der.octet_string), max_size=6))
def test_sets_are_in_the_order_of_der(parts: list[bytes]) -> None:
    assert [item.encode() for item in tlv.parse(der.set_of(parts), der.SET).children()] == sorted(parts)


@given(st.binary(max_size=20))
def test_bit_strings_of_whole_bytes_are_read(value: bytes) -> None:
    assert der.read_bit_string(tlv.parse(der.bit_string(value))) == value


@pytest.mark.parametrize(("item", "code"), [("0300", "der-bad-bit-string"), ("030107", "der-bad-bit-string")])
def test_bit_strings_with_loose_bits_are_refused(item: str, code: str) -> None:
    with pytest.raises(BadInput, match=code):
        der.read_bit_string(tlv.parse(bytes.fromhex(item)))


@given(st.lists(st.builds(Dgi, st.integers(0, 0xFFFF), st.binary(max_size=300)), max_size=4))
def test_data_groupings_are_read_as_they_were_written(groupings: list[Dgi]) -> None:
    assert list(dgi.parse_all(b"".join(grouping.encode() for grouping in groupings))) == groupings


@pytest.mark.parametrize(
    ("size", "header"), [(0, "010200"), (254, "0102FE"), (255, "0102FF00FF"), (65535, "0102FFFFFF")]
)
def test_the_length_of_a_grouping_has_one_byte_or_three(size: int, header: str) -> None:
    assert Dgi(0x0102, bytes(size)).encode() == bytes.fromhex(header) + bytes(size)


@pytest.mark.parametrize("data", ["01", "0102", "010201", "0102FF", "0102FF00", "0102FF0001", "010200FF"])
def test_a_grouping_that_is_cut_off_is_refused(data: str) -> None:
    with pytest.raises(BadInput, match="dgi-truncated"):
        dgi.parse_all(bytes.fromhex(data))


def test_identifiers_from_8000_on_are_secret() -> None:
    assert [i for i in (0x0101, 0x7FFF, 0x8000, 0x8102, 0x8FFF, 0x9000) if Dgi(i, b"").is_secret] == [
        0x8000, 0x8102, 0x8FFF,
    ]  # fmt: skip
