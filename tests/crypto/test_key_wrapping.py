"""Keys wrapped for a public key: the published vector, what OpenSSL makes of the same algorithm, and changed wraps."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.ground.errors import BadInput, SealBroken
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.crypto.key_wrapping import CURVE, WrappedKey, shared_info, unwrap, wrap
from support.scripted import ScriptedEntropy

P256 = ec_domain_by_name(CURVE)
ENTROPY = SystemEntropy()
KEY = Secret(bytes(range(32)))


@pytest.fixture(scope="module")
def recipient() -> EcPrivateKey:
    return EcPrivateKey.generate(P256, ENTROPY)


def test_the_published_vector() -> None:
    """docs/key-wrap.md: the static key 01…20, the ephemeral key 21…40, the context "context"."""
    recipient = EcPrivateKey(P256, Secret(bytes(range(0x01, 0x21))))
    made = wrap(KEY, recipient.public_key, b"context", ScriptedEntropy([bytes(range(0x21, 0x41))]))
    page = (Path(__file__).parents[2] / "docs" / "key-wrap.md").read_text()
    for value in (recipient.public_key.point, made.ephemeral, shared_info(b"context"), made.wrapped):
        assert value.hex() in page.replace("\n", "").replace(" ", "")
    assert unwrap(made, recipient, b"context").matches(KEY)


def test_a_wrap_by_openssl_is_opened(tmp_path: Path) -> None:
    """`openssl cms` with sha256kdf and AES-256 key wrap: what it wraps for a certificate's key, we unwrap."""
    key, certificate, message = tmp_path / "key.pem", tmp_path / "cert.pem", tmp_path / "message.der"
    (tmp_path / "plain").write_bytes(b"for nobody else")

    def openssl(*words: object) -> bytes:
        return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=60).stdout

    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
            "-out", certificate, "-subj", "/CN=recipient")  # fmt: skip
    openssl("cms", "-encrypt", "-aes256", "-binary", "-outform", "DER", "-in", tmp_path / "plain", "-out", message,
            "-recip", certificate, "-keyopt", "ecdh_kdf_md:sha256", "-aes256-wrap")  # fmt: skip
    recipient = EcPrivateKey.from_pkcs8(openssl("pkcs8", "-topk8", "-nocrypt", "-outform", "DER", "-in", key), None)
    enveloped = tlv.parse(message.read_bytes()).children()[1].children()[0].children()
    agreed = enveloped[1].children()[0].children()  # KeyAgreeRecipientInfo
    point = agreed[1].children()[0].children()[1].value[1:]
    encrypted_key = agreed[-1].children()[0].children()[1].value
    content = enveloped[2].children()
    vector, ciphertext = content[1].children()[1].value, content[2].value
    secret = unwrap(WrappedKey(point, encrypted_key), recipient, b"")

    from eid_toolkit.standards.crypto.symmetric import aes_cbc_decrypt

    assert aes_cbc_decrypt(secret.reveal(), vector, ciphertext).startswith(b"for nobody else")


@pytest.mark.parametrize("size", [16, 24, 32, 64])
def test_keys_of_every_size_come_back(recipient: EcPrivateKey, size: int) -> None:
    key = Secret(ENTROPY.take(size))
    assert unwrap(wrap(key, recipient.public_key, b"here", ENTROPY), recipient, b"here").matches(key)


@pytest.mark.parametrize("size", [0, 8, 15, 33, 72])
def test_other_sizes_are_refused(recipient: EcPrivateKey, size: int) -> None:
    with pytest.raises(BadInput):
        wrap(Secret(bytes(size)), recipient.public_key, b"", ENTROPY)


def test_nobody_else_and_no_other_context_opens_it(recipient: EcPrivateKey) -> None:
    made = wrap(KEY, recipient.public_key, b"here", ENTROPY)
    with pytest.raises(SealBroken):
        unwrap(made, EcPrivateKey.generate(P256, ENTROPY), b"here")
    for context in (b"", b"there", b"here\0"):
        with pytest.raises(SealBroken):
            unwrap(made, recipient, context)


@given(st.integers(0, 64 + 40), st.integers(1, 255))
def test_a_changed_byte_opens_nothing(place: int, change: int) -> None:
    recipient = EcPrivateKey(P256, Secret(bytes(range(0x01, 0x21))))
    made = wrap(KEY, recipient.public_key, b"here", ENTROPY)
    data = bytearray(made.ephemeral + made.wrapped)
    data[place] ^= change
    with pytest.raises(SealBroken):
        unwrap(WrappedKey(bytes(data[:65]), bytes(data[65:])), recipient, b"here")
