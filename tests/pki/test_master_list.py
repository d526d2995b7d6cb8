"""Master lists: built, read whole or in part, compared, and judged by who signed them."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.standards.asn1.oids import CSCA_MASTER_LIST_SIGNING_KEY
from eid_toolkit.standards.codec import der
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.issuing import Lifetime, build_purpose_signer, distinguished_name
from eid_toolkit.standards.pki.lint import CertificateKind, lint_certificate
from eid_toolkit.standards.pki.master_list import MasterList, build_master_list, changes
from eid_toolkit.standards.pki.validation import Status, TrustMaterial, validate_list_signer
from support.authorities import NOW, START, Authority, new_key

KEY = new_key()


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def signer(authority: Authority) -> Certificate:
    name = distinguished_name("UT", "Ministry", "Master List Signer")
    lifetime = Lifetime(START, START + timedelta(days=365), START + timedelta(days=700))
    entropy = SystemEntropy()
    purpose = CSCA_MASTER_LIST_SIGNING_KEY
    return build_purpose_signer(
        authority.csca, authority.key, name, KEY.public_key, lifetime, authority.publication, entropy, purpose
    )


@pytest.fixture(scope="module")
def others() -> tuple[Certificate, ...]:
    return tuple(Authority(state).csca for state in ("VNM", "SGP", "FRA"))


def build(authority: Authority, signer: Certificate, certificates: tuple[Certificate, ...]) -> bytes:
    return build_master_list(certificates, KEY, signer, authority.csca, "sha256", NOW)


def test_what_was_listed_is_read(authority: Authority, signer: Certificate, others: tuple[Certificate, ...]) -> None:
    found = MasterList.parse(build(authority, signer, (*others, others[0])))
    assert {item.der for item in found.certificates} == {item.der for item in others}
    assert found.signer == signer
    assert (found.unreadable, lint_certificate(signer, CertificateKind.LIST_SIGNER)) == ((), ())
    assert validate_list_signer(found, authority.trust(), NOW).status is Status.PASSED


def test_openssl_checks_the_signature(
    authority: Authority, signer: Certificate, others: tuple[Certificate, ...], tmp_path: Path
) -> None:
    (tmp_path / "list.ml").write_bytes(build(authority, signer, others))
    command = ["openssl", "cms", "-verify", "-noverify", "-inform", "DER", "-in", "list.ml", "-out", "content"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert MasterList.parse((tmp_path / "content").read_bytes()).signed is None


def test_one_bad_certificate_does_not_lose_the_others(others: tuple[Certificate, ...]) -> None:
    bad = der.sequence(der.integer(1))
    bare = der.sequence(der.integer(0), der.set_of([bad, *(item.der for item in others)]))
    found = MasterList.parse(bare)
    assert len(found.certificates) == len(others)
    assert [item.data for item in found.unreadable] == [bad]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "tlv-truncated"),
        (der.sequence(), "master-list-malformed"),
        (der.sequence(der.integer(1), der.set_of([])), "master-list-version"),
        (der.sequence(der.set_of([]), der.integer(0)), "master-list-malformed"),
        (b"\x30\x84\x02\x00\x00\x00", "tlv-value-too-large"),
    ],
)
def test_what_is_no_list_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(BadInput, match=code):
        MasterList.parse(data)


def test_a_later_list_is_compared_with_an_earlier_one(
    authority: Authority, signer: Certificate, others: tuple[Certificate, ...]
) -> None:
    before, after = (MasterList.parse(build(authority, signer, part)) for part in (others[:2], others[1:]))
    found = changes(before, after)
    assert (found.added, found.removed) == ((others[2],), (others[0],))


class TestSigner:
    """Whose word a list is."""

    def judged(self, found: MasterList, trust: TrustMaterial, days: int = 0) -> tuple[Status, str | None]:
        result = validate_list_signer(found, trust, NOW + timedelta(days=days))
        return result.status, result.reason

    def test_a_changed_list(self, authority: Authority, signer: Certificate, others: tuple[Certificate, ...]) -> None:
        found = MasterList.parse(build(authority, signer, others))
        assert found.signed is not None
        changed = replace(found, signed=replace(found.signed, content=found.signed.content + b"\0"))
        assert self.judged(changed, authority.trust()) == (Status.FAILED, "list-signature-wrong")

    def test_a_stranger(self, authority: Authority, signer: Certificate, others: tuple[Certificate, ...]) -> None:
        found = MasterList.parse(build(authority, signer, others))
        assert self.judged(found, Authority("VNM").trust()) == (Status.UNDETERMINED, "list-signer-unknown")

    def test_an_expired_signer(
        self, authority: Authority, signer: Certificate, others: tuple[Certificate, ...]
    ) -> None:
        found = MasterList.parse(build(authority, signer, others))
        assert self.judged(found, authority.trust(), 800) == (Status.UNDETERMINED, "list-signer-expired")

    def test_a_document_signer_signs_no_list(self, authority: Authority, others: tuple[Certificate, ...]) -> None:
        key = new_key()
        wrong = authority.signer(key)
        data = build_master_list(others, key, wrong, authority.csca, "sha256", NOW)
        assert self.judged(MasterList.parse(data), authority.trust()) == (Status.FAILED, "list-signer-purpose")

    def test_a_bare_list_is_nobodys_word(self, authority: Authority, others: tuple[Certificate, ...]) -> None:
        bare = der.sequence(der.integer(0), der.set_of([item.der for item in others]))
        assert self.judged(MasterList.parse(bare), authority.trust()) == (Status.UNDETERMINED, "list-unsigned")
