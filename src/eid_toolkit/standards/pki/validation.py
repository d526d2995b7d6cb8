"""Path validation of the country signing PKI (9303-12 6.1.2 and appendix D): pure, time passed in.

Nothing here is TLS: a path is one certificate long behind a key that is believed, several keys may share a name, a
signer's certificate outlives its key, and one revocation list stands for a whole state. Failed says that something is
proved wrong; whatever cannot be decided is undetermined, never passed; what an issuer wrote otherwise than the standard
and what changes nothing is a finding of its own that decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise, product

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.asn1.oids import CSCA_MASTER_LIST_SIGNING_KEY, DEVIATION_LIST_SIGNING_KEY, DOCUMENT_TYPE_LIST
from eid_toolkit.standards.crypto.signatures import verify
from eid_toolkit.standards.pki import extensions as ext
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.cms import SignedData, verify_signed_data
from eid_toolkit.standards.pki.countries import is_part_of, is_state, same_state
from eid_toolkit.standards.pki.deviation_list import DeviationList
from eid_toolkit.standards.pki.judgement import (
    ChainResult,
    DocumentFacts,
    Finding,
    RevocationResult,
    Status,
    severity,
    worst,
)
from eid_toolkit.standards.pki.master_list import MasterList
from eid_toolkit.standards.pki.revocation import check_revocation, is_listed
from eid_toolkit.standards.pki.trust_material import BundleFacts, TrustedKey, TrustMaterial, may_certify

__all__ = [
    "BundleFacts",
    "ChainResult",
    "DocumentFacts",
    "Finding",
    "RevocationResult",
    "Status",
    "TrustMaterial",
    "check_revocation",
    "is_by_believed_key",
    "validate_content_signer",
    "validate_deviation_list",
    "validate_key_owner",
    "validate_list_signer",
    "validate_signer",
]

_READ_TO_JUDGE = (
    ext.KEY_USAGE,
    ext.BASIC_CONSTRAINTS,
    ext.EXTENDED_KEY_USAGE,
    ext.PRIVATE_KEY_USAGE_PERIOD,
    DOCUMENT_TYPE_LIST,
)


def validate_signer(
    signer: Certificate,
    trust: TrustMaterial,
    now: datetime,
    document: DocumentFacts | None = None,
    enclosed: Iterable[bytes] = (),
) -> ChainResult:
    """Judge a document signer's certificate at the time ``now``; ``enclosed`` are those that came along with it."""
    findings = tuple(_signer_findings(signer, now, document or DocumentFacts()))
    chain = _best_path(signer, trust, now)
    if chain is None:
        return ChainResult((_why_no_path(signer, trust, enclosed), *findings))
    return ChainResult((*findings, *chain.findings), chain.csca, chain.path)


def validate_list_signer(master_list: MasterList, trust: TrustMaterial, now: datetime) -> ChainResult:
    """Judge the signature of a master list and its signer's certificate at the time ``now`` (9303-12 9).

    Failed for a wrong signature or a signer whose certificate is for something else; undetermined where nobody signed,
    or the signer's CSCA is not believed.
    """
    if master_list.signed is None:
        return ChainResult((Finding(Status.UNDETERMINED, "list-unsigned"),))
    return validate_content_signer(master_list.signed, CSCA_MASTER_LIST_SIGNING_KEY, trust, now)


def validate_deviation_list(deviation_list: DeviationList, trust: TrustMaterial, now: datetime) -> ChainResult:
    """Judge the signature of a deviation list likewise (9303-12 10)."""
    return validate_content_signer(deviation_list.signed, DEVIATION_LIST_SIGNING_KEY, trust, now)


