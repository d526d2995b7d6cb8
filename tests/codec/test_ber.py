"""BER in other forms (X.690): into definite lengths and whole strings, held against a library that reads it too."""

from __future__ import annotations

import random

import pytest
from asn1crypto import core
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import ber, der, tlv

NAME = bytes.fromhex("1A054A6F6E6573")
"""VisibleString "Jones", the example of X.690 8.14 for tagged types."""


@pytest.mark.parametrize(
    ("written", "definite"),
    [
        # X.690 8.9.3 and 8.1.3.6: a SEQUENCE of an IA5String and a BOOLEAN, in both forms of length.
        ("3080 1605536D697468 0101FF 0000", "300A 1605536D697468 0101FF"),
        # X.690 8.6.4.2 and 8.6.4.3: the BIT STRING 0A3B5F291CD in two pieces.
        ("2380 0303000A3B 0305045F291CD0 0000", "0307040A3B5F291CD0"),
        ("2409 0403010203 04020405", "04050102030405"),
        ("2480 2480 040101 0000 040102 0000", "04020102"),
        ("2400", "0400"),
        ("2300", "030100"),
        ("A080 2480 040141 0000 0000", "A003 040141"),
        ("3006 3080 0500 0000", "3004 3002 0500"),
    ],
)
def test_other_forms_become_definite(written: str, definite: str) -> None:
    assert ber.to_definite(bytes.fromhex(written)) == bytes.fromhex(definite)


@pytest.mark.parametrize("data", ["30820003020101", "3003020101", "A0810403020101", "1A054A6F6E6573", "308103020101"])
def test_what_is_definite_stays_as_it_came(data: str) -> None:
    raw = bytes.fromhex(data)
    assert ber.to_definite(raw) == raw


def test_the_canonical_form_has_short_lengths_and_sets_in_order() -> None:
    assert ber.to_canonical(bytes.fromhex("3182000A 020102 810102 3080 0000")) == bytes.fromhex(
        "3108 020102 3000 810102"
    )


@pytest.mark.parametrize(
    "data",
    [
        "", "30", "3080", "30800201", "3080020101", "0480", "048000", "308000", "30800000FF", "2404 02020101",
        "2380 03020101 03020001 0000", "2380 0300 0000", "3005 3080 0500",
    ],
)  # fmt: skip
def test_what_is_no_ber_is_bad_input(data: str) -> None:
    with pytest.raises(BadInput):
        ber.to_definite(bytes.fromhex(data))


def test_depth_and_size_are_bounded() -> None:
    levels = ber.MAX_DEPTH + 1
    assert ber.to_definite(b"\x30\x80" * (levels - 1) + b"\x00\x00" * (levels - 1))
    for data, code in (
        (b"\x30\x80" * 100_000, "ber-too-deep"),
        (b"\x30\x80" * (levels + 1) + b"\x00\x00" * (levels + 1), "ber-too-deep"),
        (bytes(ber.MAX_SIZE + 1), "tlv-value-too-large"),
        (b"\x30\x80" + b"\x05\x00" * ber.MAX_OBJECTS + b"\x00\x00", "tlv-too-many-objects"),
    ):
        with pytest.raises(BadInput) as caught:
            ber.to_definite(data)
        assert caught.value.code == code


def _values() -> st.SearchStrategy[bytes]:
    leaves = st.binary(max_size=40).map(der.octet_string) | st.integers(-(2**70), 2**70).map(der.integer)
    return st.recursive(leaves, lambda inner: st.lists(inner, max_size=4).map(lambda parts: der.sequence(*parts)))


@given(value=_values(), seed=st.integers(0, 2**16))
def test_any_way_of_writing_comes_back_to_the_same_object(value: bytes, seed: int) -> None:
    written = _written(value, random.Random(seed))
    assert ber.to_canonical(written) == value
    again = ber.to_definite(written)
    assert ber.to_definite(again) == again
    # The library agrees on what the outermost object holds.
    if value[0] == der.SEQUENCE:
        theirs = core.SequenceOf.load(written, spec=core.Any) if written[:1] == b"\x30" else None
        if theirs is not None:
            assert len(theirs) == len(tlv.parse(value).children())


def _written(data: bytes, chance: random.Random) -> bytes:
    item = tlv.parse(data)
    if item.tag == der.OCTET_STRING and chance.random() < 0.5:
        middle = chance.randrange(len(item.value) + 1)
        pieces = der.octet_string(item.value[:middle]) + der.octet_string(item.value[middle:])
        return b"\x24\x80" + pieces + b"\x00\x00" if chance.random() < 0.5 else tlv.encode(0x24, pieces)
    if not item.constructed:
        return data
    value = b"".join(_written(part.encode(), chance) for part in item.children())
    return b"\x30\x80" + value + b"\x00\x00" if chance.random() < 0.5 else tlv.encode(item.tag, value)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        definite = ber.to_definite(data)
    except BadInput:
        return
    assert tlv.parse(definite).encode() or definite


def test_the_first_error_is_told_where_another_form_changes_nothing() -> None:
    def refuse(data: bytes) -> bytes:
        raise BadInput("first")

    with pytest.raises(BadInput) as caught:
        ber.in_any_form(refuse, NAME)
    assert caught.value.code == "first"
