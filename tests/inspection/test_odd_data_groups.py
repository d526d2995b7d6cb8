"""What an issuer signed oddly in EF.SOD's list, DG14 or DG15 takes nothing away from what stands beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.asn1.oids import ECDSA_PLAIN
from eid_toolkit.standards.asn1.security_infos import ActiveAuthenticationInfo, SecurityInfos
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.digests import digest as hashed
from eid_toolkit.standards.iso7816.files import ElementaryFile as Ef
from eid_toolkit.standards.lds.dg14 import Dg14
from eid_toolkit.standards.lds.security_object import LdsSecurityObject
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.result import CheckResult
from eid_toolkit.work.inspection.verdict import Verdict, judge
from support import built_sods as built
from support.authorities import NOW, Authority, new_key
from support.documents import CHALLENGE, IssuedDocument, specimen_mrz, with_file

AUTHORITY = Authority()
TRUST = AUTHORITY.trust(AUTHORITY.crl())
DOCUMENT = IssuedDocument(AUTHORITY, specimen_mrz())
BSI = "0.4.0.127.0.7.2.2"
SHA256 = {number: hashed("sha256", file) for number, file in DOCUMENT.data_groups.items()}
VERSIONS = (b"0108", b"040000")


def verdict_on(document: IssuedDocument, sod: bytes | None = None) -> Verdict:
    evidence = document.evidence()
    return judge(evidence if sod is None else with_file(evidence, Ef.SOD, sod), TRUST, policy_by_name("officer"), NOW)


def check(verdict: Verdict, check_id: str) -> CheckResult:
    return next(result for result in verdict.checks if result.id == check_id)


def findings(verdict: Verdict) -> list[str]:
    return [each.reason for result in verdict.checks for each in result.outcome.findings]


def entry(number: int, value: bytes) -> bytes:
    return der.sequence(der.integer(number), der.octet_string(value))


def security_object(*more: bytes, version: int = 1, texts: bytes | None = None) -> bytes:
    """A LDSSecurityObject with ``more`` in its list, and ``texts`` for its versions."""
    usual = der.sequence(*(tlv.encode(der.PRINTABLE_STRING, text) for text in VERSIONS))
    hashes = der.sequence(*(entry(number, value) for number, value in SHA256.items()), *more)
    return der.sequence(der.integer(version), built.SHA256, hashes, usual if texts is None else texts)


def signed(content: bytes) -> bytes:
    signature = built.signature(DOCUMENT.signer_key, built.named_by(DOCUMENT.signer), built.usual_attributes(content))
    return built.security_object(content, [signature], [DOCUMENT.signer.der])


@pytest.mark.parametrize("number", [-1, 0, 17, 300])
def test_a_hash_under_a_number_of_no_data_group_is_a_finding(number: int) -> None:
    verdict = verdict_on(DOCUMENT, signed(security_object(entry(number, bytes(32)))))
    assert (verdict.decision, findings(verdict)) == ("passed", ["sod-lists-no-data-group"])


def test_the_same_hash_twice_is_one_and_two_hashes_of_one_data_group_are_none() -> None:
    assert verdict_on(DOCUMENT, signed(security_object(entry(1, SHA256[1])))).decision == "passed"
    twofold = verdict_on(DOCUMENT, signed(security_object(entry(1, bytes(32)))))
    assert check(twofold, "pa.sod-signature").reason == "sod-malformed"


@pytest.mark.parametrize(
    "texts",
    [
        der.sequence(*(tlv.encode(der.UTF8_STRING, text) for text in VERSIONS)),
        der.sequence(tlv.encode(der.PRINTABLE_STRING, VERSIONS[0])),
        der.null(),
        b"",
    ],
)
def test_versions_that_are_written_oddly_are_taken_for_absent(texts: bytes) -> None:
    assert verdict_on(DOCUMENT, signed(security_object(texts=texts))).decision == "passed"


def test_a_security_object_of_version_0_may_have_versions_that_nobody_asks_for() -> None:
    found = check(verdict_on(DOCUMENT, signed(security_object(version=0))), "pa.data-group-hashes")
    assert found.status == "passed"


def test_to_who_writes_or_proves_a_security_object_all_this_is_malformed() -> None:
    for content in (security_object(entry(17, bytes(32))), security_object(texts=der.null())):
        with pytest.raises(BadInput):
            LdsSecurityObject.parse(content)


def document_with_infos(change: Callable[[list[bytes]], list[bytes]]) -> IssuedDocument:
    document = IssuedDocument(AUTHORITY, specimen_mrz())
    entries = [each.encode() for each in Dg14.parse(document.data_groups[14]).security_infos.entries]
    document.data_groups[14] = tlv.encode(0x6E, tlv.encode(der.SET, *change(entries)))
    return document


ODD_INFOS: Mapping[str, bytes] = {
    "a file identifier of three bytes": der.sequence(
        der.object_identifier(f"{BSI}.2"), der.integer(1), der.sequence(der.octet_string(b"\x01\x1c\x00"))
    ),
    "no version": der.sequence(der.object_identifier(f"{BSI}.3.2.1")),
    "too many parts": der.sequence(der.object_identifier(f"{BSI}.1.2"), der.sequence(), *[der.integer(1)] * 2),
    "a key that is none": der.sequence(der.object_identifier(f"{BSI}.1.2"), der.null()),
    "no algorithm": der.sequence(der.object_identifier("2.23.136.1.1.5"), der.integer(1)),
    "a version that is no number": der.sequence(der.object_identifier(f"{BSI}.4.2.4"), der.octet_string(b"2")),
    "nothing": der.sequence(),
    "no SEQUENCE": der.null(),
    "no protocol": der.sequence(der.integer(1)),
}


@pytest.mark.parametrize("odd", ODD_INFOS.values(), ids=ODD_INFOS)
def test_one_odd_entry_of_dg14_does_not_lose_the_keys_beside_it(odd: bytes) -> None:
    document = document_with_infos(lambda entries: [odd, *entries])
    assert verdict_on(document).decision == "passed"
    with pytest.raises(BadInput):
        SecurityInfos.parse(tlv.encode(der.SET, odd))


@pytest.mark.parametrize("odd", ODD_INFOS.values(), ids=ODD_INFOS)
def test_an_odd_entry_of_card_access_that_dg14_lacks_is_a_finding(odd: bytes) -> None:
    content = tlv.encode(der.SET, DOCUMENT.pace.encode(), odd)
    evidence = with_file(DOCUMENT.evidence(), Ef.CARD_ACCESS, content)
    verdict = judge(evidence, TRUST, policy_by_name("officer"), NOW)
    assert (verdict.decision, findings(verdict)) == ("passed", ["card-access-beside-dg14"])


def named(*algorithms: str) -> Callable[[list[bytes]], list[bytes]]:
    def change(entries: list[bytes]) -> list[bytes]:
        kept = [each for each in entries if der.object_identifier("2.23.136.1.1.5") not in each]
        return [*kept, *(ActiveAuthenticationInfo(oid).encode() for oid in algorithms)]

    return change


@pytest.mark.parametrize("algorithms", [(), ("1.2.840.10045.4.3.2",), (ECDSA_PLAIN["sha384"],)])
def test_a_chip_that_signs_with_another_digest_than_dg14_names_has_its_key_all_the_same(
    algorithms: tuple[str, ...],
) -> None:
    verdict = verdict_on(document_with_infos(named(*algorithms)))
    assert check(verdict, "chip.aa").status == "passed"
    assert findings(verdict) == ["aa-digest-not-named"]


@pytest.mark.parametrize(
    ("algorithms", "outcome"),
    [((), ("undetermined", "aa-unsupported")), ((ECDSA_PLAIN["sha384"],), ("failed", "aa-signature-wrong"))],
)
def test_a_copy_has_it_with_no_digest(algorithms: tuple[str, ...], outcome: tuple[str, str]) -> None:
    document = document_with_infos(named(*algorithms))
    document.aa_key = new_key()  # signs the challenge; DG15 has the other
    assert document.evidence().active_authentication.challenge == CHALLENGE
    found = check(verdict_on(document), "chip.aa")
    assert (found.status, found.reason) == outcome
