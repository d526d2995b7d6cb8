"""EF.CardSecurity's signer is judged by the rules of EF.SOD's (Doc 9303-11 4.4.3.5.2, 9303-12 6.1.2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from eid_toolkit.standards.asn1.oids import SECURITY_OBJECT
from eid_toolkit.standards.iso7816.files import ElementaryFile as Ef
from eid_toolkit.standards.lds.card_security import CardSecurity
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.cms import build_signed_data
from eid_toolkit.standards.pki.validation import TrustMaterial
from eid_toolkit.work.cardspec import SpecimenCard, build, find_spec
from eid_toolkit.work.inspection.result import CheckStatus
from eid_toolkit.work.inspection.verdict import Decision, Verdict, judge
from support import spec_cards
from support.authorities import Authority, new_key
from support.documents import with_file

ISSUED = spec_cards.NOW - timedelta(hours=1)


def _authority(state: str = "UTO") -> Authority:
    return Authority(state, start=ISSUED)


@pytest.fixture(scope="module")
def card() -> SpecimenCard:
    return build(find_spec("chip-mapping")[0])


def cam(verdict: Verdict) -> tuple[CheckStatus, str | None, object]:
    (found,) = [each for each in verdict.checks if each.id == "chip.cam"]
    return found.status, found.reason, found.outcome.facts.get("cause")


def judged(card: SpecimenCard, authority: Authority, signer: Certificate, key: object, trust: TrustMaterial) -> Verdict:
    """The verdict on the card with its own infos in EF.CardSecurity, signed by another signer."""
    evidence = spec_cards.read(card)
    infos = CardSecurity.parse(evidence.files[Ef.CARD_SECURITY].content or b"").security_infos.encode()
    signed = build_signed_data(infos, SECURITY_OBJECT, key, signer.der, "sha256")  # type: ignore[arg-type]
    both = replace(card.trust, anchors=(*card.trust.anchors, *trust.anchors), crls=(*card.trust.crls, *trust.crls))
    return judge(with_file(evidence, Ef.CARD_SECURITY, signed), both, spec_cards.OFFICER, spec_cards.NOW)


def test_another_signer_of_the_state_is_as_good(card: SpecimenCard) -> None:
    authority, key = _authority(), new_key()
    signer = authority.signer(key, ISSUED)
    trust = authority.trust(authority.crl(this_update=spec_cards.NOW))
    assert cam(judged(card, authority, signer, key, trust)) == (CheckStatus.PASSED, None, None)


def test_a_revoked_signer_vouches_for_no_chip(card: SpecimenCard) -> None:
    authority, key = _authority(), new_key()
    signer = authority.signer(key, ISSUED)
    trust = authority.trust(authority.crl(signer, this_update=spec_cards.NOW))
    verdict = judged(card, authority, signer, key, trust)
    assert cam(verdict) == (CheckStatus.FAILED, "card-security-signer-untrusted", "signer-revoked")
    assert verdict.decision is Decision.FAILED


def test_a_signer_of_another_state_vouches_for_no_chip(card: SpecimenCard) -> None:
    authority, key = _authority("VNM"), new_key()
    trust = authority.trust(authority.crl(this_update=spec_cards.NOW))
    verdict = judged(card, authority, authority.signer(key, ISSUED), key, trust)
    assert cam(verdict) == (CheckStatus.FAILED, "card-security-signer-untrusted", "signer-country")


def test_a_signer_of_other_documents_vouches_for_no_chip(card: SpecimenCard) -> None:
    authority, key = _authority(), new_key()
    signer = authority.signer(key, ISSUED, document_types=("P",))
    trust = authority.trust(authority.crl(this_update=spec_cards.NOW))
    verdict = judged(card, authority, signer, key, trust)
    assert cam(verdict) == (CheckStatus.FAILED, "card-security-signer-untrusted", "signer-document-type")


def test_without_a_revocation_list_it_cannot_be_said(card: SpecimenCard) -> None:
    evidence = spec_cards.read(card)
    trust = replace(card.trust, crls=())
    verdict = judge(evidence, trust, spec_cards.OFFICER, spec_cards.NOW)
    assert cam(verdict) == (CheckStatus.UNDETERMINED, "card-security-signer-untrusted", "crl-missing")
