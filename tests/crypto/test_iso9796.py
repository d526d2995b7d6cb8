"""Signatures with message recovery: published ones, our own, and every way in which they can be wrong."""

from __future__ import annotations

import pytest

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.codec import der
from eid_toolkit.standards.crypto import iso9796
from eid_toolkit.standards.crypto.digests import digest as compute_digest
from eid_toolkit.standards.crypto.iso9796 import TRAILERS
from eid_toolkit.standards.crypto.rsa import RsaPrivateKey, RsaPublicKey
from support.rsa_keys import native_rsa_key, rsa_key
from support.scripted import ScriptedEntropy
from vectors import load

ICAO = {name: value for name, value in load("icao_F_aa_rsa_sha1").items() if isinstance(value, str)}
PUBLISHED = load("iso9796_scheme1_sha1")
REST = bytes(range(8))
DIGESTS = list(TRAILERS)


def vector(name: str) -> bytes:
    return bytes.fromhex(ICAO[name])


def signature_of(representative: bytes, key: RsaPrivateKey) -> bytes:
    """A signature over whatever bytes: what a chip with the right key but a wrong scheme would make."""
    return key.apply(int.from_bytes(representative, "big")).to_bytes(key.public_key.size, "big")


def test_the_standards_example_is_encoded_and_decoded_as_printed() -> None:
    assert iso9796.encode("sha1", vector("M1"), vector("rnd_ifd")) == vector("F")
    recovered = iso9796.decode(vector("F"), vector("rnd_ifd"))
    assert recovered == iso9796.Recovered("sha1", vector("M1"))


def test_a_published_signature_verifies() -> None:
    key = RsaPublicKey(int(PUBLISHED["n"], 16), int(PUBLISHED["e"], 16))
    signature, rest = bytes.fromhex(PUBLISHED["signature"]), bytes.fromhex(PUBLISHED["rest"])
    recovered = iso9796.verify(key, signature, rest)
    assert recovered == iso9796.Recovered("sha1", bytes.fromhex(PUBLISHED["recovered"]))
    assert iso9796.verify(key, signature, b"\x01" + rest[1:]) is None


@pytest.mark.parametrize("digest", DIGESTS)
@pytest.mark.parametrize("bits", [1024, 1280, 2048, 3072])
def test_what_the_card_signs_the_terminal_verifies(digest: str, bits: int) -> None:
    key = rsa_key(bits)
    signature = iso9796.sign(key, digest, REST, SystemEntropy())
    assert len(signature) == bits // 8
    recovered = iso9796.verify(key.public_key, signature, REST)
    assert recovered is not None
    # 9303-11 6.1.2.2: M1 has c - 4 bits, where c = k - Lh - 8t - 4
    expected = bits - 8 * len(compute_digest(digest, b"")) - 8 * len(TRAILERS[digest]) - 8
    assert (recovered.digest, 8 * len(recovered.message)) == (digest, expected)


def test_a_key_of_4096_bits_signs_and_verifies() -> None:
    key = rsa_key(4096)
    assert iso9796.verify(key.public_key, iso9796.sign(key, "sha512", REST, SystemEntropy()), REST)


def test_the_signature_is_of_the_random_part_that_was_drawn() -> None:
    key, random = rsa_key(1024), bytes(range(106))
    recovered = iso9796.verify(key.public_key, iso9796.sign(key, "sha1", REST, ScriptedEntropy([random])), REST)
    assert recovered is not None
    assert recovered.message == random


@pytest.mark.parametrize("digest", DIGESTS)
def test_the_smaller_of_s_and_n_minus_s_is_accepted_and_the_larger_is_not(digest: str) -> None:
    key = rsa_key(1024)
    n = key.public_key.n
    number = int.from_bytes(iso9796.sign(key, digest, REST, SystemEntropy()), "big")
    smaller, larger = sorted((number, n - number))
    assert iso9796.verify(key.public_key, smaller.to_bytes(128, "big"), REST)
    # the larger is a signature of B.6 just if it is F to the power d itself
    accepted = iso9796.verify(key.public_key, larger.to_bytes(128, "big"), REST) is not None
    assert accepted == (larger == number)


