"""The floor of strength in a bundle, and that of a home: an inspection takes what is stricter, and nothing weaker."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.books.trust.bundles import BundleStore, bundle_of
from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.crypto.digests import DIGEST_OIDS
from eid_toolkit.standards.crypto_policy import shipped_policy
from eid_toolkit.standards.crypto_policy.floor import StrengthFloor
from eid_toolkit.standards.pki.trust_bundle import BUNDLE_SIGNING_KEY, BundlePolicy, TrustBundle, build_trust_bundle
from eid_toolkit.work.inspection.policy import POLICY_NAMES, Floor, policy_by_name
from eid_toolkit.work.inspection.verdict import judge
from support.authorities import NOW, Authority, new_key
from support.documents import IssuedDocument, specimen_mrz

UTOPIA, KEY = Authority(), new_key()
SIGNER = UTOPIA.list_signer(KEY, purpose=BUNDLE_SIGNING_KEY)
HIGH = StrengthFloor(4, 3072, 256, frozenset({"sha384", "sha512"}))
LOW = StrengthFloor(5, 1024, 160, frozenset(DIGEST_OIDS))
FLOORS = st.builds(
    StrengthFloor,
    st.integers(0, 9),
    st.integers(1024, 4096),
    st.integers(160, 521),
    st.frozensets(st.sampled_from(sorted(DIGEST_OIDS)), min_size=1),
)


def bundle(floor: StrengthFloor | None) -> TrustBundle:
    sections = {"anchors": (UTOPIA.csca.der,), "crls": (UTOPIA.crl().der,)}
    return bundle_of("Utopia", 1, NOW, sections, BundlePolicy(floor=floor))


def taken(folder: Path, floor: StrengthFloor | None) -> TrustStore:
    trust = TrustStore(folder)
    data = build_trust_bundle(bundle(floor), KEY, SIGNER, (UTOPIA.csca,), NOW)
    BundleStore(trust).take(data, "bundle", NOW, UTOPIA.csca.fingerprint, None)
    return trust


def test_a_bundle_without_a_floor_is_written_as_those_of_before() -> None:
    data = bundle(None).encode()
    assert b"floor" not in data
    assert TrustBundle.parse(data).encode() == data


def test_a_floor_goes_with_the_bundle_to_the_officer(tmp_path: Path) -> None:
    assert TrustBundle.parse(bundle(HIGH).encode()).policy.floor == HIGH
    material = taken(tmp_path / "trust", HIGH).material()
    assert material.bundle is not None
    assert material.bundle.floor == HIGH


def test_a_document_below_a_bundles_floor_has_a_finding_that_names_value_rule_and_version(tmp_path: Path) -> None:
    document, officer = IssuedDocument(UTOPIA, specimen_mrz()), policy_by_name("officer")
    verdict = judge(document.evidence(), taken(tmp_path / "trust", HIGH).material(), officer, NOW)
    (check,) = [each for each in verdict.checks if each.id == "pa.strength"]
    found = {each.reason: each.facts for each in check.outcome.findings}
    assert found["weak-digest-of-data-groups"] == {"digest": "sha256", "rule": "hashes = sha384, sha512", "version": 4}
    without = judge(document.evidence(), taken(tmp_path / "other", None).material(), officer, NOW)
    (same,) = [each for each in without.checks if each.id == "pa.strength"]
    assert same.outcome.findings == ()


def test_a_homes_own_floor_counts_as_a_bundles_does() -> None:
    document, trust = IssuedDocument(UTOPIA, specimen_mrz()), UTOPIA.trust(UTOPIA.crl())
    verdict = judge(document.evidence(), replace(trust, floor=HIGH), policy_by_name("issuer-readback"), NOW)
    (check,) = [each for each in verdict.checks if each.id == "pa.strength"]
    assert check.reason == "weak-digest-of-data-groups"


@pytest.mark.parametrize("name", POLICY_NAMES)
def test_a_lower_floor_changes_nothing(tmp_path: Path, name: str) -> None:
    policy, bundled = policy_by_name(name), taken(tmp_path / "trust", LOW).material().bundle
    assert policy.tightened(bundled, LOW).floor == policy.floor


@given(FLOORS, FLOORS)
def test_no_floor_makes_another_weaker(own: StrengthFloor, bundled: StrengthFloor) -> None:
    shipped, found = Floor(), Floor().raised(own).raised(bundled)
    for floor in (own, bundled, shipped_policy().floor):
        assert found.rsa_bits >= floor.least_rsa_bits
        assert found.ec_bits >= floor.least_ec_bits
        assert found.digests <= floor.hashes
    assert found.rsa_bits in (shipped.rsa_bits, own.least_rsa_bits, bundled.least_rsa_bits)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"least_rsa_bits": 3072', b'"least_rsa_bits": -1'),
        (b'"least_rsa_bits": 3072', b'"least_rsa_bits": "x"'),
        (b'"least_ec_bits": 256', b'"least_ec_bits": 1e3'),
        (b'"version": 4', b'"version": -4'),
        (b'"sha384"', b'"md5"'),
        (b'"sha384"', b'"sha512"'),
    ],
)
def test_a_bundle_with_a_senseless_floor_is_refused(before: bytes, after: bytes) -> None:
    data = bundle(HIGH).encode()
    assert data.count(before) == 1
    with pytest.raises(BadInput, match="bundle-malformed"):
        TrustBundle.parse(data.replace(before, after))
