"""Back-up files and register files that are not as they were written: told, and nothing half-written."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from eid_toolkit.books.audit import checkpoints
from eid_toolkit.books.audit.files import AuditFiles
from eid_toolkit.books.keys.opening import open_key_store
from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.register.keeping import backup_places, backup_restore
from eid_toolkit.books.register.keeping.backup import back_up, check_backup
from eid_toolkit.books.register.keeping.backup_container import MAGIC
from eid_toolkit.books.register.keeping.backup_places import Place
from eid_toolkit.books.register.keeping.backup_restore import Restored, Restorer
from eid_toolkit.ground.errors import IntegrityBroken, NotPermitted
from eid_toolkit.ground.home.home import Home
from support.homes import ANNA, CLOCK, ENTROPY, UTOPIAN, WorkingOffice
from support.waiting import status_of

EXAMPLES = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def backend() -> str:
    """Files are the same whatever database they come from; a damaged register is a file here."""
    return "sqlite"


class Saved(tuple[WorkingOffice, bytes]):
    """An office and its back-up; without a repr, which would be long."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Saved"


@pytest.fixture(scope="module")
def saved(demo_home_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Saved]:
    """An office and a back-up of it, of several chunks."""
    root = tmp_path_factory.mktemp("saved") / "home"
    shutil.copytree(demo_home_template, root)
    office = WorkingOffice.at(Home.open(root))
    for number in range(10):
        office.document({**UTOPIAN, "personal_number": str(number)})
    path = root.parent / "register.backup"
    back_up(office.register.database, office.keys.foundation, office.home.config, path, ANNA, CLOCK, ENTROPY)
    yield Saved((office, path.read_bytes()))
    office.register.close()


def chunks(data: bytes) -> list[bytes]:
    """The parts of a file: its beginning, then each chunk."""
    start = len(MAGIC) + 65 + 40  # the wrapped key
    found = [data[:start]]
    while start < len(data):
        size = 5 + int.from_bytes(data[start + 1 : start + 5], "big")
        found.append(data[start : start + size])
        start += size
    return found


