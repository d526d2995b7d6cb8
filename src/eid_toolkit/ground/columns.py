"""Columns of a terminal: how many a text takes, and a text broken into lines of at most so wide.

Widths are those of UAX #11: wide and fullwidth characters take two columns, combining marks none. All texts given here
are one line each, and harmless (:mod:`eid_toolkit.ground.display`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_NO_COLUMNS = ("Mn", "Me", "Cf")
_MOST_CHARACTERS = 6
"""For each column: a harmless text has no more than four combining marks on one character."""
MORE = "\N{HORIZONTAL ELLIPSIS}"
"""What stands where a text was cut off."""


def width_of(text: str) -> int:
    """Columns that a text takes on a terminal."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def wrapped(text: str, limit: int) -> list[str]:
    """Lines of at most ``limit`` columns, broken between words; a longer word has a line of its own."""
    if width_of(text) <= limit:
        return [text]
    lines: list[str] = []
    for word in text.split():
        if lines and width_of(lines[-1]) + 1 + width_of(word) <= limit:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def fitted(text: str, limit: int, most: int) -> list[str]:
    """At most ``most`` lines of at most ``limit`` columns, whatever the text: long words are broken, and what does
    not fit is cut off with a mark.
    """
    start = text[: limit * most * _MOST_CHARACTERS]
    lines = [part for line in wrapped(start, limit) for part in _broken(line, limit)]
    if len(start) == len(text) and len(lines) <= most:
        return lines
    kept = lines[:most]
    kept[-1] = next(_broken(kept[-1], limit - 1)).rstrip() + MORE
    return kept


def _broken(line: str, limit: int) -> Iterator[str]:
    part, width = "", 0
    for character in line:
        columns = _columns(character)
        if width + columns > limit:
            yield part
            part, width = "", 0
        part, width = part + character, width + columns
    yield part


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in _NO_COLUMNS:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
