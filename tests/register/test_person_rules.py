"""What a person's record may say: codes of Doc 9303-3, dates by the office's calendar, numbers in one writing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from eid_toolkit.books.register.people.person_data import LIKELY_YEARS, MOST_YEARS, PersonData
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.home.home import Home
from eid_toolkit.ground.zones import Zones
from support.homes import ANNA, ENTROPY, PASSPHRASE, UTOPIAN, NoQuestions, WorkingOffice
from support.scripted import FixedClock

TODAY = date(2026, 11, 30)


def person(**values: str) -> PersonData:
    return PersonData.from_text({**UTOPIAN, **values})


@pytest.mark.parametrize("code", ["VNM", "SGP", "D", "GBD", "UNO", "XXA", "XXX", "EUE", "RKS", "UTO", "XPO", "utO"])
def test_every_code_that_an_mrz_may_have_is_a_nationality(code: str) -> None:
    assert person(nationality=code).nationality == code.upper()


@pytest.mark.parametrize("code", ["ZZZ", "VIE", "DEU", "SIN", "XXZ", "VN", "U"])
def test_no_other_code_is_one(code: str) -> None:
    with pytest.raises(BadInput) as caught:
        person(nationality=code)
    assert (caught.value.code, caught.value.facts["code"]) == ("person-nationality-unknown", code)


@pytest.mark.parametrize(
    ("born", "more", "said"),
    [
        ("2026-11-30", {}, None),
        ("2026-12-01", {}, "person-birth-in-future"),
        ("2026", {}, None),
        ("1896-11-30", {}, None),
        ("1895-11-29", {}, "person-age-impossible"),
        ("1895", {}, None),  # at the end of that year
        ("1490", {}, "person-age-impossible"),
        ("1850-01-01", {"vital_status": "deceased", "date_of_death": "1930-01-01"}, None),
        ("1850", {"vital_status": "deceased"}, None),
        ("1750", {"vital_status": "deceased", "date_of_death": "1930"}, "person-age-impossible"),
    ],
)
def test_a_life_begins_before_today_and_has_an_end(born: str, more: dict[str, str], said: str | None) -> None:
    objection = person(date_of_birth=born, **more).objection(TODAY)
    assert (None if objection is None else objection.code) == said


@given(st.dates(date(1800, 1, 1), TODAY))
def test_an_age_is_objected_to_or_asked_about_or_good(born: date) -> None:
    data = person(date_of_birth=born.isoformat())
    years = TODAY.year - born.year - ((TODAY.month, TODAY.day) < (born.month, born.day))
    assert (data.objection(TODAY) is not None) is (years > MOST_YEARS)
    assert data.unlikely_age(TODAY) == (years if years > LIKELY_YEARS else None)


def test_numbers_that_differ_in_the_case_of_letters_are_one(office: WorkingOffice) -> None:
    persons = office.register.persons
    added = persons.add(person(personal_number="ab-12c", former_number="x9"), ANNA)
    assert (added.data.personal_number, added.data.former_number) == ("AB-12C", "X9")
    with pytest.raises(BadInput, match="person-number-taken"):
        persons.add(person(personal_number="Ab-12C"), ANNA)
    assert [persons.get(number).id for number in ("ab-12c", "AB-12C")] == [added.id, added.id]
    assert [hit.person.id for hit in persons.search("x9")] == [added.id]


MORNING = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "configured", "day"),
    [
        ("VN", None, date(2026, 12, 1)),  # half past six in the morning
        ("SG", None, date(2026, 12, 1)),
        ("UT", None, date(2026, 11, 30)),
        ("US", None, date(2026, 11, 30)),
        ("US", "Pacific/Guam", date(2026, 12, 1)),
        ("NZ", None, date(2026, 12, 1)),
        ("XX", None, date(2026, 11, 30)),
    ],
)
def test_today_is_the_offices_day(state: str, configured: str | None, day: date) -> None:
    assert Zones(state, configured).today(MORNING) == day


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    zone=st.timezone_keys(),
    now=st.datetimes(datetime(2027, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)),
)
@example("Asia/Ho_Chi_Minh", MORNING + timedelta(days=365))
@example("Pacific/Kiritimati", datetime(2028, 2, 28, 10, 0, tzinfo=UTC))
@example("Etc/GMT+12", datetime(2028, 3, 1, 11, 59, tzinfo=UTC))
def test_at_any_time_in_any_zone_a_child_is_born_today_and_not_tomorrow(
    demo_home: Home, zone: str, now: datetime
) -> None:
    home = replace(demo_home, config=replace(demo_home.config, time_zone=zone))
    home.root.joinpath("eid.toml").write_bytes(home.config.encode())
    today = now.astimezone(ZoneInfo(zone)).date()
    office = WorkingOffice.open(home.root, NoQuestions(given=lambda: PASSPHRASE), FixedClock(now), ENTROPY)
    persons = office.register.persons
    try:
        before = sum(1 for _ in persons.all())
        with pytest.raises(BadInput, match="person-birth-in-future"):
            persons.add(person(date_of_birth=str(today + timedelta(days=1))), ANNA)
        assert persons.add(person(date_of_birth=str(today)), ANNA).data.date_of_birth.iso == str(today)
        assert sum(1 for _ in persons.all()) == before + 1
    finally:
        office.register.close()


@pytest.mark.parametrize("name", ["Nowhere/City", "", "../etc/passwd", "/etc/localtime", "a" * 300, "Europe"])
def test_a_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="time-zone-unknown"):
        Zones("VN", name)
