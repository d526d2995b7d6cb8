"""Text from outside made harmless for a terminal: nothing that moves the cursor, hides or reorders."""

from __future__ import annotations

import unicodedata

_MAX_MARKS = 4
"""So many combining marks may follow one another; more pile up over the lines above."""


def harmless(text: str) -> str:
    """``text`` with each unsafe character written as ``\\u{HEX}``, so that it is seen and does nothing.

    Unsafe are controls, line ends, bidirectional and zero-width formats, blanks other than the usual one,
    surrogates, private and unassigned characters, and the marks of a pile. Decomposed names stay as they are.
    """
    shown = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        safe = character.isprintable() and marks <= _MAX_MARKS
        shown.append(character if safe else f"\\u{{{ord(character):X}}}")
    return "".join(shown)
