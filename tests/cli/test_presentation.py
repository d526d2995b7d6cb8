"""Times as the office's clock shows them, and hashes only for those who ask: in text, while JSON stays as it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eid_toolkit.doors.cli import output
from eid_toolkit.doors.cli.presentation import Presentation
from eid_toolkit.ground.home.config import HomeConfig
from eid_toolkit.work.office.wall_clock import zone_at
from support.homes import WorkingOffice
from support.offices import CommandLine

NOON = datetime(2026, 12, 1, 12, 0, 5, tzinfo=UTC)
HANOI = Presentation(zone=lambda: ZoneInfo("Asia/Ho_Chi_Minh"))
BERLIN = Presentation(zone=lambda: ZoneInfo("Europe/Berlin"))


@pytest.fixture
def backend() -> str:
    return "sqlite"


def test_a_column_of_times_has_its_offset_in_the_heading() -> None:
    assert HANOI.column("created_at", [NOON.isoformat(), None]) == ("created_at (+07:00)", ["2026-12-01 19:00", None])


def test_times_of_summer_and_winter_have_each_their_own_offset() -> None:
    name, shown = BERLIN.column("oldest", ["2026-07-01T12:00:00+00:00", "2026-12-01T12:00:00+00:00"])
    assert (name, shown) == ("oldest", ["2026-07-01 14:00 +02:00", "2026-12-01 13:00 +01:00"])


def test_a_time_in_a_sentence_has_its_zone() -> None:
    assert HANOI.time(NOON) == "2026-12-01 19:00 +07:00"
    assert Presentation().time(NOON) == "2026-12-01 12:00 UTC"
    assert Presentation(verbose=True).time(NOON) == "2026-12-01 12:00:05 UTC"
    assert Presentation(zone=lambda: timezone(-timedelta(hours=3, minutes=30))).time(NOON).endswith("-03:30")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "2026-12-01T12:00:00+00:00"),  # somebody may be called so
        ("reason", "2026-12-01T12:00:00+00:00"),
        ("since", "2026-12-01"),  # a day is a day
        ("created_at", "2026-12-01T12:00:00"),  # without a zone it is no point in time
        ("created_at", "yesterday"),
        ("created_at", 20261201),
    ],
)
def test_nothing_is_taken_for_a_time_because_it_looks_like_one(name: str, value: object) -> None:
    assert HANOI.column(name, [value]) == (name, [value])


def test_a_time_by_its_type_is_one_in_any_column() -> None:
    assert HANOI.column("anything", [NOON]) == ("anything (+07:00)", ["2026-12-01 19:00"])


def test_a_home_in_a_zone_of_its_own_shows_it(tmp_path: Path) -> None:
    for country, zone, wanted in (
        ("VNM", None, "Asia/Ho_Chi_Minh"),
        ("RUS", "Asia/Kamchatka", "Asia/Kamchatka"),
        ("UTO", None, "UTC"),
    ):
        (tmp_path / "eid.toml").write_bytes(HomeConfig(country, "Authority", True, NOON, time_zone=zone).encode())
        assert str(zone_at(tmp_path)) == wanted


@pytest.mark.parametrize("content", [None, b"", b"country = 1", b"\xff"])
def test_without_a_home_that_can_be_read_it_is_the_machines_own(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "eid.toml").write_bytes(content)
    assert zone_at(tmp_path) is None


@pytest.mark.parametrize("label", ["sha256", "portrait_sha256", "profile_hash"])
def test_hashes_are_details(label: str) -> None:
    assert not Presentation().shows(label, "ab" * 32)
    assert Presentation(verbose=True).shows(label, "ab" * 32)


def test_a_signer_is_shown_by_name_and_not_by_fingerprint() -> None:
    assert Presentation().shows("signer", "C=UT, CN=Signer")
    assert not Presentation().shows("signer", "ab" * 32)
    assert Presentation().shows("fingerprint", "ab" * 32)  # which people compare


def test_a_hidden_column_takes_no_room() -> None:
    assert output.table(("name", "key_sha256", "state"), [["anna", "ab" * 32, "active"]]) == (
        "NAME  STATE\nanna  active"
    )


def test_an_application_is_shown_in_the_zone_and_without_hashes(office: WorkingOffice) -> None:
    application = office.application()
    office.register.close()
    root = office.home.root
    text = (root / "eid.toml").read_text("utf-8")
    (root / "eid.toml").write_text(text + 'time_zone = "Asia/Ho_Chi_Minh"\n', "utf-8")
    line = CommandLine(root)
    shown = line.one("application", "show", application.id).stdout
    local = application.created_at.astimezone(ZoneInfo("Asia/Ho_Chi_Minh"))
    assert f"{local:%Y-%m-%d %H:%M} +07:00" in shown
    assert application.portrait_sha256 not in shown and "profile_hash" not in shown
    assert application.portrait_sha256 in line.one("application", "show", application.id, "--verbose").stdout
    assert application.portrait_sha256 in line.one("--verbose", "application", "show", application.id).stdout
    in_utc = line.one("--utc", "application", "show", application.id).stdout
    assert f"{application.created_at:%Y-%m-%d %H:%M} UTC" in in_utc
    assert f"{local:%H:%M} +07:00" not in in_utc
    data = json.loads(line.one("application", "show", application.id, "--format", "json").stdout)
    assert data["created_at"] == application.created_at.isoformat()
    assert data["portrait_sha256"] == application.portrait_sha256
    queue = line.one("application", "queue").stdout
    assert "OLDEST (+07:00)" in queue and f"{local:%Y-%m-%d %H:%M}" in queue


def test_the_hashes_that_name_files_are_listed_with_them(office: WorkingOffice, tmp_path: Path) -> None:
    application = office.application()
    office.register.close()
    line, folder = CommandLine(office.home.root), tmp_path / "portraits"
    listed = line.call("--operator", "bert", "application", "approve", "--all", code=130, typed="n\n").stderr
    assert application.id in listed and application.portrait_sha256 not in listed
    words = ("--operator", "bert", "application", "approve", "--all", "--portraits", folder)
    assert application.portrait_sha256 in line.call(*words, code=130, typed="n\n").stderr
    assert [path.stem for path in folder.iterdir()] == [application.portrait_sha256]
    assert folder.stat().st_mode & 0o077 == 0  # it was made, for faces are in it


def test_documents_are_shown_without_the_hashes_of_their_content(office: WorkingOffice) -> None:
    document = office.document()
    office.register.close()
    line = CommandLine(office.home.root)
    shown = line.one("document", "show", document.id).stdout
    assert document.id in shown and document.sod_sha256 not in shown and document.signer not in shown
    everything = line.one("document", "show", document.id, "--verbose").stdout
    assert document.sod_sha256 in everything and document.signer in everything
