"""What is too weak to vouch for a document is said, and decides where the policy wants it to (Doc 9303-12 4.1.6)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eid_toolkit.books.keys.signers import EcSigner, RsaSigner
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.iso7816.files import ElementaryFile as Ef
from eid_toolkit.work.inspection.policy import Floor, policy_by_name
from eid_toolkit.work.inspection.result import CheckResult, CheckStatus
from eid_toolkit.work.inspection.verdict import Decision, Verdict, judge
from support import odd_sods
from support.authorities import NOW, Authority
from support.documents import IssuedDocument, specimen_mrz, with_file
from support.odd_certificates import altered
from support.rsa_keys import native_rsa_key

OFFICER, READ_BACK = policy_by_name("officer"), policy_by_name("issuer-readback")


def strength(verdict: Verdict) -> CheckResult:
    (found,) = [each for each in verdict.checks if each.id == "pa.strength"]
    return found


def judged(sod: bytes, document: IssuedDocument, authority: Authority, policy: str = "officer") -> Verdict:
    evidence = with_file(document.evidence(), Ef.SOD, sod)
    return judge(evidence, authority.trust(authority.crl()), policy_by_name(policy), NOW)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def document(authority: Authority) -> IssuedDocument:
    return IssuedDocument(authority, specimen_mrz())


def test_a_document_of_today_has_nothing_weak(document: IssuedDocument, authority: Authority) -> None:
    for policy in ("officer", "issuer-readback"):
        found = strength(judged(document.files[Ef.SOD], document, authority, policy))
        assert (found.status, found.outcome.findings) == (CheckStatus.PASSED, ())


@pytest.mark.parametrize(
    ("parts", "reason"),
    [({"hashes": "sha1"}, "weak-digest-of-data-groups"), ({"digest": "sha1"}, "weak-digest-of-signature")],
)
def test_sha1_anywhere_is_a_finding_and_no_forgery(
    document: IssuedDocument, authority: Authority, parts: dict[str, str], reason: str
) -> None:
    sod = odd_sods.over(document.data_groups, document.signer_key, document.signer, **parts)
    verdict = judged(sod, document, authority)
    assert verdict.decision is Decision.PASSED
    assert [each.reason for each in strength(verdict).outcome.findings] == [reason]
    read_back = judged(sod, document, authority, "issuer-readback")
    assert (strength(read_back).status, strength(read_back).reason) == (CheckStatus.UNDETERMINED, reason)
    assert read_back.decision is Decision.UNDETERMINED


def test_a_certificate_signed_with_sha1_is_a_finding(document: IssuedDocument, authority: Authority) -> None:
    old = EcSigner(authority.key.key, "sha1")
    document.signer = altered(document.signer, old)
    sod = odd_sods.over(document.data_groups, document.signer_key, document.signer)
    verdict = judged(sod, document, authority)
    assert verdict.decision is Decision.PASSED
    assert [each.reason for each in strength(verdict).outcome.findings] == ["weak-digest-of-certificate"]


@pytest.mark.parametrize("curve", ["secp192r1", "brainpoolP192r1"])
def test_a_short_curve_is_a_finding(document: IssuedDocument, authority: Authority, curve: str) -> None:
    key = EcSigner(EcPrivateKey.generate(ec_domain_by_name(curve), SystemEntropy()), "sha256")
    sod = odd_sods.over(document.data_groups, key, altered(document.signer, authority.key, spki=key.public_key))
    (found,) = strength(judged(sod, document, authority)).outcome.findings
    assert (found.reason, found.facts["key"]) == ("weak-key-of-signer", curve)


def test_a_short_rsa_key_is_a_finding(document: IssuedDocument, authority: Authority) -> None:
    key = RsaSigner(native_rsa_key(1536))
    sod = odd_sods.over(document.data_groups, key, altered(document.signer, authority.key, spki=key.public_key))
    (found,) = strength(judged(sod, document, authority)).outcome.findings
    assert (found.reason, found.facts["key"]) == ("weak-key-of-signer", "RSA-1536")


def test_the_floor_is_the_policys(document: IssuedDocument, authority: Authority) -> None:
    high = replace(OFFICER, floor=Floor(frozenset({"sha256"}), ec_bits=500))
    trust = authority.trust(authority.crl())
    found = strength(judge(document.evidence(), trust, high, NOW)).outcome.findings
    assert {each.reason for each in found} >= {"weak-digest-of-data-groups", "weak-key-of-signer", "weak-key-of-csca"}
