"""What a person is told: the cause first, what passed in one line, and what to do by what is wrong."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from eid_toolkit.ground.messages.catalogue import catalogue
from eid_toolkit.standards.pki.document_status import DocumentStatus
from eid_toolkit.work.inspection.evidence import ChipProof, Evidence
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.reasons import FAILED, NOT_PERFORMED, UNDETERMINED
from eid_toolkit.work.inspection.reports.html_report import verdict_html
from eid_toolkit.work.inspection.reports.text_report import verdict_text
from eid_toolkit.work.inspection.reports.wording import Words, closing, headline
from eid_toolkit.work.inspection.result import CheckStatus
from eid_toolkit.work.inspection.verdict import Verdict, judge
from support import list_faults
from support.authorities import NOW, Authority
from support.documents import IssuedDocument, specimen_mrz
from support.hierarchies import FAULTS, Hierarchy
from support.odd_sods import over

assert list_faults  # enters its faults by being imported

WORDS = Words()
OFFICER = policy_by_name("officer")


def judged(**trust: object) -> Verdict:
    hierarchy = Hierarchy()
    for name, value in trust.items():
        setattr(hierarchy, name, value)
    return hierarchy.judge()


@pytest.fixture
def copied() -> Verdict:
    hierarchy = Hierarchy()
    genuine: Evidence = hierarchy.document.evidence()
    chip = replace(genuine.chip_authentication, outcome=ChipProof.WRONG)
    return judge(replace(genuine, chip_authentication=chip), hierarchy.trust, OFFICER, NOW)


def test_the_first_line_and_the_last_say_the_cause_and_the_specimen_behind_it(copied: Verdict) -> None:
    for verbose in (False, True):
        lines = verdict_text(copied, WORDS, verbose=verbose).splitlines()
        assert lines[0] == lines[-1] == "FAILED: copied chip  (specimen)"
    lines = verdict_text(judged(), WORDS).splitlines()
    assert lines[0] == lines[-1] == "PASSED  (specimen)"


def test_what_failed_stands_first_and_what_passed_in_one_line(copied: Verdict) -> None:
    lines = verdict_text(copied, WORDS).splitlines()
    checks = [line for line in lines if re.match(r"  (failed|undetermined|not-performed|passed) ", line)]
    assert checks[0].split(None, 1) == ["failed", "The chip does not have this document's private key: it is a"]
    assert sum(line.startswith("  passed") for line in checks) == 1
    passed = sum(each.status is CheckStatus.PASSED for each in copied.checks)
    assert checks[-1].split(None, 1)[1] == f"{passed} of {len(copied.checks)} checks."


def test_verbose_shows_every_check(copied: Verdict) -> None:
    text = verdict_text(copied, WORDS, verbose=True)
    assert all(each.id in text for each in copied.checks)


def test_findings_are_shown_and_do_not_decide() -> None:
    hierarchy = Hierarchy()
    hierarchy.sod = lambda document: over(document.data_groups, document.signer_key, document.signer, hashes="sha1")
    text = verdict_text(hierarchy.judge(), WORDS)
    assert text.startswith("PASSED")
    assert "findings: 1 (see --verbose)" in text
    text = verdict_text(hierarchy.judge(), WORDS, verbose=True)
    assert text.startswith("PASSED")
    assert re.search(r"finding +pa.strength +The data groups are hashed with sha1", text)


def test_a_long_name_and_a_year_of_two_digits_are_marked() -> None:
    authority = Authority()
    plain = IssuedDocument(authority, specimen_mrz())
    verdict = judge(plain.evidence(), authority.trust(authority.crl()), OFFICER, NOW)
    assert verdict.holder is not None
    marked = replace(verdict, holder=replace(verdict.holder, truncated=True, birth_century_known=False))
    text = verdict_text(marked, WORDS, verbose=True)
    assert "SPECIMEN  (names in the MRZ may be truncated)" in text
    assert "1990-01-31  (the card has only two digits of the year)" in text
    assert "  Name             Specimen, Erika" in text
    look = verdict_text(marked, WORDS)
    assert "1990-01-31  (the card has only two digits of the year)" in look
    assert "Specimen, Erika\n" in look  # whole, by DG11
    of_mrz = replace(marked, holder=replace(marked.holder, name=None))  # type: ignore[type-var]
    assert "SPECIMEN, ERIKA  (names in the MRZ may be truncated)" in verdict_text(of_mrz, WORDS)


@pytest.mark.parametrize("status", [DocumentStatus.LOST, DocumentStatus.STOLEN, DocumentStatus.REVOKED])
def test_who_shows_a_reported_document_is_not_treated_as_a_forger(status: DocumentStatus) -> None:
    """9303-2 6.4.1: second line, compare, ask the issuer; nobody is told to keep it."""
    hierarchy = Hierarchy()
    FAULTS[f"reported-{status}"](hierarchy)
    verdict = hierarchy.judge()
    assert headline(verdict, WORDS).startswith("FAILED: re")
    last = closing(verdict, WORDS)
    assert "second-line inspection" in last
    assert "ask the issuer" in last
    assert "eep it" not in last


def test_on_a_stolen_blank_it_is_forged() -> None:
    hierarchy = Hierarchy()
    FAULTS["reported-blank"](hierarchy)
    assert "Keep it if you are authorized to" in closing(hierarchy.judge(), WORDS)


def test_an_expired_document_is_not_called_false() -> None:
    verdict = judged(now=NOW + timedelta(days=4000))
    assert "no longer valid" in closing(replace(verdict, checks=_only(verdict, "document.expiry")), WORDS)


def test_a_reported_document_that_is_also_a_copy_is_one_to_keep(copied: Verdict) -> None:
    hierarchy = Hierarchy()
    FAULTS["reported-stolen"](hierarchy)
    both = (*hierarchy.judge().checks, *(each for each in copied.checks if each.id == "chip.ca"))
    assert "Keep it if you are authorized to" in closing(replace(hierarchy.judge(), checks=both), WORDS)


def _only(verdict: Verdict, check: str) -> tuple:
    return tuple(each for each in verdict.checks if each.id == check or each.status is not CheckStatus.FAILED)


def test_the_page_shows_the_cause_on_top_and_failures_before_passes(copied: Verdict) -> None:
    page = verdict_html(copied, WORDS, None)
    assert "<h1>FAILED: copied chip</h1>" in page
    assert page.index("<code>chip.ca</code>") < page.index("<code>pa.sod-signature</code>")


def test_saved_evidence_is_told_to_be_of_an_earlier_day() -> None:
    hierarchy = Hierarchy()
    evidence = hierarchy.document.evidence()
    assert "The card was read at" not in verdict_text(judge(evidence, hierarchy.trust, OFFICER, NOW), WORDS)
    earlier = replace(evidence, started=NOW - timedelta(days=3))
    text = verdict_text(judge(earlier, hierarchy.trust, OFFICER, NOW), WORDS)
    assert f"The card was read at {NOW - timedelta(days=3):%Y-%m-%d %H:%M} UTC. Judged at" in text


def test_every_reason_that_can_decide_has_its_few_words() -> None:
    messages = catalogue("en")
    assert {code for code in FAILED | UNDETERMINED | NOT_PERFORMED if messages[code].short is None} == set()
    assert all(len(re.sub(r"\{\w+\}", "", message.short or "")) <= 40 for message in messages.values())
