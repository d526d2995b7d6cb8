"""What a linter has to say: a stable code, how grave it is, and the section that it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Severity(StrEnum):
    """How grave a finding is."""

    ERROR = "error"
    """The profile demands otherwise: a MUST."""
    WARNING = "warning"
    """The profile recommends otherwise, or others may stumble over it."""


class CertificateKind(StrEnum):
    """What a certificate is in the country signing PKI."""

    CSCA = "csca"
    LINK = "csca-link"
    DOCUMENT_SIGNER = "document-signer"
    LIST_SIGNER = "list-signer"
    """Of master lists or deviation lists."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as the profile has it."""

    severity: Severity
    code: str
    section: str
    """Of ICAO Doc 9303-12 unless it names another standard."""
    facts: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    def to_json(self) -> dict[str, object]:
        """Stable keys; the sentence is added where it is shown."""
        return {"severity": self.severity, "code": self.code, "section": self.section}


def error(code: str, section: str, **facts: object) -> Finding:
    """A finding against a MUST."""
    return Finding(Severity.ERROR, code, section, facts)


def warning(code: str, section: str, **facts: object) -> Finding:
    """A finding against a SHOULD, or of what is known to make trouble."""
    return Finding(Severity.WARNING, code, section, facts)
