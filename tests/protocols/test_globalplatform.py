"""PUT KEY for keys of every length, INITIALIZE UPDATE in both modes, and diversification by outside values."""

from __future__ import annotations

from typing import Any

import pytest

from eid_toolkit.ground.errors import BadInput, ProtocolError
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto import symmetric
from eid_toolkit.standards.crypto.check_values import CheckValue
from eid_toolkit.standards.protocols import globalplatform as gp
from eid_toolkit.standards.protocols.globalplatform import InitializeUpdateAnswer
from eid_toolkit.standards.protocols.key_diversification import DiversificationVector, Scheme, diversify
from eid_toolkit.standards.protocols.scp03 import KeySet, Options, key_check_value
from vectors import load

DIVERSIFIED = load("key_diversification")
DEK = Secret(bytes(range(16)))
CHECK_VALUES = {"000102030405060708090a0b0c0d0e0f": "C35280", "101112131415161718191a1b1c1d1e1f": "013808"}
"""Of pySim's test keys (tests/unittests/test_globalplatform.py)."""


def keys_of(size: int) -> KeySet:
    return KeySet(0x30, *(Secret(bytes([n]) * size) for n in (1, 2, 3)))


def values(keys: KeySet) -> list[bytes]:
    return [key.reveal() for key in (keys.enc, keys.mac, keys.dek)]


def check_value(scheme: str, key: Secret) -> str:
    if scheme == "kdf3":
        return key_check_value(key).hex().upper()
    return symmetric.des3_cbc_encrypt(key.reveal(), bytes(8), bytes(8))[:3].hex().upper()


@pytest.mark.parametrize("case", DIVERSIFIED["cases"], ids=lambda case: f"{case['scheme']}-{len(case['master']) * 4}")
def test_diversified_keys_have_the_published_check_values(case: dict[str, Any]) -> None:
    identity = bytes.fromhex(DIVERSIFIED["chip_identity"])
    keys = diversify(Secret(bytes.fromhex(case["master"])), identity, 1, Scheme(case["scheme"]))
    assert [check_value(case["scheme"], key) for key in (keys.enc, keys.mac, keys.dek)] == case["check_values"]


def test_a_diversified_key_is_the_published_one() -> None:
    case = DIVERSIFIED["whole_key"]
    keys = diversify(
        Secret(bytes.fromhex(case["master"])), bytes.fromhex(case["chip_identity"]), 1, Scheme(case["scheme"])
    )
    assert keys.enc.reveal().hex().upper() == case["enc"]


@pytest.mark.parametrize("case", DIVERSIFIED["cases"], ids=lambda case: f"{case['scheme']}-{len(case['master']) * 4}")
def test_a_vendors_vector_is_fulfilled_by_the_scheme_and_key_that_it_is_of(case: dict[str, Any]) -> None:
    """The published check values as a vendor would state them."""
    method = CheckValue.GLOBALPLATFORM if case["scheme"] == "kdf3" else CheckValue.TRIPLE_DES
    told = [bytes.fromhex(value) for value in case["check_values"]]
    chip, master = bytes.fromhex(DIVERSIFIED["chip_identity"]), Secret(bytes.fromhex(case["master"]))
    scheme = Scheme(case["scheme"])
    vector = DiversificationVector(chip, *told, method)
    vector.require(master, scheme, gp.FACTORY_KEY_VERSION)
    changed = Secret(bytes([master.reveal()[0] ^ 2]) + master.reveal()[1:])
    other = DiversificationVector(bytes(10), *told, method)
    swapped = DiversificationVector(chip, told[1], told[0], told[2], method)
    wrong = [(vector, changed, scheme), (other, master, scheme), (swapped, master, scheme)]
    wrong += [(vector, master, each) for each in Scheme if each is not scheme and not each.needs_vector]
    for of, key, by in wrong:
        with pytest.raises(BadInput, match="key-vector-differs"):
            of.require(key, by, gp.FACTORY_KEY_VERSION)


