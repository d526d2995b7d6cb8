"""The crypto policy: what is shipped fits what is made, each rule refuses, and what is made follows what it wants."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.books.audit.checkpoints import _CURVE as AUDIT_CURVE
from eid_toolkit.books.authorities.authorities import AuthorityStore
from eid_toolkit.books.authorities.compliance import of_certificate
from eid_toolkit.books.authorities.verifying import VerifyingStore
from eid_toolkit.ground.errors import BadInput, NotPermitted
from eid_toolkit.standards.crypto_policy import CryptoPolicy, Use, read_policy, shipped_policy
from eid_toolkit.standards.crypto_policy.policy import LIMITS
from eid_toolkit.standards.crypto_policy.reading import toml_of
from eid_toolkit.standards.pki.cv_authorization import VALIDITY_DAYS, Role
from eid_toolkit.standards.profiles import list_profiles, load_profile
from eid_toolkit.work.inspection.policy import Floor
from eid_toolkit.work.office.charters import charter_of
from eid_toolkit.work.office.compliance import noncompliances
from eid_toolkit.work.personalization.chip_compliance import of_profile
from support.crypto_policies import changed, file_of
from support.homes import ENTROPY, NOW, UTOPIAN, WorkingOffice
from support.preparing import approved

TODAY = NOW.date()
SHIPPED = toml_of(shipped_policy())


def stores(office: WorkingOffice, policy: CryptoPolicy) -> tuple[AuthorityStore, VerifyingStore]:
    return (
        AuthorityStore(office.home.pki, office.keys, None, lambda: policy),
        VerifyingStore(office.home.pki, office.keys, lambda: policy),
    )


# What is shipped.


def test_the_shipped_policy_has_a_source_for_each_limit() -> None:
    for use, rules in shipped_policy().uses.items():
        set_here = {name for name in LIMITS[use] if getattr(rules, name) is not None}
        assert set(rules.sources) == set_here, use
    assert set(shipped_policy().inspection.sources) == {"hashes", "least_rsa_bits", "least_ec_bits"}


def test_a_home_that_is_new_complies_with_it(office: WorkingOffice) -> None:
    looked, found = noncompliances(office)
    assert looked >= 2 * len(office.authorities.states()) + 3
    assert found == []


@pytest.mark.parametrize("name", list_profiles())
def test_the_shipped_profiles_comply_with_it(name: str) -> None:
    assert list(of_profile(shipped_policy(), load_profile(name))) == []


def test_its_floor_is_that_of_the_policies_of_verdicts() -> None:
    assert Floor().raised(shipped_policy().floor) == Floor()
    assert Floor().digests == shipped_policy().floor.hashes


def test_it_allows_what_the_standard_allows_of_card_verifiable_certificates() -> None:
    uses = {Role.CVCA: Use.CVCA, Role.DV_DOMESTIC: Use.VERIFIER, Role.TERMINAL: Use.TERMINAL}
    for role, use in uses.items():
        assert shipped_policy().uses[use].longest_validity_days == VALIDITY_DAYS[role][1]


def test_the_key_of_the_audit_log_is_on_a_curve_of_it() -> None:
    assert list(shipped_policy().of_curve(Use.AUDIT, AUDIT_CURVE)) == []


@pytest.mark.parametrize("kind", ["ec", "ec-nist", "rsa-pss"])
def test_every_kind_of_key_complies_with_it(office: WorkingOffice, kind: Any) -> None:
    authorities, verifying = stores(office, shipped_policy())
    charter = charter_of(office, "UTO")
    authorities.create_signer(charter, NOW, ENTROPY, kind)
    authorities.list_signer(charter, NOW, ENTROPY, kind)
    authorities.bundle_signer(charter, NOW, ENTROPY, kind)
    verifying.create_root("UTO", "UTCVCA", 3, TODAY, 1098, kind)
    assert noncompliances(office)[1] == []


# Each rule refuses.

Doing = Callable[[AuthorityStore, VerifyingStore, Any], object]
_SIGNER: Doing = lambda own, _, charter: own.create_signer(charter, NOW, ENTROPY)  # noqa: E731
_SIGNER_RSA: Doing = lambda own, _, charter: own.create_signer(charter, NOW, ENTROPY, "rsa-pss")  # noqa: E731
_SIGN: Doing = lambda own, _, charter: own.document_signer("UTO", NOW)  # noqa: E731
_ROLL: Doing = lambda own, _, charter: own.roll_csca(charter, NOW, ENTROPY)  # noqa: E731
_LIST: Doing = lambda own, _, charter: own.list_signer(charter, NOW, ENTROPY)  # noqa: E731
_BUNDLE: Doing = lambda own, _, charter: own.bundle_signer(charter, NOW, ENTROPY)  # noqa: E731
_CVCA: Doing = lambda _, cv, charter: cv.create_root("UTO", "UTCVCA", 3, TODAY, 1000, "ec")  # noqa: E731
NIST, LONG = frozenset({"secp256r1", "secp384r1"}), frozenset({"sha512"})


@pytest.mark.parametrize(
    ("use", "limits", "doing", "value"),
    [
        (Use.DOCUMENT_SIGNER, {"curves": NIST}, _SIGNER, "brainpoolP256r1"),
        (Use.DOCUMENT_SIGNER, {"curves": NIST}, _SIGN, "brainpoolP256r1"),
        (Use.DOCUMENT_SIGNER, {"hashes": LONG}, _SIGN, "sha256"),
        (Use.DOCUMENT_SIGNER, {"hashes": LONG}, _SIGNER_RSA, "sha256"),
        (Use.DOCUMENT_SIGNER, {"least_rsa_bits": None}, _SIGNER_RSA, "RSA-2048"),
        (Use.DOCUMENT_SIGNER, {"least_rsa_bits": 8192}, _SIGNER_RSA, "RSA-2048"),
        (Use.DOCUMENT_SIGNER, {"longest_validity_days": 365}, _SIGNER, "3750 days"),
        (Use.CSCA, {"hashes": frozenset({"sha256"})}, _ROLL, "sha384"),
        (Use.CSCA, {"curves": NIST}, _ROLL, "brainpoolP384r1"),
        (Use.CSCA, {"longest_validity_days": 3650}, _ROLL, "5210 days"),
        (Use.LIST_SIGNER, {"curves": NIST}, _LIST, "brainpoolP256r1"),
        (Use.BUNDLE_SIGNER, {"curves": NIST}, _BUNDLE, "brainpoolP256r1"),
        (Use.CVCA, {"curves": NIST}, _CVCA, "brainpoolP256r1"),
        (Use.CVCA, {"hashes": LONG, "curves": frozenset({"brainpoolP256r1"})}, _CVCA, "sha256"),
        (Use.CVCA, {"longest_validity_days": 999}, _CVCA, "1000 days"),
    ],
)
def test_each_rule_refuses_and_says_what(
    office: WorkingOffice, use: Use, limits: dict[str, Any], doing: Doing, value: str
) -> None:
    with pytest.raises(NotPermitted, match="crypto-policy-refused") as caught:
        doing(*stores(office, replace(changed(use, **limits), version=7)), charter_of(office, "UTO"))
    facts = caught.value.facts
    assert (facts["use"], facts["value"], facts["version"]) == (str(use), value, 7)
    assert str(facts["rule"]).partition(" = ")[0] in limits
    assert caught.value.exit_code == 10


def test_verifiers_and_terminals_have_rules_of_their_own(office: WorkingOffice) -> None:
    _, whole = stores(office, shipped_policy())
    whole.create_root("UTO", "UTCVCA", 3, TODAY, 1000, "ec")
    request, _ = whole.request("UTO", "dv", "UTDV", "ec")
    _, short = stores(office, changed(Use.VERIFIER, longest_validity_days=20))
    with pytest.raises(NotPermitted, match="crypto-policy-refused"):
        short.certify_verifier("UTO", request, Role.DV_DOMESTIC, 3, TODAY, 30)
    whole.install("UTO", "dv", short.certify_verifier("UTO", request, Role.DV_DOMESTIC, 3, TODAY, 20))
    asked, _ = whole.request("UTO", "is", "UTIS", "ec")
    _, other = stores(office, changed(Use.TERMINAL, curves=NIST))
    with pytest.raises(NotPermitted, match="crypto-policy-refused") as caught:
        other.certify_terminal("UTO", asked, 3, TODAY, 5)
    assert caught.value.facts["value"] == "brainpoolP256r1"


def test_a_documents_chip_keys_and_digest_are_checked_before_it_is_prepared(office: WorkingOffice) -> None:
    (application,) = approved(office, 1)
    for use, limits in (
        (Use.CHIP_AUTHENTICATION, {"curves": NIST}),
        (Use.ACTIVE_AUTHENTICATION, {"curves": NIST}),
        (Use.ACTIVE_AUTHENTICATION, {"hashes": LONG}),
        (Use.DOCUMENT_SIGNER, {"hashes": LONG}),
    ):
        own, _ = stores(office, changed(use, **limits))
        (outcome,) = replace(office.preparation, authorities=own).prepare_all([application], office.clerk)
        assert isinstance(outcome, NotPermitted), (use, limits)
        assert (outcome.code, outcome.facts["use"]) == ("crypto-policy-refused", str(use))
    assert office.preparation.prepare(application, office.clerk).application_id == application
    assert office.approved(UTOPIAN) is not None


def test_a_home_may_only_lower_the_limit_of_signatures(office: WorkingOffice) -> None:
    policy = changed(Use.DOCUMENT_SIGNER, signature_limit=2)
    for limit, signs in ((None, 2), (1, 1), (500, 2)):
        charter = charter_of(office, "UTO")
        store = AuthorityStore(office.home.pki, office.keys, limit, lambda: policy)
        store.create_signer(charter, NOW, ENTROPY)
        _, key = store.document_signer("UTO", NOW)
        for _ in range(signs):
            key.sign(b"a document")
        with pytest.raises(NotPermitted, match="document-signer-exhausted"):
            key.sign(b"one more")


# What is made follows the policy where it can.


def test_a_signer_is_used_as_shortly_as_the_policy_wants(office: WorkingOffice) -> None:
    policy = changed(Use.DOCUMENT_SIGNER, longest_usage_days=30)
    own, _ = stores(office, policy)
    certificate = own.create_signer(charter_of(office, "UTO"), NOW, ENTROPY)
    usage = certificate.extensions.private_key_usage
    assert usage is not None and usage.not_after == certificate.not_before + timedelta(days=30)
    assert list(of_certificate(policy, Use.DOCUMENT_SIGNER, certificate)) == []


@pytest.mark.parametrize(
    ("limits", "kind", "found"),
    [
        ({"curves": frozenset({"brainpoolP512r1"})}, "ec", "sha512"),
        ({"hashes": frozenset({"sha384"})}, "ec-nist", "sha384"),
    ],
)
def test_the_next_longer_key_is_made_where_the_usual_one_is_too_short(
    office: WorkingOffice, limits: dict[str, Any], kind: Any, found: str
) -> None:
    own, _ = stores(office, changed(Use.DOCUMENT_SIGNER, **limits))
    own.create_signer(charter_of(office, "UTO"), NOW, ENTROPY, kind)
    _, key = own.document_signer("UTO", NOW)
    assert key.algorithm.digest == found


# Files from outside.


def test_a_file_that_is_written_is_read_again() -> None:
    policy = changed(Use.CSCA, longest_usage_days=1000, least_rsa_bits=None)
    assert read_policy(file_of(policy)) == policy


@pytest.mark.parametrize(
    ("before", "after", "code", "field"),
    [
        (b"schema = ", b"scheme = ", "crypto-policy-schema", None),
        (b'"eid-crypto-policy/1"', b'"eid-crypto-policy/2"', "crypto-policy-schema", None),
        (b"[uses.csca]", b"[uses.cscb]", "crypto-policy-wrong-value", "uses.cscb"),
        (b"longest_usage_days = 1827", b"longest_usage_day = 1827", "crypto-policy-unknown-field", "uses.csca"),
        (b"longest_usage_days = 1827\n", b"", "crypto-policy-missing-field", "uses.csca.longest_usage_days"),
        (b"longest_usage_days = 1827", b"longest_usage_days = true", "crypto-policy-wrong-value", "longest_usage_days"),
        (b"longest_usage_days = 1827", b"longest_usage_days = -1", "crypto-policy-wrong-value", "longest_usage_days"),
        (
            b"longest_usage_days",
            b"signature_limit = 5\nlongest_usage_days",
            "crypto-policy-unknown-field",
            "uses.csca.signature",
        ),
        (b'"secp521r1"]', b'"secp521r2"]', "crypto-policy-wrong-value", "uses.csca.curves"),
        (b'hashes = ["sha256", ', b'hashes = ["md5", ', "crypto-policy-wrong-value", "uses.csca.hashes"),
        (b"[inspection]", b"[inspections]", "crypto-policy-unknown-field", "inspections"),
        (b"least_ec_bits = 224", b"least_ec_bits = 1", "crypto-policy-wrong-value", "inspection.least_ec_bits"),
        (b"[uses.csca.sources]", b'[uses.csca.sources]\nsignature_limit = "x"', "crypto-policy-unknown-field", "csca"),
        (b"[uses.csca.sources]", b"[uses.csca.sources", "crypto-policy-no-toml", None),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(before: bytes, after: bytes, code: str, field: str | None) -> None:
    assert before in SHIPPED
    with pytest.raises(BadInput, match=code) as caught:
        read_policy(SHIPPED.replace(before, after, 1))
    assert field is None or field in str(caught.value.facts["field"])


@given(st.binary(max_size=300) | st.integers(0, len(SHIPPED) - 1).map(lambda at: SHIPPED[:at] + b"\x00" + SHIPPED[at:]))
def test_whatever_comes_is_a_policy_or_a_clear_error(data: bytes) -> None:
    with pytest.raises(BadInput, match=r"crypto-policy-[a-z-]+"):
        read_policy(data)


@given(st.integers(0, 60), st.sampled_from(["0", "-1", '"x"', "[]", "{}", "1.5", "99999999999", "[[1]]", "true"]))
def test_a_value_of_a_wrong_kind_is_refused_wherever_it_stands(at: int, value: str) -> None:
    places = list(re.finditer(rb"(?m)^\w+ = (?:\d+|\[.*)$", SHIPPED))
    place = places[at % len(places)]
    with pytest.raises(BadInput):
        read_policy(
            SHIPPED[: place.start()] + place[0].partition(b"=")[0] + b"= " + value.encode() + SHIPPED[place.end() :]
        )
