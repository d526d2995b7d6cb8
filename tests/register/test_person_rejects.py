"""The rejects file of an import and what the register has of it: they agree, whatever happens to the disk."""

from __future__ import annotations

import fcntl
import os
import resource
import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select

from eid_toolkit.books.ledger.schema import person_import as imports
from eid_toolkit.books.register.people import person_import, person_writing
from eid_toolkit.books.register.people.person_files import Row, read_rows
from eid_toolkit.books.register.people.person_import import CHUNK, ImportOptions, ImportReport
from eid_toolkit.books.register.people.person_rejects import RejectsFile, Written
from eid_toolkit.books.register.people.person_source import PersonSource
from eid_toolkit.ground.errors import NotPermitted
from support.homes import WorkingOffice

HEADER = "primary_identifier,date_of_birth,sex,nationality,personal_number\n"
GOOD = "Eriksson,1974-08-12,F,UTO,1\n"
BAD = [f"Bad {n},1990,Q,UTO,\n" for n in range(2 * CHUNK + 10)]


def run(office: WorkingOffice, text: str, options: ImportOptions) -> ImportReport:
    with PersonSource.of_text(text, "csv") as source:
        return office.register.persons.imports.run(source, office.clerk, options)


def held(text: str) -> int:
    return len(text.encode())


def disk_of(size: int, patch: pytest.MonkeyPatch) -> None:
    """From this size on the rejects file takes a part of what is written, and then nothing more."""
    write = RejectsFile.write

    def limited(file: RejectsFile, rows: Iterable[Row], before: Written) -> Written:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            return write(file, rows, before)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    patch.setattr(RejectsFile, "write", limited)


def import_state(office: WorkingOffice) -> tuple[int, int, int] | None:
    """How far the one import is: rows, bad rows, and the bytes of them in the rejects file."""
    with office.register.database.read() as connection:
        row = connection.execute(select(imports.c.row, imports.c.rejected, imports.c.rejects_size)).one_or_none()
    return None if row is None else (row.row, row.rejected, row.rejects_size)


@pytest.mark.parametrize("done", [0, 1])
def test_a_disk_that_becomes_full_loses_no_bad_row(
    office: WorkingOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, done: int
) -> None:
    rejects = tmp_path / "rejects.csv"
    options = ImportOptions(keep_going=True, rejects=rejects)
    text = HEADER + "".join(BAD) + GOOD
    kept = HEADER + "".join(BAD[:CHUNK]) if done else ""
    with monkeypatch.context() as patch:
        disk_of(held(kept) + 500, patch)
        with pytest.raises(OSError, match="rejects"):
            run(office, text, options)
    assert rejects.read_text() == kept  # it took a part of the chunk, which is gone again
    assert import_state(office) == ((CHUNK, CHUNK, held(kept)) if done else None)
    report = run(office, text, options)
    assert (report.skipped, report.imported, report.rejected_count) == (done * CHUNK, 1, len(BAD) - done * CHUNK)
    assert rejects.read_text() == HEADER + "".join(BAD)
    assert import_state(office) == (len(BAD) + 1, len(BAD), rejects.stat().st_size)


def stopped(office: WorkingOffice, rejects: Path, patch: pytest.MonkeyPatch) -> str:
    """An import that was stopped behind its first chunk; what it had written of bad rows."""
    written = HEADER + "".join(BAD[:CHUNK])
    with patch.context() as here:
        disk_of(held(written), here)
        with pytest.raises(OSError, match="rejects"):
            run(office, HEADER + "".join(BAD), ImportOptions(keep_going=True, rejects=rejects))
    assert rejects.read_text() == written
    return written


