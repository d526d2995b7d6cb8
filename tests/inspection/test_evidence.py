"""Evidence can be kept and judged again; what is no evidence is refused; a report says what a verdict says."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.messages.catalogue import ENGLISH
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.pki.validation import TrustMaterial
from eid_toolkit.work.inspection.evidence import Evidence, FileEvidence, FileState
from eid_toolkit.work.inspection.evidence_format import decode_evidence, encode_evidence
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.reports.html_report import verdict_html
from eid_toolkit.work.inspection.reports.report import verdict_data
from eid_toolkit.work.inspection.reports.text_report import verdict_text
from eid_toolkit.work.inspection.reports.wording import Words
from eid_toolkit.work.inspection.verdict import Verdict, judge
from support.authorities import NOW, Authority
from support.documents import IssuedDocument, specimen_mrz, without


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def evidence(authority: Authority) -> Evidence:
    whole = IssuedDocument(authority, specimen_mrz()).evidence()
    return replace(without(whole, [ElementaryFile.DG12], FileState.PROTECTED), interrupted="card-removed")


@pytest.fixture(scope="module")
def verdict(evidence: Evidence, authority: Authority) -> Verdict:
    return judge(evidence, authority.trust(authority.crl()), policy_by_name("officer"), NOW)


WORDS = Words()


def test_evidence_comes_back_as_it_was_saved(evidence: Evidence) -> None:
    assert decode_evidence(encode_evidence(evidence)) == evidence


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"schema": "eid-evidence/9"}, "evidence-schema"),
        ({"apdus": "40"}, "evidence-malformed"),
        ({"apdus": True}, "evidence-malformed"),
        ({"atr": "%%%"}, "evidence-malformed"),
        ({"started": "2026-01-01T00:00:00"}, "evidence-malformed"),
        ({"files": {"EF.DG99": {"state": "absent", "content": None, "cause": None}}}, "evidence-malformed"),
        ({"files": {"EF.DG1": {"state": "read", "content": None, "cause": None}}}, "evidence-malformed"),
        ({"password": "123456"}, "evidence-malformed"),
    ],
)
def test_what_is_not_evidence_is_refused(evidence: Evidence, change: dict[str, object], code: str) -> None:
    data = json.loads(encode_evidence(evidence)) | change
    with pytest.raises(BadInput) as caught:
        decode_evidence(json.dumps(data).encode())
    assert caught.value.code == code


@given(st.binary(max_size=200) | st.recursive(st.none() | st.text(), st.lists).map(lambda x: json.dumps(x).encode()))
def test_random_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(BadInput):
        decode_evidence(raw)


def test_cut_evidence_is_refused(evidence: Evidence) -> None:
    raw = encode_evidence(evidence)
    for length in range(0, len(raw), 997):
        with pytest.raises(BadInput):
            decode_evidence(raw[:length])


def test_a_file_has_content_just_if_it_was_read() -> None:
    with pytest.raises(ValueError, match="content"):
        FileEvidence(FileState.ABSENT, b"")


def test_the_json_report_has_the_documented_keys(verdict: Verdict) -> None:
    data = verdict_data(verdict, ENGLISH.explain)
    assert json.loads(json.dumps(data))["schema"] == "eid-verdict/2"
    assert set(data) >= {
        "schema", "verdict", "policy", "judged_at", "specimen", "layers", "checks", "holder", "access", "trust",
        "data_groups", "apdus", "bytes_read", "elapsed_ms",
    }  # fmt: skip
    assert data["judged_at"] == "2026-03-11T12:00:00Z"
    assert data["layers"] == {"document": "undetermined", "chip": "passed", "status": "passed"}
    assert data["data_groups"] == {
        "1": "read",
        "2": "read",
        "11": "read",
        "12": "protected",
        "14": "read",
        "15": "read",
    }
    assert data["access"] == {
        "protocol": "pace", "password": "can", "mapping": "gm", "cipher": "aes-256", "parameter_id": 13,
        "downgraded": False,
    }  # fmt: skip


def test_every_check_is_explained_by_a_sentence(verdict: Verdict) -> None:
    text = verdict_text(verdict, WORDS, verbose=True)
    for check in verdict_data(verdict, ENGLISH.explain)["checks"]:  # type: ignore[union-attr]
        assert check["detail"].endswith(".")
        assert check["detail"] in text


def test_the_text_begins_and_ends_with_the_verdict_and_says_what_a_person_must_do(verdict: Verdict) -> None:
    text = verdict_text(verdict, WORDS)
    assert text.startswith("UNDETERMINED: data not read  (specimen)\n")
    to_do = " ".join(text.splitlines()[-4:-1])
    assert "printed MRZ" in to_do
    assert "the face" in to_do
    assert text.splitlines()[-1] == text.splitlines()[0]


def test_hostile_names_are_shown_harmlessly(verdict: Verdict) -> None:
    assert verdict.holder is not None
    hostile = replace(verdict, holder=replace(verdict.holder, primary_identifier="\x1b[2J<script>\u202e"))
    assert "\x1b" not in verdict_text(hostile, WORDS)
    assert "<script>" not in verdict_html(hostile, WORDS, None)


def test_the_html_page_shows_the_portrait_and_needs_nothing_from_outside(verdict: Verdict) -> None:
    page = verdict_html(verdict, WORDS, b"\xff\xd8\xff")
    assert "data:image/jpeg;base64,/9j/" in page
    assert "http:" not in page
    assert "https:" not in page


def test_judging_again_with_newer_lists_changes_the_verdict(evidence: Evidence, authority: Authority) -> None:
    without_lists = judge(evidence, TrustMaterial((authority.csca,)), policy_by_name("officer"), NOW)
    assert {result.id: result.reason for result in without_lists.checks}["status.revocation"] == "crl-missing"
