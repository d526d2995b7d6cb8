"""What path validation makes of each fault: docs/reference/validation.md shows the table, tests run it row by row."""

from __future__ import annotations

from eid_toolkit.work.inspection.validation_row import FAILED, PASSED, UNDETERMINED, Row
from eid_toolkit.work.inspection.validation_signers import SIGNERS

__all__ = ["TABLE", "Row"]

_REPORTED = "status.reported"
_REVOCATION, _LIST = "status.revocation", "master-list"
_SOD, _STRENGTH = "pa.sod-signature", "pa.strength"

TABLE: tuple[Row, ...] = (
    *SIGNERS,
    # Revocation.
    Row(
        "revoked-at-no-time",
        "the signer's entry on the list has no readable time",
        _REVOCATION,
        FAILED,
        "signer-revoked",
    ),
    Row("list-number-unreadable", "the list's number is no number", _REVOCATION, PASSED),
    Row("list-with-critical-names", "the list's alternative names are critical", _REVOCATION, PASSED),
    Row("revoked", "the signer stands on the current list", _REVOCATION, FAILED, "signer-revoked"),
    Row(
        "revoked-on-stale-list",
        "the signer stands on a list that is out of date",
        _REVOCATION,
        FAILED,
        "signer-revoked",
    ),
    Row(
        "revoked-before",
        "the signer stands on an older list, and no more on the newest",
        _REVOCATION,
        FAILED,
        "signer-revoked",
    ),
    Row("list-missing", "there is no revocation list of the state", _REVOCATION, UNDETERMINED, "crl-missing"),
    Row("list-of-another-state", "there is another state's list only", _REVOCATION, UNDETERMINED, "crl-missing"),
    Row(
        "list-by-stranger", "the list is signed by no key that is believed", _REVOCATION, UNDETERMINED, "crl-signature"
    ),
    Row("list-changed", "the list was changed after signing", _REVOCATION, UNDETERMINED, "crl-signature"),
    Row("list-stale", "the list's next update is past", _REVOCATION, UNDETERMINED, "crl-stale"),
    Row("list-without-end", "the list names no next update", _REVOCATION, UNDETERMINED, "crl-stale"),
    Row("list-of-the-future", "the list is of the future", _REVOCATION, UNDETERMINED, "crl-not-yet-valid"),
    Row(
        "list-critical-extension",
        "the list has an unknown critical extension",
        _REVOCATION,
        UNDETERMINED,
        "crl-critical-extension",
    ),
    Row(
        "list-is-a-delta",
        "the newest list says, and not critically, that it is a delta of another",
        _REVOCATION,
        UNDETERMINED,
        "crl-partial",
    ),
    Row("list-beside-a-delta", "the same, beside the complete list", _REVOCATION, PASSED),
    Row("revoked-by-a-delta", "the signer stands on the delta", _REVOCATION, FAILED, "signer-revoked"),
    Row(
        "list-of-a-part",
        "the list says, and not critically, that it is of a part of the certificates",
        _REVOCATION,
        UNDETERMINED,
        "crl-partial",
    ),
    Row(
        "list-by-old-key",
        "a newer CSCA key was there when the old one signed the list",
        _REVOCATION,
        UNDETERMINED,
        "crl-old-key",
    ),
    Row("list-by-newest-key", "the newest key signed the list, an older one the signer", _REVOCATION, PASSED),
    Row("list-by-linked-key", "the newest key signed the list and is reached by a link", _REVOCATION, PASSED),
    # The security object itself.
    Row("sod-in-ber", "EF.SOD is written in BER with indefinite lengths and strings in pieces", _SOD, PASSED),
    Row(
        "sod-of-content-type-data",
        "EF.SOD names its content id-data",
        _SOD,
        PASSED,
        finding="sod-content-type-odd",
    ),
    Row(
        "sod-of-content-type-list",
        "EF.SOD names its content a master list",
        _SOD,
        UNDETERMINED,
        "sod-malformed",
    ),
    Row("sod-unreadable", "EF.SOD does not parse", _SOD, UNDETERMINED, "sod-malformed"),
    Row(
        "sod-names-signer-in-other-order",
        "EF.SOD names its signer with the name's attributes in another order",
        _SOD,
        PASSED,
        finding="sod-signer-named-otherwise",
    ),
    Row(
        "sod-names-another-signer",
        "EF.SOD names another signer than the one that it encloses, whose key did not sign",
        _SOD,
        UNDETERMINED,
        "sod-signature-not-checkable",
    ),
    Row(
        "sod-hashes-by-sha1",
        "the data groups are hashed with SHA-1",
        _STRENGTH,
        PASSED,
        finding="weak-digest-of-data-groups",
    ),
    # What else the trust says.
    Row(
        "certificate-stored", "the document carries no signer's certificate, one is stored", "pa.sod-signature", PASSED
    ),
    Row(
        "certificate-nowhere",
        "the document carries no signer's certificate, none is stored",
        "pa.sod-signature",
        UNDETERMINED,
        "sod-signature-not-checkable",
    ),
    Row(
        "deviation-of-signer",
        "the issuer's deviation list names the signer",
        "document.deviations",
        UNDETERMINED,
        "deviation-listed",
    ),
    Row(
        "deviation-of-document",
        "the issuer's deviation list names the document",
        "document.deviations",
        UNDETERMINED,
        "deviation-listed",
    ),
    Row("reported-stolen", "the document is on the list of stolen ones", _REPORTED, FAILED, "document-stolen"),
    Row("reported-lost", "the document is on the list of lost ones", _REPORTED, FAILED, "document-lost"),
    Row("reported-revoked", "the document is on the list of revoked ones", _REPORTED, FAILED, "document-revoked"),
    Row("reported-suspended", "the document is suspended", _REPORTED, UNDETERMINED, "document-suspended"),
    Row("reported-another", "another document of the number's state is on the list", _REPORTED, PASSED),
    Row(
        "reported-blank",
        "the document's number is in a range of stolen blanks",
        _REPORTED,
        FAILED,
        "document-on-stolen-blank",
    ),
    Row("bundle-old", "the bundle is older than the policy allows", "status.bundle-age", UNDETERMINED, "bundle-old"),
    Row(
        "bundle-older-than-its-maker-wants",
        "the bundle is older than its maker lets it become",
        "status.bundle-age",
        UNDETERMINED,
        "bundle-old",
    ),
    Row("bundle-a-month-old", "the bundle is a month old", "status.bundle-age", PASSED),
    Row(
        "clock-set-back",
        "the clock is behind what lists and bundles told",
        "status.clock",
        UNDETERMINED,
        "clock-set-back",
    ),
    # Lists, when they are imported.
    Row("list-signer-known", "none: a list by a believed state's list signer", _LIST, PASSED),
    Row("list-bare", "nobody signed the list", _LIST, UNDETERMINED, "list-unsigned"),
    Row(
        "list-signer-absent",
        "the list signer's certificate is not in the list",
        _LIST,
        UNDETERMINED,
        "list-signer-missing",
    ),
    Row("list-content-changed", "the list was changed after signing", _LIST, FAILED, "list-signature-wrong"),
    Row("list-by-document-signer", "a document signer signed the list", _LIST, FAILED, "list-signer-purpose"),
    Row("list-signer-expired", "the list signer's certificate has expired", _LIST, UNDETERMINED, "list-signer-expired"),
    Row("list-signer-unknown", "the list signer's CSCA is not believed", _LIST, UNDETERMINED, "list-signer-unknown"),
    Row(
        "list-signer-revoked",
        "the list signer stands on its state's revocation list",
        _LIST,
        FAILED,
        "list-signer-revoked",
    ),
)
