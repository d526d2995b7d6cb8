"""Passive Authentication (ICAO Doc 9303-11 5.1, 9303-12 6.1): signature, signer, hashes and revocation."""

from __future__ import annotations

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.pki.cms import verify_signed_data
from eid_toolkit.standards.pki.signature_form import is_without_null
from eid_toolkit.standards.pki.validation import ChainResult, RevocationResult
from eid_toolkit.work.inspection.case import Case
from eid_toolkit.work.inspection.evidence import FileState
from eid_toolkit.work.inspection.result import PASSED, CheckStatus, Finding, Outcome, failed, finding, undetermined

_DG15 = 15
_MANDATORY = (1, 2)
"""Data groups that every document has (9303-10 4.7)."""


def sod_signature(case: Case) -> Outcome:
    """The security object is there and its signature is that of the signer's certificate, within it or stored here."""
    state = case.evidence.state(ElementaryFile.SOD)
    if state is FileState.ABSENT:
        return failed("sod-absent")
    if state is not FileState.READ:
        return undetermined("sod-not-read", state=state)
    sod = case.document.sod
    if sod is None:
        return undetermined("sod-malformed")
    signer = case.document.found_signer
    if signer is None:
        return undetermined("sod-signature-not-checkable", cause="sod-without-signer")
    try:
        genuine = verify_signed_data(sod.signed_data, signer.certificate.der)
    except BadInput as error:
        return undetermined("sod-signature-not-checkable", cause=error.code)
    if not genuine:
        return failed("sod-signature-wrong")
    odd = []
    if not sod.names_its_content:
        odd.append(finding("sod-content-type-odd", oid=sod.signed_data.content_type))
    if not signer.named:
        odd.append(finding("sod-signer-named-otherwise"))
    if is_without_null(sod.signed_data):
        odd.append(finding("sod-signature-without-null"))
    return PASSED.noting(*odd)


def dsc_chain(case: Case) -> Outcome:
    """The signer's certificate comes from a country signing authority that is trusted."""
    return undetermined("signer-not-readable") if case.chain is None else _adopt(case.chain)


def data_group_hashes(case: Case) -> Outcome:
    """Every data group that the security object lists is on the card and has the hash listed; none is unlisted.

    There are genuine cards whose issuer left a data group (DG15) out of the security object. Nothing vouches for it
    then, and nothing is proved wrong: so it is no forgery by itself, but no good document either. A document whose MRZ
    or portrait nobody signed is none at all.
    """
    document, evidence = case.document, case.evidence
    if document.sod is None:
        return undetermined("sod-not-usable")
    listed = set(document.sod.hashes)
    read = {n for n in range(1, 17) if evidence.state(ElementaryFile.of_data_group(n)) is FileState.READ}
    if unsigned := [n for n in _MANDATORY if n not in listed]:
        return failed("data-group-unsigned", data_groups=_names(unsigned))
    by_state = {n: evidence.state(ElementaryFile.of_data_group(n)) for n in sorted(listed)}
    wrong = [n for n in read & listed if not document.is_authentic(n)]
    if wrong:
        return failed("data-group-hash-wrong", data_groups=_names(wrong))
    missing = [n for n, state in by_state.items() if state is FileState.ABSENT]
    if missing:
        return failed("data-group-missing", data_groups=_names(missing))
    if unlisted := read - listed:
        reason = "active-authentication-key-unsigned" if unlisted == {_DG15} else "data-group-left-unsigned"
        return undetermined(reason, data_groups=_names(unlisted))
    if told := [n for n, state in by_state.items() if state is FileState.TOLD]:
        return undetermined("told-by-reader", what=_names(told))
    unread = [n for n, state in by_state.items() if state in (FileState.FAILED, FileState.PROTECTED)]
    if unread:
        return undetermined("data-group-not-read", data_groups=_names(unread))
    unknown = document.sod.security_object.unknown
    return PASSED.noting(*([finding("sod-lists-no-data-group", numbers=", ".join(map(str, unknown)))] * bool(unknown)))


def revocation(case: Case) -> Outcome:
    """The signer's certificate stands on no revocation list, by a list that is current."""
    return undetermined("revocation-of-unknown-signer") if case.revocation is None else _adopt(case.revocation)


def _adopt(result: ChainResult | RevocationResult) -> Outcome:
    status = CheckStatus(result.status.value)
    if not isinstance(result, ChainResult):
        return Outcome(status, result.reason)
    decisive = result.decisive
    odd = tuple(Finding(oddity.reason, oddity.facts) for oddity in result.oddities)
    return Outcome(status, findings=odd) if decisive is None else Outcome(status, decisive.reason, decisive.facts, odd)


def _names(numbers: set[int] | list[int]) -> str:
    return ", ".join(f"DG{number}" for number in sorted(numbers))
