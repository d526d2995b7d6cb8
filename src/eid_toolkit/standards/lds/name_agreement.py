"""May the name in an MRZ stand for a full name (ICAO Doc 9303-3 3.4, 4.6 and 6; 9303-4, -5 and -6 4.2.3)?

The standards let one name be written in many ways: letters have several renderings, components are cut, become
initials or are left out, titles are dropped. So no MRZ is composed and compared: the one at hand is followed through
the full name, letter by letter, along every way that they allow.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.lds.mrz import Mrz
from eid_toolkit.standards.lds.transliteration import SEPARATORS, renderings

_MOST_LETTERS = 1024
"""Longer names are not followed; the fields of a register end far below."""
_MOST_DIVISIONS = 24
"""Where nothing divides a name, only this many places are tried."""
_FILLER, _DIVISION, _OBLIQUE = "<", "<<", "/"
_NUMERALS = ((100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
_NUMBER = re.compile("[1-9][0-9]{0,2}")
_TITLE = re.compile(
    "DR|PROF|SIR|DAME|LORD|LADY|JR|SR|JUNIOR|SENIOR|PHD|MD|ESQ|ING|DIPL|MAG|REV|HON"
    "|(?=.)C{0,3}(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})"
)


class _Part(Enum):
    PRIMARY = 1
    SECONDARY = 2
    TITLE = 3
    """A prefix, a suffix or a numeral: if shown, it belongs to the secondary identifier (9303-3 4.6)."""


@dataclass(frozen=True, slots=True)
class _Word:
    """One component of a full name: for each letter, all its renderings."""

    part: _Part
    letters: tuple[tuple[str, ...], ...]

    @property
    def longest(self) -> int:
        return sum(max(map(len, options)) for options in self.letters)


class _NoRenderingError(Exception):
    """A letter of a script that has no table here."""


def names_agree(mrz: Mrz, full_name: str) -> bool:
    """Whether the MRZ's name may stand for ``full_name``, which is in national letters.

    ``full_name`` has two fillers behind the primary identifier, as DG11 should (9303-10 4.7.11), or nothing that
    divides it: then it may be the primary identifier alone. Obliques part it in several scripts. What has letters
    without a rendering agrees with every MRZ, since nothing can be said of it.
    """
    if len(full_name) > _MOST_LETTERS:
        return False
    try:
        readings = [reading for text in {full_name, *full_name.split(_OBLIQUE)} for reading in _readings(text)]
    except _NoRenderingError:
        return True
    return any(_stands_for(mrz.name_field, words) for words in readings) or (
        _DIVISION not in full_name and _stands_for(mrz.name_field, tuple(_words(full_name, _Part.PRIMARY)), alone=True)
    )


def _readings(full_name: str) -> Iterator[tuple[_Word, ...]]:
    """The components in each order in which they may be meant, the primary identifier's first."""
    primary, divided, secondary = full_name.partition(_DIVISION)
    if divided:
        yield from _in_order(primary, secondary)
        return
    words = full_name.replace(_FILLER, " ").split()
    for at in range(min(len(words), _MOST_DIVISIONS)):
        front, back = " ".join(words[:at]), " ".join(words[at:])
        yield from _in_order(back, front)
        yield from _in_order(front, back)


def _in_order(primary: str, secondary: str) -> Iterator[tuple[_Word, ...]]:
    words = (*_words(primary, _Part.PRIMARY), *_words(secondary, _Part.SECONDARY))
    yield words
    titles = tuple(word for word in words if word.part is _Part.TITLE)
    if titles:
        yield (*(word for word in words if word.part is not _Part.TITLE), *titles)


def _words(text: str, part: _Part) -> Iterator[_Word]:
    composed = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).upper())
    for word in "".join(
        " " if character in SEPARATORS or character == _FILLER else character for character in composed
    ).split():
        if _NUMBER.fullmatch(word):
            yield _Word(_Part.TITLE, ((_roman(int(word)), word),))
        elif letters := tuple(options for options in map(_options, word) if options != ("",)):
            plain = "".join(options[0] for options in letters)
            yield _Word(_Part.TITLE if _TITLE.fullmatch(plain) else part, letters)


def _options(character: str) -> tuple[str, ...]:
    try:
        return renderings(character)
    except BadInput:
        raise _NoRenderingError from None


def _roman(number: int) -> str:
    """A number in a name, as it is to be written (9303-3 3.4)."""
    text = ""
    for value, numeral in _NUMERALS:
        text += numeral * (number // value)
        number %= value
    return text


def _stands_for(field: str, words: tuple[_Word, ...], *, alone: bool = False) -> bool:
    """Whether the name field can be had from the words, in their order; ``alone`` if all are its primary identifier.

    ``whole`` are the places up to which it is explained so far, ``cut`` those behind a component that was cut, where a
    filler has to come, or the end. Where it leaves out components or shows initials, the full name says more: that is
    no contradiction (9303-4 4.1.1.1, fields 06 and 07), as long as one component of each identifier is there.
    """
    # 9303-4 4.2.3: a letter in the last place is to be taken for a sign of truncation.
    is_full = field[-1] != _FILLER
    is_short = is_full or _length(words) > len(field)
    shown = field.partition(_DIVISION)[0] if alone else field
    text = re.sub("<+", _FILLER, shown).strip(_FILLER)
    whole, cut = {0}, set[int]()
    in_primary = True
    for word in words:
        if in_primary and word.part is _Part.SECONDARY:
            in_primary = False
            if not is_short:
                whole, cut = whole - {0, len(text)}, cut - {len(text)}
        starts = whole | {place + 1 for place in whole | cut if text[place : place + 1] == _FILLER}
        may_be_initial = is_short or word.part is not _Part.PRIMARY
        reached, stopped = _follow(text, starts, word, may_be_cut=is_full, may_be_initial=may_be_initial)
        if alone:
            whole, cut = reached, stopped
        else:
            whole, cut = whole | reached, cut | stopped
    return bool(text) and len(text) in whole | cut


def _follow(
    text: str, places: set[int], word: _Word, *, may_be_cut: bool, may_be_initial: bool
) -> tuple[set[int], set[int]]:
    """Where in ``text`` the word may end that begins at one of ``places``: in full, and cut."""
    cut: set[int] = set()
    for at, options in enumerate(word.letters):
        if at:  # a filler in the place of an apostrophe, or a prefix written apart
            places = places | {place + 1 for place in places if text[place : place + 1] == _FILLER}
        ends = {place + len(shown) for place in places for shown in options if text.startswith(shown, place)}
        if may_be_cut:
            parts = {shown[:size] for shown in options for size in range(1, len(shown))}
            cut |= {place + len(part) for place in places for part in parts if text.startswith(part, place)}
        if may_be_cut or (may_be_initial and not at):
            cut |= ends
        places = ends
    return places, {place for place in cut if text[place : place + 1] in ("", _FILLER)}


def _length(words: Iterable[_Word]) -> int:
    """The most places that the whole name may need, without titles."""
    sizes = [(word.part, word.longest) for word in words if word.part is not _Part.TITLE]
    is_divided = {part for part, _ in sizes} == {_Part.PRIMARY, _Part.SECONDARY}
    return sum(size for _, size in sizes) + len(sizes) - 1 + is_divided
