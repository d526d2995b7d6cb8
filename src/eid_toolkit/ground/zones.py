"""Which day it is: the time zones of states and offices, from the time zone database.

A card's day of issue and of expiry, and the day on which a child was born, are days at the office, whatever day it is
in UTC then. Everything else is kept in UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from eid_toolkit.ground.errors import BadInput

_SPECIMEN_STATE = "UT"
_EARLIEST, _LATEST = timezone(timedelta(hours=-12)), timezone(timedelta(hours=14))


@dataclass(frozen=True, slots=True)
class Zones:
    """The zones of an office: its own state's as it is configured, those of other states by the database."""

    state: str = ""
    """The two letters of the office's own state."""
    configured: str | None = None
    """The name of its zone (``Asia/Ho_Chi_Minh``), where the state has several."""

    def __post_init__(self) -> None:
        if self.configured is not None:
            zone_named(self.configured)

    def day(self, now: datetime, state: str) -> date:
        """Which day it is in a state, by its two letters: of several zones the first, in UTC where none is known."""
        return now.astimezone(self.zone if state == self.state else next(iter(zones_of(state)), UTC)).date()

    @property
    def zone(self) -> tzinfo:
        """The office's own: as configured, else the first of its state, UTC where none is known."""
        return next(iter(zones_of(self.state)), UTC) if self.configured is None else zone_named(self.configured)

    def today(self, now: datetime) -> date:
        """Which day it is at the office."""
        return self.day(now, self.state)


def zone_named(name: str) -> tzinfo:
    """The zone of that name; raises :class:`BadInput` for a name that is not in the database."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput("time-zone-unknown", zone=name) from None


@cache
def zones_of(state: str) -> tuple[tzinfo, ...]:
    """The zones of a state, by its two letters, where most people live first; none for a state that is not known."""
    return (UTC,) if state == _SPECIMEN_STATE else tuple(zone_named(name) for code, name in _table() if code == state)


def possible_dates(now: datetime, state: str) -> tuple[date, date]:
    """The earliest and the latest date that it can be in a state, by its two letters."""
    dates = [now.astimezone(zone).date() for zone in zones_of(state) or (_EARLIEST, _LATEST)]
    return min(dates), max(dates)


def _table() -> Iterator[tuple[str, str]]:
    """Two letters of a state and the name of a zone of it: ``zone.tab`` of the package tzdata."""
    text = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            code, _, name, *_ = line.split("\t")
            yield code, name
