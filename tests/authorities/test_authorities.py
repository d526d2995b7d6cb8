"""The authority's own certificates: made once, used in their time, revoked by the next list."""

from __future__ import annotations

from datetime import timedelta

import pytest

from eid_toolkit.books.authorities.authorities import AuthorityStore
from eid_toolkit.books.register.stock.accounting import signer_accounts
from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.ground.errors import BadInput, NotPermitted
from eid_toolkit.standards.pki.validation import Status, check_revocation, validate_signer
from support.homes import CLOCK, NOW, VIETNAMESE, WorkingOffice


def test_a_demo_home_has_a_marked_authority_for_each_state_it_issues_for(office: WorkingOffice) -> None:
    assert office.authorities.states() == ("SGP", "UTO", "VNM")
    for state in office.authorities.states():
        assert office.authorities.csca(state).specimen
        assert office.authorities.signer_certificate(state).specimen
        assert office.authorities.csca(state).state == state


def test_its_signers_are_valid_by_the_trust_store_that_it_starts_with(office: WorkingOffice) -> None:
    trust = TrustStore(office.home.trust).material()
    for state in office.authorities.states():
        signer, _ = office.authorities.document_signer(state, NOW)
        assert validate_signer(signer, trust, NOW).status is Status.PASSED
        assert check_revocation(signer, trust, NOW).status is Status.PASSED


def test_keys_are_of_the_default_curves(office: WorkingOffice) -> None:
    assert office.authorities.csca("UTO").signature_algorithm.digest == "sha384"
    _, key = office.authorities.document_signer("UTO", NOW)
    assert key.algorithm.digest == "sha256"


def test_certificates_outlive_the_longest_document_of_their_state(office: WorkingOffice) -> None:
    years = {
        state: office.authorities.signer_certificate(state).not_after.year - 2027 for state in ("UTO", "SGP", "VNM")
    }
    assert years == {"UTO": 10, "SGP": 15, "VNM": 50}


def test_a_signer_signs_in_its_usage_period_only(office: WorkingOffice) -> None:
    for late in (NOW + timedelta(days=91), NOW - timedelta(days=1)):
        with pytest.raises(NotPermitted, match="document-signer-expired"):
            office.authorities.document_signer("UTO", late)


def test_a_revoked_signer_is_on_the_next_list_and_signs_no_more(office: WorkingOffice) -> None:
    signer = office.authorities.signer_certificate("UTO")
    crl = office.authorities.revoke("UTO", signer.serial, CLOCK.now())
    assert crl.number == 2 and signer.serial in crl.revoked
    with pytest.raises(NotPermitted, match="document-signer-revoked"):
        office.authorities.document_signer("UTO", NOW)


def test_there_is_no_authority_for_other_states(office: WorkingOffice) -> None:
    with pytest.raises(BadInput, match="authority-missing"):
        office.authorities.document_signer("FRA", NOW)


def test_every_signature_is_counted_and_there_is_a_limit(office: WorkingOffice) -> None:
    limited = AuthorityStore(office.home.pki, office.keys, signature_limit=2)
    for number in range(2):
        _, key = limited.document_signer("UTO", NOW)
        key.sign(b"x")
        assert limited.files.signatures("UTO", "ds", 1) == number + 1
    with pytest.raises(NotPermitted, match="document-signer-exhausted"):
        limited.document_signer("UTO", NOW)


def test_the_count_is_held_against_the_documents(office: WorkingOffice) -> None:
    documents = [office.document(), office.document(VIETNAMESE, "vn-cccd")]
    accounts = signer_accounts(office.register.database)
    for document, state in zip(documents, ("UTO", "VNM"), strict=True):
        account = accounts[office.authorities.signer_certificate(state).fingerprint]
        assert (account.documents, account.cards, account.states) == (1, 0, {"prepared": 1})
        assert account.signed_files == office.authorities.files.signatures(state, "ds", 1) > 0
        assert document.signer == office.authorities.signer_certificate(state).fingerprint
    _, key = office.authorities.document_signer("UTO", NOW)
    key.sign(b"past the register")
    account = accounts[office.authorities.signer_certificate("UTO").fingerprint]
    assert office.authorities.files.signatures("UTO", "ds", 1) - account.signed_files == 1
