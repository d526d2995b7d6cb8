"""Is the document good now? Its expiry, and the clock that this is judged by (ICAO Doc 9303-3 4.8)."""

from __future__ import annotations

from datetime import timedelta

from eid_toolkit.standards.lds.issuer_time import issuer_dates
from eid_toolkit.standards.pki.document_status import DocumentStatus
from eid_toolkit.standards.pki.judgement import Status
from eid_toolkit.standards.pki.validation import validate_deviation_list
from eid_toolkit.work.inspection.case import Case, facts_of
from eid_toolkit.work.inspection.result import PASSED, Outcome, failed, undetermined

_TOLERANCE = timedelta(minutes=10)


def expiry(case: Case) -> Outcome:
    """The document's last day, in its issuer's time, is not over; a document without expiry is always good."""
    mrz = case.document.mrz
    if mrz is None:
        return undetermined("dg1-not-read")
    expires = mrz.expiry(case.now.date())
    if expires is None:
        return PASSED
    earliest, latest = issuer_dates(case.now, mrz.issuing_state)
    if earliest > expires.latest:
        return failed("document-expired", date_of_expiry=expires.iso)
    # In the issuer's country, or by an unknown part of the date, it may be over already.
    return undetermined("expiry-uncertain", date_of_expiry=expires.iso) if latest > expires.earliest else PASSED


def bundle_age(case: Case) -> Outcome | None:
    """The bundle that the trust came in is no older than the policy, or its maker, lets it become."""
    bundle = case.trust.bundle
    if bundle is None:
        return None
    limit, age = case.policy.max_bundle_age, case.now - bundle.issued_at
    if limit is not None and age > limit:
        return undetermined("bundle-old", days=age.days, limit=limit.days, version=bundle.version)
    return PASSED


def reported(case: Case) -> Outcome | None:
    """The document is not reported, and its number is no stolen blank's, by the lists of the bundle."""
    trust, mrz = case.trust, case.document.mrz
    if not trust.status_lists and not trust.stolen_blanks:
        return None
    if mrz is None:
        return undetermined("dg1-not-read")
    state, number = mrz.issuing_state, mrz.document_number
    for blanks in trust.stolen_blanks:
        blank_range = blanks.find(state, number)
        if blank_range is not None:
            return failed("document-on-stolen-blank", since=blank_range.since.isoformat())
    content = case.document.sod.content_sha256 if case.document.sod is not None else None
    told_of = [status_list.find(state, number, content) for status_list in trust.status_lists]
    reports = [report for report in told_of if report is not None]
    if reports:
        report = max(reports, key=lambda candidate: candidate.weight)
        told = undetermined if report.status is DocumentStatus.SUSPENDED else failed
        return told(f"document-{report.status}", since=report.since.isoformat())
    return PASSED


def deviations(case: Case) -> Outcome | None:
    """The issuer's deviation lists (9303-12 10), as far as its state is believed, do not name the document."""
    signer, facts = case.document.signer, facts_of(case.document)
    if signer is None:
        return None
    named = [
        deviation
        for deviation_list in case.trust.deviation_lists_of(signer.country)
        if validate_deviation_list(deviation_list, case.trust, case.now).status is not Status.FAILED
        for deviation in deviation_list.about(
            signer, facts.document_code or "", facts.document_number or "", facts.date_of_issue
        )
    ]
    if not named:
        return None
    kinds = ", ".join(dict.fromkeys(deviation.kind for deviation in named))
    texts = "; ".join(dict.fromkeys(deviation.text for deviation in named if deviation.text)) or "-"
    return undetermined("deviation-listed", kinds=kinds, texts=texts)


def clock(case: Case) -> Outcome:
    """This machine's clock is not behind what trusted sources have told already."""
    if case.trusted_time is not None and case.now < case.trusted_time - _TOLERANCE:
        return undetermined("clock-set-back", trusted_time=case.trusted_time.isoformat(timespec="minutes"))
    return PASSED