def validate_content_signer(signed: SignedData, purpose: str, trust: TrustMaterial, now: datetime) -> ChainResult:
    """Judge a signature and its maker, whose certificate must be for ``purpose`` (an extended key usage)."""
    signer = signed.signer_certificate
    if signer is None:
        return ChainResult((Finding(Status.UNDETERMINED, "list-signer-missing"),))
    try:
        genuine = verify_signed_data(signed, signer.der)
    except BadInput:
        return ChainResult((Finding(Status.UNDETERMINED, "list-signature-not-checkable"),))
    findings = [] if genuine else [Finding(Status.FAILED, "list-signature-wrong")]
    if purpose not in signer.extensions.extended_key_usage:
        findings.append(Finding(Status.FAILED, "list-signer-purpose"))
    if not signer.is_valid_at(now):
        findings.append(Finding(Status.UNDETERMINED, "list-signer-expired"))
    if is_listed(signer, trust):
        findings.append(Finding(Status.FAILED, "list-signer-revoked"))
    chain = _best_path(signer, trust, now)
    if chain is None:
        return ChainResult((*findings, Finding(Status.UNDETERMINED, "list-signer-unknown")))
    return ChainResult((*findings, *chain.findings), chain.csca, chain.path)


def is_by_believed_key(certificate: Certificate, trust: TrustMaterial) -> bool:
    """Whether some key that is believed made the certificate, whatever stands against it now."""
    return any(certificate.is_signed_by(key.certificate.spki) for key in _likely(certificate, trust))


def validate_key_owner(owner: Certificate, trust: TrustMaterial, now: datetime) -> ChainResult:
    """Judge only whether a certificate comes from a key that is believed, whatever it is for."""
    chain = _best_path(owner, trust, now)
    return chain or ChainResult((Finding(Status.FAILED, "csca-mismatch"),))


def _signer_findings(signer: Certificate, now: datetime, document: DocumentFacts) -> Iterator[Finding]:
    extensions = signer.extensions
    if extensions.unknown_critical:  # RFC 5280 4.2: such a certificate is not to be relied on
        yield Finding(
            Status.UNDETERMINED, "signer-critical-extension", {"oids": ", ".join(extensions.unknown_critical)}
        )
    yield from _purpose(extensions)
    yield from _unreadable_extensions(extensions)
    if (
        extensions.document_types
        and document.document_code
        and not _may_sign(extensions.document_types, document.document_code)
    ):
        yield Finding(Status.FAILED, "signer-document-type")
    if document.issuing_state is not None:
        yield from _of_state(signer, document.issuing_state)
    if now < signer.not_before:
        yield Finding(Status.UNDETERMINED, "signer-not-yet-valid")
    if now > signer.not_after:
        yield Finding(Status.UNDETERMINED, "signer-expired")
    if document.date_of_issue is not None and not _signed_in_usage_period(signer, document.date_of_issue):
        yield Finding(Status.UNDETERMINED, "signer-usage-period")


def _purpose(extensions: ext.Extensions) -> Iterator[Finding]:
    """A CA's key, or one for lists or for communication, signs no document.

    A key usage of nothing, or of signatures for non-repudiation alone (RFC 5280 4.2.1.3), says of no other purpose.
    """
    usage = extensions.key_usage
    if extensions.is_ca or (extensions.extended_key_usage and ext.ANY_PURPOSE not in extensions.extended_key_usage):
        yield Finding(Status.FAILED, "signer-key-usage")
    elif usage is not None and "digitalSignature" not in usage:
        unsaid = usage <= {"nonRepudiation"}
        yield Finding(Status.UNDETERMINED if unsaid else Status.FAILED, "signer-key-usage")


def _unreadable_extensions(extensions: ext.Extensions) -> Iterator[Finding]:
    """A critical extension must be understood; another one that does not parse is as good as absent."""
    unread = [oid for oid in extensions.malformed if oid in _READ_TO_JUDGE]
    if any(oid in extensions.malformed_critical for oid in unread):
        yield Finding(Status.UNDETERMINED, "signer-extension-malformed", {"oids": ", ".join(unread)})
    elif unread:
        yield Finding(Status.PASSED, "signer-extension-ignored", {"oids": ", ".join(unread)})


