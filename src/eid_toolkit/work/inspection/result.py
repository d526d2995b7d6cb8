"""What a check says: a status, and a reason as a code with facts; sentences are made at the edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
class Finding:
    """Something that an officer may want to know, and that decides nothing: what an issuer did oddly, or weakly."""

    reason: str
    facts: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Outcome:
    """A check's answer; ``reason`` is None just if it passed."""

    status: CheckStatus
    reason: str | None = None
    facts: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    findings: tuple[Finding, ...] = ()

    def noting(self, *findings: Finding) -> Outcome:
        """The same answer with more findings."""
        return replace(self, findings=(*self.findings, *findings)) if findings else self


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


def finding(reason: str, **facts: object) -> Finding:
    """Something to know that decides nothing."""
    return Finding(reason, facts)


def failed(reason: str, **facts: object) -> Outcome:
    """Something is proved wrong: never what we cannot read, what an issuer wrote oddly, or what is missing here."""
    return Outcome(CheckStatus.FAILED, reason, facts)


def undetermined(reason: str, **facts: object) -> Outcome:
    """It cannot be said; somebody may be able to say later, or with more."""
    return Outcome(CheckStatus.UNDETERMINED, reason, facts)


def not_performed(reason: str, **facts: object) -> Outcome:
    """The document, by its signed data, does not offer what the check would look at."""
    return Outcome(CheckStatus.NOT_PERFORMED, reason, facts)
