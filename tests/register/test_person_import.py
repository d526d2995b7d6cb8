"""Imports: all rows or the good ones, every bad row told, and whatever stops an import, no row is lost or doubled."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import Connection, func, select

from eid_toolkit.books.audit.log import AuditEvent
from eid_toolkit.books.ledger.schema import name_posting, name_word, person
from eid_toolkit.books.ledger.schema import person_import as imports
from eid_toolkit.books.register.people import person_import, person_writing
from eid_toolkit.books.register.people.person_import import CHUNK, TOLD, ImportOptions, ImportReport
from eid_toolkit.books.register.people.person_source import PersonSource
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Role
from eid_toolkit.ground.errors import BadInput, NotPermitted
from eid_toolkit.standards.profiles import load_profile
from support.homes import UTOPIAN, VIETNAMESE, WorkingOffice
from support.waiting import status_of

HEADER = "primary_identifier,date_of_birth,sex,nationality,personal_number\n"
GOOD = "Eriksson,1974-08-12,F,UTO,1\n"
FAULTY = HEADER + "".join(
    [GOOD, "B,1990-13-01,F,UTO,2\n", "C,1990,Q,UTO,3\n", "D,1990,F,UTO,1\n", "E,1990\n", "F,1990,M,UTO,6\n"]
)
GOING = ImportOptions(keep_going=True)


def run(office: WorkingOffice, text: str, options: ImportOptions | None = None, kind: str = "csv") -> ImportReport:
    with PersonSource.of_text(text, kind) as source:  # type: ignore[arg-type]
        return office.register.persons.imports.run(source, office.clerk, options)


def names(office: WorkingOffice) -> list[str]:
    return [each.data.name for each in office.register.persons.all()]


def people(count: int, first: int = 0) -> str:
    return "".join(f"Person {n % 97},1990,F,UTO,{n}\n" for n in range(first, first + count))


def test_one_bad_row_keeps_all_out_and_every_bad_row_is_told(office: WorkingOffice) -> None:
    report = run(office, FAULTY)
    assert (report.written, report.good, report.imported) == (False, 2, 0)
    assert [(row.line, row.error and row.error.facts["field"]) for row in report.rejected] == [
        (3, "date_of_birth"),
        (4, "sex"),
        (5, "personal_number"),
        (6, None),
    ]
    assert names(office) == []
    assert office.register.audit.verify().reason is None


def test_keep_going_brings_the_good_rows_in_and_writes_the_bad_ones_down(office: WorkingOffice, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.csv"
    report = run(office, FAULTY, ImportOptions(keep_going=True, rejects=rejects))
    assert (report.written, report.imported, report.rejected_count, report.rejects) == (True, 2, 4, rejects)
    assert names(office) == ["Eriksson", "F"]
    assert rejects.read_text() == HEADER + "".join(FAULTY.splitlines(keepends=True)[2:6])
    assert rejects.stat().st_mode & 0o777 == 0o600


def test_without_bad_rows_there_is_no_rejects_file(office: WorkingOffice, tmp_path: Path) -> None:
    report = run(office, HEADER + GOOD, ImportOptions(keep_going=True, rejects=tmp_path / "rejects.csv"))
    assert report.rejects is None
    assert list(tmp_path.glob("rejects*")) == []


def test_a_rejected_cell_does_not_run_in_a_spreadsheet_and_can_be_imported(
    office: WorkingOffice, tmp_path: Path
) -> None:
    rejects = tmp_path / "rejects.csv"
    run(office, HEADER + "=cmd|' /C calc'!A0,1990,Z,UTO,1\n", ImportOptions(keep_going=True, rejects=rejects))
    assert rejects.read_text().splitlines()[1].startswith("'=cmd")
    run(office, rejects.read_text().replace(",Z,", ",X,"))
    assert names(office) == ["=cmd|' /C calc'!A0"]


def test_bad_json_lines_are_written_down_as_they_were(office: WorkingOffice, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.jsonl"
    bad = ["[1]", '{"sex": "F"}', '{"primary_identifier": "\\ud800"}']
    text = "\n".join([json.dumps(UTOPIAN), *bad])
    assert run(office, text, ImportOptions(keep_going=True, rejects=rejects), "jsonl").imported == 1
    assert rejects.read_text().splitlines() == bad


def test_a_dry_run_writes_nothing(office: WorkingOffice, tmp_path: Path) -> None:
    options = ImportOptions(dry_run=True, keep_going=True, rejects=tmp_path / "rejects")
    report = run(office, FAULTY, options)
    assert (report.written, report.good, report.imported) == (False, 2, 0)
    assert names(office) == []
    assert not (tmp_path / "rejects").exists()


def test_a_number_that_stands_twice_is_told_across_chunks_and_so_is_one_of_the_register(office: WorkingOffice) -> None:
    office.person({**UTOPIAN, "personal_number": "77"})
    report = run(office, HEADER + people(CHUNK + 200) + GOOD)
    assert [row.line for row in report.rejected] == [79, CHUNK + 202]
    report = run(office, HEADER + people(CHUNK + 200) + GOOD, GOING)
    assert (report.imported, [row.line for row in report.rejected]) == (CHUNK + 199, [79, CHUNK + 202])


def test_the_report_holds_the_first_bad_rows_and_counts_all(office: WorkingOffice) -> None:
    report = run(office, HEADER + "A,1990,Q,UTO,\n" * (CHUNK + TOLD))
    assert (len(report.rejected), report.rejected_count) == (TOLD, CHUNK + TOLD)


def test_a_rule_of_a_profile_is_held_against_each_row(office: WorkingOffice) -> None:
    profile = load_profile("sgp-id")
    check = ImportOptions(check=lambda data: profile.check_identity_number(data.personal_number))
    rows = "A,1990,F,SGP,S0000000J\nB,1990,F,SGP,S0000001A\nC,1990,F,SGP,1\nD,1990,F,SGP,\n"
    report = run(office, HEADER + rows, check)
    assert [(row.line, row.error and row.error.code) for row in report.rejected] == [
        (3, "identity-number-check"),
        (4, "identity-number-malformed"),
    ]


def test_a_chunk_is_one_row_of_the_log_and_names_nobody(office: WorkingOffice) -> None:
    report = run(office, HEADER + people(2 * CHUNK + 5))
    assert report.id is not None
    rows = list(office.register.audit_rows(report.id))
    details = [json.loads(row.detail) for row in rows]
    assert [(detail["rows"], detail["count"], detail["done"]) for detail in details] == [
        ([1, CHUNK], CHUNK, False),
        ([CHUNK + 1, 2 * CHUNK], CHUNK, False),
        ([2 * CHUNK + 1, 2 * CHUNK + 5], 5, True),
    ]
    assert all("Person" not in row.detail for row in rows)
    (hit,) = office.register.persons.search("1234")
    (change,) = office.register.persons.history.of(hit.person, office.clerk)
    assert (change.operator, change.source) == ("anna", f"import {report.id}")


def test_a_file_is_imported_once_unless_that_is_wanted(office: WorkingOffice) -> None:
    text = "primary_identifier,date_of_birth,sex,nationality\nA,1990,F,UTO\n"
    run(office, text)
    with pytest.raises(NotPermitted, match="import-done-already"):
        run(office, text)
    tried = run(office, text, ImportOptions(dry_run=True))
    assert (tried.good, tried.imported, tried.written) == (1, 0, False)
    assert run(office, text, ImportOptions(again=True)).imported == 1
    assert names(office) == ["A", "A"]


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.CLERK}))
def test_who_has_not_the_role_imports_nothing(office: WorkingOffice, role: Role) -> None:
    with PersonSource.of_text(HEADER + GOOD) as source, pytest.raises(NotPermitted, match="role-missing"):
        office.register.persons.imports.run(source, Operator("carl", roles=frozenset({role})))


def test_names_of_a_file_are_found_and_counted(office: WorkingOffice) -> None:
    run(office, HEADER + people(CHUNK + 97))
    bearers = len(range(13, CHUNK + 97, 97))
    assert len(office.register.persons.search("person 13", limit=50)) == bearers
    with office.register.database.read() as connection:
        count = select(name_word.c.names).where(name_word.c.word == "PERSON")
        assert connection.execute(count).scalar() == 97
        assert connection.execute(select(func.count()).select_from(name_posting)).scalar() == 2 * 97


Stop = Callable[[Connection, int], None]


def at_chunk(number: int, where: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Has the process killed at a place of the chunk with this number: before its rows, after them, or after all."""

    def arm(patch: pytest.MonkeyPatch) -> None:
        chunks = iter(range(1, 100))
        insert, log = person_writing.insert_unfindable, person_writing.append

        def die() -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        def inserting(connection: Connection, added: object, **how: bool) -> set[str]:
            this = next(chunks)
            if this == number and where == "before":
                die()
            unknown = insert(connection, added, **how)  # type: ignore[arg-type]
            if this == number and where == "after":
                die()
            return unknown

        def logging(*arguments: object) -> None:
            log(*arguments)  # type: ignore[arg-type]
            if next(logged) == number and where == "logged":
                die()

        logged = iter(range(1, 100))
        patch.setattr(person_writing, "insert_unfindable", inserting)
        patch.setattr(person_writing, "append", logging)

    return arm