def refused(saved: Saved, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "changed.backup"
    path.write_bytes(data)
    with pytest.raises(IntegrityBroken):
        check_backup(path, saved[0].keys, saved[0].operators)


@EXAMPLES
@given(data=st.data())
def test_a_bit_flipped_anywhere_is_found(saved: Saved, tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(saved[1])
    place = data.draw(st.integers(0, len(content) - 1) | st.integers(0, 120))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    refused(saved, bytes(content), tmp_path)


@EXAMPLES
@given(data=st.data())
def test_a_file_that_was_cut_off_anywhere_is_found(saved: Saved, tmp_path: Path, data: st.DataObject) -> None:
    refused(saved, saved[1][: data.draw(st.integers(0, len(saved[1]) - 1))], tmp_path)


@EXAMPLES
@given(data=st.data())
def test_chunks_moved_left_out_or_repeated_are_found(saved: Saved, tmp_path: Path, data: st.DataObject) -> None:
    start, *rest = chunks(saved[1])
    assert len(rest) > 3
    other = data.draw(st.lists(st.sampled_from(range(len(rest))), max_size=len(rest) + 1))
    if other != list(range(len(rest))):
        refused(saved, start + b"".join(rest[place] for place in other), tmp_path)


@pytest.mark.parametrize("more", [b"\x00", b"\x01" + bytes(40)])
def test_something_behind_the_end_is_found(saved: Saved, tmp_path: Path, more: bytes) -> None:
    refused(saved, saved[1] + more, tmp_path)


def test_chunks_of_another_back_up_of_the_same_home_are_found(saved: Saved, tmp_path: Path) -> None:
    office, data = saved
    path = tmp_path / "second.backup"
    back_up(office.register.database, office.keys.foundation, office.home.config, path, ANNA, CLOCK, ENTROPY)
    mine, others = chunks(data), chunks(path.read_bytes())
    assert len(mine) == len(others)
    refused(saved, b"".join((*mine[:2], others[2], *mine[3:])), tmp_path)


def restore(office: WorkingOffice, file: Path, *, replace: bool = True) -> Restored:
    restorer = Restorer(office.home, open_key_store(office.home, ENTROPY), [ANNA], CLOCK)
    return restorer.restore(restorer.check(file), replace=replace)


def names(home: Home) -> set[str]:
    return {path.name for path in home.root.iterdir() if not path.name.endswith(("-wal", "-shm"))}


def test_a_damaged_back_up_changes_nothing(office: WorkingOffice, tmp_path: Path) -> None:
    office.document()
    path = tmp_path / "register.backup"
    back_up(office.register.database, office.keys.foundation, office.home.config, path, ANNA, CLOCK, ENTROPY)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    before, rows = names(office.home), office.register.audit_rows()
    with pytest.raises(IntegrityBroken, match="backup-damaged"):
        restore(office, path)
    assert names(office.home) == before
    assert office.register.audit_rows() == rows


@pytest.fixture
def file(office: WorkingOffice, tmp_path: Path) -> Path:
    """A back-up of a register with one document."""
    office.document()
    path = tmp_path / "register.backup"
    back_up(office.register.database, office.keys.foundation, office.home.config, path, ANNA, CLOCK, ENTROPY)
    return path


def restored(office: WorkingOffice, file: Path, *, replace: bool = True) -> Restored:
    done = restore(office, file, replace=replace)
    again = WorkingOffice.at(office.home)
    assert len(again.register.documents.list()) == 1
    assert again.register.audit.verify().reason is None
    again.register.close()
    return done


@pytest.mark.parametrize("content", [None, b""])
def test_a_register_that_is_gone_is_restored(office: WorkingOffice, file: Path, content: bytes | None) -> None:
    office.register.close()
    office.home.register_path.unlink()
    if content is not None:
        office.home.register_path.write_bytes(content)
    assert restored(office, file, replace=False).kept is None
    assert office.home.register_path.stat().st_mode & 0o777 == 0o600


def emptied(home: Home, *statements: str) -> None:
    """Another database in the register's place, with what the statements make."""
    for path in home.root.glob("register.sqlite*"):
        path.unlink()
    connection = sqlite3.connect(home.register_path, isolation_level=None)
    for statement in ("PRAGMA journal_mode = WAL", "CREATE TABLE gone (x)", "DROP TABLE gone", *statements):
        connection.execute(statement)
    connection.close()
    assert home.register_path.stat().st_size > 0


def test_a_database_without_tables_is_a_vacant_place(office: WorkingOffice, file: Path) -> None:
    office.register.close()
    emptied(office.home)
    assert restored(office, file, replace=False).kept is None
    assert left_over(office.home) == []


def test_a_database_of_somebody_else_is_no_vacant_place(office: WorkingOffice, file: Path) -> None:
    office.register.close()
    emptied(office.home, "CREATE TABLE things (x)")
    with pytest.raises(NotPermitted, match="restore-register-exists"):
        restored(office, file, replace=False)
    kept = restored(office, file).kept
    assert kept is not None
    connection = sqlite3.connect(kept)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("things",)]
    connection.close()


@pytest.mark.parametrize("damage", ["garbage", "page", "schema"])
def test_a_register_that_is_damaged_is_kept_beside_the_restored_one(
    office: WorkingOffice, file: Path, damage: str
) -> None:
    office.register.close()
    place = office.home.register_path
    content = bytearray(place.read_bytes())
    if damage == "garbage":
        content = bytearray(b"this is no database" * 400)
    elif damage == "page":
        content[4096 * 2 : 4096 * 40] = os.urandom(4096 * 38)
    else:
        content[100:4096] = bytes(3996)
    place.write_bytes(content)
    done = restored(office, file)
    assert done.kept is not None
    assert done.kept.read_bytes() == content
    assert done.kept.stat().st_mode & 0o777 == 0o600


def test_the_old_register_that_is_kept_is_whole(office: WorkingOffice, file: Path) -> None:
    office.person(UTOPIAN)
    rows = office.register.audit_rows()
    done = restored(office, file)
    assert done.kept is not None
    old = Database.open(f"sqlite:///{done.kept}", new=False)
    with old.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM audit").scalar() == len(rows)
    old.close()
    assert done.kept.stat().st_mode & 0o777 == 0o600


KILLS = (
    (backup_restore, "upgrade", False),
    (backup_restore, "_fill", False),
    (backup_restore, "walk", False),
    (backup_restore, "_lost", False),
    (Place, "copy", False),
    (backup_places, "sync_directory", False),  # the copy is made, and nothing is in the tables yet
    (checkpoints, "checkpoint", False),
    (Place, "keep_copy", True),  # the register is the back-up's, and the copy has no name that anybody sees
    (AuditFiles, "_keep", True),
)


def left_over(home: Home) -> list[str]:
    return [path.name for path in home.root.iterdir() if path.name.startswith(".")]


def killed(office: WorkingOffice, file: Path, where: object, name: str) -> None:
    """A process that restores, and is killed when it comes to call this."""
    child = os.fork()
    if child == 0:
        setattr(where, name, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
        try:
            restore(office, file)
        finally:
            os._exit(0)
    status = status_of(child)
    assert os.WIFSIGNALED(status)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize(("where", "name", "done"), KILLS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_a_kill_in_a_restoring_leaves_one_state_and_the_next_one_tidies(
    office: WorkingOffice, file: Path, where: object, name: str, done: bool
) -> None:
    """No copy of the old register lies about that nobody sees: it goes, or gets the name of one that was replaced."""
    office.person(UTOPIAN)
    rows = office.register.audit_rows()
    office.register.close()
    killed(office, file, where, name)
    again = WorkingOffice.at(office.home)
    assert (again.register.audit_rows() == rows) is not done
    assert again.register.audit.verify().reason is None
    again.register.close()
    restored(office, file)
    assert left_over(office.home) == []
    kept = sorted(office.home.root.glob("register.sqlite.replaced-*"))
    assert len(kept) == (2 if done else 1)
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o600}
    held = []
    for path in kept:
        old = Database.open(f"sqlite:///{path}", new=False)
        with old.read() as connection:
            held.append(connection.exec_driver_sql("SELECT count(*) FROM audit").scalar())
        old.close()
    assert len(rows) in held  # what was replaced first is there, and whole


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("damaged", [False, True])
@pytest.mark.parametrize(
    ("where", "name"), [(backup_restore, "_fill"), (backup_restore, "_lost"), (Place, "set_aside"), (Place, "fill")]
)
def test_a_kill_while_a_register_is_built_beside_its_place_leaves_nothing_there(
    office: WorkingOffice, file: Path, where: object, name: str, damaged: bool
) -> None:
    office.register.close()
    office.home.register_path.unlink()
    if damaged:
        office.home.register_path.write_bytes(b"this is no database" * 400)
    killed(office, file, where, name)
    with pytest.raises(IntegrityBroken):
        WorkingOffice.at(office.home)
    restored(office, file)
    assert left_over(office.home) == []
    assert len(list(office.home.root.glob("register.sqlite.replaced-*"))) == damaged


def test_a_register_that_has_come_since_the_check_is_not_replaced(office: WorkingOffice, file: Path) -> None:
    office.register.close()
    aside = office.home.root / "aside"
    office.home.register_path.rename(aside)
    restorer = Restorer(office.home, open_key_store(office.home, ENTROPY), [ANNA], CLOCK)
    checked = restorer.check(file)
    assert checked.vacant
    aside.rename(office.home.register_path)
    content = office.home.register_path.read_bytes()
    with pytest.raises(NotPermitted, match="restore-register-exists"):
        restorer.restore(checked)
    assert office.home.register_path.read_bytes() == content
    assert left_over(office.home) == []


def test_a_register_with_bad_text_in_its_log_can_be_replaced(office: WorkingOffice, file: Path) -> None:
    with office.register.database.write() as connection:
        connection.execute(text("UPDATE audit SET hash = CAST(X'eda080ff' AS TEXT)"))
    office.register.close()
    done = restored(office, file)
    assert done.kept is not None
