"""Dates with unknown parts."""

from __future__ import annotations

from datetime import date

import pytest

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.lds.dates import PartialDate, birth_from_mrz, expiry_from_mrz, may_be_same_day


@pytest.mark.parametrize(
    ("text", "mrz", "compact", "iso"),
    [
        ("1990-01-31", "900131", "19900131", "1990-01-31"),
        ("1990-02", "9002<<", "19900200", "1990-02-XX"),
        ("1990", "90<<<<", "19900000", "1990-XX-XX"),
        ("2000-02-29", "000229", "20000229", "2000-02-29"),
    ],
)
def test_one_date_in_its_forms(text: str, mrz: str, compact: str, iso: str) -> None:
    day = PartialDate.parse(text)
    assert (day.mrz, day.compact, day.iso, str(day)) == (mrz, compact, iso, iso)
    assert PartialDate.parse_compact(compact) == day


@pytest.mark.parametrize(
    "text", ["", "90-01-01", "1990-1-1", "1990-13-01", "1990-02-30", "1990-00-01", "0000-01-01", "1990-01-01T", "१९९०"]
)
def test_impossible_dates_are_refused(text: str) -> None:
    with pytest.raises(BadInput):
        PartialDate.parse(text)


def test_an_unknown_part_spans_every_day_that_it_can_be() -> None:
    assert PartialDate(1990, 2, None).earliest == date(1990, 2, 1)
    assert PartialDate(1990, 2, None).latest == date(1990, 2, 28)
    assert PartialDate(1990, None, None).latest == date(1990, 12, 31)
    assert PartialDate(None, 2, 29).latest == date(9999, 2, 28)


def test_six_zeros_are_an_unknown_date_and_not_of_the_year_2000() -> None:
    today, unknown = date(2026, 11, 29), PartialDate(None, None, None)
    assert birth_from_mrz("000000", today) == expiry_from_mrz("000000", today) == unknown
    assert birth_from_mrz("000031", today) == PartialDate(2000, None, 31)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("900131", "900131", True),
        ("9001<<", "900131", True),
        ("900100", "900131", True),
        ("000000", "900131", True),
        ("000131", "500131", False),
        ("<<0131", "500131", True),
        ("900131", "900130", False),
    ],
)
def test_dates_may_be_the_same_where_they_differ_in_no_part_that_both_know(one: str, other: str, same: bool) -> None:
    assert may_be_same_day(one, other) is may_be_same_day(other, one) is same
