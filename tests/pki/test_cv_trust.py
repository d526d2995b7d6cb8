"""Trust points, the chip's own date and effective rights, as certificates come in (9303-11 7.1.4.3)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import SignatureAlgorithm
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.pki.cv_authorization import READ_DG3, READ_DG4, Role, TerminalType
from eid_toolkit.standards.pki.cv_certificate import KeyReference
from eid_toolkit.standards.pki.cv_trust import CardTrust, CertifiedKey, choose_chain
from support.cv_chain import BOTH, START, CvRsaSigner, Holder, cvca, ec_signer

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def root() -> Holder:
    return cvca()


def trusting(root: Holder, day: date = START) -> CardTrust:
    return CardTrust((CertifiedKey.of_root(root.certificate),), day)


def accept(trust: CardTrust, *holders: Holder) -> tuple[CardTrust, CertifiedKey]:
    """The certificates one after another, each under the key before it."""
    key = trust.find(holders[0].certificate.content.authority_reference)
    assert key is not None
    for holder in holders:
        trust, key = trust.accept(holder.certificate, key)
    return trust, key


def test_rights_are_those_that_all_three_have(root: Holder) -> None:
    for above, verifier_has, terminal_has, expected in (
        (BOTH, BOTH, BOTH, BOTH),
        (BOTH, READ_DG3, BOTH, READ_DG3),
        (READ_DG4, BOTH, BOTH, READ_DG4),
        (BOTH, READ_DG3, READ_DG4, 0),
        (0, BOTH, BOTH, 0),
    ):
        top = cvca(rights=above)
        verifier = top.issue("UTDV00001", Role.DV_DOMESTIC, rights=verifier_has)
        terminal = verifier.issue("UTIS00001", Role.TERMINAL, rights=terminal_has)
        assert accept(trusting(top), verifier, terminal)[1].authorization.rights == expected


@pytest.mark.parametrize(
    ("role", "advanced"),
    [(Role.DV_DOMESTIC, True), (Role.DV_FOREIGN, False)],
)
def test_the_date_follows_only_those_who_are_trusted_with_it(root: Holder, role: Role, advanced: bool) -> None:
    verifier = root.issue("UTDV00001", role, effective=START + 5 * DAY)
    terminal = verifier.issue("UTIS00001", Role.TERMINAL, effective=START + 9 * DAY)
    trust, _ = accept(trusting(root), verifier)
    assert trust.current_date == START + 5 * DAY
    trust, _ = accept(trusting(root), verifier, terminal)
    assert trust.current_date == START + (9 if advanced else 5) * DAY


def test_the_date_never_goes_back(root: Holder) -> None:
    later = START + 20 * DAY
    trust, _ = accept(trusting(root, later), root.issue("UTDV00001", Role.DV_DOMESTIC))
    assert trust.current_date == later


@pytest.mark.parametrize(("day", "accepted"), [(29, True), (30, True), (31, False)])
def test_a_certificate_is_good_until_its_last_day(root: Holder, day: int, accepted: bool) -> None:
    verifier = root.issue("UTDV00001", Role.DV_DOMESTIC, days=30)
    trust = trusting(root, START + day * DAY)
    if accepted:
        accept(trust, verifier)
    else:
        with pytest.raises(BadInput, match="cvc-expired"):
            accept(trust, verifier)


def test_an_expired_trust_point_serves_for_links_only(root: Holder) -> None:
    late = START + 400 * DAY
    trust = trusting(root, late)
    with pytest.raises(BadInput, match="cvc-expired"):
        accept(trust, root.issue("UTDV00001", Role.DV_DOMESTIC, effective=late))
    link = root.issue("UTCVCA00002", Role.CVCA, effective=late)
    trust, _ = accept(trust, link)
    accept(trust, link.issue("UTDV00001", Role.DV_DOMESTIC, effective=late))
    expired = root.issue("UTCVCA00003", Role.CVCA, effective=START, days=10)
    assert expired.reference in accept(trusting(root, late), expired)[0].references


def test_of_three_trust_points_the_oldest_goes(root: Holder) -> None:
    second = root.issue("UTCVCA00002", Role.CVCA, effective=START + 10 * DAY)
    third = second.issue("UTCVCA00003", Role.CVCA, effective=START + 20 * DAY)
    trust, _ = accept(trusting(root), second)
    assert [reference.text for reference in trust.references] == ["UTCVCA00002", "UTCVCA00001"]
    trust, _ = accept(trust, third)
    assert [reference.text for reference in trust.references] == ["UTCVCA00003", "UTCVCA00002"]
    assert trust.current_date == START + 20 * DAY


def test_a_link_without_parameters_inherits_them(root: Holder) -> None:
    link = root.issue("UTCVCA00002", Role.CVCA, with_domain=False)
    trust, key = accept(trusting(root), link)
    verifier = link.issue("UTDV00001", Role.DV_DOMESTIC)
    accept(trust, verifier, verifier.issue("UTIS00001", Role.TERMINAL))
    assert key == trust.find(link.reference)


def test_a_link_to_another_algorithm_is_followed(root: Holder) -> None:
    signer = CvRsaSigner(SignatureAlgorithm("rsa-pss", "sha256", 32))
    link = root.issue("UTCVCA00002", Role.CVCA, signer)
    verifier = link.issue("UTDV00001", Role.DV_DOMESTIC)
    trust, _ = accept(trusting(root), link)
    accept(trust, verifier, verifier.issue("UTIS00001", Role.TERMINAL))
    curve = root.issue("UTCVCA00002", Role.CVCA, ec_signer(ec_domain_by_name("secp384r1"), "sha384"))
    trust, _ = accept(trusting(root), curve)
    accept(trust, curve.issue("UTDV00001", Role.DV_DOMESTIC))


def refused(root: Holder) -> dict[str, tuple[list[Holder], str]]:
    verifier = root.issue("UTDV00001", Role.DV_DOMESTIC)
    terminal = verifier.issue("UTIS00001", Role.TERMINAL)
    forger = ec_signer()
    authentication = TerminalType.AUTHENTICATION_TERMINAL
    return {
        "terminal by CVCA": ([root.issue("UTIS00001", Role.TERMINAL)], "cvc-wrong-issuer"),
        "DV by DV": ([verifier, verifier.issue("UTDV00002", Role.DV_DOMESTIC)], "cvc-wrong-issuer"),
        "CVCA by DV": ([verifier, verifier.issue("UTCVCA00009", Role.CVCA)], "cvc-wrong-issuer"),
        "by terminal": ([verifier, terminal, terminal.issue("UTIS00002", Role.TERMINAL)], "cvc-wrong-issuer"),
        "forged": ([root.issue("UTDV00001", Role.DV_DOMESTIC, by=forger)], "cvc-signature-wrong"),
        "forged link": ([root.issue("UTCVCA00002", Role.CVCA, by=forger)], "cvc-signature-wrong"),
        "other kind": ([root.issue("UTDV00001", Role.DV_DOMESTIC, terminal_type=authentication)], "cvc-wrong-issuer"),
        "root again": ([root], "cvc-reference-known"),
        "known name": ([root.issue("UTCVCA00001", Role.DV_DOMESTIC)], "cvc-reference-known"),
        "own name": ([verifier, verifier.issue("UTDV00001", Role.TERMINAL)], "cvc-reference-known"),
    }


@pytest.mark.parametrize("case", list(refused(cvca())))
def test_what_may_not_be_is_refused(root: Holder, case: str) -> None:
    holders, code = refused(root)[case]
    trust = trusting(root)
    with pytest.raises(BadInput, match=code):
        accept(trust, *holders)
    assert trust == trusting(root)


def test_a_certificate_under_another_key_than_it_names_is_refused(root: Holder) -> None:
    verifier = root.issue("UTDV00001", Role.DV_DOMESTIC)
    other = cvca(name="UTCVCA00007")
    with pytest.raises(BadInput, match="cvc-wrong-issuer"):
        trusting(other).accept(verifier.certificate, CertifiedKey.of_root(other.certificate))


def test_trust_begins_with_a_cvca_that_has_its_parameters(root: Holder) -> None:
    with pytest.raises(BadInput, match="cvc-not-a-trust-point"):
        CertifiedKey.of_root(root.issue("UTDV00001", Role.DV_DOMESTIC).certificate)
    with pytest.raises(BadInput, match="cvc-domain-parameters-missing"):
        CertifiedKey.of_root(root.issue("UTCVCA00002", Role.CVCA, with_domain=False).certificate)
    point = CertifiedKey.of_root(root.certificate)
    with pytest.raises(BadInput, match="cvc-too-many-trust-points"):
        CardTrust((point, point), START)


class TestChoosingAChain:
    def test_it_begins_at_the_key_that_the_chip_trusts(self, root: Holder) -> None:
        second = root.issue("UTCVCA00002", Role.CVCA)
        third = second.issue("UTCVCA00003", Role.CVCA)
        verifier = third.issue("UTDV00001", Role.DV_DOMESTIC)
        terminal = verifier.issue("UTIS00001", Role.TERMINAL)
        pool = tuple(holder.certificate for holder in (verifier, third, root, second))
        whole = tuple(holder.certificate for holder in (second, third, verifier, terminal))
        assert choose_chain(pool, terminal.certificate, (root.reference,)) == whole
        assert choose_chain(pool, terminal.certificate, (third.reference, second.reference)) == whole[2:]
        with pytest.raises(BadInput, match="cvc-no-chain"):
            choose_chain(pool, terminal.certificate, (KeyReference("UTCVCA00009"),))

    def test_of_two_keys_of_one_name_it_takes_the_one_that_signed(self, root: Holder) -> None:
        wrong, right = (root.issue("UTDV00001", Role.DV_DOMESTIC) for _ in range(2))
        terminal = right.issue("UTIS00001", Role.TERMINAL)
        pool = (wrong.certificate, right.certificate, root.certificate)
        found = choose_chain(pool, terminal.certificate, (root.reference,))
        assert found == (right.certificate, terminal.certificate)

    def test_without_any_parameters_the_names_decide(self, root: Holder) -> None:
        verifier = root.issue("UTDV00001", Role.DV_DOMESTIC)
        terminal = verifier.issue("UTIS00001", Role.TERMINAL)
        found = choose_chain((verifier.certificate,), terminal.certificate, (root.reference,))
        assert found == (verifier.certificate, terminal.certificate)

    def test_certificates_that_vouch_for_each_other_lead_nowhere(self, root: Holder) -> None:
        second = root.issue("UTCVCA00002", Role.CVCA)
        back = second.issue("UTCVCA00001", Role.CVCA)
        verifier = root.issue("UTDV00001", Role.DV_DOMESTIC)
        pool = tuple(holder.certificate for holder in (root, second, back, verifier))
        with pytest.raises(BadInput, match="cvc-no-chain"):
            choose_chain(pool, verifier.issue("UTIS00001", Role.TERMINAL).certificate, ())
