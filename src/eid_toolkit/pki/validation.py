"""Path validation and revocation of the country signing PKI (9303-12 6.1.2 and appendix D): pure, time passed in.

Nothing here is TLS: a path is one certificate long, several anchors may share a name, a signer's certificate
outlives its key, and one revocation list stands for a whole state. Whatever cannot be decided is undetermined,
never passed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from eid_toolkit.pki.certificate import Certificate
from eid_toolkit.pki.countries import same_state
from eid_toolkit.pki.crl import Crl


class Status(StrEnum):
    """How a check came out; the order is from good to bad."""

    PASSED = "passed"
    UNDETERMINED = "undetermined"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that stands against a certificate, as a stable reason code."""

    status: Status
    reason: str


@dataclass(frozen=True, slots=True)
class TrustMaterial:
    """What an inspection believes: CSCA certificates as anchors, and revocation lists."""

    anchors: tuple[Certificate, ...] = ()
    crls: tuple[Crl, ...] = ()

    def anchors_of(self, country: str | None) -> tuple[Certificate, ...]:
        """The anchors of one state."""
        return tuple(anchor for anchor in self.anchors if _same(anchor.country, country))


@dataclass(frozen=True, slots=True)
class ChainResult:
    """Whether the signer chains to an anchor: the worst finding decides."""

    findings: tuple[Finding, ...] = ()
    csca: Certificate | None = None
    """The anchor whose key made the signer's signature."""

    @property
    def status(self) -> Status:
        return max((finding.status for finding in self.findings), key=_severity, default=Status.PASSED)

    @property
    def reason(self) -> str | None:
        """The code of the first of the worst findings."""
        return next((finding.reason for finding in self.findings if finding.status is self.status), None)


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


def validate_signer(
    signer: Certificate, trust: TrustMaterial, now: datetime, document: DocumentFacts | None = None
) -> ChainResult:
    """Judge a document signer's certificate at the time ``now``."""
    document = document or DocumentFacts()
    findings = list(_signer_findings(signer, now, document))
    csca = _issuer_of(signer, trust)
    if csca is None:
        # Without any anchor of that state nothing can be said; with one, the signer is not that state's.
        known = bool(trust.anchors_of(signer.issuer.country))
        finding = Finding(Status.FAILED, "csca-mismatch") if known else Finding(Status.UNDETERMINED, "csca-unknown")
        return ChainResult((finding, *findings))
    findings += _issuer_findings(signer, csca, now)
    return ChainResult(tuple(findings), csca)


def check_revocation(certificate: Certificate, trust: TrustMaterial, now: datetime) -> RevocationResult:
    """Look a certificate up in its state's revocation lists.

    A list is matched by country and may be signed by any anchor of that state: the newest key signs for all
    (9303-12 7.1.4). Revoked in any genuine list is revoked; only a current list clears.
    """
    country = certificate.issuer.country
    anchors = trust.anchors_of(country)
    candidates = [crl for crl in trust.crls if _same(crl.country, country)]
    if not candidates:
        return RevocationResult(Status.UNDETERMINED, "crl-missing")
    signed = [(crl, anchor) for crl in candidates if (anchor := _signer_of(crl, anchors)) is not None]
    if not signed:
        return RevocationResult(Status.UNDETERMINED, "crl-signature")
    for crl, _ in signed:
        if certificate.serial in crl.revoked:
            return RevocationResult(Status.FAILED, "signer-revoked", crl)
    newest, anchor = max(signed, key=lambda pair: (pair[0].this_update, pair[0].number or 0))
    reason = _why_not_current(newest, anchor, anchors, now)
    return RevocationResult(Status.UNDETERMINED if reason else Status.PASSED, reason, newest)