@pytest.mark.parametrize(
    ("number", "where"), [(1, "before"), (1, "logged"), (2, "before"), (2, "after"), (3, "after"), (3, "logged")]
)
@pytest.mark.parametrize("keep_going", [False, True])
def test_a_killed_import_goes_on_where_it_was(
    office: WorkingOffice, tmp_path: Path, number: int, where: str, keep_going: bool
) -> None:
    path, rejects = tmp_path / "people.csv", tmp_path / "rejects.csv"
    bad = ["Bad,1990,Q,UTO,\n", "Worse,1990\n"] if keep_going else []
    path.write_text(HEADER + "".join([bad[0] if bad else "", people(CHUNK + 500), *bad[1:], people(CHUNK, 5000)]))
    office.register.close()  # no connection crosses the fork
    options = ImportOptions(keep_going=keep_going, rejects=rejects if keep_going else None)
    child = os.fork()
    if child == 0:
        with suppress(BaseException), pytest.MonkeyPatch.context() as patch:
            at_chunk(number, where)(patch)
            with PersonSource.open(path) as source:
                WorkingOffice.at(office.home).register.persons.imports.run(source, office.clerk, options)
        os._exit(0)
    status = status_of(child)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL

    again = WorkingOffice.at(office.home)
    try:
        with again.register.database.read() as connection:
            done, state = connection.execute(select(imports.c.row, imports.c.state)).first() or (0, "open")
        ahead = where != "logged" and not again.register.database.is_file  # its persons go before the chunk before it
        assert done // CHUNK in ({number - 2, number - 1} if ahead else {number - 1})
        assert (done % CHUNK, state) == (0, "open")
        with PersonSource.open(path) as source:
            report = again.register.persons.imports.run(source, office.clerk, options)
        assert report.skipped == done
        with again.register.database.read() as connection:
            found = connection.execute(select(person.c.personal_number)).scalars().all()
            finished = connection.execute(select(imports)).one()
        assert sorted(map(int, found)) == [*range(CHUNK + 500), *range(5000, 5000 + CHUNK)]
        assert (finished.state, finished.imported, finished.rejected) == ("done", 2 * CHUNK + 500, len(bad))
        assert again.register.audit.verify().reason is None
        if keep_going:
            assert rejects.read_text() == HEADER + "".join(bad)
    finally:
        again.register.close()


