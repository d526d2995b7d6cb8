"""A bundle says how far its maker's register had come: an officer's home sees one that was set back with its home."""

from __future__ import annotations

from pathlib import Path

import pytest

from eid_toolkit.books.trust.bundles import BundleStore, bundle_of
from eid_toolkit.books.trust.packs import Pack
from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.pki.trust_bundle import BUNDLE_SIGNING_KEY, RegisterHead, TrustBundle, build_trust_bundle
from support.authorities import NOW, Authority, new_key

UTOPIA, KEY = Authority(), new_key()
SIGNER = UTOPIA.list_signer(KEY, purpose=BUNDLE_SIGNING_KEY)
ONE, OTHER = "1" * 64, "2" * 64


def bundle(version: int, register: RegisterHead | None) -> TrustBundle:
    sections = {"anchors": (UTOPIA.csca.der,), "crls": (UTOPIA.crl().der,)}
    return bundle_of("Utopia", version, NOW, sections, register=register)


def take(folder: Path, *heads: RegisterHead | None) -> list[Pack]:
    """One bundle after the other."""
    store = BundleStore(TrustStore(folder))
    packs = []
    for version, head in enumerate(heads, 1):
        data = build_trust_bundle(bundle(version, head), KEY, SIGNER, (UTOPIA.csca,), NOW)
        packs.append(store.take(data, "bundle", NOW, UTOPIA.csca.fingerprint, None)[0])
    return packs


@pytest.mark.parametrize(
    ("heads", "behind"),
    [
        ((RegisterHead(10, ONE), RegisterHead(12, OTHER)), [False, False]),
        ((RegisterHead(10, ONE), RegisterHead(10, ONE)), [False, False]),
        ((RegisterHead(10, ONE), RegisterHead(9, ONE)), [False, True]),
        ((RegisterHead(10, ONE), RegisterHead(10, OTHER)), [False, True]),
        ((RegisterHead(10, ONE), None), [False, True]),
        ((None, RegisterHead(3, ONE)), [False, False]),
        ((RegisterHead(10, ONE), RegisterHead(9, ONE), RegisterHead(9, ONE)), [False, True, True]),
        ((RegisterHead(10, ONE), RegisterHead(9, ONE), RegisterHead(11, ONE)), [False, True, False]),
    ],
)
def test_a_register_that_is_behind_is_told(
    tmp_path: Path, heads: tuple[RegisterHead | None, ...], behind: list[bool]
) -> None:
    assert [pack.facts["register_behind"] for pack in take(tmp_path / "trust", *heads)] == behind


def test_a_bundle_without_it_is_written_as_those_of_before() -> None:
    data = bundle(1, None).encode()
    assert b'"register"' not in data
    assert TrustBundle.parse(data).encode() == data
    whole = bundle(1, RegisterHead(7, ONE))
    assert TrustBundle.parse(whole.encode()).register == RegisterHead(7, ONE)


@pytest.mark.parametrize("head", [RegisterHead(0, ONE), RegisterHead(-1, ONE), RegisterHead(5, "x")])
def test_a_head_that_is_none_is_refused(head: RegisterHead) -> None:
    with pytest.raises(BadInput, match="bundle-malformed"):
        TrustBundle.parse(bundle(1, head).encode())
