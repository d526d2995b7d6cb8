"""Values as they stand in the register: one that this software cannot have written is told as damage."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from eid_toolkit.ground.errors import BadInput, IntegrityBroken

_Stored = TypeVar("_Stored")
_Value = TypeVar("_Value")


def stored(read: Callable[[_Stored], _Value], value: _Stored, what: str) -> _Value:
    """``read(value)``; raises :class:`IntegrityBroken` naming ``what`` (never the value) if it cannot be read."""
    try:
        return read(value)
    except (BadInput, ValueError, TypeError, KeyError):
        raise IntegrityBroken("register-value-damaged", what=what) from None
