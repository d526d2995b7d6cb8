"""The name field of the MRZ and its truncation (ICAO Doc 9303-3 4.6, 9303-4 4.2.3)."""

from __future__ import annotations

import re

from eid_toolkit.ground.errors import BadInput


def name_field(primary: str, secondary: str, length: int) -> str:
    """Both identifiers, already in words of A to Z, joined in at most ``length`` characters.

    A name that does not fit ends with a letter in the last place, which is the sign of truncation.
    Raises :class:`BadInput` if there is no primary identifier, or digits in the name.
    """
    if not primary:
        raise BadInput("mrz-no-name")
    if any(character.isdigit() for character in primary + secondary):
        raise BadInput("mrz-digit-in-name")
    surnames, given = primary.split(), secondary.split()
    whole = _join(surnames, given)
    if len(whole) <= length:
        return whole
    return _cut(_join(_shorten(surnames, given, length), given), length)


def _join(surnames: list[str], given: list[str]) -> str:
    return "<<".join("<".join(words) for words in (surnames, given) if words)


def _shorten(surnames: list[str], given: list[str], length: int) -> list[str]:
    """Surnames that leave room for one letter of the given names (9303-4 4.2.2.1).

    The last ones are cut to their initial, or as far as is needed; if that is not enough they are left out.
    """
    room = length - len("<<X") if given else length
    shortened = list(surnames)
    for at in range(len(surnames) - 1, 0, -1):
        if len("<".join(shortened)) > room:
            shortened[at] = surnames[at][0]
            unused = length - len(_join(shortened, given))
            shortened[at] = surnames[at][: 1 + max(unused, 0)]
    while len(shortened) > 1 and len("<".join(shortened)) > room:
        shortened.pop()
    shortened[0] = shortened[0][:room]
    # A component that was left out may leave more room than one letter of it needed: the field ends with a letter.
    for at in range(len(shortened)):
        unused = length - len(_join(shortened, given))
        shortened[at] = surnames[at][: len(shortened[at]) + max(unused, 0)]
    return shortened


def _cut(name: str, length: int) -> str:
    """The first ``length`` characters; if a filler came last, a word before it gives a letter to the word behind."""
    cut = name[:length]
    if not cut.endswith("<"):
        return cut
    stem = cut.rstrip("<")
    shortened = re.sub(r"(.*[A-Z])[A-Z]", r"\1", stem, count=1)
    behind = name[len(stem) :]
    return (shortened + behind)[:length] if shortened != stem else stem
