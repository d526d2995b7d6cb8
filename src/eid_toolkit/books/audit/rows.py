"""A row of the audit log as its stored text, and the hash that ties it to the row before."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from eid_toolkit.books.ledger.canonical import digest

GENESIS = "0" * 64
"""What stands for the hash of the row before the first."""


TOLD = ("kind", "version", "state")
"""The columns of rows that put a state there; others have nothing in them."""
PLACE = ("chain", "number")
"""The columns of rows since there are several chains."""
OFFICE = "office"
"""The chain in which operators, keys and policies change; each operator has one of their own name besides."""


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
    kind: str | None = None
    """Of what it puts a state there, if it does."""
    version: int | None = None
    """Of the subject, by it; 1 where it is new."""
    state: str | None = None
    chain: str | None = None
    """None in a row from before there were several: it is one of the office's."""
    number: int | None = None
    """In its chain; None there, where it is the position."""

    @property
    def place(self) -> tuple[str, int]:
        """Chain, and number in it."""
        return (OFFICE, self.position) if self.chain is None else (self.chain, self.number or 0)

    def is_consistent(self) -> bool:
        """Whether the row's own hash is that of its other columns."""
        texts = (*self[1:8], *(text for text in (self.kind, self.state, self.chain) if text is not None))
        if not all(map(is_text, texts)):
            return False
        return self.hash == row_hash(*self[:7], self[8:11], self[11:])


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


Told = tuple["str | None", "int | None", "str | None"]
"""Kind, version and state that a row puts there; three times None where it tells of something else."""
NOTHING: Told = (None, None, None)


def row_hash(
    position: int,
    time: str,
    operator: str,
    action: str,
    subject: str,
    detail: str,
    previous: str,
    told: Told = NOTHING,
    place: tuple[str | None, int | None] = (None, None),
) -> str:
    """SHA-256 in hex over the canonical JSON of a row without its hash; what it does not tell has no place in it."""
    values: dict[str, object] = {
        "position": position,
        "time": time,
        "operator": operator,
        "action": action,
        "subject": subject,
        "detail": detail,
        "previous": previous,
    }
    if told != NOTHING:
        values |= dict(zip(TOLD, told, strict=True))
    if place != (None, None):
        values |= dict(zip(PLACE, place, strict=True))
    return digest(values)


def time_text(time: datetime) -> str:
    """A time in UTC as it is hashed and signed."""
    return time.isoformat(timespec="microseconds")
