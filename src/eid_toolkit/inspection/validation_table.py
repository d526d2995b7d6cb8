"""What path validation makes of each fault: the table that docs/validation.md shows and that tests run row by row."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.pki.judgement import Status

_REPORTED = "status.reported"
_CHAIN, _REVOCATION, _LIST = "pa.dsc-chain", "pa.revocation", "master-list"
_SOD, _STRENGTH = "pa.sod-signature", "pa.strength"
_PASSED, _UNDETERMINED, _FAILED = Status.PASSED, Status.UNDETERMINED, Status.FAILED


@dataclass(frozen=True, slots=True)
class Row:
    """One fault, or one oddity that is none: the check that looks at it, and what comes out."""

    name: str
    fault: str
    check: str
    """A check's id, or ``master-list`` for the import of one."""
    status: Status
    reason: str | None = None
    finding: str | None = None
    """What is said beside it and decides nothing."""


TABLE: tuple[Row, ...] = (
    # The signer and its authority.
    Row("genuine", "none: a genuine document", _CHAIN, _PASSED),
    Row("authority-unknown", "no CSCA of the state is believed", _CHAIN, _UNDETERMINED, "csca-unknown"),
    Row(
        "authority-missing",
        "a CSCA of that name is believed, and the signer names another key identifier",
        _CHAIN,
        _UNDETERMINED,
        "csca-unknown",
    ),
    Row(
        "authority-missing-of-own-state",
        "the same, of the state of the home or of the bundle's maker, whose CSCAs are all here",
        _CHAIN,
        _FAILED,
        "csca-mismatch",
    ),
    Row(
        "authority-missing-of-other-state-than-own",
        "the same, where all CSCAs of another state are here",
        _CHAIN,
        _UNDETERMINED,
        "csca-unknown",
    ),
    Row(
        "authority-without-identifier",
        "a CSCA of that name without key identifier is believed, and did not make the signer",
        _CHAIN,
        _UNDETERMINED,
        "csca-unknown",
    ),
    Row(
        "signer-without-authority-identifier",
        "the signer gives no key identifier, and the CSCA of that name did not make it",
        _CHAIN,
        _UNDETERMINED,
        "csca-unknown",
    ),
    Row(
        "false-authority",
        "another key made the signer than that of the believed CSCA with its name and key identifier",
        _CHAIN,
        _FAILED,
        "csca-mismatch",
    ),
    Row("signer-changed", "the signer's certificate was changed after signing", _CHAIN, _FAILED, "csca-mismatch"),
    Row("self-made-signer", "the signer's certificate is signed by itself", _CHAIN, _FAILED, "csca-mismatch"),
    Row("signer-of-signer", "another document signer made the signer", _CHAIN, _FAILED, "csca-mismatch"),
    Row(
        "unknown-scheme",
        "the signer is signed by an unknown scheme",
        _CHAIN,
        _UNDETERMINED,
        "signer-signature-not-checkable",
    ),
    Row(
        "signer-with-two-algorithms",
        "the signer's certificate names another signature algorithm within what is signed than outside",
        _CHAIN,
        _UNDETERMINED,
        "signer-signature-not-checkable",
    ),
    Row(
        "authority-unknown-and-enclosed",
        "the CSCA is not believed and stands in EF.SOD, without key usage and basic constraints",
        _CHAIN,
        _UNDETERMINED,
        "csca-unknown",
    ),
    Row("namesake", "two CSCA keys under one name are believed, one made the signer", _CHAIN, _PASSED),
    Row("name-in-other-bytes", "the issuer's name differs in letter case and blanks only", _CHAIN, _PASSED),
    Row("no-key-identifiers", "the signer names its authority by name only", _CHAIN, _PASSED),
    Row(
        "issuer-name-other",
        "the CSCA's key signed, but another name stands as issuer",
        _CHAIN,
        _UNDETERMINED,
        "csca-name",
    ),
    Row("authority-of-another-state", "another believed state's CSCA made the signer", _CHAIN, _FAILED, "csca-country"),
    Row("authority-state-other", "the alternative names of signer and CSCA disagree", _CHAIN, _FAILED, "csca-country"),
    Row(
        "signer-state-other",
        "the signer's alternative name is not the document's state",
        _CHAIN,
        _FAILED,
        "signer-country",
    ),
    Row(
        "document-of-another-state",
        "the document says another issuing state than its signer",
        _CHAIN,
        _FAILED,
        "signer-country",
    ),
    Row(
        "signer-state-code-odd",
        "the signer's alternative name is a code of no state (XXX), its country is right",
        _CHAIN,
        _PASSED,
        finding="signer-state-code-odd",
    ),
    Row(
        "signer-state-of-territory",
        "the signer's alternative name is a territory of the state (GRL of DNK), its country is right",
        _CHAIN,
        _PASSED,
        finding="signer-state-code-odd",
    ),
    Row(
        "signer-of-a-territory-of-another-state",
        "the signer's alternative name is a territory of another state",
        _CHAIN,
        _FAILED,
        "signer-country",
    ),
    Row("two-codes-of-one-state", "signer and CSCA have the two codes that are in use for one state", _CHAIN, _PASSED),
    Row(
        "signer-country-of-no-state",
        "the signer's country is the code of no state (ZZ), its alternative name is right",
        _CHAIN,
        _UNDETERMINED,
        "csca-country-unsaid",
        finding="signer-state-code-odd",
    ),
    Row("authority-state-code-odd", "the CSCA's alternative name is a code of no state (XXX)", _CHAIN, _PASSED),
    Row(
        "signer-state-unsaid",
        "the signer names no country at all",
        _CHAIN,
        _UNDETERMINED,
        "signer-country-unsaid",
    ),
    Row("country-in-lower-case", "the country stands in lower case in all certificates", _CHAIN, _PASSED),
    Row(
        "document-type-not-listed",
        "the document's code is not in the signer's list",
        _CHAIN,
        _FAILED,
        "signer-document-type",
    ),
    Row("document-type-by-letter", "the signer's list has the code's first letter only", _CHAIN, _PASSED),
    Row("document-type-by-letter-and-filler", "the same, with a filler behind it", _CHAIN, _PASSED),
    Row("document-type-list-absent", "the signer has no list of document types", _CHAIN, _PASSED),
    Row("document-type-list-without-version", "the signer's list has no version", _CHAIN, _PASSED),
    Row("document-type-list-of-bare-codes", "the signer's list has neither version nor SET", _CHAIN, _PASSED),
    Row(
        "document-type-list-of-bare-codes-without-the-documents",
        "the same, and the document's code is not in it",
        _CHAIN,
        _FAILED,
        "signer-document-type",
    ),
    Row(
        "document-type-list-unreadable",
        "the signer's list of document types does not parse and is not critical",
        _CHAIN,
        _PASSED,
        finding="signer-extension-ignored",
    ),
    Row(
        "usage-period-unreadable",
        "the signer's private key usage period does not parse and is not critical",
        _CHAIN,
        _PASSED,
        finding="signer-extension-ignored",
    ),
    Row(
        "issued-before-usage",
        "issued before the signer's key was to be used",
        _CHAIN,
        _UNDETERMINED,
        "signer-usage-period",
    ),
    Row(
        "issued-after-usage",
        "issued after the signer's key was to be used",
        _CHAIN,
        _UNDETERMINED,
        "signer-usage-period",
    ),
    Row("usage-period-absent", "the signer has no private key usage period", _CHAIN, _PASSED),
    Row("usage-period-over", "the signer's key is used no more, its certificate is valid", _CHAIN, _PASSED),
    Row("signer-expired", "the signer's certificate has expired", _CHAIN, _UNDETERMINED, "signer-expired"),
    Row(
        "signer-not-yet-valid",
        "the signer's certificate is of the future",
        _CHAIN,
        _UNDETERMINED,
        "signer-not-yet-valid",
    ),
    Row("authority-expired", "the CSCA's certificate has expired", _CHAIN, _UNDETERMINED, "csca-expired"),
    Row(
        "authority-not-yet-valid",
        "the CSCA's certificate is of the future",
        _CHAIN,
        _UNDETERMINED,
        "csca-not-yet-valid",
    ),
    Row(
        "authority-renewed", "an expired CSCA certificate and a new one for the same key are believed", _CHAIN, _PASSED
    ),
    Row(
        "authority-not-for-certificates",
        "the CSCA's key usage lacks keyCertSign",
        _CHAIN,
        _UNDETERMINED,
        "csca-key-usage",
    ),
    Row("authority-revoked", "the CSCA stands on its state's revocation list", _CHAIN, _FAILED, "csca-revoked"),
    Row("signer-is-authority", "the signer's certificate says that it is a CA's", _CHAIN, _FAILED, "signer-key-usage"),
    Row("signer-not-for-signing", "the signer's key usage lacks digitalSignature", _CHAIN, _FAILED, "signer-key-usage"),
    Row("signer-for-lists", "the signer's certificate is for master lists", _CHAIN, _FAILED, "signer-key-usage"),
    Row("signer-for-any-purpose", "the signer's extended key usage is any purpose", _CHAIN, _PASSED),
    Row(
        "signer-for-non-repudiation",
        "the signer's key usage is non-repudiation alone, which is signatures too",
        _CHAIN,
        _UNDETERMINED,
        "signer-key-usage",
    ),
    Row("signer-usage-of-nothing", "the signer's key usage has no bit set", _CHAIN, _UNDETERMINED, "signer-key-usage"),
    Row("signer-with-critical-policies", "the signer's certificate policies are critical", _CHAIN, _PASSED),
    Row("signer-valid-in-another-zone", "the signer's validity is written as time of another zone", _CHAIN, _PASSED),
    Row("signer-with-unique-identifier", "a value in the signer's name is no text", _CHAIN, _PASSED),
    Row(
        "signer-constraints-unreadable",
        "the signer's basic constraints do not parse and are not critical",
        _CHAIN,
        _PASSED,
        finding="signer-extension-ignored",
    ),
    Row(
        "signer-critical-extension",
        "the signer has an unknown critical extension",
        _CHAIN,
        _UNDETERMINED,
        "signer-critical-extension",
    ),
    Row(
        "signer-usage-unreadable",
        "the signer's key usage does not parse and is critical",
        _CHAIN,
        _UNDETERMINED,
        "signer-extension-malformed",
    ),
    # Links.
    Row("link", "the signer's CSCA key is reached by a link from a believed one", _CHAIN, _PASSED),
    Row("link-with-new-name", "the same, and the CSCA changed its name and says so", _CHAIN, _PASSED),
    Row("two-links", "the key is reached by a link behind a link", _CHAIN, _PASSED),
    Row("link-missing", "the CSCA has a new key that no link reaches", _CHAIN, _UNDETERMINED, "csca-unknown"),
    Row("link-by-stranger", "the link to the new key is signed by a stranger", _CHAIN, _UNDETERMINED, "csca-unknown"),
    Row(
        "link-names-another",
        "the link names another issuer than the old key's owner",
        _CHAIN,
        _UNDETERMINED,
        "csca-unknown",
    ),
    Row("link-not-for-certificates", "the link's key usage lacks keyCertSign", _CHAIN, _UNDETERMINED, "csca-unknown"),
    Row(
        "link-to-another-country", "the link leads to a CSCA of another country", _CHAIN, _UNDETERMINED, "csca-unknown"
    ),
    Row("link-of-another-state", "the link's alternative name is another state's", _CHAIN, _FAILED, "link-country"),
    Row(
        "link-name-change-unsaid",
        "the link changes the name without its extension",
        _CHAIN,
        _UNDETERMINED,
        "link-name-change",
    ),
    Row("link-expired", "the link has expired", _CHAIN, _UNDETERMINED, "link-expired"),
    Row("link-not-yet-valid", "the link is of the future", _CHAIN, _UNDETERMINED, "link-not-yet-valid"),
    Row("link-revoked", "the link stands on the revocation list", _CHAIN, _FAILED, "link-revoked"),
    Row(
        "link-critical-extension",
        "the link has an unknown critical extension",
        _CHAIN,
        _UNDETERMINED,
        "link-critical-extension",
    ),
    # Revocation.
    Row(
        "revoked-at-no-time",
        "the signer's entry on the list has no readable time",
        _REVOCATION,
        _FAILED,
        "signer-revoked",
    ),
    Row("list-number-unreadable", "the list's number is no number", _REVOCATION, _PASSED),
    Row("list-with-critical-names", "the list's alternative names are critical", _REVOCATION, _PASSED),
    Row("revoked", "the signer stands on the current list", _REVOCATION, _FAILED, "signer-revoked"),
    Row(
        "revoked-on-stale-list",
        "the signer stands on a list that is out of date",
        _REVOCATION,
        _FAILED,
        "signer-revoked",
    ),
    Row(
        "revoked-before",
        "the signer stands on an older list, and no more on the newest",
        _REVOCATION,
        _FAILED,
        "signer-revoked",
    ),
    Row("list-missing", "there is no revocation list of the state", _REVOCATION, _UNDETERMINED, "crl-missing"),
    Row("list-of-another-state", "there is another state's list only", _REVOCATION, _UNDETERMINED, "crl-missing"),
    Row(
        "list-by-stranger", "the list is signed by no key that is believed", _REVOCATION, _UNDETERMINED, "crl-signature"
    ),
    Row("list-changed", "the list was changed after signing", _REVOCATION, _UNDETERMINED, "crl-signature"),
    Row("list-stale", "the list's next update is past", _REVOCATION, _UNDETERMINED, "crl-stale"),
    Row("list-without-end", "the list names no next update", _REVOCATION, _UNDETERMINED, "crl-stale"),
    Row("list-of-the-future", "the list is of the future", _REVOCATION, _UNDETERMINED, "crl-not-yet-valid"),
    Row(
        "list-critical-extension",
        "the list has an unknown critical extension",
        _REVOCATION,
        _UNDETERMINED,
        "crl-critical-extension",
    ),
    Row(
        "list-is-a-delta",
        "the newest list says, and not critically, that it is a delta of another",
        _REVOCATION,
        _UNDETERMINED,
        "crl-partial",
    ),
    Row("list-beside-a-delta", "the same, beside the complete list", _REVOCATION, _PASSED),
    Row("revoked-by-a-delta", "the signer stands on the delta", _REVOCATION, _FAILED, "signer-revoked"),
    Row(
        "list-of-a-part",
        "the list says, and not critically, that it is of a part of the certificates",
        _REVOCATION,
        _UNDETERMINED,
        "crl-partial",
    ),
    Row(
        "list-by-old-key",
        "a newer CSCA key was there when the old one signed the list",
        _REVOCATION,
        _UNDETERMINED,
        "crl-old-key",
    ),
    Row("list-by-newest-key", "the newest key signed the list, an older one the signer", _REVOCATION, _PASSED),
    Row("list-by-linked-key", "the newest key signed the list and is reached by a link", _REVOCATION, _PASSED),
    # The security object itself.
    Row("sod-in-ber", "EF.SOD is written in BER with indefinite lengths and strings in pieces", _SOD, _PASSED),
    Row(
        "sod-of-content-type-data",
        "EF.SOD names its content id-data",
        _SOD,
        _PASSED,
        finding="sod-content-type-odd",
    ),
    Row(
        "sod-of-content-type-list",
        "EF.SOD names its content a master list",
        _SOD,
        _UNDETERMINED,
        "sod-malformed",
    ),
    Row("sod-unreadable", "EF.SOD does not parse", _SOD, _UNDETERMINED, "sod-malformed"),
    Row(
        "sod-names-signer-in-other-order",
        "EF.SOD names its signer with the name's attributes in another order",
        _SOD,
        _PASSED,
        finding="sod-signer-named-otherwise",
    ),
    Row(
        "sod-names-another-signer",
        "EF.SOD names another signer than the one that it encloses, whose key did not sign",
        _SOD,
        _UNDETERMINED,
        "sod-signature-not-checkable",
    ),
    Row(
        "sod-hashes-by-sha1",
        "the data groups are hashed with SHA-1",
        _STRENGTH,
        _PASSED,
        finding="weak-digest-of-data-groups",
    ),
    # What else the trust says.
    Row(
        "certificate-stored", "the document carries no signer's certificate, one is stored", "pa.sod-signature", _PASSED
    ),
    Row(
        "certificate-nowhere",
        "the document carries no signer's certificate, none is stored",
        "pa.sod-signature",
        _UNDETERMINED,
        "sod-signature-not-checkable",
    ),
    Row(
        "deviation-of-signer",
        "the issuer's deviation list names the signer",
        "document.deviations",
        _UNDETERMINED,
        "deviation-listed",
    ),
    Row(
        "deviation-of-document",
        "the issuer's deviation list names the document",
        "document.deviations",
        _UNDETERMINED,
        "deviation-listed",
    ),
    Row("reported-stolen", "the document is on the list of stolen ones", _REPORTED, _FAILED, "document-stolen"),
    Row("reported-lost", "the document is on the list of lost ones", _REPORTED, _FAILED, "document-lost"),
    Row("reported-revoked", "the document is on the list of revoked ones", _REPORTED, _FAILED, "document-revoked"),
    Row("reported-suspended", "the document is suspended", _REPORTED, _UNDETERMINED, "document-suspended"),
    Row("reported-another", "another document of the number's state is on the list", _REPORTED, _PASSED),
    Row(
        "reported-blank",
        "the document's number is in a range of stolen blanks",
        _REPORTED,
        _FAILED,
        "document-on-stolen-blank",
    ),
    Row("bundle-old", "the bundle is older than the policy allows", "status.bundle-age", _UNDETERMINED, "bundle-old"),
    Row(
        "bundle-older-than-its-maker-wants",
        "the bundle is older than its maker lets it become",
        "status.bundle-age",
        _UNDETERMINED,
        "bundle-old",
    ),
    Row("bundle-a-month-old", "the bundle is a month old", "status.bundle-age", _PASSED),
    Row(
        "clock-set-back",
        "the clock is behind what lists and bundles told",
        "status.clock",
        _UNDETERMINED,
        "clock-set-back",
    ),
    # Lists, when they are imported.
    Row("list-signer-known", "none: a list by a believed state's list signer", _LIST, _PASSED),
    Row("list-bare", "nobody signed the list", _LIST, _UNDETERMINED, "list-unsigned"),
    Row(
        "list-signer-absent",
        "the list signer's certificate is not in the list",
        _LIST,
        _UNDETERMINED,
        "list-signer-missing",
    ),
    Row("list-content-changed", "the list was changed after signing", _LIST, _FAILED, "list-signature-wrong"),
    Row("list-by-document-signer", "a document signer signed the list", _LIST, _FAILED, "list-signer-purpose"),
    Row(
        "list-signer-expired", "the list signer's certificate has expired", _LIST, _UNDETERMINED, "list-signer-expired"
    ),
    Row("list-signer-unknown", "the list signer's CSCA is not believed", _LIST, _UNDETERMINED, "list-signer-unknown"),
    Row(
        "list-signer-revoked",
        "the list signer stands on its state's revocation list",
        _LIST,
        _FAILED,
        "list-signer-revoked",
    ),
)
