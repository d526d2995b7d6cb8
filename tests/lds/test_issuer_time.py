"""The day at the issuer's."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from eid_toolkit.standards.lds.issuer_time import issuer_date, possible_dates

EVENING = datetime(2026, 11, 24, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize(("state", "day"), [("UTO", 24), ("VNM", 25), ("SGP", 25), ("VN", 25), ("D", 24)])
def test_the_day_is_the_issuers(state: str, day: int) -> None:
    assert issuer_date(EVENING, state) == date(2026, 11, day)


def test_where_the_issuers_time_is_known_there_is_one_day() -> None:
    assert possible_dates(EVENING, "VNM") == (date(2026, 11, 25), date(2026, 11, 25))


def test_elsewhere_it_may_be_any_day_that_it_is_on_earth() -> None:
    assert possible_dates(EVENING, "D") == (date(2026, 11, 24), date(2026, 11, 25))
