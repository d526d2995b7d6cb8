"""What a handler gives back: an answer, and what happens once it has left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from eid_toolkit.standards.iso7816.apdu import ResponseApdu
from eid_toolkit.standards.iso7816.status import StatusWord


@dataclass(frozen=True, slots=True, eq=False)
class Reply:
    """An answer, and what happens once it has left under the old channel."""

    answer: ResponseApdu
    effect: Callable[[], None] | None = None


def ok(data: bytes = b"", effect: Callable[[], None] | None = None) -> Reply:
    """Success."""
    return Reply(ResponseApdu(data, StatusWord.OK), effect)
