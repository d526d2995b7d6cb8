"""EF.SODs of careless issuers pass, and no oddity of one lets a forged one pass (RFC 5652 5.3, 9303-10 4.6.2)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.digests import DIGEST_OIDS
from eid_toolkit.standards.iso7816.files import ElementaryFile as Ef
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.result import CheckResult
from eid_toolkit.work.inspection.verdict import Verdict, judge
from support import built_sods as built
from support import odd_certificates
from support.authorities import NOW, Authority, new_key
from support.documents import IssuedDocument, specimen_mrz, with_file

AUTHORITY = Authority()
DOCUMENT = IssuedDocument(AUTHORITY, specimen_mrz())
CONTENT = built.content_of(DOCUMENT)
USUAL = built.usual_attributes(CONTENT)
TRUST = AUTHORITY.trust(AUTHORITY.crl())
KEY, SIGNER = DOCUMENT.signer_key, DOCUMENT.signer
GENUINE = built.signature(KEY, built.named_by(SIGNER), USUAL)


@dataclass
class Stranger:
    """Another state's, or a forger's, signer: nobody believes its authority."""

    def __post_init__(self) -> None:
        self.key = new_key()
        self.certificate = Authority().signer(self.key)

    def signature(self, content: bytes = CONTENT) -> bytes:
        return built.signature(self.key, built.named_by(self.certificate), built.usual_attributes(content))


def verdict_on(sod: bytes) -> Verdict:
    return judge(with_file(DOCUMENT.evidence(), Ef.SOD, sod), TRUST, policy_by_name("officer"), NOW)


def check(verdict: Verdict, check_id: str) -> CheckResult:
    return next(result for result in verdict.checks if result.id == check_id)


def with_attributes(*attributes: bytes) -> bytes:
    signature = built.signature(KEY, built.named_by(SIGNER), attributes)
    return built.security_object(CONTENT, [signature], [SIGNER.der])


@pytest.mark.parametrize(
    "time",
    [
        tlv.encode(0x18, b"20261101120000Z"),
        tlv.encode(0x17, b"261101120000+0200"),
        tlv.encode(0x18, b"20261101120000.125Z"),
        tlv.encode(0x17, b"yesterday"),
        der.octet_string(b"261101120000Z"),
    ],
)
def test_the_signers_claim_of_a_time_decides_nothing_however_it_is_written(time: bytes) -> None:
    assert verdict_on(with_attributes(*USUAL, built.attribute(built.SIGNING_TIME, time))).decision == "passed"


@pytest.mark.parametrize(
    "odd",
    [
        der.octet_string(b"no attribute"),
        built.attribute("1.2.3.4"),
        der.sequence(der.object_identifier("1.2.3.4"), der.null()),
        built.attribute("1.2.3.4", der.null()) * 2,
    ],
)
def test_an_attribute_that_nobody_reads_may_have_any_form(odd: bytes) -> None:
    assert verdict_on(with_attributes(*USUAL, odd)).decision == "passed"


@pytest.mark.parametrize("left", [USUAL[:1], USUAL[1:], (*USUAL, USUAL[1])])
def test_a_signature_that_leaves_open_what_it_is_over_is_not_checkable(left: tuple[bytes, ...]) -> None:
    found = check(verdict_on(with_attributes(*left)), "pa.sod-signature")
    assert (found.status, found.reason) == ("undetermined", "sod-signature-not-checkable")


@pytest.mark.parametrize("left", [USUAL[:1], USUAL[1:]])
def test_without_an_attribute_a_wrong_signature_is_still_wrong(left: tuple[bytes, ...]) -> None:
    signature = built.signature(new_key(), built.named_by(SIGNER), left)
    found = check(verdict_on(built.security_object(CONTENT, [signature], [SIGNER.der])), "pa.sod-signature")
    assert (found.status, found.reason) == ("failed", "sod-signature-wrong")


@pytest.mark.parametrize("first", [True, False])
def test_of_two_good_signatures_the_one_by_a_believed_signer_counts(first: bool) -> None:
    stranger = Stranger()
    signatures, certificates = [GENUINE, stranger.signature()], [SIGNER.der, stranger.certificate.der]
    if not first:
        signatures, certificates = signatures[::-1], certificates[::-1]
    assert verdict_on(built.security_object(CONTENT, signatures, certificates)).decision == "passed"


@pytest.mark.parametrize("first", [True, False])
def test_a_believed_signer_beside_the_forgers_vouches_for_nothing_that_it_did_not_sign(first: bool) -> None:
    stranger = Stranger()
    forged = CONTENT[:-1] + bytes((CONTENT[-1] ^ 1,))
    signatures = [GENUINE, stranger.signature(forged)][:: 1 if first else -1]
    sod = built.security_object(forged, signatures, [SIGNER.der, stranger.certificate.der])
    assert verdict_on(sod).decision != "passed"


@pytest.mark.parametrize("digest", ["2.16.840.1.101.3.4.2.12", DIGEST_OIDS["sha256"]])
@pytest.mark.parametrize("first", [True, False])
def test_a_signature_of_a_kind_that_is_not_known_spoils_none_that_is(first: bool, digest: str) -> None:
    for signer in (SIGNER, Stranger().certificate):
        signatures = [GENUINE, built.of_unknown_kind(built.named_by(signer), digest)][:: 1 if first else -1]
        assert verdict_on(built.security_object(CONTENT, signatures, [SIGNER.der])).decision == "passed"


@pytest.mark.parametrize(
    "identifier",
    [tlv.encode(0x80, b"\x01\x02\x03\x04"), der.sequence(SIGNER.issuer.der, der.integer(77))],
)
def test_a_signer_named_otherwise_is_found_among_several_certificates(identifier: bytes) -> None:
    signature = built.signature(KEY, identifier, USUAL)
    verdict = verdict_on(built.security_object(CONTENT, [signature], [AUTHORITY.csca.der, SIGNER.der]))
    assert verdict.decision == "passed"
    odd = [each.reason for each in check(verdict, "pa.sod-signature").outcome.findings]
    assert odd == ["sod-signer-named-otherwise"]


def test_the_signers_search_among_certificates_is_bounded() -> None:
    signature = built.signature(KEY, tlv.encode(0x80, b"none"), USUAL)
    others = [Stranger().certificate.der] * 70
    found = check(verdict_on(built.security_object(CONTENT, [signature], [*others, SIGNER.der])), "pa.sod-signature")
    assert found.status == "undetermined"


@pytest.mark.parametrize(("count", "status"), [(40, "passed"), (100, "undetermined")])
def test_certificates_that_bear_the_signers_name_hide_it_and_prove_nothing(count: int, status: str) -> None:
    others = [odd_certificates.certificate_bytes(SIGNER, new_key(), spki=new_key().public_key)] * count
    found = check(verdict_on(built.security_object(CONTENT, [GENUINE], [*others, SIGNER.der])), "pa.sod-signature")
    assert found.status == status
