"""Key derivation against published values."""

from __future__ import annotations

import hashlib

import pytest

from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto import kdf, symmetric
from eid_toolkit.standards.crypto.kdf import KEY_SIZES, KeyUse

SEED = bytes.fromhex("239AB9CB282DAF66231DC5A4DF6BFBAE")  # 9303-11 D.1


def test_the_keys_of_bac_in_9303_11_d_1() -> None:
    assert kdf.derive(SEED, KeyUse.ENCRYPTION, "3des").reveal().hex().upper() == "AB94FDECF2674FDFB9B391F85D7F76F2"
    assert kdf.derive(SEED, KeyUse.MAC, "3des").reveal().hex().upper() == "7962D9ECE03D1ACD4C76089DCE131543"


@pytest.mark.parametrize("cipher", KEY_SIZES)
@pytest.mark.parametrize("use", KeyUse)
def test_a_key_is_the_beginning_of_the_digest_over_secret_and_counter(cipher: str, use: KeyUse) -> None:
    digest = hashlib.sha1 if KEY_SIZES[cipher] == 16 else hashlib.sha256
    expected = digest(b"secret" + bytes((0, 0, 0, use))).digest()[: KEY_SIZES[cipher]]
    key = kdf.derive(b"secret", use, cipher).reveal()
    if cipher == "3des":
        assert all(byte.bit_count() % 2 for byte in key)
        assert bytes(byte & 0xFE for byte in key) == bytes(byte & 0xFE for byte in expected)
    else:
        assert key == expected


@pytest.mark.parametrize("length", [3, 8, 16, 24, 32])
def test_the_derivation_of_scp03_is_cmac_over_its_blocks(length: int) -> None:
    """SP 800-108 5.1, written out with the CMAC of this toolkit, which has its own vectors."""
    key, context = Secret(bytes(range(16))), b"host-and-card-challenge"
    blocks = [
        bytes(11) + bytes((0x04, 0)) + (8 * length).to_bytes(2, "big") + bytes((counter,)) + context
        for counter in (1, 2)
    ]
    expected = b"".join(symmetric.aes_cmac(key.reveal(), block) for block in blocks)[:length]
    assert kdf.counter_cmac(key, 0x04, length, context) == expected
