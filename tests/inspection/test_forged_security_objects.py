"""No way to put a forger's content under a genuine signer passes (RFC 5652 5.4, 5.6 and 11)."""

from __future__ import annotations

import pytest

from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.iso7816.files import ElementaryFile as Ef
from eid_toolkit.standards.lds.dg1 import Dg1
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.verdict import Verdict, judge
from support import built_sods as built
from support.authorities import NOW, Authority, new_key
from support.documents import IssuedDocument, specimen_mrz, with_file
from support.odd_certificates import altered

AUTHORITY = Authority()
GENUINE = IssuedDocument(AUTHORITY, specimen_mrz())
SIGNER, KEY = GENUINE.signer, GENUINE.signer_key
CONTENT = built.content_of(GENUINE)
FORGED = IssuedDocument(AUTHORITY, specimen_mrz(optional="FORGED"))
FORGED.data_groups = {**GENUINE.data_groups, 1: Dg1(FORGED.mrz).encode()}
FORGED_CONTENT = built.content_of(FORGED)
TRUST = AUTHORITY.trust(AUTHORITY.crl())

FORGER = new_key()
TWIN = altered(SIGNER, FORGER, spki=FORGER.public_key)
"""The forger's own certificate under the signer's name, serial number and key identifier."""
BY_GENUINE = built.signature(KEY, built.named_by(SIGNER), built.usual_attributes(CONTENT))
BY_FORGER = built.signature(FORGER, built.named_by(SIGNER), built.usual_attributes(FORGED_CONTENT))
FAKE_AUTHORITY = Authority()
FROM_FAKE = altered(AUTHORITY.signer(FORGER), FAKE_AUTHORITY.key)
FAKE_CSCA = altered(AUTHORITY.csca, FAKE_AUTHORITY.key, spki=FAKE_AUTHORITY.key.public_key)
BY_SIGNER = altered(AUTHORITY.signer(FORGER), KEY, issuer=SIGNER.subject)
LIST_SIGNER = AUTHORITY.list_signer(FORGER)


def by_forger(identifier: bytes) -> bytes:
    return built.signature(FORGER, identifier, built.usual_attributes(FORGED_CONTENT))


def with_parts(signature: bytes, *, attributes: bytes = b"", unsigned: bytes = b"") -> bytes:
    """A signature with more attributes among the signed ones, or beside them, than were signed."""
    version, who, digest, signed, *rest = tlv.parse(signature).children()
    more = [each.encode() for each in rest] + ([tlv.encode(0xA1, unsigned)] if unsigned else [])
    grown = tlv.encode(0xA0, signed.value + attributes)
    return der.sequence(version.encode(), who.encode(), digest.encode(), grown, *more)


FORGED_DIGEST = built.usual_attributes(FORGED_CONTENT)[1]
OBJECTS = {
    "a twin certificate": ([BY_FORGER], [TWIN.der]),
    "a twin before the genuine one": ([BY_FORGER], [TWIN.der, SIGNER.der]),
    "a twin behind the genuine one": ([BY_FORGER], [SIGNER.der, TWIN.der]),
    "both signatures": ([BY_GENUINE, BY_FORGER], [SIGNER.der, TWIN.der]),
    "both signatures the other way round": ([BY_FORGER, BY_GENUINE], [TWIN.der, SIGNER.der]),
    "the genuine signature": ([BY_GENUINE], [SIGNER.der]),
    "a digest among the unsigned attributes": ([with_parts(BY_GENUINE, unsigned=FORGED_DIGEST)], [SIGNER.der]),
    "a second digest": ([with_parts(BY_GENUINE, attributes=FORGED_DIGEST)], [SIGNER.der]),
    "a false CSCA of the same name and key identifier": (
        [by_forger(built.named_by(FROM_FAKE))],
        [FROM_FAKE.der, FAKE_CSCA.der],
    ),
    "a certificate by the genuine signer": ([by_forger(built.named_by(BY_SIGNER))], [BY_SIGNER.der, SIGNER.der]),
    "a signer of lists": ([by_forger(built.named_by(LIST_SIGNER))], [LIST_SIGNER.der]),
}


def verdict_on(sod: bytes) -> Verdict:
    evidence = with_file(with_file(GENUINE.evidence(), Ef.SOD, sod), Ef.DG1, FORGED.data_groups[1])
    return judge(evidence, TRUST, policy_by_name("officer"), NOW)


@pytest.mark.parametrize(("signatures", "certificates"), OBJECTS.values(), ids=OBJECTS)
def test_a_forged_content_fails_whatever_is_put_beside_it(signatures: list[bytes], certificates: list[bytes]) -> None:
    assert verdict_on(built.security_object(FORGED_CONTENT, signatures, certificates)).decision == "failed"


@pytest.mark.parametrize(
    "content",
    [
        FORGED_CONTENT + CONTENT,
        CONTENT + FORGED_CONTENT,
        tlv.encode(der.SET, *sorted(built.usual_attributes(CONTENT))),
    ],
    ids=["the forged one first", "the genuine one first", "the attributes that were signed"],
)
def test_a_content_that_two_readers_would_read_differently_does_not_pass(content: bytes) -> None:
    bare = with_parts(BY_GENUINE)
    version, who, digest, _, *rest = tlv.parse(BY_GENUINE).children()
    without = der.sequence(version.encode(), who.encode(), digest.encode(), *(each.encode() for each in rest))
    for signature in (bare, without):
        assert verdict_on(built.security_object(content, [signature], [SIGNER.der])).decision != "passed"


def test_the_genuine_one_of_all_these_passes() -> None:
    sod = built.security_object(CONTENT, [BY_GENUINE], [SIGNER.der])
    evidence = with_file(GENUINE.evidence(), Ef.SOD, sod)
    assert judge(evidence, TRUST, policy_by_name("officer"), NOW).decision == "passed"
