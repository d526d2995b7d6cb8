"""The date at a document's issuer: day arithmetic is done in the issuer's time, everything else in UTC."""

from __future__ import annotations

from datetime import date, datetime

from eid_toolkit.ground.home.config import HomeConfig
from eid_toolkit.ground.zones import Zones, possible_dates
from eid_toolkit.standards.pki.countries import two_letters


def issuer_date(now: datetime, issuing_state: str, zones: Zones) -> date:
    """The day that it is at the issuer's (code of the MRZ), as an office with these ``zones`` knows it."""
    return zones.day(now, two_letters(issuing_state) or issuing_state)


def issuer_dates(now: datetime, issuing_state: str) -> tuple[date, date]:
    """The earliest and the latest date that it can be at the issuer's (code of the MRZ), for somebody elsewhere."""
    return possible_dates(now, two_letters(issuing_state) or issuing_state)


def zones_of(config: HomeConfig) -> Zones:
    """The zones of an office."""
    return Zones(two_letters(config.country) or config.country, config.time_zone)
