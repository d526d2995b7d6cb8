"""The terminals of a home: what is kept, what is refused, and what is told when it is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from eid_toolkit.books.authorities.terminals import DIRECTORY, TerminalStore
from eid_toolkit.ground.errors import AccessDenied, BadInput, IntegrityBroken
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.pki.cv_authorization import Role, TerminalType
from support.cv_chain import CvEcSigner, Holder, cvca, ec_signer

PASSPHRASE = Secret(b"a passphrase for tests")
ENTROPY = SystemEntropy()


@pytest.fixture
def store(tmp_path: Path) -> TerminalStore:
    return TerminalStore.create(tmp_path, lambda: PASSPHRASE, ENTROPY)


@pytest.fixture(scope="module")
def chain() -> tuple[Holder, Holder, Holder]:
    root = cvca(ec_signer(digest="sha384"))
    verifier = root.issue("UTDV00001", Role.DV_DOMESTIC)
    return root, verifier, verifier.issue("UTIS00001", Role.TERMINAL)


def add(store: TerminalStore, holders: tuple[Holder, ...]) -> None:
    signer = holders[-1].signer
    assert isinstance(signer, CvEcSigner)
    store.add([holder.certificate for holder in holders], signer.key)


def reopened(root: Path, passphrase: bytes = b"a passphrase for tests") -> TerminalStore:
    found = TerminalStore.open(root, lambda: Secret(passphrase), ENTROPY)
    assert found is not None
    return found


def test_a_home_without_terminals_has_none(tmp_path: Path) -> None:
    assert TerminalStore.open(tmp_path, lambda: PASSPHRASE, ENTROPY) is None


def test_what_was_kept_signs_as_its_certificate_says(
    store: TerminalStore, chain: tuple[Holder, Holder, Holder], tmp_path: Path
) -> None:
    add(store, chain)
    add(store, chain)  # again after an interruption
    (found,) = reopened(tmp_path).identities()
    assert found.certificate == chain[-1].certificate
    assert set(found.above) == {chain[0].certificate, chain[1].certificate}
    assert found.signer.algorithm.digest == "sha384"  # on a curve of 256 bits
    assert found.signer.public_key == chain[-1].signer.key.public_key.spki(explicit=True)  # type: ignore[union-attr]


def test_another_passphrase_opens_nothing(
    store: TerminalStore, chain: tuple[Holder, Holder, Holder], tmp_path: Path
) -> None:
    add(store, chain)
    with pytest.raises(AccessDenied, match="passphrase-wrong"):
        reopened(tmp_path, b"another passphrase").identities()


def test_a_certificate_without_its_key_is_no_terminal(
    store: TerminalStore, chain: tuple[Holder, Holder, Holder], tmp_path: Path
) -> None:
    add(store, chain)
    for path in (tmp_path / DIRECTORY).glob("*.p8"):
        path.unlink()
    assert reopened(tmp_path).identities() == ()


def test_only_one_terminal_with_its_own_key_is_taken(
    store: TerminalStore, chain: tuple[Holder, Holder, Holder]
) -> None:
    _, verifier, terminal = chain
    other, signature = (
        ec_signer(),
        verifier.issue("UTST00001", Role.TERMINAL, terminal_type=TerminalType.SIGNATURE_TERMINAL),
    )
    wrong = [
        ([terminal.certificate], other.key),
        ([verifier.certificate], other.key),
        ([signature.certificate], signature.signer.key),  # type: ignore[union-attr]
        ([terminal.certificate, verifier.issue("UTIS00002", Role.TERMINAL).certificate], terminal.signer.key),  # type: ignore[union-attr]
    ]
    for certificates, key in wrong:
        with pytest.raises(BadInput, match="terminal-key-mismatch"):
            store.add(certificates, key)
    assert store.identities() == ()


@pytest.mark.parametrize("damage", [b"", b"\x7f\x21\x00"])
def test_a_damaged_certificate_is_named(
    store: TerminalStore, chain: tuple[Holder, Holder, Holder], tmp_path: Path, damage: bytes
) -> None:
    add(store, chain)
    next((tmp_path / DIRECTORY).glob("*.cvcert")).write_bytes(damage)
    with pytest.raises(IntegrityBroken, match="terminal-store-damaged"):
        reopened(tmp_path).identities()
