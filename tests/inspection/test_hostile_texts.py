"""Hostile text in every field of DG1, DG11 and DG13 and in the names of certificates stays text, in each language."""

from __future__ import annotations

import unicodedata
from html.parser import HTMLParser

import pytest

from eid_toolkit.ground.messages.catalogue import Speaker, languages
from eid_toolkit.work.inspection.reports.html_report import portrait_of, verdict_html
from eid_toolkit.work.inspection.reports.one_look import COLUMNS, LINES, brief, one_look
from eid_toolkit.work.inspection.reports.text_report import verdict_text
from eid_toolkit.work.inspection.reports.wording import Words
from eid_toolkit.work.inspection.verdict import Decision
from support.example_verdicts import KINDS, example
from support.hostile_texts import TEXTS, hostile_verdicts

WORDS = [Words(Speaker(language)) for language in languages()]


class Elements(HTMLParser):
    """The names of all elements and of their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names |= {tag, *(f"{tag} {name}" for name, _ in attrs)}


def is_harmless(text: str) -> bool:
    """Neither a control character nor one that changes the direction of what follows."""
    return not any(unicodedata.category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp") for each in text if each != "\n")


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_hostile_text_is_shown_as_text(text: str) -> None:
    plain = set().union(*(Elements(verdict_html(example(kind), WORDS[0], b"")).names for kind in KINDS))
    seen = 0
    for verdict in hostile_verdicts(text):
        seen += 1
        for words in WORDS:
            screen = one_look(verdict, words)
            assert len(screen.split("\n")) <= LINES and max(map(len, screen.split("\n"))) <= COLUMNS * 4
            for shown in (screen, brief(verdict, words), verdict_text(verdict, words)):
                assert is_harmless(shown)
            page = verdict_html(verdict, words, portrait_of(verdict.evidence))
            assert is_harmless(page)
            assert Elements(page).names <= plain
    assert seen == 6


def test_the_texts_are_those_of_a_genuine_card() -> None:
    """Else nothing of them would be shown."""
    genuine, unknown, national, *_ = hostile_verdicts(TEXTS[0])
    assert genuine.decision is Decision.PASSED
    for verdict in (genuine, national):
        assert verdict.holder is not None and "document.title" in (verdict.holder.name or "")
    assert any("<script>" in str(check.outcome.facts) for check in unknown.checks)
