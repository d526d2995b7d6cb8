"""What an interrupted command has left is damaged, is somebody else's, or cannot be delivered any more."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from support.act_world import World
from support.stops import Tripwire, kill, writes_watched
from support.waiting import status_of


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A demo home, and nothing else."""
    made = World(tmp_path / "world")
    made.folder.mkdir()
    made.quiet("init", "--demo")
    return made


def left(world: World, lines: str, name: str = "1") -> Path:
    folder = world.home / "acts" / name
    folder.mkdir(parents=True, mode=0o700)
    (folder / "journal.jsonl").write_text(lines)
    return folder


@pytest.mark.parametrize(
    "lines",
    [
        '{"action": "ds.request"}\n',
        '{"action": "ds.request", "subject": 1, "operator": null, "intention": "x", "after": "first"}\n',
        '{"path": 7, "after": null, "before": null}\n',
        '{"path": "/nowhere", "before": "1.before"}\n',
        '{"subject": "UTO", "after": 0}\n{"outcome": {"a": 1}, "subject": "UTO"}\n',
    ],
)
def test_a_damaged_journal_is_told_and_nothing_is_done(world: World, lines: str) -> None:
    folder = left(world, lines)
    told = world.call("audit", "verify")
    assert told.exit_code == 12 and "Traceback" not in told.output
    assert str(folder) in told.stderr
    shutil.rmtree(folder)
    world.quiet("audit", "verify")


@pytest.mark.parametrize("lines", ["", "[1, 2]\n", "no JSON\n", "[" * 5000 + "\n"])
def test_a_journal_that_says_nothing_is_of_an_act_that_was_not_begun(world: World, lines: str) -> None:
    folder = left(world, lines)
    world.quiet("audit", "verify")
    assert not folder.exists()


def test_what_others_can_write_is_not_done(world: World, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    about = {"action": "x", "subject": "y", "operator": "z", "intention": "x.decided", "after": 0}
    lines = [about, {"path": str(victim), "after": None, "before": None}]
    folder = left(world, "".join(json.dumps(line) + "\n" for line in lines))
    folder.chmod(0o777)
    assert world.call("audit", "verify").exit_code == 12
    assert victim.read_text() == "precious"


def test_other_files_there_are_left_alone(world: World) -> None:
    left(world, "", "notes")
    world.quiet("pki", "ds", "request", "--output", world.path("one.p10"))
    assert [path.name for path in (world.home / "acts").iterdir()] == ["notes"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
def test_what_cannot_be_written_is_on_record_and_kept_and_told(world: World) -> None:
    told = world.call("pki", "ds", "request", "--output", "/dev/full")
    (kept,) = (world.home / "acts").iterdir()
    assert told.exit_code == 11 and str(kept) in told.stderr
    assert (kept / "0.out").read_bytes() == (world.home / "pki" / "UTO" / "ds-request-2.p10").read_bytes()
    world.quiet("pki", "ds", "request", "--output", world.path("next.p10"))
    assert [path.name for path in (world.home / "acts").iterdir()] == [kept.name]


def test_what_goes_into_a_device_is_gone_from_the_home(world: World) -> None:
    world.quiet("pki", "ds", "request", "--output", "/dev/null")
    assert list((world.home / "acts").iterdir()) == []


def test_what_cannot_be_delivered_any_more_is_kept(world: World) -> None:
    """The folder for the request is gone by the time of the next command."""
    place = world.path("stick")
    place.mkdir()
    words, tripwire = ("pki", "ds", "request", "--output", place / "one.p10"), Tripwire()
    with writes_watched(tripwire, world.folder):
        world.quiet(*words)
    last = max(number for number, event in enumerate(tripwire.events, start=1) if event == "committed")
    child = os.fork()
    if child == 0:
        try:
            with writes_watched(Tripwire(last, kill), world.folder):
                world.call("pki", "ds", "request", "--output", place / "two.p10")
        finally:
            os._exit(0)
    assert os.WIFSIGNALED(status_of(child))
    shutil.rmtree(place)
    world.quiet("audit", "verify")
    (kept,) = (world.home / "acts").iterdir()
    assert kept.name.startswith("undelivered-")
    assert (kept / "0.out").read_bytes() == (world.home / "pki" / "UTO" / "ds-request-3.p10").read_bytes()
    world.quiet("pki", "ds", "list")
