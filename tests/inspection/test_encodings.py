"""However an issuer writes EF.SOD, the same content gets the same verdict (RFC 5652 section 2)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.iso7816.files import ElementaryFile as Ef
from eid_toolkit.standards.lds.sod import Sod
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.verdict import Decision, judge
from support import odd_sods
from support.authorities import NOW, Authority
from support.documents import IssuedDocument, specimen_mrz, with_file

AUTHORITY = Authority()
DOCUMENT = IssuedDocument(AUTHORITY, specimen_mrz())
TRUST = AUTHORITY.trust(AUTHORITY.crl())
OFFICER = policy_by_name("officer")


def outcomes(sod: bytes) -> dict[str, tuple[str, str | None]]:
    verdict = judge(with_file(DOCUMENT.evidence(), Ef.SOD, sod), TRUST, OFFICER, NOW)
    return {result.id: (result.status.value, result.reason) for result in verdict.checks}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_every_encoding_of_the_security_object_gets_the_same_verdict(seed: int) -> None:
    genuine = DOCUMENT.files[Ef.SOD]
    written = odd_sods.in_ber(genuine, seed, everywhere=False)
    assert outcomes(written) == outcomes(genuine)
    assert Sod.parse(written).signed_data.certificates == Sod.parse(genuine).signed_data.certificates


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), position=st.integers(0, 10_000), mask=st.integers(1, 255))
def test_in_no_encoding_a_change_of_the_content_passes(seed: int, position: int, mask: int) -> None:
    content = Sod.parse(DOCUMENT.files[Ef.SOD]).signed_data.content
    position %= len(content)
    changed = content[:position] + bytes((content[position] ^ mask,)) + content[position + 1 :]
    genuine = DOCUMENT.files[Ef.SOD].replace(content, changed)
    written = odd_sods.in_ber(genuine, seed, everywhere=False)
    verdict = judge(with_file(DOCUMENT.evidence(), Ef.SOD, written), TRUST, OFFICER, NOW)
    assert verdict.decision is not Decision.PASSED


def test_openssl_takes_the_same_indefinite_form_for_good(tmp_path: Path) -> None:
    written = odd_sods.in_ber(DOCUMENT.files[Ef.SOD])
    cms = tmp_path / "sod.ber"
    cms.write_bytes(tlv.parse(written).value)
    certificate = tmp_path / "signer.der"
    certificate.write_bytes(DOCUMENT.signer.der)
    command = ("openssl", "cms", "-verify", "-noverify", "-inform", "DER", "-in", str(cms), "-binary", "-out")
    done = subprocess.run((*command, str(tmp_path / "content")), capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "content").read_bytes() == Sod.parse(written).signed_data.content


@pytest.mark.parametrize("content_type", ["1.2.840.113549.1.7.1", "1.2.3.4"])
def test_another_content_type_is_taken_only_with_the_attribute_that_agrees(content_type: str) -> None:
    odd = odd_sods.over(DOCUMENT.data_groups, DOCUMENT.signer_key, DOCUMENT.signer, content_type=content_type)
    assert outcomes(odd)["pa.sod-signature"] == ("passed", None)
    usual = bytes.fromhex("060667810801 0101")
    other = tlv.encode(0x06, bytes.fromhex("2A0304050607"))
    genuine = DOCUMENT.files[Ef.SOD]
    first = genuine.index(usual)
    assert outcomes(genuine[:first] + other + genuine[first + len(other) :])["pa.sod-signature"] == (
        "failed",
        "sod-signature-wrong",
    )