def test_a_row_that_becomes_bad_meanwhile_stops_the_import_and_keep_going_goes_on(
    office: WorkingOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody adds a person with a number of the file after the first reading."""
    text = HEADER + people(CHUNK + 10)
    write = person_import.PersonImports._write

    def late(*arguments: object, **how: object) -> ImportReport:
        monkeypatch.undo()
        office.person({**UTOPIAN, "personal_number": str(CHUNK + 4)})
        return write(*arguments, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(person_import.PersonImports, "_write", late)
    with pytest.raises(BadInput, match="import-row-bad-meanwhile") as told:
        run(office, text)
    assert told.value.facts == {"line": CHUNK + 6, "imported": CHUNK}
    report = run(office, text, GOING)
    assert (report.skipped, report.imported, report.rejected_count) == (CHUNK, 9, 1)


@pytest.mark.parametrize(("chunks", "code"), [(1, "import-goes-on-elsewhere"), (9, "import-done-already")])
def test_an_import_that_goes_on_elsewhere_is_left_alone(
    office: WorkingOffice, monkeypatch: pytest.MonkeyPatch, chunks: int, code: str
) -> None:
    """Two begin with one file; while the first has checked it and not written yet, the second writes some chunks."""
    text = HEADER + "A,1990,F,UTO,\n" * (2 * CHUNK)
    log, write = person_writing.append, person_import.PersonImports._write
    written: list[int] = []

    def logging(connection: Connection, now: datetime, operator: Operator, events: list[AuditEvent]) -> list[str]:
        if len(written) == chunks:
            raise KeyboardInterrupt
        written.append(cast(int, events[0].detail["count"]))
        return log(connection, now, operator, events)

    def late(*arguments: object, **how: object) -> ImportReport:
        with monkeypatch.context() as patch:
            patch.setattr(person_import.PersonImports, "_write", write)
            patch.setattr(person_writing, "append", logging)
            with suppress(KeyboardInterrupt):
                run(office, text)
        return write(*arguments, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(person_import.PersonImports, "_write", late)
    with pytest.raises(NotPermitted, match=code):
        run(office, text)
    assert len(names(office)) == sum(written) == min(chunks, 2) * CHUNK


def test_vietnamese_and_other_names_come_in_whole(office: WorkingOffice) -> None:
    text = "\n".join(json.dumps(values, ensure_ascii=False) for values in (VIETNAMESE, UTOPIAN))
    run(office, text, kind="jsonl")
    assert names(office) == ["Eriksson Anna Maria", "Nguyễn Văn An"]
