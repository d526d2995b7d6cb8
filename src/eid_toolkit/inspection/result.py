"""What a check says: a status, and a reason as a code with facts; sentences are made at the edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class CheckStatus(StrEnum):
    """How a check came out. A check that could not be made is never PASSED."""

    PASSED = "passed"
    FAILED = "failed"
    UNDETERMINED = "undetermined"
    NOT_PERFORMED = "not-performed"


class Layer(StrEnum):
    """The three questions of a verdict: are the data genuine, is the chip, and is the document good now?"""

    DOCUMENT = "document"
    CHIP = "chip"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A check's answer; ``reason`` is None just if it passed."""

    status: CheckStatus
    reason: str | None = None
    facts: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The answer of the check called ``id``."""

    id: str
    layer: Layer
    outcome: Outcome

    @property
    def status(self) -> CheckStatus:
        """The outcome's status."""
        return self.outcome.status

    @property
    def reason(self) -> str | None:
        """The outcome's reason."""
        return self.outcome.reason


PASSED = Outcome(CheckStatus.PASSED)


def failed(reason: str, **facts: object) -> Outcome:
    """Something is wrong with the document."""
    return Outcome(CheckStatus.FAILED, reason, facts)


def undetermined(reason: str, **facts: object) -> Outcome:
    """It cannot be said; somebody may be able to say later, or with more."""
    return Outcome(CheckStatus.UNDETERMINED, reason, facts)


def not_performed(reason: str, **facts: object) -> Outcome:
    """The document, by its signed data, does not offer what the check would look at."""
    return Outcome(CheckStatus.NOT_PERFORMED, reason, facts)