def _best_path(signer: Certificate, trust: TrustMaterial, now: datetime) -> ChainResult | None:
    """Of the believed keys that made the signer's signature, the one with the least against it.

    Neither name nor key identifier picks one, for both repeat; so all that are likely are tried, each key once. One key
    may stand in several certificates (an anchor and a link, a renewed anchor).
    """
    signed_by: dict[bytes, bool] = {}
    results = []
    for key in _likely(signer, trust):
        spki = key.certificate.spki
        if spki not in signed_by:
            signed_by[spki] = signer.is_signed_by(spki)
        if signed_by[spki]:
            findings = tuple(_path_findings(signer, key, trust, now))
            results.append(ChainResult(findings, key.certificate, key.path))
    return min(results, key=lambda result: (severity(worst(result.findings)), len(result.path)), default=None)


def _why_no_path(signer: Certificate, trust: TrustMaterial, enclosed: Iterable[bytes]) -> Finding:
    """That the signer's CSCA is not here proves nothing, for no list of them is complete (9303-12 section 2).

    It is proved that no CSCA made the signer where one that is here has the name and the key identifier that it gives,
    where all CSCAs of the state are here, and where its issuer is at hand and is none. But a signature that cannot be
    checked at all proves nothing either way.
    """
    named = {key.certificate.spki for key in _likely(signer, trust) if _names(signer, key.certificate)}
    try:
        algorithm = signer.signature_algorithm
        for spki in named:
            verify(spki, algorithm, signer.signature, signer.tbs)
    except BadInput:
        return Finding(Status.UNDETERMINED, "signer-signature-not-checkable")
    if named or trust.knows_all_of(signer.issuer.country) or _is_by_no_authority(signer, trust, enclosed):
        return Finding(Status.FAILED, "csca-mismatch")
    identifier = signer.extensions.authority_key_identifier
    missing = {"csca": signer.issuer.text, "key": identifier.hex().upper() if identifier else "-"}
    return Finding(Status.UNDETERMINED, "csca-unknown", missing)


def _names(signer: Certificate, csca: Certificate) -> bool:
    """Whether the signer names just this CSCA as its issuer: a name alone stands for several keys."""
    identifier = signer.extensions.authority_key_identifier
    return (
        identifier is not None
        and identifier == csca.extensions.subject_key_identifier
        and signer.issuer.matches(csca.subject)
    )


def _is_by_no_authority(signer: Certificate, trust: TrustMaterial, enclosed: Iterable[bytes]) -> bool:
    """Whether the signer made its certificate itself, or the owner of one that is at hand and is no CSCA's."""
    if signer.self_signed:
        return True
    at_hand = (*enclosed, *(data for data in trust.signers if signer.issuer.der in data))
    for data in at_hand:
        try:
            issuer = Certificate.parse(data)
        except BadInput:
            continue
        if issuer.subject.matches(signer.issuer) and _is_no_authority(issuer) and signer.is_signed_by(issuer.spki):
            return True
    return False


def _is_no_authority(issuer: Certificate) -> bool:
    """Whether it is for something else, or another made it; there are CSCAs that say nothing of what they are for."""
    return not may_certify(issuer) and (issuer.extensions.key_usage is not None or not issuer.self_signed)


def _likely(signer: Certificate, trust: TrustMaterial) -> tuple[TrustedKey, ...]:
    authority = signer.extensions.authority_key_identifier
    by_identifier = trust.keys_by_identifier.get(authority, ()) if authority is not None else ()
    by_name = trust.keys_by_name.get(signer.issuer.meaning, ())
    return (*by_identifier, *(key for key in by_name if key not in by_identifier))


