"""Ciphers, MACs and padding against published vectors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.ground.errors import BadInput, IntegrityBroken
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto import symmetric
from eid_toolkit.standards.crypto.messaging_suites import MAC_SIZE, derive_suite
from support.outside_vectors import wycheproof
from support.scripted import ScriptedEntropy

RFC4493_KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
RFC4493_MESSAGE = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)
CIPHERS = ["3des", "aes-128", "aes-192", "aes-256"]


@pytest.mark.parametrize(
    ("length", "mac"),
    [
        (0, "bb1d6929e95937287fa37d129b756746"),
        (16, "070a16b46b4d4144f79bdd9dd04a287c"),
        (40, "dfa66747de9ae63030ca32611497c827"),
        (64, "51f0bebf7e3b9d92fc49741779363cfe"),
    ],
)
def test_aes_cmac_of_rfc_4493_section_4(length: int, mac: str) -> None:
    assert symmetric.aes_cmac(RFC4493_KEY, RFC4493_MESSAGE[:length]).hex() == mac


def test_aes_cmac_of_wycheproof() -> None:
    count = 0
    for group, case in wycheproof("aes_cmac_test"):
        if group["keySize"] not in (128, 192, 256):
            continue  # the invalid key lengths, which a session never has
        count += 1
        mac = symmetric.aes_cmac(bytes.fromhex(case["key"]), bytes.fromhex(case["msg"]))[: group["tagSize"] // 8]
        assert (mac.hex() == case["tag"]) is (case["result"] == "valid"), case["tcId"]
    assert count


@pytest.mark.parametrize(
    ("message", "mac"),
    [("Now is the time for all ", "e9086230ca3be796"), ("Now is the time for it", "5a692ce64f404145")],
)
def test_mac_algorithm_3_of_iso_9797_1_annex_b_with_padding_method_2(message: str, mac: str) -> None:
    key = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    assert symmetric.retail_mac(key, symmetric.pad(message.encode(), 8)).hex() == mac


def test_aes_of_fips_197_appendix_c() -> None:
    plain = bytes.fromhex("00112233445566778899aabbccddeeff")
    expected = {16: "69c4e0d86a7b0430d8cdb78070b4c55a", 24: "dda97ca4864cdfe06eaf70a0ec0d7191",
                32: "8ea2b7ca516745bfeafc49904b496089"}  # fmt: skip
    for size, encrypted in expected.items():
        assert symmetric.aes_block(bytes(range(size)), plain).hex() == encrypted


def test_cbc_of_sp_800_38a_section_f_2() -> None:
    iv = bytes(range(16))
    encrypted = symmetric.aes_cbc_encrypt(RFC4493_KEY, iv, RFC4493_MESSAGE)
    assert encrypted[:16].hex() == "7649abac8119b246cee98e9b12e9197d"
    assert encrypted[48:].hex() == "3ff1caa1681fac09120eca307586e1a7"
    assert symmetric.aes_cbc_decrypt(RFC4493_KEY, iv, encrypted) == RFC4493_MESSAGE


@given(st.binary(max_size=100), st.sampled_from([8, 16]))
def test_padding_comes_off_as_it_was_put_on(data: bytes, block: int) -> None:
    padded = symmetric.pad(data, block)
    assert len(padded) % block == 0
    assert 1 <= len(padded) - len(data) <= block
    assert symmetric.unpad(padded) == data


@pytest.mark.parametrize("data", ["", "00", "0000000000000000", "01", "ff", "80" + 16 * "00", "8001"])
def test_what_is_no_padding_is_refused(data: str) -> None:
    with pytest.raises(BadInput, match="padding-wrong"):
        symmetric.unpad(bytes.fromhex(data))


@pytest.mark.parametrize("length", [1, 7, 15, 17])
def test_a_part_of_a_block_is_refused(length: int) -> None:
    with pytest.raises(BadInput, match="cipher-partial-block"):
        symmetric.aes_cbc_decrypt(bytes(16), bytes(16), bytes(length))
    with pytest.raises(BadInput, match="cipher-partial-block"):
        symmetric.des3_cbc_decrypt(bytes(16), bytes(8), bytes(length))


@given(st.binary(max_size=64), st.sampled_from(CIPHERS), st.integers(0, 1 << 60))
def test_a_suite_decrypts_what_it_encrypted(data: bytes, cipher: str, counter: int) -> None:
    suite = derive_suite(cipher, b"shared")
    width = counter.to_bytes(suite.block, "big")
    encrypted = suite.encrypt(width, symmetric.pad(data, suite.block))
    assert symmetric.unpad(suite.decrypt(width, encrypted)) == data
    assert len(suite.mac(width + symmetric.pad(data, suite.block))) == MAC_SIZE


def test_sealed_data_open_only_unchanged_and_in_their_context() -> None:
    key = Secret(bytes(range(32)))
    sealed = symmetric.aes_gcm_seal(key, b"portrait", b"person 1", SystemEntropy())
    assert symmetric.aes_gcm_open(key, sealed, b"person 1") == b"portrait"
    wrong = [(sealed, b"person 2"), (sealed[:-1], b"person 1"), (b"", b"person 1"), (sealed + b"\0", b"person 1")]
    wrong += [(sealed[:at] + bytes((sealed[at] ^ 1,)) + sealed[at + 1 :], b"person 1") for at in range(len(sealed))]
    for data, context in wrong:
        with pytest.raises(IntegrityBroken, match="sealed-data-broken"):
            symmetric.aes_gcm_open(key, data, context)
    with pytest.raises(IntegrityBroken):
        symmetric.aes_gcm_open(Secret(bytes(32)), sealed, b"person 1")


def test_the_nonce_of_a_seal_is_fresh_randomness() -> None:
    nonce = bytes(range(12))
    assert symmetric.aes_gcm_seal(Secret(bytes(32)), b"", b"", ScriptedEntropy([nonce]))[:12] == nonce
