"""Persons into a file: whole or not at all, and after a stop anywhere the same export goes on with one state."""

from __future__ import annotations

import fcntl
import gzip
import io
import json
import os
import signal
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path

import pytest

from eid_toolkit.books.register.people import person_export as module
from eid_toolkit.books.register.people.person_data import PersonData
from eid_toolkit.books.register.people.person_export import Exported, GoOn, export_persons, write_people
from eid_toolkit.books.register.people.person_record import Person
from eid_toolkit.books.register.people.person_source import Kind
from eid_toolkit.ground.errors import DatabaseAway, NotPermitted, ServiceAway
from eid_toolkit.ground.home.home import Home
from support.homes import ANNA, BERT, UTOPIAN, WorkingOffice
from support.waiting import status_of

COUNT, CHUNK = 7, 2
FORMS = [("csv", False), ("csv", True), ("jsonl", False), ("jsonl", True)]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK", CHUNK)


@pytest.fixture
def office(office: WorkingOffice) -> WorkingOffice:
    for number in range(COUNT):  # some of one name, who are told apart by their identifiers
        office.person({**UTOPIAN, "secondary_identifier": f"Anna {number // 3}"})
    return office


def people(
    office: WorkingOffice, stop: Callable[[], None] = lambda: None, after: int = COUNT
) -> Callable[[GoOn], Generator[Person, None, None]]:
    """The office's persons; in front of the one behind ``after`` of them something happens."""

    def coming(go_on: GoOn) -> Generator[Person, None, None]:
        for number, each in enumerate(office.register.persons.look_ups.export(ANNA, go_on=go_on)):
            if number == after:
                stop()
            yield each

    return coming


def away() -> None:
    raise DatabaseAway("register-away", reason="test")


def export(office: WorkingOffice, target: Path, kind: Kind = "csv", zipped: bool = False) -> Exported:
    return export_persons(people(office), target, kind, zipped=zipped)


def text(target: Path) -> str:
    data = target.read_bytes()
    return (gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data).decode()


def whole(office: WorkingOffice, kind: Kind) -> str:
    stream = io.StringIO(newline="")
    write_people(office.register.persons.look_ups.export(ANNA), stream, kind)
    return stream.getvalue()


def stopped(office: WorkingOffice, target: Path, after: int, kind: Kind = "csv", zipped: bool = False) -> None:
    with pytest.raises(ServiceAway):
        export_persons(people(office, away, after), target, kind, zipped=zipped)
    assert not target.exists()


@pytest.mark.parametrize(("kind", "zipped"), FORMS)
@pytest.mark.parametrize("after", range(COUNT))
def test_after_a_stop_it_goes_on_and_the_file_is_the_same(
    office: WorkingOffice, tmp_path: Path, kind: Kind, zipped: bool, after: int
) -> None:
    target = tmp_path / "all"
    stopped(office, target, after, kind, zipped)
    written = after - after % CHUNK
    assert (tmp_path / "all.part").exists() == bool(written)
    assert export(office, target, kind, zipped) == Exported(COUNT, written, False)
    assert text(target) == whole(office, kind)
    assert target.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["all"]


def test_a_killed_one_goes_on_too(office: WorkingOffice, tmp_path: Path) -> None:
    target = tmp_path / "all"
    office.register.database.close()
    child = os.fork()
    if child == 0:
        try:
            export_persons(people(office, partial(os.kill, os.getpid(), signal.SIGKILL), 5), target, "csv", zipped=True)
        finally:
            os._exit(1)
    assert os.WIFSIGNALED(status_of(child))
    with (tmp_path / "all.part").open("ab") as part:
        part.write(b"half a row")
    assert export(office, target, zipped=True) == Exported(COUNT, 4, False)
    assert text(target) == whole(office, "csv")


def change(office: WorkingOffice, some: Person) -> None:
    office.register.persons.change(some, PersonData.from_text({**UTOPIAN, "religion": "none"}), ANNA, "a letter")


@pytest.mark.parametrize(
    "happens",
    [
        lambda office, one, other: office.person({**UTOPIAN, "secondary_identifier": "Zoe"}),
        lambda office, one, other: change(office, one),
        lambda office, one, other: office.register.erasure.erase(one.id, "request", (ANNA, BERT)),
        lambda office, one, other: office.register.persons.pairs.decide(one, other, BERT, same=True),
    ],
    ids=["added", "changed", "erased", "merged"],
)
def test_no_file_holds_two_states(
    office: WorkingOffice, tmp_path: Path, happens: Callable[[WorkingOffice, Person, Person], object]
) -> None:
    target = tmp_path / "all"
    stopped(office, target, 5)
    one, other, *_ = office.register.persons.all()
    happens(office, one, other)
    done = export(office, target)
    assert (done.before, done.begun_anew) == (0, True)
    assert text(target) == whole(office, "csv")


def test_another_kind_of_file_begins_anew(office: WorkingOffice, tmp_path: Path) -> None:
    target = tmp_path / "all"
    stopped(office, target, 5)
    assert export(office, target, "jsonl") == Exported(COUNT, 0, True)
    assert text(target) == whole(office, "jsonl")


def test_a_part_that_has_lost_something_begins_anew(office: WorkingOffice, tmp_path: Path) -> None:
    target, part = tmp_path / "all", tmp_path / "all.part"
    stopped(office, target, 5)
    os.truncate(part, part.stat().st_size - 1)
    assert export(office, target) == Exported(COUNT, 0, True)
    assert text(target) == whole(office, "csv")


@pytest.mark.parametrize("note", [None, "{}", "[" * 5000, '{"schema": "eid-person-export-part/1", "size": "1"}'])
def test_what_is_no_part_of_an_export_is_left_alone(office: WorkingOffice, tmp_path: Path, note: str | None) -> None:
    part = tmp_path / "all.part"
    part.write_text("mine")
    if note is not None:
        (tmp_path / "all.part.json").write_text(note)
    with pytest.raises(NotPermitted, match="export-part-foreign"):
        export(office, tmp_path / "all")
    assert part.read_text() == "mine"


def test_one_export_at_a_time(office: WorkingOffice, tmp_path: Path) -> None:
    stopped(office, tmp_path / "all", 5)
    before = (tmp_path / "all.part").read_bytes()
    with (tmp_path / "all.part").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(NotPermitted, match="export-in-use"):
            export(office, tmp_path / "all")
    assert (tmp_path / "all.part").read_bytes() == before
    assert export(office, tmp_path / "all").before == 4


def test_a_note_names_nobody(office: WorkingOffice, tmp_path: Path) -> None:
    stopped(office, tmp_path / "all", 5)
    note = json.loads((tmp_path / "all.part.json").read_text())
    assert note["count"] == 4 and office.register.persons.get(note["last"])
    assert "Eriksson" not in str(note) and "ERIKSSON" not in str(note)


def test_of_nobody_there_is_a_file_with_a_header(demo_home: Home, tmp_path: Path) -> None:
    empty = WorkingOffice.at(demo_home)
    assert export(empty, tmp_path / "all") == Exported(0, 0, False)
    empty.register.close()
    assert text(tmp_path / "all").startswith("personal_number,")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["all"]
