"""Path validation and revocation (9303-12 appendix D): each fault with its status and reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.issuing import CRL_LIFETIME
from eid_toolkit.standards.pki.validation import DocumentFacts, Status, TrustMaterial, check_revocation, validate_signer
from support.authorities import NOW, START, TEN_YEARS, Authority

FAILED, UNDETERMINED, PASSED = Status.FAILED, Status.UNDETERMINED, Status.PASSED
DOCUMENT = DocumentFacts("UTO", "I<", date(2026, 3, 5))


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def signer(authority: Authority) -> Certificate:
    return authority.signer()


def test_a_genuine_signer_passes(authority: Authority, signer: Certificate) -> None:
    result = validate_signer(signer, authority.trust(), NOW, DOCUMENT)
    assert (result.status, result.reason, result.csca) == (PASSED, None, authority.csca)


def test_the_right_one_of_two_keys_with_one_name_is_found(authority: Authority, signer: Certificate) -> None:
    namesake = Authority()
    trust = TrustMaterial((namesake.csca, authority.csca))
    assert validate_signer(signer, trust, NOW, DOCUMENT).csca == authority.csca


def test_names_may_differ_in_bytes_if_they_mean_the_same(authority: Authority) -> None:
    shouting = Authority(key=authority.key, name="csca ")
    trust = TrustMaterial((shouting.csca,))
    assert validate_signer(authority.signer(), trust, NOW, DOCUMENT).status is PASSED


def test_an_authority_that_nobody_trusts_cannot_be_judged(signer: Certificate) -> None:
    trust = Authority("VNM").trust()
    result = validate_signer(signer, trust, NOW, DOCUMENT)
    assert (result.status, result.reason) == (UNDETERMINED, "csca-unknown")


def test_a_false_authority_of_a_state_of_which_none_is_missing_fails(signer: Certificate) -> None:
    trust = replace(Authority().trust(), complete_states=frozenset({"UTO"}))
    result = validate_signer(signer, trust, NOW, DOCUMENT)
    assert (result.status, result.reason) == (FAILED, "csca-mismatch")


@pytest.mark.parametrize(
    ("document", "status", "reason"),
    [
        (replace(DOCUMENT, issuing_state="VNM"), FAILED, "signer-country"),
        (replace(DOCUMENT, document_code="P<"), FAILED, "signer-document-type"),
        (replace(DOCUMENT, document_code="ID"), PASSED, None),
        (replace(DOCUMENT, date_of_issue=date(2026, 2, 1)), UNDETERMINED, "signer-usage-period"),
        (replace(DOCUMENT, date_of_issue=date(2026, 9, 1)), UNDETERMINED, "signer-usage-period"),
        (replace(DOCUMENT, date_of_issue=date.min), UNDETERMINED, "signer-usage-period"),
        (replace(DOCUMENT, date_of_issue=date.max), UNDETERMINED, "signer-usage-period"),
        (replace(DOCUMENT, date_of_issue=START.date()), PASSED, None),
        (None, PASSED, None),
    ],
)
def test_the_signer_must_be_allowed_to_sign_the_document(
    authority: Authority, signer: Certificate, document: DocumentFacts, status: Status, reason: str
) -> None:
    result = validate_signer(signer, authority.trust(), NOW, document)
    assert (result.status, result.reason) == (status, reason)


@pytest.mark.parametrize(
    ("days", "status", "reasons"),
    [
        (-1, UNDETERMINED, {"signer-not-yet-valid", "csca-not-yet-valid"}),
        (100, PASSED, set()),  # past the usage period of the private key: normal
        (91 + TEN_YEARS.days, UNDETERMINED, {"signer-expired"}),
        (365 * 20, UNDETERMINED, {"signer-expired", "csca-expired"}),
    ],
)
def test_certificates_must_be_valid_now(
    authority: Authority, signer: Certificate, days: int, status: Status, reasons: set[str]
) -> None:
    result = validate_signer(signer, authority.trust(), START + timedelta(days=days), DOCUMENT)
    assert result.status is status
    assert {finding.reason for finding in result.findings} == reasons


def test_a_csca_is_no_document_signer(authority: Authority) -> None:
    result = validate_signer(authority.csca, authority.trust(), NOW, DOCUMENT)
    assert (result.status, result.reason) == (FAILED, "signer-key-usage")


def test_a_signer_of_another_country_than_its_authority_fails(authority: Authority) -> None:
    stranger = Authority("VNM", key=authority.key)
    stranger.csca = authority.csca
    result = validate_signer(stranger.signer(), authority.trust(), NOW, None)
    assert (result.status, result.reason) == (FAILED, "csca-country")


def test_a_listed_signer_is_revoked_even_by_a_stale_list(authority: Authority, signer: Certificate) -> None:
    trust = authority.trust(authority.crl(signer), authority.crl(number=2, this_update=NOW))
    late = NOW + CRL_LIFETIME * 3
    result = check_revocation(signer, trust, late)
    assert (result.status, result.reason) == (FAILED, "signer-revoked")


def test_a_current_list_clears(authority: Authority, signer: Certificate) -> None:
    crl = authority.crl()
    result = check_revocation(signer, authority.trust(crl), NOW)
    assert (result.status, result.reason, result.crl) == (PASSED, None, crl)


def test_a_missing_stale_future_or_foreign_list_never_clears(authority: Authority, signer: Certificate) -> None:
    cases = {
        "crl-missing": (authority.trust(), NOW),
        "crl-stale": (authority.trust(authority.crl()), NOW + CRL_LIFETIME),
        "crl-not-yet-valid": (authority.trust(authority.crl(this_update=NOW + timedelta(days=1))), NOW),
        "crl-signature": (authority.trust(Authority().crl()), NOW),
    }
    for reason, (trust, now) in cases.items():
        result = check_revocation(signer, trust, now)
        assert (result.status, result.reason) == (UNDETERMINED, reason)


def test_the_list_of_another_state_does_not_count(authority: Authority, signer: Certificate) -> None:
    other = Authority("VNM")
    trust = TrustMaterial((authority.csca, other.csca), (other.crl(),))
    assert check_revocation(signer, trust, NOW).reason == "crl-missing"


def test_the_newest_key_signs_for_all_and_an_old_one_no_more(authority: Authority, signer: Certificate) -> None:
    successor = Authority(start=START + timedelta(days=5))
    anchors = (authority.csca, successor.csca)
    by_new = TrustMaterial(anchors, (successor.crl(this_update=NOW),))
    assert check_revocation(signer, by_new, NOW).status is PASSED
    by_old = TrustMaterial(anchors, (authority.crl(this_update=NOW),))
    assert check_revocation(signer, by_old, NOW).reason == "crl-old-key"
