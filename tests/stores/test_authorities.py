"""The authority's own certificates: made once, used in their time, revoked by the next list."""

from __future__ import annotations

from datetime import timedelta

import pytest

from eid_toolkit.books.authorities.authorities import AuthorityStore
from eid_toolkit.books.register.stock.accounting import signer_accounts
from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.ground.errors import BadInput, NotPermitted
from eid_toolkit.standards.pki.validation import Status, check_revocation, validate_signer
from support.homes import CLOCK, NOW, VIETNAMESE, Desk


def test_a_demo_home_has_a_marked_authority_for_each_state_it_issues_for(desk: Desk) -> None:
    assert desk.authorities.states() == ("SGP", "UTO", "VNM")
    for state in desk.authorities.states():
        assert desk.authorities.csca(state).specimen
        assert desk.authorities.signer_certificate(state).specimen
        assert desk.authorities.csca(state).state == state


def test_its_signers_are_valid_by_the_trust_store_that_it_starts_with(desk: Desk) -> None:
    trust = TrustStore(desk.home.trust).material()
    for state in desk.authorities.states():
        signer, _ = desk.authorities.document_signer(state, NOW)
        assert validate_signer(signer, trust, NOW).status is Status.PASSED
        assert check_revocation(signer, trust, NOW).status is Status.PASSED


def test_keys_are_of_the_default_curves(desk: Desk) -> None:
    assert desk.authorities.csca("UTO").signature_algorithm.digest == "sha384"
    _, key = desk.authorities.document_signer("UTO", NOW)
    assert key.algorithm.digest == "sha256"


def test_certificates_outlive_the_longest_document_of_their_state(desk: Desk) -> None:
    years = {state: desk.authorities.signer_certificate(state).not_after.year - 2027 for state in ("UTO", "SGP", "VNM")}
    assert years == {"UTO": 10, "SGP": 15, "VNM": 50}


def test_a_signer_signs_in_its_usage_period_only(desk: Desk) -> None:
    for late in (NOW + timedelta(days=91), NOW - timedelta(days=1)):
        with pytest.raises(NotPermitted, match="document-signer-expired"):
            desk.authorities.document_signer("UTO", late)


def test_a_revoked_signer_is_on_the_next_list_and_signs_no_more(desk: Desk) -> None:
    signer = desk.authorities.signer_certificate("UTO")
    crl = desk.authorities.revoke("UTO", signer.serial, CLOCK.now())
    assert crl.number == 2 and signer.serial in crl.revoked
    with pytest.raises(NotPermitted, match="document-signer-revoked"):
        desk.authorities.document_signer("UTO", NOW)


def test_there_is_no_authority_for_other_states(desk: Desk) -> None:
    with pytest.raises(BadInput, match="authority-missing"):
        desk.authorities.document_signer("FRA", NOW)


def test_every_signature_is_counted_and_there_is_a_limit(desk: Desk) -> None:
    limited = AuthorityStore(desk.home.pki, desk.keys, signature_limit=2)
    for number in range(2):
        _, key = limited.document_signer("UTO", NOW)
        key.sign(b"x")
        assert limited.files.signatures("UTO", "ds", 1) == number + 1
    with pytest.raises(NotPermitted, match="document-signer-exhausted"):
        limited.document_signer("UTO", NOW)


def test_the_count_is_held_against_the_documents(desk: Desk) -> None:
    documents = [desk.document(), desk.document(VIETNAMESE, "vn-cccd")]
    accounts = signer_accounts(desk.register.database)
    for document, state in zip(documents, ("UTO", "VNM"), strict=True):
        account = accounts[desk.authorities.signer_certificate(state).fingerprint]
        assert (account.documents, account.cards, account.states) == (1, 0, {"prepared": 1})
        assert account.signed_files == desk.authorities.files.signatures(state, "ds", 1) > 0
        assert document.signer == desk.authorities.signer_certificate(state).fingerprint
    _, key = desk.authorities.document_signer("UTO", NOW)
    key.sign(b"past the register")
    account = accounts[desk.authorities.signer_certificate("UTO").fingerprint]
    assert desk.authorities.files.signatures("UTO", "ds", 1) - account.signed_files == 1