def _path_findings(signer: Certificate, key: TrustedKey, trust: TrustMaterial, now: datetime) -> Iterator[Finding]:
    """What stands against the way from the anchor to the signer."""
    csca = key.certificate
    for old, link in pairwise(key.path):
        yield from _link_findings(old, link, trust, now)
    if not signer.issuer.matches(csca.subject):
        yield Finding(Status.UNDETERMINED, "csca-name")
    yield from _of_one_state(signer, csca, "csca-country")
    if not may_certify(csca) and csca.extensions.key_usage is not None:
        yield Finding(Status.UNDETERMINED, "csca-key-usage")
    if is_listed(key.anchor, trust):
        yield Finding(Status.FAILED, "csca-revoked")
    if now < key.anchor.not_before:
        yield Finding(Status.UNDETERMINED, "csca-not-yet-valid")
    if now > key.anchor.not_after:
        yield Finding(Status.UNDETERMINED, "csca-expired")


def _link_findings(old: Certificate, link: Certificate, trust: TrustMaterial, now: datetime) -> Iterator[Finding]:
    if link.extensions.unknown_critical:
        oids = ", ".join(link.extensions.unknown_critical)
        yield Finding(Status.UNDETERMINED, "link-critical-extension", {"oids": oids})
    if is_listed(link, trust):
        yield Finding(Status.FAILED, "link-revoked")
    yield from _of_one_state(link, old, "link-country")
    if not link.is_valid_at(now):
        yield Finding(Status.UNDETERMINED, "link-expired" if now > link.not_after else "link-not-yet-valid")
    if not link.subject.matches(link.issuer) and not link.extensions.name_change:
        yield Finding(Status.UNDETERMINED, "link-name-change")


def _of_one_state(one: Certificate, other: Certificate, reason: str) -> Iterator[Finding]:
    """Two certificates are of one state by their names, and of no other by their alternative names."""
    if one.country is None or other.country is None:
        yield Finding(Status.UNDETERMINED, f"{reason}-unsaid")
    elif _are_two_states(one.country, other.country) or any(
        _are_two_states(first, second) and not (is_part_of(first, second) or is_part_of(second, first))
        for first, second in product(_codes(one), _codes(other))
    ):
        yield Finding(Status.FAILED, reason)
    elif not same_state(one.country, other.country):  # one of them is no state's code
        yield Finding(Status.UNDETERMINED, f"{reason}-unsaid")


def _of_state(signer: Certificate, issuing_state: str) -> Iterator[Finding]:
    """The signer is of the document's state.

    A code in its names that is no state's, or of a territory of this one, is none of another state.
    """
    codes = _codes(signer)
    if any(_are_two_states(code, issuing_state) and not is_part_of(code, issuing_state) for code in codes):
        yield Finding(Status.FAILED, "signer-country")
    elif not any(same_state(code, issuing_state) for code in codes):
        yield Finding(Status.UNDETERMINED, "signer-country-unsaid")
    elif odd := [code for code in codes if not same_state(code, issuing_state)]:
        yield Finding(Status.PASSED, "signer-state-code-odd", {"code": ", ".join(odd)})


def _codes(certificate: Certificate) -> list[str]:
    return [code for code in (certificate.country, certificate.state) if code is not None]


def _are_two_states(first: str, second: str) -> bool:
    """Whether two codes stand for two states; a code that is in no table stands for none."""
    return is_state(first) and is_state(second) and not same_state(first, second)


def _may_sign(document_types: tuple[str, ...], document_code: str) -> bool:
    """A single letter in the list stands for all codes that begin with it (9303-12 7.1.1.6), with its filler or not."""
    code, listed = document_code.rstrip("<"), [document_type.rstrip("<") for document_type in document_types]
    return any(code == entry or (len(entry) == 1 and code.startswith(entry)) for entry in listed)


def _signed_in_usage_period(signer: Certificate, issued: date) -> bool:
    """Whether some moment of the day of issue, in any time zone, lies in the key's usage period."""
    period = signer.extensions.private_key_usage
    if period is None:
        return True
    noon = datetime.combine(issued, time(12), UTC)
    margin = timedelta(hours=26)  # half a day, and at most 14 hours from UTC
    moments = [noon]
    with suppress(OverflowError):  # on the first days that there are, and on the last
        moments.append(noon - margin)
    with suppress(OverflowError):
        moments.append(noon + margin)
    return any(map(period.covers, moments))
