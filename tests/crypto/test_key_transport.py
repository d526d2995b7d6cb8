"""Keys wrapped for a public key: what OpenSSL wraps we open, what we wrap it opens, and nothing else is taken."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from eid_toolkit.books.keys.transport_pairs import PairKind, TransportPair, generate_pair
from eid_toolkit.ground.errors import BadInput, EidError, SealBroken
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.crypto.key_transport import algorithm_of, parse_wrapped, unwrap_by, wrap_for
from eid_toolkit.standards.pki.certificate import encode_pem, read_pem_or_der

ENTROPY = SystemEntropy()
KEYS = [Secret(bytes(range(size))) for size in (16, 24, 32)]
KINDS: tuple[PairKind, ...] = ("rsa-3072", "p-256")
OAEP = [word for name in ("rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha256")
        for word in ("-pkeyopt", name)]  # fmt: skip


@pytest.fixture(scope="module")
def pairs() -> dict[str, TransportPair]:
    return {kind: generate_pair(kind, ENTROPY) for kind in KINDS}


def openssl(*words: object) -> bytes:
    return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=60).stdout


@pytest.mark.parametrize("key", KEYS, ids=lambda key: str(8 * len(key)))
@pytest.mark.parametrize("kind", KINDS)
def test_a_key_of_every_length_arrives(pairs: dict[str, TransportPair], kind: str, key: Secret) -> None:
    wrapped = wrap_for(key, pairs[kind].public, ENTROPY)
    assert len(wrapped) == (384 if kind == "rsa-3072" else 65 + len(key) + 8)
    assert key.reveal() not in wrapped
    assert unwrap_by(pairs[kind].private, wrapped).matches(key)
    assert wrap_for(key, pairs[kind].public, ENTROPY) != wrapped


def test_openssl_wraps_for_us(pairs: dict[str, TransportPair], tmp_path: Path) -> None:
    (tmp_path / "public.pem").write_bytes(encode_pem("PUBLIC KEY", pairs["rsa-3072"].public))
    (tmp_path / "key").write_bytes(KEYS[2].reveal())
    wrapped = openssl(
        "pkeyutl", "-encrypt", "-pubin", "-inkey", tmp_path / "public.pem", "-in", tmp_path / "key", *OAEP
    )
    assert unwrap_by(pairs["rsa-3072"].private, wrapped).matches(KEYS[2])


def test_openssl_opens_what_we_wrap(tmp_path: Path) -> None:
    openssl("genrsa", "-out", tmp_path / "key.pem", "2048")
    ((_, public),) = read_pem_or_der(openssl("pkey", "-in", tmp_path / "key.pem", "-pubout"))
    (tmp_path / "wrapped").write_bytes(wrap_for(KEYS[0], public, ENTROPY))
    opened = openssl("pkeyutl", "-decrypt", "-inkey", tmp_path / "key.pem", "-in", tmp_path / "wrapped", *OAEP)
    assert opened == KEYS[0].reveal()


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_changed_or_is_for_another_is_refused_in_one_way(
    pairs: dict[str, TransportPair], kind: PairKind
) -> None:
    wrapped = wrap_for(KEYS[0], pairs[kind].public, ENTROPY)
    changed = [wrapped[:at] + bytes([wrapped[at] ^ 1]) + wrapped[at + 1 :] for at in (0, 1, 40, len(wrapped) - 1)]
    other = wrap_for(KEYS[0], generate_pair(kind, ENTROPY).public, ENTROPY)
    for data in (*changed, other, b"", wrapped[:-1], wrapped + b"\x00", bytes(len(wrapped)), bytes(4000)):
        with pytest.raises(SealBroken, match="wrapped-key-not-ours"):
            unwrap_by(pairs[kind].private, data)


def test_what_is_no_aes_key_is_refused(pairs: dict[str, TransportPair], tmp_path: Path) -> None:
    (tmp_path / "public.pem").write_bytes(encode_pem("PUBLIC KEY", pairs["rsa-3072"].public))
    (tmp_path / "key").write_bytes(bytes(20))
    wrapped = openssl(
        "pkeyutl", "-encrypt", "-pubin", "-inkey", tmp_path / "public.pem", "-in", tmp_path / "key", *OAEP
    )
    with pytest.raises(SealBroken, match="wrapped-key-not-ours"):
        unwrap_by(pairs["rsa-3072"].private, wrapped)


def test_keys_that_are_too_weak_or_of_another_kind_get_nothing(tmp_path: Path) -> None:
    openssl("genrsa", "-out", tmp_path / "small.pem", "1024")
    ((_, small),) = read_pem_or_der(openssl("pkey", "-in", tmp_path / "small.pem", "-pubout"))
    brainpool = EcPrivateKey.generate(ec_domain_by_name("brainpoolP256r1"), ENTROPY).public_key.spki()
    ed25519 = bytes.fromhex("302a300506032b6570032100") + bytes(32)
    for public in (small, brainpool, ed25519):
        with pytest.raises(BadInput, match="transport-public-key-unsuitable"):
            algorithm_of(public)
    for garbage in (b"", b"garbage", bytes(300)):
        with pytest.raises(EidError):
            wrap_for(KEYS[0], garbage, ENTROPY)


def test_a_wrapped_key_may_be_written_in_hexadecimal(pairs: dict[str, TransportPair]) -> None:
    wrapped = wrap_for(KEYS[0], pairs["p-256"].public, ENTROPY)
    assert parse_wrapped(wrapped) == wrapped
    lines = "\n".join(wrapped.hex()[at : at + 32] for at in range(0, 2 * len(wrapped), 32))
    assert parse_wrapped(lines.encode() + b"\n") == wrapped
