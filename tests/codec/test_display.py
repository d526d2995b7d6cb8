"""Text from outside does nothing to a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.ground.display import harmless


@pytest.mark.parametrize("text", ["Nguyễn Văn An", unicodedata.normalize("NFD", "Nguyễn Thị Ước"), "O'Neill-Ærø", "陳"])
def test_names_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize(
    "character", ["\x1b", "\n", "\r", "\x00", "\x9b", "\u202e", "\u2066", "\u200b", "\ufeff", "\ue000"]
)
def test_what_moves_hides_or_reorders_is_written_out(character: str) -> None:
    assert harmless(f"A{character}B") == f"A\\u{{{ord(character):X}}}B"


def test_marks_do_not_pile_up() -> None:
    assert sum(map(unicodedata.combining, harmless("Z" + 50 * "\u0301"))) == 4 * unicodedata.combining("\u0301")


@given(st.text(max_size=40))
def test_whatever_comes_out_is_printable(text: str) -> None:
    assert harmless(text).isprintable()