@pytest.mark.parametrize("digest", DIGESTS)
def test_every_changed_byte_of_the_representative_is_found(digest: str) -> None:
    key = rsa_key(1024)
    signature = iso9796.sign(key, digest, REST, SystemEntropy())
    representative = key.public_key.apply(int.from_bytes(signature, "big")).to_bytes(128, "big")
    assert iso9796.decode(representative, REST)
    for position in range(128):
        for bit in (0x01, 0x80):
            changed = bytearray(representative)
            changed[position] ^= bit
            assert iso9796.decode(bytes(changed), REST) is None


@pytest.mark.parametrize("header", [0x4A, 0x6B, 0x7A, 0x2A, 0xEA, 0x60])
def test_another_header_is_refused(header: int) -> None:
    key = rsa_key(1024)
    good = iso9796.encode("sha256", bytes(128 - 1 - 32 - 2), REST)
    assert iso9796.verify(key.public_key, signature_of(good, key), REST)
    assert iso9796.verify(key.public_key, signature_of(bytes((header,)) + good[1:], key), REST) is None


def test_padding_before_the_message_is_refused() -> None:
    key = rsa_key(1024)
    message = bytes(128 - 3 - 32 - 2)
    padded = b"\x6b\xbb\xba" + message + compute_digest("sha256", message + REST) + TRAILERS["sha256"]
    assert iso9796.verify(key.public_key, signature_of(padded, key), REST) is None


@pytest.mark.parametrize("trailer", ["33cc", "31cc", "34bc", "00cc", "3acc"])
def test_a_trailer_that_is_not_the_digests_own_is_refused(trailer: str) -> None:
    key, message = rsa_key(1024), bytes(128 - 1 - 20 - 2)
    wrong = b"\x6a" + message + compute_digest("sha1", message + REST) + bytes.fromhex(trailer)
    assert iso9796.verify(key.public_key, signature_of(wrong, key), REST) is None


def test_a_digest_over_the_recovered_part_alone_is_refused() -> None:
    key, message = rsa_key(1024), bytes(128 - 1 - 32 - 2)
    wrong = iso9796.encode("sha256", message, b"")
    assert iso9796.verify(key.public_key, signature_of(wrong, key), REST) is None


@pytest.mark.parametrize("cut", [0, 1, 127, 129, 256])
def test_a_signature_of_another_length_is_refused(cut: int) -> None:
    key = rsa_key(1024)
    signature = (iso9796.sign(key, "sha1", REST, SystemEntropy()) + bytes(128))[:cut]
    assert iso9796.verify(key.public_key, signature, REST) is None


def test_a_signature_not_below_the_modulus_is_refused() -> None:
    key = rsa_key(1024)
    number = int.from_bytes(iso9796.sign(key, "sha1", REST, SystemEntropy()), "big") + key.public_key.n
    if number.bit_length() <= 1024:
        assert iso9796.verify(key.public_key, number.to_bytes(128, "big"), REST) is None
    assert iso9796.verify(key.public_key, b"\xff" * 128, REST) is None


def test_a_key_too_short_for_the_digest_cannot_sign() -> None:
    p, q, e = (1 << 89) - 1, (1 << 127) - 1, 65537  # Mersenne primes: 216 bits
    numbers = (0, p * q, e, pow(e, -1, (p - 1) * (q - 1)), p, q, 2, 2, 2)
    key = RsaPrivateKey(Secret(der.sequence(*map(der.integer, numbers))))
    with pytest.raises(BadInput, match="iso9796-key-too-short"):
        iso9796.sign(key, "sha256", REST, ScriptedEntropy([]))


def test_a_modulus_that_is_not_of_whole_bytes_is_named() -> None:
    with pytest.raises(BadInput, match="iso9796-key-not-whole-bytes"):
        iso9796.verify(RsaPublicKey((1 << 1022) + 1, 65537), bytes(128), REST)


def test_the_private_operation_is_that_of_the_library() -> None:
    key, numbers = rsa_key(1024), native_rsa_key(1024).private_numbers()
    assert key.apply(12345) == pow(12345, numbers.d, numbers.public_numbers.n)


def test_every_byte_of_a_private_key_that_is_changed_is_found_or_harmless() -> None:
    key = rsa_key(1024)
    encoded = key.pkcs1.reveal()
    for position in range(0, len(encoded), 7):
        changed = bytearray(encoded)
        changed[position] ^= 0x04
        try:
            other = RsaPrivateKey(Secret(bytes(changed)))
        except BadInput:
            continue
        assert other.apply(5) == key.apply(5)  # only the exponents that are computed anew were touched
