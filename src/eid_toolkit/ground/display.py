"""Text from outside made harmless for a terminal: nothing that moves the cursor, hides or reorders."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

_MAX_MARKS = 4
"""This many combining marks may follow one another; more pile up over the lines above."""


def harmless(text: str) -> str:
    """``text`` with each unsafe character written as ``\\u{HEX}``, so that it is seen and does nothing.

    Unsafe are controls, line ends, bidirectional and zero-width formats, blanks other than the usual one,
    surrogates, private and unassigned characters, and the marks of a pile. Decomposed names stay as they are.
    """
    return escaped(text, lambda character: f"\\u{{{ord(character):X}}}")


def shortened(text: str, size: int) -> str:
    """The first ``size`` characters, with a mark if that is not all."""
    return text if len(text) <= size else f"{text[:size]}\N{HORIZONTAL ELLIPSIS}"


def escaped(text: str, escape: Callable[[str], str]) -> str:
    """``text`` with each unsafe character as ``escape`` writes it."""
    if text.isascii() and text.isprintable():
        return text
    shown = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        safe = character.isprintable() and marks <= _MAX_MARKS
        shown.append(character if safe else escape(character))
    return "".join(shown)
