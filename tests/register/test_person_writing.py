"""Chunks of an import whose persons go to a server before the chunk before them is written to its end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from eid_toolkit.books.ledger.schema import person_import as imports
from eid_toolkit.books.register.people import person_import, person_writing
from eid_toolkit.books.register.people.person_batches import CHUNK, SERVER_CHUNK
from eid_toolkit.books.register.people.person_import import ImportOptions
from eid_toolkit.ground.errors import NotPermitted, ValueRefused
from support.homes import UTOPIAN, HomeCopies, WorkingOffice
from support.imports import CHUNKS, HEADER, content, people, run

pytestmark = pytest.mark.parametrize("backend", ["postgresql"])
FILE = HEADER + people(CHUNKS * CHUNK + 7)


def at_call(number: int, act: Callable[[], object], call: Callable[..., object]) -> Callable[..., object]:
    """The same function, but that something is done before it is called for this time."""
    calls = iter(range(1, 1000))

    def calling(*arguments: object, **how: object) -> object:
        if next(calls) == number:
            act()
        return call(*arguments, **how)

    return calling


def refuse() -> None:
    raise ValueRefused("value-refused")


def idle_transactions(office: WorkingOffice) -> int:
    query = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND pid <> pg_backend_pid()"
    with office.register.database.read() as connection:
        return int(connection.exec_driver_sql(query + " AND datname = current_database()").scalar() or 0)


@pytest.mark.parametrize("size", [500, CHUNK, SERVER_CHUNK])
def test_the_register_is_the_same_whether_chunks_are_begun_ahead_or_not(
    office: WorkingOffice, home_copies: HomeCopies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(person_import, "SERVER_CHUNK", size)
    run(office, FILE, 2)
    other = WorkingOffice.at(home_copies.copy(tmp_path / "other"))
    monkeypatch.setattr(person_writing.ImportWriter, "_begin", lambda *_: refuse())
    try:
        run(other, FILE, 1)
        assert content(office) == content(other)
    finally:
        other.register.close()
    assert len(content(office)["log"]) == (CHUNKS * CHUNK + 7) // size + 1  # type: ignore[arg-type]
    assert office.register.audit.verify().reason is None
    assert idle_transactions(office) == 0


@pytest.mark.parametrize("place", ["insert_unfindable", "write_names"])
@pytest.mark.parametrize("number", [2, 3, CHUNKS])
def test_a_chunk_that_is_refused_is_written_anew_and_those_behind_it_one_after_another(
    office: WorkingOffice, monkeypatch: pytest.MonkeyPatch, place: str, number: int
) -> None:
    monkeypatch.setattr(person_writing, place, at_call(number, refuse, getattr(person_writing, place)))
    begun: list[int] = []
    begin = person_writing.ImportWriter._begin

    def beginning(self: person_writing.ImportWriter, at: int, those: list[person_writing.Values]) -> object:
        begun.append(at)
        return begin(self, at, those)

    monkeypatch.setattr(person_writing.ImportWriter, "_begin", beginning)
    assert run(office, FILE, 1).imported == CHUNKS * CHUNK + 7
    found = content(office)
    assert [int(row.personal_number) for row in found["persons"]] == list(range(CHUNKS * CHUNK + 7))  # type: ignore[attr-defined]
    rows = [each["rows"] for each in found["log"]]  # type: ignore[attr-defined]
    ends = [*range(CHUNK, CHUNKS * CHUNK + 1, CHUNK), CHUNKS * CHUNK + 7]
    assert rows == [[first + 1, last] for first, last in zip([0, *ends], ends, strict=False)]
    assert begun if place == "insert_unfindable" else max(begun) <= number + 1
    assert idle_transactions(office) == 0


@pytest.mark.parametrize("error", [NotPermitted("import-goes-on-elsewhere", import_id="I"), KeyboardInterrupt()])
def test_what_was_begun_ahead_is_rolled_back_when_the_chunk_before_fails(
    office: WorkingOffice, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fail() -> None:
        raise error

    append = person_writing.append
    monkeypatch.setattr(person_writing, "append", at_call(2, fail, append))
    with pytest.raises(type(error)):
        run(office, FILE, 1)
    assert idle_transactions(office) == 0
    with office.register.database.read() as connection:
        assert connection.execute(select(imports.c.row, imports.c.state)).one() == (CHUNK, "open")
    assert len(content(office)["persons"]) == CHUNK  # type: ignore[arg-type]
    monkeypatch.setattr(person_writing, "append", append)
    report = run(office, FILE, 1)
    assert (report.skipped, report.imported) == (CHUNK, (CHUNKS - 1) * CHUNK + 7)


def test_somebody_who_adds_the_same_number_meanwhile_is_met(
    office: WorkingOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number is in a chunk whose persons are in no transaction yet, and whose numbers were looked at before."""
    insert = person_writing.insert_unfindable

    def add() -> None:
        office.person({**UTOPIAN, "personal_number": "0005001"})

    monkeypatch.setattr(person_writing, "insert_unfindable", at_call(3, add, insert))
    report = run(office, FILE, 1, ImportOptions(keep_going=True))
    assert (report.imported, report.rejected_count) == (CHUNKS * CHUNK + 6, 1)
    assert [row.line for row in report.rejected] == [5003]