@pytest.mark.parametrize("fault", ["gone", "cut", "changed", "another"])
def test_an_import_does_not_go_on_without_its_rejects_file_unless_that_is_wanted(
    office: WorkingOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    rejects = tmp_path / "rejects.csv"
    written = stopped(office, rejects, monkeypatch)
    other = {"gone": None, "cut": written[:-1], "changed": written[:-2] + "x\n", "another": "somebody else's\n"}[fault]
    if other is None:
        rejects.unlink()
    else:
        rejects.write_text(other)
    options = ImportOptions(keep_going=True, rejects=rejects)
    before = import_state(office)
    with pytest.raises(NotPermitted, match="import-rejects-lost"):
        run(office, HEADER + "".join(BAD), options)
    assert (rejects.read_text() if rejects.exists() else None) == other
    assert import_state(office) == before
    new = ImportOptions(keep_going=True, rejects=tmp_path / "new.csv", new_rejects=True)
    assert run(office, HEADER + "".join(BAD), new).skipped == CHUNK
    assert (tmp_path / "new.csv").read_text() == HEADER + "".join(BAD[CHUNK:])


def test_what_stands_behind_an_imports_own_bad_rows_is_cut_off(
    office: WorkingOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rejects = tmp_path / "rejects.csv"
    written = stopped(office, rejects, monkeypatch)
    rejects.write_text(written + "of a chunk that never counted\n")
    run(office, HEADER + "".join(BAD), ImportOptions(keep_going=True, rejects=rejects))
    assert rejects.read_text() == HEADER + "".join(BAD)


@pytest.mark.parametrize(
    ("content", "code"), [("", "import-rejects-in-use"), ("of another import\n", "import-rejects-not-empty")]
)
def test_two_imports_do_not_share_a_rejects_file(
    office: WorkingOffice, tmp_path: Path, content: str, code: str
) -> None:
    rejects = tmp_path / "rejects.csv"
    rejects.write_text(content)
    with rejects.open("r+b") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(NotPermitted, match=code):
            run(office, HEADER + BAD[0] + GOOD, ImportOptions(keep_going=True, rejects=rejects))
    assert rejects.read_text() == content
    assert (list(office.register.persons.all()), import_state(office)) == ([], None)


@pytest.mark.parametrize("behind", ["x", BAD[0]])
def test_more_than_the_beginning_of_its_bad_rows_is_not_an_imports_own(
    office: WorkingOffice, tmp_path: Path, behind: str
) -> None:
    rejects = tmp_path / "rejects.csv"
    rejects.write_text(HEADER + BAD[0] + BAD[1] + behind)
    with pytest.raises(NotPermitted, match="import-rejects-not-empty"):
        run(office, HEADER + BAD[0] + BAD[1] + GOOD, ImportOptions(keep_going=True, rejects=rejects))
    assert rejects.read_text() == HEADER + BAD[0] + BAD[1] + behind
    rejects.write_text(HEADER + BAD[0][:-3])
    run(office, HEADER + BAD[0] + BAD[1] + GOOD, ImportOptions(keep_going=True, rejects=rejects))
    assert rejects.read_text() == HEADER + BAD[0] + BAD[1]


@pytest.mark.parametrize("new", [False, True])
def test_bad_rows_are_not_written_over_what_a_file_holds(
    office: WorkingOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new: bool
) -> None:
    """Neither by another import nor by one that begins anew, and nothing is imported before that is told."""
    rejects = tmp_path / "rejects.csv"
    if new:
        stopped(office, rejects, monkeypatch)
    rejects.write_text("mended by hand\n")
    before = import_state(office)
    options = ImportOptions(keep_going=True, rejects=rejects, new_rejects=new)
    text = HEADER + "".join(BAD if new else [GOOD, "Good,1990,F,UTO,\n" * CHUNK, BAD[0]])
    with pytest.raises(NotPermitted, match="import-rejects-not-empty"):
        run(office, text, options)
    assert rejects.read_text() == "mended by hand\n"
    assert (list(office.register.persons.all()), import_state(office)) == ([], before)


def test_a_file_that_has_come_meanwhile_is_not_written_over(
    office: WorkingOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rejects = tmp_path / "rejects.csv"
    monkeypatch.setattr(RejectsFile, "check", lambda *_: rejects.write_text("of another\n"))
    with pytest.raises(NotPermitted, match="import-rejects-not-empty"):
        run(office, HEADER + BAD[0], ImportOptions(keep_going=True, rejects=rejects))
    assert rejects.read_text() == "of another\n"


def test_a_transaction_that_fails_takes_its_bad_rows_back(
    office: WorkingOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ImportOptions(keep_going=True, rejects=tmp_path / "rejects.csv")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(person_writing, "append", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(office, HEADER + BAD[0] + GOOD, options)
    assert run(office, HEADER + BAD[0] + GOOD, options).imported == 1
    assert (tmp_path / "rejects.csv").read_text() == HEADER + BAD[0]


@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_bad_rows_go_to_nothing_that_might_wait_for_a_reader(office: WorkingOffice, tmp_path: Path, kind: str) -> None:
    """It is told before anything is imported."""
    rejects = tmp_path / "rejects"
    if kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(rejects))
    else:
        os.mkfifo(rejects)
    with pytest.raises(NotPermitted, match="import-rejects-no-file"):
        text = HEADER + "Good,1990,F,UTO,\n" * CHUNK + BAD[0]
        run(office, text, ImportOptions(keep_going=True, rejects=rejects))
    assert (list(office.register.persons.all()), import_state(office)) == ([], None)


@pytest.mark.parametrize("read", [False, True])
def test_a_pipe_that_has_come_meanwhile_holds_nobody_up(
    office: WorkingOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: bool
) -> None:
    rejects = tmp_path / "rejects"
    os.mkfifo(rejects)
    monkeypatch.setattr(RejectsFile, "check", lambda *_: None)
    reader = os.open(rejects, os.O_RDONLY | os.O_NONBLOCK) if read else None
    try:
        with pytest.raises(NotPermitted if read else OSError, match="rejects"):
            run(office, HEADER + BAD[0], ImportOptions(keep_going=True, rejects=rejects))
    finally:
        if reader is not None:
            os.close(reader)
    assert import_state(office) is None


def test_bad_rows_may_go_to_a_device(office: WorkingOffice) -> None:
    options = ImportOptions(keep_going=True, rejects=Path("/dev/null"))
    assert run(office, HEADER + BAD[0] + GOOD, options).rejected_count == 1


def test_a_bad_row_with_a_line_end_is_read_again(office: WorkingOffice, tmp_path: Path) -> None:
    """One that the CSV writer leaves without quotation marks of its own accord."""
    rejects = tmp_path / "rejects.csv"
    run(office, HEADER + '"A\rB",1990,Q,UTO,\n' + GOOD, ImportOptions(keep_going=True, rejects=rejects))
    with PersonSource.open(rejects) as source:
        (row,) = read_rows(source.text(lambda _: None), source.kind)
    assert row.cells[0] == "A\rB"
    assert row.error is not None and row.error.facts["field"] == "sex"


@pytest.mark.parametrize(("chunks", "code"), [(1, "import-goes-on-elsewhere"), (9, "import-done-already")])
def test_of_two_imports_of_one_file_one_writes_the_bad_rows(
    office: WorkingOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunks: int, code: str
) -> None:
    """While the first has checked the file and not written yet, the second writes some chunks."""
    rejects = tmp_path / "rejects.csv"
    options = ImportOptions(keep_going=True, rejects=rejects)
    text = HEADER + "".join(BAD)
    log, write = person_writing.append, person_import.PersonImports._write
    left = iter(range(chunks))

    def logging(*arguments: object) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        log(*arguments)  # type: ignore[arg-type]

    def late(*arguments: object, **how: object) -> ImportReport:
        with monkeypatch.context() as patch:
            patch.setattr(person_import.PersonImports, "_write", write)
            patch.setattr(person_writing, "append", logging)
            with suppress(KeyboardInterrupt):
                run(office, text, options)
        found.append(rejects.read_text())
        return write(*arguments, **how)  # type: ignore[arg-type]

    found: list[str] = []
    monkeypatch.setattr(person_import.PersonImports, "_write", late)
    with pytest.raises(NotPermitted, match=code):
        run(office, text, options)
    assert rejects.read_text() == found[0]
    monkeypatch.undo()
    if chunks == 1:
        run(office, text, options)
    assert rejects.read_text() == HEADER + "".join(BAD)
