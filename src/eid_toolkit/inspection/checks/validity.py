"""Is the document good now? Its expiry, and the clock that this is judged by (ICAO Doc 9303-3 4.8)."""

from __future__ import annotations

from datetime import timedelta

from eid_toolkit.inspection.case import Case
from eid_toolkit.inspection.result import PASSED, Outcome, failed, undetermined
from eid_toolkit.lds.issuer_time import possible_dates

_TOLERANCE = timedelta(minutes=10)


def expiry(case: Case) -> Outcome:
    """The document's last day, in its issuer's time, is not over; a document without expiry is always good."""
    mrz = case.document.mrz
    if mrz is None:
        return undetermined("dg1-not-read")
    expires = mrz.expiry(case.now.date())
    if expires is None:
        return PASSED
    earliest, latest = possible_dates(case.now, mrz.issuing_state)
    if earliest > expires.latest:
        return failed("document-expired", date_of_expiry=expires.iso)
    # In the issuer's country, or by an unknown part of the date, it may be over already.
    return undetermined("expiry-uncertain", date_of_expiry=expires.iso) if latest > expires.earliest else PASSED


def clock(case: Case) -> Outcome:
    """This machine's clock is not behind what trusted sources have told already."""
    if case.trusted_time is not None and case.now < case.trusted_time - _TOLERANCE:
        return undetermined("clock-set-back", trusted_time=case.trusted_time.isoformat(timespec="minutes"))
    return PASSED
