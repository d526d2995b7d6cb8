"""Revocation in the country signing PKI (9303-12 6.1.2, 7.1.4 and D.3): one list for a state, by its newest key."""

from __future__ import annotations

from datetime import datetime

from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.crl import Crl
from eid_toolkit.standards.pki.judgement import RevocationResult, Status
from eid_toolkit.standards.pki.trust_material import TrustedKey, TrustMaterial


def check_revocation(certificate: Certificate, trust: TrustMaterial, now: datetime) -> RevocationResult:
    """Look a certificate up in its state's revocation lists.

    A list is matched by country and may be signed by any key that is believed of that state: the newest signs for all
    (9303-12 7.1.4). Revoked in any genuine list is revoked; only a current and complete list clears.
    """
    country = certificate.issuer.country
    candidates = trust.crls_of(country)
    if not candidates:
        return RevocationResult(Status.UNDETERMINED, "crl-missing")
    keys = trust.keys_of(country)
    signed = [(crl, key) for crl in candidates if (key := trust.key_of_list(crl)) is not None]
    if not signed:
        return RevocationResult(Status.UNDETERMINED, "crl-signature")
    for crl, _ in signed:
        if certificate.serial in crl.revoked:
            return RevocationResult(Status.FAILED, "signer-revoked", crl)
    # A list from the future says nothing of today, and must not hide those that do.
    whole = [pair for pair in signed if not pair[0].partial] or signed
    begun = [pair for pair in whole if pair[0].this_update <= now] or whole
    newest, key = max(begun, key=lambda pair: (pair[0].this_update, pair[0].number or 0))
    reason = _why_not_current(newest, key, keys, now)
    return RevocationResult(Status.UNDETERMINED if reason else Status.PASSED, reason, newest)


def is_listed(certificate: Certificate, trust: TrustMaterial) -> bool:
    """Whether a genuine list of the certificate's state, however old, has its serial number."""
    lists = trust.crls_of(certificate.issuer.country)
    return any(certificate.serial in crl.revoked and trust.key_of_list(crl) is not None for crl in lists)


def _why_not_current(crl: Crl, signed_by: TrustedKey, keys: tuple[TrustedKey, ...], now: datetime) -> str | None:
    if crl.partial:
        return "crl-partial"
    if crl.unknown_critical:
        return "crl-critical-extension"
    if now < crl.this_update:
        return "crl-not-yet-valid"
    if crl.next_update is None or now > crl.next_update:
        return "crl-stale"
    began = signed_by.certificate.not_before
    newer = (key.certificate for key in keys if key.certificate.spki != signed_by.certificate.spki)
    if any(began < other.not_before <= crl.this_update for other in newer):
        return "crl-old-key"
    return None
