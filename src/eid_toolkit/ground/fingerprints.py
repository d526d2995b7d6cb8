"""Fingerprints that people read to each other: SHA-256 in groups of four hexadecimal digits, whole or its beginning.

Who is told a fingerprint by telephone types it as it was heard. The first 128 bits do: to find a certificate with the
same ones takes about 2^128 attempts.
"""

from __future__ import annotations

import re
import unicodedata

from eid_toolkit.ground.errors import BadInput

DIGITS = 64
"""Of a whole SHA-256."""
FEWEST = 32
"""128 bits."""
_GROUP = 4
_LONGEST = 4 * DIGITS
"""Characters of what is typed, with all that may stand between the digits."""
_BETWEEN = ("Zs", "Pd", "Cc")
"""Unicode's spaces, dashes, and line ends or tabulators of what was pasted."""


def grouped(fingerprint: str) -> str:
    """As it is read aloud: ``9a2d 4f01 …``."""
    return " ".join(fingerprint[at : at + _GROUP] for at in range(0, len(fingerprint), _GROUP))


def typed_fingerprint(text: str) -> str:
    """The digits of a fingerprint as a person types it; spaces, hyphens, colons and case do not matter.

    Raises :class:`BadInput` for anything but 32 to 64 hexadecimal digits.
    """
    kept = [character for character in text if character != ":" and unicodedata.category(character) not in _BETWEEN]
    digits = "".join(kept).lower()
    if len(text) > _LONGEST or not re.fullmatch(f"[0-9a-f]{{{FEWEST},{DIGITS}}}", digits):
        raise BadInput("fingerprint-malformed", digits=len(digits), fewest=FEWEST, most=DIGITS)
    return digits
