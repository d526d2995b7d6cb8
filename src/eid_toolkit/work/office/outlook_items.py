"""What an outlook on a home is made of: work that waits, what ends, and how old something is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """Work of one kind; ``code`` is that of its sentence, whose hint is the command that does it."""

    stage: str
    code: str
    count: int
    oldest: datetime | None
    """Since when the oldest waits."""
    next: str | None
    """Which one that is; of a shift the station."""
    mine: bool
    """Whether one of the operator's roles may do it."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Something that ends, or has ended, at a time."""

    code: str
    subject: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Age:
    """Something that gets old: from when it is, or None where it never was."""

    code: str
    subject: str
    since: datetime | None
    count: int = 1
