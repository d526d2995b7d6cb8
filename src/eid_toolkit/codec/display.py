"""Text from outside made harmless for a terminal: nothing that moves the cursor, hides or reorders."""

from __future__ import annotations

import unicodedata

# Control, format (bidirectional overrides, zero-width), surrogate, private use and unassigned characters; line
# and paragraph separators. Ordinary marks stay: decomposed names need them.
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MAX_MARKS = 4
"""So many combining marks may follow one another; more pile up over the lines above."""


def harmless(text: str) -> str:
    """``text`` with each unsafe character written as ``\\u{HEX}``, so that it is seen and does nothing."""
    shown = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        unsafe = unicodedata.category(character) in _UNSAFE_CATEGORIES or marks > _MAX_MARKS
        shown.append(f"\\u{{{ord(character):X}}}" if unsafe else character)
    return "".join(shown)
