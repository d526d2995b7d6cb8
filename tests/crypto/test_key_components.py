"""Keys in components: their XOR, and what is refused as typed or as a key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.key_components import combine, parse_component, require_strong

SIZES = (16, 24, 32)


def parts(*values: str) -> list[Secret]:
    return [Secret(bytes.fromhex(value)) for value in values]


def test_two_components_make_the_key_that_is_worked_out_by_hand() -> None:
    key = combine(parts("00112233445566778899aabbccddeeff", "0f0f0f0f0f0f0f0ff0f0f0f0f0f0f0f0"))
    assert key.reveal().hex() == "0f1e2d3c4b5a697878695a4b3c2d1e0f"


@given(st.sampled_from(SIZES), st.integers(2, 5), st.data())
def test_any_components_make_the_key_that_they_were_made_of(size: int, count: int, data: st.DataObject) -> None:
    key = data.draw(st.binary(min_size=size, max_size=size))
    drawn = data.draw(
        st.lists(st.binary(min_size=size, max_size=size), min_size=count - 1, max_size=count - 1, unique=True)
    )
    last = int.from_bytes(key, "big")
    for each in drawn:
        last ^= int.from_bytes(each, "big")
    components = [*drawn, last.to_bytes(size, "big")]
    if len(set(components)) < count or not any(key) or not all(map(any, components)):
        with pytest.raises(BadInput):
            combine([Secret(each) for each in components])
    else:
        assert combine([Secret(each) for each in components]).matches(key)


@pytest.mark.parametrize(
    ("components", "code"),
    [
        (["11" * 16], "key-components-count"),
        ([f"{n:02}" * 16 for n in range(1, 7)], "key-components-count"),
        (["11" * 16, "22" * 24], "key-component-length"),
        (["11" * 16, "11" * 16], "key-component-twice"),
        (["11" * 16, "22" * 16, "11" * 16], "key-component-twice"),
        (["11" * 16, "00" * 16], "key-component-zero"),
        (["11" * 16, "22" * 16, "33" * 16], "card-key-weak"),
        (["11" * 15, "22" * 15], "key-component-malformed"),
    ],
)
def test_what_makes_no_key_is_refused(components: list[str], code: str) -> None:
    with pytest.raises(BadInput, match=code):
        combine(parts(*components))


@pytest.mark.parametrize("text", [b"0011 2233 4455 6677 8899 AABB CCDD EEFF", b"00112233-44556677-8899aabb-ccddeeff\r"])
def test_a_component_is_read_in_groups(text: bytes) -> None:
    assert parse_component(text).reveal().hex() == "00112233445566778899aabbccddeeff"


@pytest.mark.parametrize("text", [b"", b"00" * 15, b"0" * 31, b"zz" * 16, b"00" * 64, b"\xff" * 32, b"1" * 10_000])
def test_what_is_no_component_is_refused_without_being_told(text: bytes) -> None:
    with pytest.raises(BadInput, match="key-component-malformed") as refused:
        parse_component(text)
    assert not refused.value.facts


@pytest.mark.parametrize("size", SIZES)
def test_the_key_of_developer_cards_is_for_specimens_alone(size: int) -> None:
    key = Secret(bytes(range(0x40, 0x40 + size)))
    with pytest.raises(BadInput, match="card-key-of-developers"):
        require_strong(key)
    require_strong(key, specimen=True)
    require_strong(Secret(bytes(range(size))))
    with pytest.raises(BadInput, match="card-key-weak"):
        require_strong(Secret(bytes(size)), specimen=True)
