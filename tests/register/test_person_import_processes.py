"""Imports in one process and in several: the same register, whatever stops them and whoever works beside them."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from eid_toolkit.books.ledger.schema import name_posting, person
from eid_toolkit.books.register.people import person_batches, person_writing
from eid_toolkit.books.register.people.person_batches import CHUNK, NumberCheck, Reading
from eid_toolkit.books.register.people.person_data import PersonData
from eid_toolkit.books.register.people.person_import import ImportOptions, ImportReport
from eid_toolkit.books.register.people.person_source import PersonSource
from eid_toolkit.ground.errors import BadInput, EidError
from eid_toolkit.standards.profiles import load_profile
from support.homes import HomeCopies, WorkingOffice
from support.imports import CHUNKS, HEADER, content, people, run
from support.waiting import status_of


def with_bad_rows(chunks: int) -> str:
    """Each chunk has two bad rows, and one whose number stood before."""
    parts = []
    for chunk in range(chunks):
        parts.append(people(CHUNK - 3, chunk * CHUNK))
        parts.append("Bad,A,1990-13-01,F,UTO,,\nWorse,A,1990\n" + people(1, chunk * CHUNK))
    return HEADER + "".join(parts)


def test_any_number_of_processes_makes_the_same_register(home_copies: HomeCopies, tmp_path: Path) -> None:
    results = []
    for processes in (1, 2, 3):
        office = WorkingOffice.at(home_copies.copy(tmp_path / f"home-{processes}"))
        try:
            rejects = tmp_path / f"rejects-{processes}.csv"
            options = ImportOptions(keep_going=True, rejects=rejects)
            report = run(office, with_bad_rows(CHUNKS), processes, options)
            told = [(row.line, row.cells, row.error and (row.error.code, row.error.facts)) for row in report.rejected]
            counts = (report.imported, report.rejected_count)
            results.append((content(office), told, counts, rejects.read_text()))
            assert office.register.audit.verify().reason is None
        finally:
            office.register.close()
    assert results[0] == results[1] == results[2]
    _, told, counts, _ = results[0]
    assert counts == (CHUNKS * (CHUNK - 3), 3 * CHUNKS)
    assert [line for line, *_ in told][:4] == [CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1]


def test_without_keep_going_the_bad_rows_of_each_process_keep_all_out(office: WorkingOffice) -> None:
    report = run(office, with_bad_rows(CHUNKS), 2)
    assert (report.written, report.rejected_count, report.good) == (False, 3 * CHUNKS, CHUNKS * (CHUNK - 3))
    assert content(office)["persons"] == []


def test_a_rule_of_a_profile_goes_to_the_processes_and_one_that_cannot_is_held_here(office: WorkingOffice) -> None:
    rule = NumberCheck(load_profile("sgp-id").check_identity_number)

    def here(data: PersonData) -> None:
        rule(data)

    rows = HEADER + "A,,1990,F,SGP,S0000000J,\nB,,1990,F,SGP,S0000001A,\n" * 2
    for check in (rule, here):
        report = run(office, rows, 2, ImportOptions(check=check))
        codes = [(row.line, row.error and row.error.code) for row in report.rejected]
        assert codes == [(3, "identity-number-check"), (4, "person-number-taken"), (5, "identity-number-check")]
    sent = [person_batches._can_be_sent(Reading("csv", (), check)) for check in (rule, here)]
    assert sent == [True, False]


def test_a_process_that_is_killed_is_done_without(office: WorkingOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    write = person_writing.ImportWriter._write_once
    killed = []

    def writing(*arguments: object) -> object:
        if not killed:
            for child in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split():
                if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                    os.kill(int(child), signal.SIGKILL)
                    killed.append(child)
        return write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(person_writing.ImportWriter, "_write_once", writing)
    assert run(office, HEADER + people(CHUNKS * CHUNK), 2).imported == CHUNKS * CHUNK
    assert len(killed) == 2


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_an_import_in_several_processes_that_is_ended_goes_on_and_leaves_none_behind(
    office: WorkingOffice, tmp_path: Path, how: signal.Signals
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(HEADER + people(CHUNKS * CHUNK))
    office.register.close()  # no connection crosses the fork
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        with suppress(BaseException), pytest.MonkeyPatch.context() as patch:
            patch.setattr(person_writing, "insert_unfindable", _ended_in(3, how, person_writing.insert_unfindable))
            with PersonSource.open(path) as source:
                options = ImportOptions(processes=2)
                WorkingOffice.at(office.home).register.persons.imports.run(source, office.clerk, options)
        os._exit(0)
    status = status_of(child)
    assert os.WIFSIGNALED(status) is (how == signal.SIGKILL)
    deadline = time.monotonic() + 30
    while (left := _running_in(child)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []
    again = WorkingOffice.at(office.home)
    try:
        with PersonSource.open(path) as source:
            report = again.register.persons.imports.run(source, office.clerk, ImportOptions(processes=2))
        done = report.skipped // CHUNK
        assert done in ({2} if again.register.database.is_file else {1, 2})  # a server has its persons first
        assert (report.skipped, report.imported) == (done * CHUNK, (CHUNKS - done) * CHUNK)
        numbers = [int(row.personal_number) for row in content(again)["persons"]]  # type: ignore[attr-defined]
        assert numbers == list(range(CHUNKS * CHUNK))
        assert again.register.audit.verify().reason is None
    finally:
        again.register.close()


def _running_in(group: int) -> list[str]:
    """The processes of a process group."""
    running = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, of_group = path.read_text().rpartition(")")[2].split()[:3]
            if int(of_group) == group and state != "Z":
                running.append(path.parent.name)
    return running


def _ended_in(number: int, how: signal.Signals, insert: Callable[..., set[str]]) -> Callable[..., set[str]]:
    chunks = iter(range(1, 100))

    def inserting(connection: Connection, added: object, **options: bool) -> set[str]:
        unknown = insert(connection, added, **options)
        if next(chunks) == number:
            if how == signal.SIGINT:
                raise KeyboardInterrupt
            os.kill(os.getpid(), how)
        return unknown

    return inserting


@pytest.mark.parametrize("backend", ["postgresql"])
def test_two_imports_and_clerks_go_on_beside_each_other(
    office: WorkingOffice, home_copies: HomeCopies, tmp_path: Path
) -> None:
    """Two files share names, some numbers, and their words; meanwhile persons with such names are added and sought."""
    files = [HEADER + people(3 * CHUNK, number * 2 * CHUNK) for number in (0, 1)]
    files[1] = HEADER + "".join(reversed(files[1].removeprefix(HEADER).splitlines(keepends=True)))
    reports: dict[int, ImportReport] = {}
    problems: list[EidError] = []
    done = threading.Event()

    def import_one(number: int) -> None:
        mine = WorkingOffice.at(office.home)
        try:
            reports[number] = run(mine, files[number], 2, ImportOptions(keep_going=True))
        except EidError as error:
            problems.append(error)
        finally:
            mine.register.close()

    threads = [threading.Thread(target=import_one, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    watch = threading.Thread(target=lambda: ([each.join(120) for each in threads], done.set()))
    watch.start()
    added = 0
    while not done.is_set():
        values = {"primary_identifier": f"N{added % 311}son", "secondary_identifier": "Anna 3", "sex": "F"}
        values |= {"date_of_birth": "1990", "nationality": "UTO", "personal_number": f"C{added}"}
        try:
            office.person(values)
            added += 1
            office.register.persons.look_ups.search(f"n{added % 311}son", office.clerk)
        except BadInput as error:
            problems.append(error)
    watch.join(120)
    assert problems == []
    assert added > 0
    assert sum(report.imported for report in reports.values()) == 5 * CHUNK
    assert sum(report.rejected_count for report in reports.values()) == CHUNK
    with office.register.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(person)).scalar() == 5 * CHUNK + added
        found = select(name_posting.c.word_id).where(name_posting.c.folded_name == person.c.folded_name)
        lost = select(func.count()).select_from(person).where(~found.exists())
        assert connection.execute(lost).scalar() == 0
    assert office.register.audit.verify().reason is None


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_name_that_stands_in_the_index_without_a_bearer_keeps_no_import_out(office: WorkingOffice) -> None:
    """As a clerk leaves it who adds the same name at the same moment."""
    from eid_toolkit.books.ledger.name_index import write_names

    data = PersonData.from_text(
        {"primary_identifier": "N5son", "sex": "F", "date_of_birth": "1990", "nationality": "UTO"}
    )
    with office.register.database.write() as connection:
        write_names(connection, [f"{data.folded_name} ANNA 5"])
    assert run(office, HEADER + people(CHUNK), 1).imported == CHUNK
