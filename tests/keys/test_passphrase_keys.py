"""Keys under one passphrase: nothing without it, nothing in clear."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from eid_toolkit.books.keys import stretching
from eid_toolkit.books.keys.passphrase_keys import PassphraseKeys
from eid_toolkit.ground.errors import AccessDenied, BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.crypto.signatures import verify
from support.stretching import REAL_COST

ENTROPY = SystemEntropy()
PASSPHRASE = Secret(b"correct horse")
KEY = EcPrivateKey.generate(ec_domain_by_name("brainpoolP256r1"), ENTROPY)


@pytest.fixture
def store(tmp_path: Path) -> PassphraseKeys:
    made = PassphraseKeys.create(tmp_path, PASSPHRASE, ENTROPY)
    made.add_ec("ds-1", KEY)
    made.files.create_symmetric("data", Secret(bytes(range(32))))
    return made


def reopened(directory: Path, passphrase: bytes = b"correct horse") -> PassphraseKeys:
    return PassphraseKeys.open(directory, lambda: Secret(passphrase), ENTROPY)


def test_keys_come_back_with_the_passphrase(store: PassphraseKeys, tmp_path: Path) -> None:
    again = reopened(tmp_path)
    assert again.names() == ("data", "ds-1")
    assert again.files.symmetric("data").matches(bytes(range(32)))
    signer = again.signer("ds-1")
    assert signer.algorithm.digest == "sha256"
    assert verify(signer.public_key, signer.algorithm, signer.sign(b"message"), b"message")


def test_a_wrong_passphrase_opens_nothing(store: PassphraseKeys, tmp_path: Path) -> None:
    wrong = reopened(tmp_path, b"correct house")
    for use in (lambda: wrong.files, lambda: wrong.signer("ds-1")):
        with pytest.raises(AccessDenied, match="passphrase-wrong"):
            use()


def test_the_passphrase_is_asked_for_once_and_only_when_needed(store: PassphraseKeys, tmp_path: Path) -> None:
    asked = []

    def ask() -> Secret:
        asked.append(1)
        return PASSPHRASE

    again = PassphraseKeys.open(tmp_path, ask, ENTROPY)
    assert again.names() and not asked
    again.signer("ds-1")
    again.files.symmetric("data")
    assert len(asked) == 1


def test_no_key_is_in_clear(store: PassphraseKeys, tmp_path: Path) -> None:
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in (KEY.scalar.reveal(), bytes(range(32)), PASSPHRASE.reveal()):
        assert secret not in content
        assert secret.hex().encode() not in content.lower()


def test_private_keys_are_encrypted_pkcs8(store: PassphraseKeys, tmp_path: Path) -> None:
    shown = subprocess.run(
        ["openssl", "asn1parse", "-inform", "DER", "-in", tmp_path / "ds-1.p8"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    assert "PBES2" in shown and "aes-256-cbc" in shown


def test_a_persons_passphrase_is_stretched_but_unlocks_quickly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretching, "PERSON_COST", REAL_COST)
    PassphraseKeys.create(tmp_path, PASSPHRASE, ENTROPY)
    lock = json.loads((tmp_path / "key-store.json").read_text())["passphrase"]
    assert (lock["kdf"], lock["n"], lock["r"]) == ("scrypt", 1 << 15, 8)
    start = time.process_time()
    assert reopened(tmp_path).files
    assert time.process_time() - start < 0.5  # some 70 ms, and slow machines


def test_names_are_checked_and_never_taken_twice(store: PassphraseKeys) -> None:
    with pytest.raises(NotPermitted, match="key-exists"):
        store.add_ec("ds-1", KEY)
    with pytest.raises(BadInput, match="key-name-malformed"):
        store.add_ec("../ds", KEY)
    with pytest.raises(IntegrityBroken, match="key-missing"):
        store.signer("nothing")


@pytest.mark.parametrize("name", ["key-store.json", "ds-1.p8", "data.wrapped"])
def test_damaged_files_are_told(store: PassphraseKeys, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:-5] + b"xxxxx")
    with pytest.raises(IntegrityBroken):
        again = reopened(tmp_path)
        again.files.symmetric("data")
        again.signer("ds-1")


def test_a_wrapped_key_does_not_pass_for_another(store: PassphraseKeys, tmp_path: Path) -> None:
    store.files.create_symmetric("transport", Secret(bytes(16)))
    (tmp_path / "transport.wrapped").replace(tmp_path / "card-master.wrapped")
    with pytest.raises(IntegrityBroken):
        reopened(tmp_path).files.symmetric("card-master")


def test_short_passphrases_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="passphrase-too-short"):
        PassphraseKeys.create(tmp_path, Secret(b"1234567"), ENTROPY)
