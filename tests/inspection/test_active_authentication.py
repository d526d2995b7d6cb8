"""The check ``aa`` over keys and answers of every kind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.standards.crypto.rsa import RsaPublicKey
from eid_toolkit.standards.lds.dg15 import Dg15
from eid_toolkit.standards.protocols import active_authentication as aa
from eid_toolkit.work.inspection.evidence import ActiveAuthenticationEvidence, ChipProof
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.result import CheckResult
from eid_toolkit.work.inspection.verdict import judge
from support.authorities import NOW, Authority
from support.documents import CHALLENGE, IssuedDocument, specimen_mrz
from support.rsa_keys import rsa_key


def document_with(spki: bytes) -> IssuedDocument:
    document = IssuedDocument(Authority(), specimen_mrz())
    document.data_groups[15] = Dg15(spki).encode()
    return document


def check(document: IssuedDocument, signature: bytes) -> CheckResult:
    answer = ActiveAuthenticationEvidence(ChipProof.DONE, CHALLENGE, signature)
    evidence = replace(document.evidence(), active_authentication=answer)
    verdict = judge(evidence, document.authority.trust(), policy_by_name("officer"), NOW)
    return next(result for result in verdict.checks if result.id == "chip.aa")


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
def test_an_rsa_chip_passes_and_a_copy_does_not(digest: str) -> None:
    document = document_with(rsa_key().public_key.spki())
    signature = aa.respond_rsa(rsa_key(), digest, CHALLENGE, SystemEntropy())
    assert check(document, signature).status == "passed"
    copied = aa.respond_rsa(rsa_key(), digest, bytes(8), SystemEntropy())
    assert check(document, copied).reason == "aa-signature-wrong"
    assert check(document, b"").reason == "aa-signature-wrong"


def test_an_rsa_key_that_no_chip_can_sign_with_is_not_judged() -> None:
    document = document_with(RsaPublicKey((1 << 1022) + 1, 65537).spki())
    assert check(document, bytes(128)).reason == "aa-unsupported"


def test_an_ecdsa_answer_in_der_passes_and_is_told_apart() -> None:
    document = IssuedDocument(Authority(), specimen_mrz())
    result = check(document, document.aa_key.key.sign(CHALLENGE, "sha256"))
    assert (result.status, dict(result.outcome.facts)) == ("passed", {"signature_form": "der"})
    plain = check(document, document.aa_key.key.sign_plain(CHALLENGE, "sha256"))
    assert (plain.status, dict(plain.outcome.facts)) == ("passed", {})


def test_a_key_that_is_neither_is_not_judged() -> None:
    spki = bytes.fromhex("302a300506032b6570032100") + bytes(32)  # Ed25519
    assert check(document_with(spki), bytes(64)).reason == "aa-unsupported"
