"""Tables in the columns of a terminal: nothing is cut, no word is broken, and no line is wider than it may be."""

from __future__ import annotations

import io
import os
import sys
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.doors.cli import output
from eid_toolkit.doors.cli.layout import fixed, grid, labelled
from eid_toolkit.ground.columns import width_of, wrapped
from support.at_terminal import at_terminal

WORDS = st.text("abcdefgh0123-/.,:Ễấđ漢字가\u0301", min_size=1, max_size=40).filter(
    lambda word: width_of(word) > 0 and not word.startswith("\u0301")
)
TEXTS = st.lists(WORDS, max_size=8).map(" ".join)
WIDTHS = st.integers(20, 200)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    columns = draw(st.integers(1, 7))
    row = st.lists(TEXTS, min_size=columns, max_size=columns)
    return draw(row), draw(st.lists(row, max_size=5))


def assert_fits(shown: str, limit: int) -> None:
    for line in shown.split("\n"):
        assert width_of(line) <= limit or (len(line.split()) == 1 and line == line.strip()), line


def words(*texts: str) -> Counter[str]:
    return Counter(word for text in texts for word in text.split())


@given(tables(), WIDTHS)
def test_any_table_fits_any_terminal_and_keeps_every_word(made: tuple[list[str], list[list[str]]], limit: int) -> None:
    headers, rows = made
    shown = grid(headers, rows, limit)
    assert_fits(shown, limit)
    found, cells = words(shown), words(*(cell for row in rows for cell in row))
    once, each = cells + words(*headers), cells + words(*headers * len(rows))
    assert found in (once, each)  # as a table, or as blocks with their labels


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=6), WIDTHS)
def test_any_labels_and_values_fit_any_terminal(pairs: list[tuple[str, str]], limit: int) -> None:
    shown = labelled(pairs, limit)
    assert_fits(shown, limit)
    assert words(shown) == words(*(text for pair in pairs for text in pair))


@given(st.lists(TEXTS, min_size=5, max_size=5), WIDTHS)
def test_any_row_that_comes_alone_fits_any_terminal(cells: list[str], limit: int) -> None:
    shown = fixed(cells, (8, 26, 16, 28, 0), limit)
    assert_fits(shown, limit)
    assert words(shown) == words(*cells)


@given(tables())
def test_without_a_terminal_a_row_is_a_line(made: tuple[list[str], list[list[str]]]) -> None:
    headers, rows = made
    assert len(grid(headers, rows).split("\n")) == 1 + len(rows)


def test_what_fits_is_as_without_a_terminal() -> None:
    headers, rows = ["NAME", "STATE"], [["clara", "active"], ["greta", "disabled"]]
    assert grid(headers, rows, 15) == grid(headers, rows) == "NAME   STATE\nclara  active\ngreta  disabled"


def test_a_column_that_does_not_fit_is_wrapped_within_itself() -> None:
    shown = grid(["CODE", "TEXT", "N"], [["a-1", "the quick brown fox jumps", "7"], ["b-2", "over", "8"]], 24)
    assert shown.split("\n") == [
        "CODE  TEXT             N",
        "a-1   the quick brown  7",
        "      fox jumps",
        "b-2   over             8",
    ]


def test_a_table_of_long_words_is_shown_row_by_row() -> None:
    digest = "ab" * 32
    shown = grid(["NAME", "FINGERPRINT"], [["one", digest], ["two", digest]], 40)
    assert shown == f"NAME         one\nFINGERPRINT\n{digest}\n\nNAME         two\nFINGERPRINT\n{digest}"


@pytest.mark.parametrize(
    ("text", "width"),
    [("abc", 3), ("漢字", 4), ("가", 2), ("Ｆ", 2), ("e\u0301", 1), ("Nguyễn", 6), ("ก\u0e31", 1), ("", 0)],
)
def test_wide_letters_take_two_columns_and_marks_none(text: str, width: int) -> None:
    """UAX #11: East Asian Wide and Fullwidth."""
    assert width_of(text) == width


def test_columns_under_wide_letters_stand_in_line() -> None:
    lines = grid(["NAME", "STATE"], [["漢字漢", "X"], ["abc", "Y"]]).split("\n")
    assert [width_of(line[: line.index(mark)]) for line, mark in zip(lines, "SXY", strict=True)] == [8, 8, 8]


def test_a_longer_word_has_a_line_of_its_own() -> None:
    assert wrapped("a longestword b c", 5) == ["a", "longestword", "b c"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1


@pytest.mark.parametrize(
    ("columns", "system", "width"),
    [("100", 60, 100), ("", 60, 60), ("no", 60, 60), ("0", 60, 60), ("5", 60, 20), ("", 0, 80), ("", None, 80)],
)
def test_the_width_is_that_of_the_terminal(
    monkeypatch: pytest.MonkeyPatch, columns: str, system: int | None, width: int
) -> None:
    def size(_: int) -> os.terminal_size:
        if system is None:
            raise OSError
        return os.terminal_size((system, 24))

    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr(os, "get_terminal_size", size)
    monkeypatch.setenv("COLUMNS", columns)
    assert output.terminal_width() == width


@pytest.mark.parametrize(
    "show", [output.table, lambda headers, rows: output.details(zip(headers, rows[0], strict=True))]
)
def test_a_pipe_is_as_wide_as_needed(
    monkeypatch: pytest.MonkeyPatch, show: Callable[[list[str], list[list[str]]], str]
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert "word " * 40 in show(["name", "text"], [["a", "word " * 40]]) + " "
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert all(width_of(line) <= 30 for line in show(["name", "text"], [["a", "word " * 40]]).split("\n"))


def test_a_command_at_a_narrow_terminal_breaks_no_word() -> None:
    command = [sys.executable, "-m", "eid_toolkit.doors.cli.main", "conformance", "--list", "--unit", "BAC"]
    code, shown = at_terminal(command, {**os.environ, "COLUMNS": "60"}, lambda _: None)
    assert code == 0
    _, wide = at_terminal(command, {**os.environ, "COLUMNS": "400"}, lambda _: None)
    assert max(len(line) for line in wide.split("\n")) > 60
    assert_fits(shown.strip("\n"), 60)
    assert words(shown) == words(wide)
