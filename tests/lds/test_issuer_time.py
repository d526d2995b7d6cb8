"""The day at the issuer's: the same card is issued, and expires, on one day, whoever looks from wherever."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eid_toolkit.ground.home.config import HomeConfig
from eid_toolkit.ground.zones import Zones
from eid_toolkit.standards.lds.issuer_time import issuer_date, issuer_dates, zones_of

EVENING = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "day"), [("UTO", 24), ("VNM", 25), ("SGP", 25), ("THA", 25), ("FRA", 24), ("D", 24), ("JPN", 25)]
)
def test_a_day_begins_at_midnight_of_the_issuer(state: str, day: int) -> None:
    assert issuer_date(EVENING, state, Zones()) == date(2026, 11, day)


def test_an_office_in_a_state_with_several_zones_says_which_is_its_own() -> None:
    def config(zone: str | None) -> HomeConfig:
        return HomeConfig("RUS", "Ministry", demo=True, created=EVENING, time_zone=zone)

    assert issuer_date(EVENING, "RUS", zones_of(config("Asia/Kamchatka"))) == date(2026, 11, 25)
    assert issuer_date(EVENING, "RUS", zones_of(config("Europe/Kaliningrad"))) == date(2026, 11, 24)
    assert issuer_date(EVENING, "VNM", zones_of(config("Europe/Kaliningrad"))) == date(2026, 11, 25)


@given(
    st.datetimes(datetime(1970, 1, 3), datetime(2150, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(sorted(available_timezones() - {"localtime"})),
)
def test_the_day_of_an_office_is_that_of_its_zone_at_any_time(now: datetime, zone: str) -> None:
    config = HomeConfig("RUS", "Ministry", demo=True, created=EVENING, time_zone=zone)
    day = issuer_date(now, "RUS", zones_of(config))
    assert day == now.astimezone(ZoneInfo(zone)).date()
    assert abs((day - now.date()).days) <= 1


def test_for_a_state_with_one_time_there_is_one_date() -> None:
    assert issuer_dates(EVENING, "VNM") == (date(2026, 11, 25), date(2026, 11, 25))


def test_for_a_state_with_several_there_may_be_two() -> None:
    assert issuer_dates(EVENING, "RUS") == (date(2026, 11, 24), date(2026, 11, 25))
    assert issuer_dates(EVENING, "D") == (date(2026, 11, 24), date(2026, 11, 24))


def test_for_a_state_that_is_not_known_both_ends_of_the_earth_count() -> None:
    assert issuer_dates(EVENING, "ZZZ") == (date(2026, 11, 24), date(2026, 11, 25))


def test_a_configuration_keeps_its_zone() -> None:
    config = HomeConfig("RUS", "Ministry", demo=True, created=EVENING, time_zone="Asia/Kamchatka")
    assert HomeConfig.parse(config.encode()) == config
