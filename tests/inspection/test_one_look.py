"""An officer's screen: 24 lines of 80 columns hold every verdict, its first line and its last say what it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eid_toolkit.ground.columns import MORE, fitted, width_of
from eid_toolkit.ground.messages.catalogue import Speaker, languages
from eid_toolkit.work.inspection.holder import Holder
from eid_toolkit.work.inspection.reports.one_look import COLUMNS, LINES, brief, one_look
from eid_toolkit.work.inspection.reports.wording import Words, headline
from eid_toolkit.work.inspection.result import CheckResult, CheckStatus, Outcome
from eid_toolkit.work.inspection.verdict import Decision, Verdict
from eid_toolkit.work.inspection.witness import Standing, Witness
from support import list_faults
from support.example_verdicts import KINDS, example
from support.hierarchies import FAULTS, Hierarchy
from support.odd_sods import over

assert list_faults  # enters its faults by being imported

WORDS = Words()
EACH = [Words(Speaker(language)) for language in languages()]
in_each_language = pytest.mark.parametrize("words", EACH, ids=languages())
PASSED = Hierarchy().judge()
NAMES = (
    "Nguyễn Thị Thùy Dương",
    "Müller-Lüdenscheidt, Hans Joachim " + "Maximilian " * 12,
    "Ω" * 300,
    "山田" * 90,
    "a\u0301\u0302\u0303\u0304" * 200,
    "\x1b[2J\r\n\u202eevil\u200b" * 40,
    "",
)


def is_held(text: str) -> list[str]:
    lines = text.split("\n")
    assert len(lines) <= LINES
    assert max(map(width_of, lines)) <= COLUMNS
    assert not any(character in text for character in "\x1b\r\u202e\u200b")
    return lines


def holder_with(**values: object) -> Verdict:
    assert PASSED.holder is not None
    return replace(PASSED, holder=replace(PASSED.holder, **values))  # type: ignore[arg-type]


def with_checks(decision: Decision, facts: Mapping[str, object]) -> Verdict:
    """Every check fails, one after the other, or is left undecided."""
    status = CheckStatus(decision.value)
    reason = "csca-unknown"
    checks = tuple(CheckResult(each.id, each.layer, Outcome(status, reason, facts)) for each in PASSED.checks)
    return replace(PASSED, decision=decision, checks=checks)


@in_each_language
@pytest.mark.parametrize("name", sorted(FAULTS))
def test_every_fault_is_held_and_told_first_and_last(name: str, words: Words) -> None:
    hierarchy = Hierarchy()
    FAULTS[name](hierarchy)
    verdict = hierarchy.judge()
    lines = is_held(one_look(verdict, words))
    assert lines[0] == lines[-1]
    assert lines[0].startswith(headline(verdict, words))
    for cause in verdict.causes[:1]:
        first = words.explain(str(cause.reason), cause.outcome.facts).split()[:3]
        assert " ".join(first) in " ".join(" ".join(lines).split())


def test_holder_and_what_to_do_stand_between() -> None:
    text = one_look(holder_with(name="Nguyễn, Thị Thùy Dương"), WORDS)
    for shown in ("Nguyễn, Thị Thùy Dương", "1990-01-31", "X0000001", "2036-02-28", "Now compare the printed MRZ"):
        assert shown in text


@in_each_language
@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_any_length_leaves_everything_else_on_the_screen(name: str, words: Words) -> None:
    for decision in (Decision.FAILED, Decision.UNDETERMINED):
        verdict = replace(with_checks(decision, {}), holder=holder_with(name=name, truncated=True).holder)
        text = one_look(verdict, words)
        is_held(text)
        days = map(words.speaker.date, ("1990-01-31", "2036-02-28"))
        for shown in ("X0000001", *days, words.status(decision.value), "--verbose"):
            assert shown in text


def test_what_failed_comes_before_what_is_undetermined() -> None:
    undetermined, failed = with_checks(Decision.UNDETERMINED, {}), with_checks(Decision.FAILED, {})
    mixed = replace(failed, checks=(*undetermined.checks[:2], *failed.checks[2:4]))
    statuses = [line.split()[0] for line in one_look(mixed, WORDS).splitlines() if line.startswith(("  f", "  u"))]
    assert statuses == ["failed", "failed", "undetermined", "undetermined"]


def test_what_does_not_fit_is_counted() -> None:
    verdict = with_checks(Decision.FAILED, {"csca": "C" * 500})
    lines = is_held(one_look(verdict, WORDS))
    shown = sum(line.startswith("  failed") for line in lines)
    (rest,) = (line.split()[0] for line in lines if "more: see --verbose" in line)
    assert shown + int(rest) == len(verdict.checks)


@in_each_language
def test_an_odd_but_genuine_document_passes_and_its_oddities_are_counted(words: Words) -> None:
    hierarchy = Hierarchy()
    hierarchy.sod = lambda document: over(document.data_groups, document.signer_key, document.signer, hashes="sha1")
    lines = is_held(one_look(hierarchy.judge(), words))
    assert lines[0].startswith(words.in_short("verdict-passed"))
    assert words is not WORDS or any("findings: 1" in line for line in lines)


@in_each_language
@pytest.mark.parametrize("kind", KINDS)
def test_a_verdict_of_each_kind_is_held(kind: str, words: Words) -> None:
    is_held(one_look(example(kind), words))


def test_evidence_of_a_stranger_read_long_ago_is_held_too() -> None:
    witness = Witness(Standing.ENROLLED, "ab" * 32, "\x1b" + "N" * 200)
    verdict = replace(with_checks(Decision.UNDETERMINED, {}), witness=witness, judged_at=PASSED.judged_at)
    earlier = replace(verdict, evidence=replace(verdict.evidence, started=verdict.judged_at - timedelta(days=9)))
    for words in EACH:
        is_held(one_look(replace(earlier, holder=holder_with(name="x y " * 80).holder), words))


def test_a_card_without_a_readable_holder_says_so() -> None:
    assert "could not be read" in one_look(replace(PASSED, holder=None), WORDS)
    assert brief(replace(PASSED, holder=None), WORDS).endswith("-  -")


TEXTS = st.text(max_size=120) | st.sampled_from(NAMES)
HOSTILE = {field.name: TEXTS for field in fields(Holder) if field.name not in ("truncated", "birth_century_known")}


@settings(max_examples=60)
@given(
    st.fixed_dictionaries(HOSTILE),
    TEXTS,
    st.booleans(),
    st.sampled_from((Decision.FAILED, Decision.UNDETERMINED)),
    st.sampled_from(EACH),
)
def test_hostile_text_in_every_field_is_held(
    values: dict[str, str], fact: str, known: bool, decision: Decision, words: Words
) -> None:
    holder = holder_with(**values, truncated=True, birth_century_known=known).holder
    verdict = replace(with_checks(decision, {"csca": fact, "key": fact}), holder=holder)
    lines = is_held(one_look(verdict, words))
    assert lines[0] == lines[-1] == f"{headline(verdict, words)}  ({words.in_short('verdict-specimen')})"
    assert len(is_held_line(brief(verdict, words))) == 1


def is_held_line(text: str) -> list[str]:
    lines = text.split("\n")
    assert width_of(text) < 220
    assert text.isprintable()
    return lines


@given(st.text(max_size=300), st.integers(4, 80), st.integers(1, 5))
def test_a_fitted_text_has_no_more_lines_and_columns_than_allowed(text: str, limit: int, most: int) -> None:
    lines = fitted(text, limit, most)
    assert 1 <= len(lines) <= most
    assert max(map(width_of, lines)) <= limit
    if lines[-1][-1:] != MORE:  # nothing is lost without a mark
        assert "".join("".join(lines).split()) == "".join(text.split())


def test_vietnamese_officers_read_words_and_dates_as_they_write_them() -> None:
    """A date that is known in part keeps its unknown digits; what is no date stays as the card has it."""
    words = Words(Speaker("vi"))
    text = one_look(
        replace(with_checks(Decision.FAILED, {}), holder=holder_with(date_of_birth="1990-XX-XX").holder), words
    )
    assert text.startswith("KHÔNG ĐẠT: ") and "XX/XX/1990" in text and "28/02/2036" in text
    assert re.search(r"\d\d/\d\d/\d{4} \d\d:\d\d UTC", text)
    assert "  không đạt  " in text
    assert words.speaker.date("0412") == "0412" and words.speaker.date("<script>") == "<script>"
