"""Letters of the MRZ for national characters (ICAO Doc 9303-3 6, table A), and one folding for search.

Vietnamese needs no table of its own: Table A lacks Ơ, Ư and U+1EA0 to U+1EF9, and they decompose to their letter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from eid_toolkit.ground.errors import BadInput

# Only the letters of Table A whose rendering is not the letter without its marks; for every other one the
# decomposition gives what the table says. Where the table has a choice this is the first; a profile may override.
_TABLE_A: Mapping[str, str] = {
    "Ä": "AE",
    "Å": "AA",
    "Æ": "AE",
    "Ð": "D",  # U+00D0 ETH, often typed for U+0110
    "Đ": "D",  # U+0110 D WITH STROKE: has no decomposition
    "Ɖ": "D",  # U+0189 AFRICAN D, which looks the same; not in the table
    "Ħ": "H",
    "İ": "I",
    "Ĳ": "IJ",
    "Ŀ": "L",
    "Ł": "L",
    "Ŋ": "N",
    "Ö": "OE",
    "Ø": "OE",
    "Œ": "OE",
    "ẞ": "SS",
    "Þ": "TH",
    "Ŧ": "T",
    "Ü": "UE",
}
_OTHERS: Mapping[str, tuple[str, ...]] = {
    "Ä": ("A", "AXX"),
    "Å": ("A",),
    "Ñ": ("NXX",),
    "Ö": ("O", "OXX"),
    "Ø": ("O",),
    "Ü": ("U", "UXX"),
}
"""What else the table, or an earlier edition of it, lets a State write."""
_ONE_LETTER = {
    rendering: _base
    for letter in ("Ä", "Å", "Ñ", "Ö", "Ü")
    for rendering in (_TABLE_A.get(letter, ""), *_OTHERS[letter])
    if len(rendering) > 1 and (_base := unicodedata.normalize("NFD", letter)[0])
}
"""Renderings of letters with marks that are longer than the letter that a search has in their place."""
_TWO_LETTERS = re.compile(f"({'|'.join(sorted(_ONE_LETTER, key=len, reverse=True))})")
_MOST_SPELLINGS = 8
_APOSTROPHES = frozenset("'`´\u2018\u2019\u02bc\u02bb\u02b9")
_MOST_CHARACTERS = 4096
"""This many characters are kept, folded."""
SEPARATORS = frozenset("-,\u2010\u2011\u2012\u2013\u2014")


def transliterate(text: str, overrides: Mapping[str, str] | None = None) -> str:
    """``text`` in the letters A to Z, its words parted by single blanks; digits stay.

    Hyphens and commas part words; apostrophes and other punctuation vanish (9303-3 4.6). ``overrides`` give, for
    upper-case letters, another rendering than this module's choice. Raises :class:`BadInput` for a character
    that has none.
    """
    table = {**_TABLE_A, **(overrides or {})}
    # Upper case before the look-up, so that "ß" comes as "SS" and "ŉ" in two parts; then composed again.
    composed = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).upper())
    return " ".join("".join(_render(character, table) for character in composed).split())


def renderings(character: str) -> tuple[str, ...]:
    """Every rendering of one upper-case character, composed (NFC); the first is :func:`transliterate`'s choice.

    It is empty text for what vanishes. Raises :class:`BadInput` for a character that has none.
    """
    return (_render(character, _TABLE_A), *_OTHERS.get(character, ()))


def fold(text: str) -> str:
    """The form under which names are compared in a search: no marks, one case, single blanks.

    Unlike :func:`transliterate` it takes every text: what has no rendering stays as it is.
    """
    return " ".join(unicodedata.normalize("NFC", text).upper().translate(_folding).split())


def folded_spellings(word: str) -> tuple[str, ...]:
    """A folded word, and what :func:`fold` makes of words whose MRZ may say it: SUESS may stand for Süß, or be Suess.

    At most :data:`_MOST_SPELLINGS`.
    """
    spellings = [""]
    for part in _TWO_LETTERS.split(word):
        choices = (part, _ONE_LETTER[part]) if part in _ONE_LETTER else (part,)
        spellings = [before + choice for before in spellings for choice in choices][:_MOST_SPELLINGS]
    return tuple(dict.fromkeys(spellings))


class _Folding(dict[int, str]):
    """What becomes of each character by its code point, as it was found out when it came first."""

    def __missing__(self, code: int) -> str:
        folded = _folded(chr(code))
        if len(self) < _MOST_CHARACTERS:
            self[code] = folded
        return folded


_folding = _Folding()


def _folded(character: str) -> str:
    if character in SEPARATORS:
        return " "
    base = _without_marks(character)
    return "" if character in _APOSTROPHES else _TABLE_A.get(base, base)


def _render(character: str, table: Mapping[str, str]) -> str:
    if character in table:
        return table[character]
    base = _without_marks(character)
    if base.isascii() and base.isalnum():
        return base
    if base != character and all(part in table or part.isascii() for part in base):
        return "".join(_render(part, table) for part in base)
    if character in SEPARATORS or character.isspace():
        return " "
    category = unicodedata.category(character)
    if character in _APOSTROPHES or category.startswith(("P", "M")):
        return ""
    raise BadInput("name-not-transliterable", character=f"U+{ord(character):04X}")


def _without_marks(character: str) -> str:
    decomposed = unicodedata.normalize("NFD", character)
    return "".join(part for part in decomposed if not unicodedata.combining(part))
