"""How judgements on certificates are put: findings with a stable reason, of which the worst decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.crl import Crl


class Status(StrEnum):
    """How a check came out; the order is from good to bad."""

    PASSED = "passed"
    UNDETERMINED = "undetermined"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a certificate, as a stable reason code; of status PASSED it is an oddity and decides nothing."""

    status: Status
    reason: str
    facts: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class ChainResult:
    """Whether the signer chains to an anchor: the worst finding decides."""

    findings: tuple[Finding, ...] = ()
    csca: Certificate | None = None
    """The certificate whose key made the signer's signature: an anchor, or the last of the links behind one."""
    path: tuple[Certificate, ...] = ()
    """From the anchor, by link certificates, to ``csca``; empty without one."""

    @property
    def status(self) -> Status:
        return worst(self.findings)

    @property
    def decisive(self) -> Finding | None:
        """The first of the worst findings; None if nothing stands against the signer."""
        status = self.status
        return next((finding for finding in self.findings if finding.status is status is not Status.PASSED), None)

    @property
    def reason(self) -> str | None:
        """The code of the decisive finding."""
        return None if self.decisive is None else self.decisive.reason

    @property
    def oddities(self) -> tuple[Finding, ...]:
        """What an issuer wrote otherwise than the standard, and what decides nothing."""
        return tuple(finding for finding in self.findings if finding.status is Status.PASSED)


@dataclass(frozen=True, slots=True)
class RevocationResult:
    """Whether a certificate is revoked, by which list."""

    status: Status
    reason: str | None = None
    crl: Crl | None = None


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What the document says of itself, as far as it was read; None where it was not, or does not say."""

    issuing_state: str | None = None
    document_code: str | None = None
    date_of_issue: date | None = None
    document_number: str | None = None


def worst(findings: Iterable[Finding]) -> Status:
    """The status of the worst finding; passed if there is none."""
    return max((finding.status for finding in findings), key=severity, default=Status.PASSED)


def severity(status: Status) -> int:
    """The place of a status from good (0) to bad."""
    return list(Status).index(status)
