"""Check values of keys, by values that others have published."""

from __future__ import annotations

import pytest

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto import symmetric
from eid_toolkit.standards.crypto.check_values import CheckValue, check_value, has_check_value, parse_check_value

SP800_38B = {
    "2b7e151628aed2a6abf7158809cf4f3c": ("7df76b0c1ab899b33e42f047b91b546f", "fbeed618357133667c85e08f7236a8de"),
    "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b": (
        "22452d8e49a8a5939f7321ceea6d514b", "448a5b1c93514b273ee6439dd4daa296",
    ),
    "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4": (
        "e568f68194cf76d6174d4cc04310a854", "cad1ed03299eedac2e9a99808621502f",
    ),
}  # fmt: skip
"""SP 800-38B D.1 to D.3: the encryption of a block of zeros, and the subkey K1, by the key."""
DEVELOPERS = Secret(bytes(range(0x40, 0x50)))


@pytest.mark.parametrize("key", SP800_38B)
def test_over_zeros_it_begins_as_the_published_block(key: str) -> None:
    assert check_value(Secret(bytes.fromhex(key)), CheckValue.ZEROS).hex() == SP800_38B[key][0][:6]


@pytest.mark.parametrize("key", SP800_38B)
def test_the_cmac_form_is_the_encrypted_subkey(key: str) -> None:
    """SP 800-38B 6.2: a single whole block of zeros is XORed with K1 and encrypted."""
    expected = symmetric.aes_block(bytes.fromhex(key), bytes.fromhex(SP800_38B[key][1]))[:5]
    assert check_value(Secret(bytes.fromhex(key)), CheckValue.CMAC) == expected


def test_those_of_the_developer_key_are_the_known_ones() -> None:
    """GlobalPlatformPro tells them of its default key 40…4F: 504A77 as an AES key, 8BAF47 as a triple DES key."""
    assert check_value(DEVELOPERS).hex() == "504a77"
    assert check_value(DEVELOPERS, CheckValue.TRIPLE_DES).hex() == "8baf47"


def test_a_longer_value_may_be_told_by_its_beginning_and_no_other_is_taken() -> None:
    whole = check_value(DEVELOPERS, CheckValue.CMAC)
    assert len(whole) == 5
    for length in (3, 4, 5):
        assert has_check_value(DEVELOPERS, whole[:length], CheckValue.CMAC)
    for told in (b"", whole[:2], whole + b"\x00", whole[1:], check_value(DEVELOPERS)):
        assert not has_check_value(DEVELOPERS, told, CheckValue.CMAC)


@pytest.mark.parametrize(
    ("method", "size"), [(CheckValue.GLOBALPLATFORM, 15), (CheckValue.ZEROS, 20), (CheckValue.TRIPLE_DES, 24)]
)
def test_a_key_of_a_wrong_length_has_none(method: CheckValue, size: int) -> None:
    with pytest.raises(BadInput, match="key-check-value-length"):
        check_value(Secret(bytes(size)), method)


@pytest.mark.parametrize("text", ["504A77", "504a77", " 50 4A 77 "])
def test_it_is_read_as_people_write_it(text: str) -> None:
    assert parse_check_value(text) == bytes.fromhex("504a77")


@pytest.mark.parametrize("text", ["", "504A", "504A7", "504A7788", "5O4A77", "key"])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="key-check-value-malformed"):
        parse_check_value(text)
