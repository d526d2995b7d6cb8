"""Check letters of national identity numbers."""

from __future__ import annotations

import re

_NUMBER = re.compile("[STFGM][0-9]{7}[A-Z]")
_WEIGHTS = (2, 7, 6, 5, 4, 3, 2)
_CITIZENS, _FOREIGNERS, _FOREIGNERS_OF_M = "JZIHGFEDCBA", "XWUTRQPNMLK", "XWUTRQPNJLK"
_LATER = {"T": 4, "G": 4, "M": 3}  # numbers given out since the year 2000 begin the sum with something


def singapore_check_letter(number: str) -> str | None:
    """The last letter that a number of Singapore (NRIC: S, T; FIN: F, G, M) should have; None if it is none.

    The digits are summed up with the weights 2, 7, 6, 5, 4, 3, 2, and the remainder by 11 picks the letter. The rule
    was never published by the state; it is what public validators agree on.
    """
    if not _NUMBER.fullmatch(number):
        return None
    prefix, digits = number[0], map(int, number[1:8])
    total = _LATER.get(prefix, 0) + sum(weight * digit for weight, digit in zip(_WEIGHTS, digits, strict=True))
    letters = {"F": _FOREIGNERS, "G": _FOREIGNERS, "M": _FOREIGNERS_OF_M}.get(prefix, _CITIZENS)
    return letters[total % 11]
