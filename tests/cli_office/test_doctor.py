"""`eid doctor`: what is wrong around a home is told before it stops somebody's work, with what to do."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from eid_toolkit.ground.home.home import Home
from eid_toolkit.work.office import health_surroundings, keeping
from eid_toolkit.work.office.findings import Finding, Grade
from eid_toolkit.work.office.health import findings
from eid_toolkit.work.office.office import Office
from support.homes import NOW, FixedClock, WorkingOffice
from support.offices import CommandLine
from support.real_offices import at_work, copied_real_home, opened

__all__ = ["copied_real_home"]
Looked = Callable[..., dict[str, list[Finding]]]


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def looked(real_home: Home) -> Iterator[Looked]:
    """What is found in the home, by area, a number of days after it was made."""

    def look(days: int = 0) -> dict[str, list[Finding]]:
        clock = FixedClock(NOW + timedelta(days=days))
        areas: dict[str, list[Finding]] = {}
        for finding in findings(real_home.root, lambda: opened(Home.open(real_home.root)), clock):
            areas.setdefault(finding.area, []).append(finding)
        return areas

    return look


def told(areas: dict[str, list[Finding]], area: str) -> list[tuple[Grade, str]]:
    return [(finding.grade, finding.code) for finding in areas.get(area, [])]


def test_a_register_that_nobody_backs_up_is_told(real_home: Home, looked: Looked, tmp_path: Path) -> None:
    assert told(looked(), "backup") == [(Grade.WARNING, "doctor-backup-missing")]
    with at_work(real_home) as office:
        keeping.back_up(office, tmp_path / "register.backup")
    assert told(looked(1), "backup") == [(Grade.OK, "doctor-backup")]
    assert told(looked(8), "backup") == [(Grade.WARNING, "doctor-backup-old")]


def test_certificates_are_told_before_they_end(looked: Looked) -> None:
    def about(days: int) -> set[str]:
        return {code for _, code in told(looked(days), "pki") if "certificate" in code}

    assert about(0) == set()
    assert "doctor-certificate-ended" in about(40 * 366)
    ends = (code for days in range(0, 30 * 366, 60) for code in sorted(about(days)))
    assert next(ends) == "doctor-certificate-ends"


def test_an_office_in_a_state_with_several_zones_is_asked_for_its_own(real_home: Home, looked: Looked) -> None:
    assert told(looked(), "zone") == [(Grade.OK, "doctor-zone")]
    for country, zone, grade in (
        ("RUS", None, Grade.WARNING),
        ("RUS", "Asia/Kamchatka", Grade.OK),
        ("ZZZ", None, Grade.WARNING),
        ("VNM", None, Grade.OK),
    ):
        config = replace(real_home.config, country=country, time_zone=zone)
        somewhere = cast(Office, SimpleNamespace(home=SimpleNamespace(config=config)))
        assert [finding.grade for finding in health_surroundings.zone(somewhere, NOW)] == [grade]


@pytest.mark.parametrize(
    ("free", "grade"), [(5 << 30, Grade.OK), (1 << 30, Grade.WARNING), (100 << 20, Grade.FAILED), (0, Grade.FAILED)]
)
def test_a_disk_is_told_before_it_is_full(
    looked: Looked, monkeypatch: pytest.MonkeyPatch, free: int, grade: Grade
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    assert [finding.grade for finding in looked()["disk"]] == [grade]


def test_a_terminal_that_cannot_show_names_is_told(looked: Looked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "latin-1"))
    assert told(looked(), "terminal") == [(Grade.WARNING, "doctor-terminal-narrow")]


def test_each_finding_has_a_sentence(demo_home: Home, tmp_path: Path) -> None:
    for root in (demo_home.root, tmp_path / "nowhere"):
        shown = CommandLine(root).call("doctor", "--format", "json")
        for finding in json.loads(shown.stdout)["findings"]:
            assert finding["text"] != finding["code"] and (finding["grade"] == "ok" or finding["hint"])


def test_the_doctor_changes_nothing(office: WorkingOffice) -> None:
    before = len(office.register.audit_rows())
    CommandLine(office.home.root).call("doctor")
    assert len(office.register.audit_rows()) == before
