"""What each reason in a verdict amounts to, as docs/reference/validation.md shows it; every verdict is checked by it.

Failed says that something is proved wrong. What cannot be read, what an issuer wrote oddly, and what is missing here
proves nothing: it is undetermined where the policy needs the answer, else a finding, which decides nothing.
"""

from __future__ import annotations

_CONTRADICTIONS = frozenset(
    {
        *("file-malformed", "mrz-check-digits-wrong", "com-differs-from-sod", "issued-after-expiry"),
        *("dg11-differs-from-dg1", "dg13-differs-from-dg1"),
    }
)
"""Failed just where one of the files is not what the issuer signed; else the issuer contradicts itself."""

FAILED = frozenset(
    {
        # A signature that the named key did not make, a hash that differs, what every document has signed and this not.
        *("sod-absent", "sod-signature-wrong", "data-group-hash-wrong", "data-group-missing", "data-group-unsigned"),
        # A signer that is none, or another state's, or one for something else; and what was revoked.
        *("csca-mismatch", "csca-country", "csca-revoked", "link-country", "link-revoked"),
        *("signer-country", "signer-document-type", "signer-key-usage", "signer-revoked"),
        # A chip without its key.
        *("chip-key-missing", "ca-proof-wrong", "ca-refused-by-chip", "ca-key-unsigned"),
        *("aa-refused-by-chip", "aa-key-unsigned", "aa-signature-wrong"),
        *("card-security-missing", "card-security-signature-wrong", "card-security-signer-untrusted"),
        "cam-proof-wrong",
        # What nobody signed contradicts what is signed, or what is printed.
        *("card-access-altered", "card-access-stripped", "mrz-differs-from-dg1", "printed-mrz-differs"),
        *_CONTRADICTIONS,
        # It is not good now.
        *("document-expired", "document-lost", "document-stolen", "document-revoked", "document-on-stolen-blank"),
    }
)

_WEAK = frozenset(
    {
        *("weak-digest-of-data-groups", "weak-digest-of-signature", "weak-digest-of-certificate"),
        *("weak-key-of-signer", "weak-key-of-csca"),
    }
)

UNDETERMINED = (
    _WEAK
    | _CONTRADICTIONS
    | {
        # Not read, not readable, not checkable.
        *("sod-not-read", "sod-malformed", "sod-not-usable", "sod-signature-not-checkable", "signer-not-readable"),
        *("data-group-not-read", "data-group-left-unsigned", "active-authentication-key-unsigned", "told-by-reader"),
        *("signer-critical-extension", "signer-extension-malformed", "signer-signature-not-checkable"),
        *("chip-key-not-readable", "ca-unsupported", "ca-not-attempted", "aa-unsupported", "aa-not-attempted"),
        *("card-security-not-read", "card-security-malformed", "card-security-not-checkable", "cam-key-missing"),
        "card-security-signer-untrusted",
        # Missing here, or out of date here.
        *(
            "csca-unknown",
            "csca-expired",
            "csca-not-yet-valid",
            "revocation-of-unknown-signer",
            "bundle-old",
            "clock-set-back",
        ),
        *("crl-missing", "crl-signature", "crl-stale", "crl-not-yet-valid", "crl-old-key", "crl-partial"),
        "crl-critical-extension",
        # Written oddly by the issuer.
        *("csca-name", "csca-key-usage", "csca-country-unsaid", "signer-country-unsaid", "link-country-unsaid"),
        *("signer-expired", "signer-not-yet-valid", "signer-usage-period", "signer-key-usage"),
        *("link-critical-extension", "link-expired", "link-not-yet-valid", "link-name-change"),
        *("dg1-not-read", "com-absent", "com-not-read", "com-version-differs-from-sod"),
        *("name-differs-from-dg1", "issued-in-the-future"),
        *("card-access-not-read", "card-access-malformed", "card-access-unsigned", "card-access-without-dg14"),
        *("expiry-uncertain", "document-suspended", "deviation-listed"),
        # What this reading left open, or the policy does not take.
        *("access-not-by-pace", "access-downgraded", "reading-ended-early"),
    }
)

NOT_PERFORMED = frozenset({"chip-key-not-offered"})

FINDINGS = _WEAK | {
    *("sod-lists-no-data-group", "aa-digest-not-named"),
    *("sod-content-type-odd", "sod-signer-named-otherwise", "signer-extension-ignored", "signer-state-code-odd"),
    *("sod-signature-without-null", "file-ignored", "national-data-not-understood", "card-access-beside-dg14"),
}

BY_STATUS = {
    "failed": FAILED,
    "undetermined": UNDETERMINED,
    "not-performed": NOT_PERFORMED,
    "finding": FINDINGS,
}


def amounts_to(reason: str) -> tuple[str, ...]:
    """What a reason can amount to, the gravest first; nothing for a code that is no reason."""
    return tuple(status for status, reasons in BY_STATUS.items() if reason in reasons)