def _signer_findings(signer: Certificate, now: datetime, document: DocumentFacts) -> Iterator[Finding]:
    said = signer.extensions
    if said.unknown_critical:
        yield Finding(Status.FAILED, "signer-critical-extension")
    if said.is_ca or (said.key_usage is not None and "digitalSignature" not in said.key_usage):
        yield Finding(Status.FAILED, "signer-key-usage")
    if said.extended_key_usage:  # a list signer's certificate signs no document
        yield Finding(Status.FAILED, "signer-key-usage")
    if said.document_types and document.document_code and not _may_sign(said.document_types, document.document_code):
        yield Finding(Status.FAILED, "signer-document-type")
    if document.issuing_state is not None and not _of_state(signer, document.issuing_state):
        yield Finding(Status.FAILED, "signer-country")
    if now < signer.not_before:
        yield Finding(Status.UNDETERMINED, "signer-not-yet-valid")
    if now > signer.not_after:
        yield Finding(Status.UNDETERMINED, "signer-expired")
    if document.date_of_issue is not None and not _signed_in_usage_period(signer, document.date_of_issue):
        yield Finding(Status.UNDETERMINED, "signer-usage-period")


def _issuer_findings(signer: Certificate, csca: Certificate, now: datetime) -> Iterator[Finding]:
    if not signer.issuer.matches(csca.subject):
        yield Finding(Status.FAILED, "csca-name")
    if not _same(signer.country, csca.country):
        yield Finding(Status.FAILED, "csca-country")
    if now < csca.not_before:
        yield Finding(Status.UNDETERMINED, "csca-not-yet-valid")
    if now > csca.not_after:
        yield Finding(Status.UNDETERMINED, "csca-expired")


def _issuer_of(signer: Certificate, trust: TrustMaterial) -> Certificate | None:
    """The anchor whose key made the signature. Neither name nor key identifier picks one: both repeat; so try."""
    authority = signer.extensions.authority_key_identifier

    def unlikeliness(anchor: Certificate) -> tuple[bool, bool]:
        named = anchor.extensions.subject_key_identifier == authority
        return (not named, not anchor.subject.matches(signer.issuer))

    likely = [anchor for anchor in trust.anchors if not all(unlikeliness(anchor))]
    return next((anchor for anchor in sorted(likely, key=unlikeliness) if signer.is_signed_by(anchor.spki)), None)


def _signer_of(crl: Crl, anchors: tuple[Certificate, ...]) -> Certificate | None:
    return next((anchor for anchor in anchors if crl.is_signed_by(anchor.spki)), None)


def _why_not_current(crl: Crl, signed_by: Certificate, anchors: tuple[Certificate, ...], now: datetime) -> str | None:
    if crl.unknown_critical:
        return "crl-critical-extension"
    if now < crl.this_update:
        return "crl-not-yet-valid"
    if crl.next_update is None or now > crl.next_update:
        return "crl-stale"
    newer = (anchor for anchor in anchors if anchor.not_before <= crl.this_update and anchor.spki != signed_by.spki)
    if any(anchor.not_before > signed_by.not_before for anchor in newer):
        return "crl-old-key"
    return None


def _of_state(signer: Certificate, issuing_state: str) -> bool:
    """The certificate's country is the document's, and so is the state in its alternative names, if there is one."""
    codes = [code for code in (signer.country, signer.state) if code is not None]
    return bool(codes) and all(same_state(code, issuing_state) for code in codes)


def _may_sign(document_types: tuple[str, ...], document_code: str) -> bool:
    """A single letter in the list stands for all codes that begin with it (9303-12 7.1.1.6)."""
    code = document_code.rstrip("<")
    return any(
        code == listed.rstrip("<") or (len(listed) == 1 and code.startswith(listed)) for listed in document_types
    )


def _signed_in_usage_period(signer: Certificate, issued: date) -> bool:
    """Whether some moment of the day of issue, in any time zone, lies in the key's usage period."""
    period = signer.extensions.private_key_usage
    if period is None:
        return True
    noon = datetime.combine(issued, time(12), UTC)
    margin = timedelta(hours=26)  # half a day, and at most 14 hours from UTC
    return period.covers(noon) or period.covers(noon - margin) or period.covers(noon + margin)


def _same(first: str | None, second: str | None) -> bool:
    return first is not None and second is not None and same_state(first, second)


def _severity(status: Status) -> int:
    return list(Status).index(status)
