"""What was looked at in a home and around it, and how bad it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Grade(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``code`` is that of a message with its ``facts``."""

    area: str
    grade: Grade
    code: str
    facts: dict[str, object] = field(default_factory=dict)
