"""Dates with unknown parts, as documents have them (ICAO Doc 9303-3 4.8)."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date

from eid_toolkit.ground.display import shortened
from eid_toolkit.ground.errors import BadInput

_MRZ_DATE = re.compile(r"([0-9]{2}|<<)([0-9]{2}|<<)([0-9]{2}|<<)")
_ISO_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_COMPACT_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_NO_DATE, _ZEROS = "<<<<<<", "000000"
_CENTURY = 100
_MONTHS = 12
_MAX_VALIDITY = 50
"""A document's two-digit year of expiry lies at most this many years after the day it is looked at."""


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A calendar date of which year, month or day may be unknown (None)."""

    year: int | None
    month: int | None
    day: int | None

    def __post_init__(self) -> None:
        # An unknown year may be a leap year, an unknown month a long one.
        year = 4 if self.year is None else self.year
        if not 1 <= year <= date.max.year:
            raise BadInput("date-impossible", date=self.iso)
        if self.month is not None and not 1 <= self.month <= _MONTHS:
            raise BadInput("date-impossible", date=self.iso)
        longest = calendar.monthrange(year, 1 if self.month is None else self.month)[1]
        if self.day is not None and not 1 <= self.day <= longest:
            raise BadInput("date-impossible", date=self.iso)

    @classmethod
    def of(cls, day: date) -> PartialDate:
        """A fully known date."""
        return cls(day.year, day.month, day.day)

    @classmethod
    def parse(cls, text: str) -> PartialDate:
        """From ISO 8601: ``YYYY-MM-DD``, ``YYYY-MM`` or ``YYYY``."""
        match = _ISO_DATE.fullmatch(text)
        if match is None:
            raise BadInput("date-not-iso", text=shortened(text, 40))
        year, month, day = match.groups()
        return cls(int(year), int(month) if month else None, int(day) if day else None)

    @classmethod
    def parse_compact(cls, text: str) -> PartialDate:
        """From ``YYYYMMDD`` with zeros for unknown parts, as DG11 and DG12 have it (9303-10 4.7.11)."""
        match = _COMPACT_DATE.fullmatch(text)
        if match is None:
            raise BadInput("date-not-compact", text=shortened(text, 40))
        year, month, day = (int(part) or None for part in match.groups())
        return cls(year, month, day)

    @property
    def iso(self) -> str:
        """ISO 8601 text; what is unknown is ``XX``: ``1990-XX-XX``."""
        year = "XXXX" if self.year is None else f"{self.year:04}"
        return "-".join((year, *("XX" if part is None else f"{part:02}" for part in (self.month, self.day))))

    @property
    def mrz(self) -> str:
        """The six characters YYMMDD of the MRZ, with ``<<`` for each unknown part (9303-3 4.8)."""
        year = None if self.year is None else self.year % _CENTURY
        return "".join("<<" if part is None else f"{part:02}" for part in (year, self.month, self.day))

    @property
    def compact(self) -> str:
        """``YYYYMMDD`` with zeros for unknown parts."""
        return f"{self.year or 0:04}{self.month or 0:02}{self.day or 0:02}"

    @property
    def earliest(self) -> date:
        """The first day that it can be."""
        return _clamped(self.year or date.min.year, self.month or 1, self.day or 1)

    @property
    def latest(self) -> date:
        """The last day that it can be."""
        return _clamped(self.year or date.max.year, self.month or _MONTHS, self.day or 31)

    def __str__(self) -> str:
        return self.iso


def _clamped(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def birth_from_mrz(text: str, today: date) -> PartialDate:
    """A date of birth from the MRZ: the latest century in which it does not lie after ``today``.

    The MRZ does not tell the century, so for a holder of a hundred years or more it is one too late
    (DG11 has the full date).
    """
    year, month, day = _mrz_parts(text)
    if year is None:
        return PartialDate(None, month, day)
    full = today.year - today.year % _CENTURY + year
    in_this_century = (full, month or 1, day or 1) <= (today.year, today.month, today.day)
    return PartialDate(full if in_this_century else full - _CENTURY, month, day)


def expiry_from_mrz(text: str, today: date) -> PartialDate | None:
    """A date of expiry from the MRZ: the year nearest to ``today``'s; None (six fillers) if the document has none."""
    if text == _NO_DATE:
        return None
    year, month, day = _mrz_parts(text)
    if year is None:
        return PartialDate(None, month, day)
    full = today.year - today.year % _CENTURY + year
    if full > today.year + _MAX_VALIDITY:
        full -= _CENTURY
    elif full <= today.year - _MAX_VALIDITY:
        full += _CENTURY
    return PartialDate(full, month, day)


def expiry_to_mrz(expiry: PartialDate | None) -> str:
    """The six characters of the MRZ for a date of expiry; None is a document that never expires."""
    return _NO_DATE if expiry is None else expiry.mrz


def check_mrz_date(text: str) -> None:
    """Raises :class:`BadInput` if the six characters are no date in any century."""
    year, month, day = _mrz_parts(text)
    PartialDate(None if year is None else 2000 + year, month, day)


def may_be_same_day(one: str, other: str) -> bool:
    """Whether two dates in the six characters of the MRZ differ in no part that both know.

    What is not known is fillers (9303-3 4.8) or, in a month or a day, zeros; and all of it where all is zeros.
    """
    first, second = (_NO_DATE if text == _ZEROS else text for text in (one, other))
    unknown = ({"<<"}, {"<<", "00"}, {"<<", "00"})
    parts = [({first[at : at + 2], second[at : at + 2]}, blank) for at, blank in zip((0, 2, 4), unknown, strict=True)]
    return all(len(values) == 1 or values & blank for values, blank in parts)


def _mrz_parts(text: str) -> tuple[int | None, int | None, int | None]:
    match = _MRZ_DATE.fullmatch(text)
    if match is None:
        raise BadInput("mrz-bad-date")
    year, month, day = (None if part == "<<" else int(part) for part in match.groups())
    # Unknown parts are fillers; some issuers write zeros, and nobody can tell whether a year 00 beside them is one.
    if text == _ZEROS:
        return None, None, None
    return year, month or None, day or None
