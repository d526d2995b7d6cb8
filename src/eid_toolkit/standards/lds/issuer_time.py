"""The date at a document's issuer: day arithmetic is done in the issuer's time, everything else in UTC."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from eid_toolkit.standards.pki.countries import same_state

_OFFSETS = {"UTO": timedelta(0), "VNM": timedelta(hours=7), "SGP": timedelta(hours=8)}
"""States whose local time is one fixed distance from UTC."""
_EARLIEST, _LATEST = timedelta(hours=-12), timedelta(hours=14)


def issuer_date(now: datetime, issuing_state: str) -> date:
    """The day that it is at the issuer's; for a state whose time is not known here, the day in UTC."""
    return now.astimezone(timezone(_offset(issuing_state) or timedelta(0))).date()


def possible_dates(now: datetime, issuing_state: str) -> tuple[date, date]:
    """The earliest and the latest date that it can be at the issuer's: the same where its time is known."""
    offset = _offset(issuing_state)
    early, late = (offset, offset) if offset is not None else (_EARLIEST, _LATEST)
    return now.astimezone(timezone(early)).date(), now.astimezone(timezone(late)).date()


def _offset(issuing_state: str) -> timedelta | None:
    return next((offset for state, offset in _OFFSETS.items() if same_state(state, issuing_state)), None)