def test_a_vector_names_a_chip_and_three_check_values() -> None:
    for values in ((bytes(9), b"123", b"123", b"123"), (bytes(10), b"12", b"123", b"123"), (b"", b"", b"", b"")):
        with pytest.raises(BadInput, match="key-vector-malformed"):
            DiversificationVector(*values)


@pytest.mark.parametrize("size", [16, 24, 32])
def test_without_diversification_every_chip_has_the_key_itself(size: int) -> None:
    key = Secret(bytes(range(size)))
    assert values(diversify(key, bytes(10), gp.FACTORY_KEY_VERSION, Scheme.NONE)) == [key.reveal()] * 3


@pytest.mark.parametrize("size", [16, 24, 32])
def test_the_own_scheme_gives_keys_as_long_as_the_master_key(size: int) -> None:
    master = Secret(bytes(range(size)))
    keys = diversify(master, bytes(10), 0x30)
    assert {len(key) for key in values(keys)} == {size}
    assert len({*values(keys), *values(diversify(master, bytes(10), 0x31))}) == 6


@pytest.mark.parametrize(
    ("size", "identity", "scheme", "code"),
    [
        (24, 10, Scheme.EMV, "master-key-length"),
        (32, 10, Scheme.VISA2, "master-key-length"),
        (16, 9, Scheme.KDF3, "chip-identity-length"),
        (16, 11, Scheme.SP800_108, "chip-identity-length"),
    ],
)
def test_a_wrong_length_is_named(size: int, identity: int, scheme: Scheme, code: str) -> None:
    with pytest.raises(BadInput, match=code):
        diversify(Secret(bytes(size)), bytes(identity), 1, scheme)


@pytest.mark.parametrize(("key", "expected"), CHECK_VALUES.items())
def test_check_values_are_the_published_ones(key: str, expected: str) -> None:
    assert key_check_value(Secret(bytes.fromhex(key))).hex().upper() == expected


@pytest.mark.parametrize(("size", "block"), [(16, 23), (24, 39), (32, 39)])
def test_keys_of_every_length_arrive(size: int, block: int) -> None:
    command = gp.put_key(0, keys_of(size), DEK)
    assert len(command.data) == 1 + 3 * block
    found = gp.parse_put_key(command.data, DEK)
    assert (found.version, values(found)) == (0x30, values(keys_of(size)))
    assert gp.put_key_answer(found) == b"\x30" + b"".join(key_check_value(Secret(key)) for key in values(found))


@pytest.mark.parametrize("size", [16, 24, 32])
def test_every_changed_byte_of_put_key_is_found(size: int) -> None:
    data = gp.put_key(0, keys_of(size), DEK).data
    filled = {1 + at * 39 + 3 + position for at in range(3) for position in range(24, 32)} if size == 24 else set()
    for position in range(1, len(data)):
        changed = bytearray(data)
        changed[position] ^= 0x01
        try:
            found = gp.parse_put_key(bytes(changed), DEK)
        except BadInput:
            continue
        assert position in filled  # bytes that fill the block up are nobody's key
        assert values(found) == values(keys_of(size))
    for cut in range(len(data)):
        with pytest.raises(BadInput):
            gp.parse_put_key(data[:cut], DEK)
    with pytest.raises(BadInput):
        gp.parse_put_key(data + b"\x00", DEK)


@pytest.mark.parametrize("options", [0x00, 0x60, 0x70, 0x01, 0x61, 0x71])
def test_the_answer_to_initialize_update_reads_back(options: int) -> None:
    found = Options(options)
    sequence = b"\x00\x00\x07" if found & Options.PSEUDO_RANDOM_CHALLENGE else b""
    size = found.size
    answer = InitializeUpdateAnswer(bytes(10), 0x30, bytes(range(size)), bytes(range(size)[::-1]), sequence, found)
    assert InitializeUpdateAnswer.parse(answer.encode(), size) == answer
    with pytest.raises(ProtocolError):
        InitializeUpdateAnswer.parse(answer.encode(), 24 - size)
    for length in range(len(answer.encode()) + 4):
        if length not in (13 + 2 * size, 16 + 2 * size):
            with pytest.raises(ProtocolError):
                InitializeUpdateAnswer.parse((answer.encode() + bytes(4))[:length], size)
