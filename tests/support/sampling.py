"""Stops in the middle of things: all of them where that is asked for, else some that lie evenly between first and last.

``EID_EVERY_STOP=1`` has each place tried; ``make every-stop`` does that.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

_Place = TypeVar("_Place")
EVERY = os.environ.get("EID_EVERY_STOP") == "1"


def sample(places: Sequence[_Place], most: int) -> list[_Place]:
    """The places, or ``most`` of them, at least two: the first, the last, and what lies evenly between."""
    if EVERY or len(places) <= most:
        return list(places)
    last = len(places) - 1
    return [places[round(at * last / (most - 1))] for at in range(most)]
