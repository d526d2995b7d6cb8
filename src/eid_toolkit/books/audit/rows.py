"""A row of the audit log as its stored text, and the hash that ties it to the row before."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from eid_toolkit.books.ledger.canonical import digest

GENESIS = "0" * 64
"""What stands for the hash of the row before the first."""


class StoredRow(NamedTuple):
    """A row whose values nobody has judged yet: what is no text stands as it was found."""

    position: int
    time: str
    """ISO 8601 with microseconds and +00:00, as it is hashed."""
    operator: str
    action: str
    subject: str
    detail: str
    """Canonical JSON."""
    previous: str
    hash: str

    def is_consistent(self) -> bool:
        """Whether the row's own hash is that of its other columns."""
        return all(map(is_text, self[1:])) and self.hash == row_hash(*self[:7])


def is_text(value: object) -> bool:
    """Whether a stored value is text that can be written as UTF-8."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def whole_number(value: object) -> int:
    """The value, if it is one; raises :class:`ValueError` for anything else that a database may hold."""
    if isinstance(value, int):
        return value
    raise ValueError("no whole number")


def row_hash(position: int, time: str, operator: str, action: str, subject: str, detail: str, previous: str) -> str:
    """SHA-256 in hex over the canonical JSON of a row without its hash."""
    return digest(
        {
            "position": position,
            "time": time,
            "operator": operator,
            "action": action,
            "subject": subject,
            "detail": detail,
            "previous": previous,
        }
    )


def time_text(time: datetime) -> str:
    """A time in UTC as it is hashed and signed."""
    return time.isoformat(timespec="microseconds")
