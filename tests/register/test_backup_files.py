"""Back-up files and register files that are not as they were written: told, and nothing half-written."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eid_toolkit.errors import IntegrityBroken
from eid_toolkit.home.home import Home
from eid_toolkit.register import backup_restore
from eid_toolkit.register.backup import back_up, check_backup
from eid_toolkit.register.backup_container import MAGIC
from eid_toolkit.register.backup_restore import Restored, Restorer
from eid_toolkit.register.database import Database
from support.homes import ANNA, CLOCK, ENTROPY, UTOPIAN, Desk

EXAMPLES = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def backend() -> str:
    """Files are the same whatever database they come from; a damaged register is a file here."""
    return "sqlite"


class Saved(tuple[Desk, bytes]):
    """An office and its back-up; without a repr, which would be long."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Saved"


@pytest.fixture(scope="module")
def saved(demo_home_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Saved]:
    """An office and a back-up of it, of several chunks."""
    root = tmp_path_factory.mktemp("saved") / "home"
    shutil.copytree(demo_home_template, root)
    desk = Desk.open(Home.open(root))
    for number in range(10):
        desk.document({**UTOPIAN, "personal_number": str(number)})
    path = root.parent / "register.backup"
    back_up(desk.register.database, desk.keys, desk.home.config, path, ANNA, CLOCK, ENTROPY)
    yield Saved((desk, path.read_bytes()))
    desk.register.close()


def chunks(data: bytes) -> list[bytes]:
    """The parts of a file: its beginning, then each chunk."""
    start = len(MAGIC) + 60
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
        check_backup(path, saved[0].keys)


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
    desk, data = saved
    path = tmp_path / "second.backup"
    back_up(desk.register.database, desk.keys, desk.home.config, path, ANNA, CLOCK, ENTROPY)
    mine, others = chunks(data), chunks(path.read_bytes())
    assert len(mine) == len(others)
    refused(saved, b"".join((*mine[:2], others[2], *mine[3:])), tmp_path)


def restore(desk: Desk, file: Path, *, replace: bool = True) -> Restored:
    restorer = Restorer(desk.home, desk.keys, ANNA, CLOCK)
    return restorer.restore(restorer.check(file), replace=replace)


def names(home: Home) -> set[str]:
    return {path.name for path in home.root.iterdir() if not path.name.endswith(("-wal", "-shm"))}


def test_a_damaged_back_up_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.document()
    path = tmp_path / "register.backup"
    back_up(desk.register.database, desk.keys, desk.home.config, path, ANNA, CLOCK, ENTROPY)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    before, rows = names(desk.home), desk.register.audit_rows()
    with pytest.raises(IntegrityBroken, match="backup-damaged"):
        restore(desk, path)
    assert names(desk.home) == before
    assert desk.register.audit_rows() == rows


@pytest.fixture
def file(desk: Desk, tmp_path: Path) -> Path:
    """A back-up of a register with one document."""
    desk.document()
    path = tmp_path / "register.backup"
    back_up(desk.register.database, desk.keys, desk.home.config, path, ANNA, CLOCK, ENTROPY)
    return path


def restored(desk: Desk, file: Path, *, replace: bool = True) -> Restored:
    done = restore(desk, file, replace=replace)
    again = Desk.open(desk.home)
    assert len(again.register.documents.list()) == 1
    assert again.register.verify_audit().reason is None
    again.register.close()
    return done


@pytest.mark.parametrize("content", [None, b""])
def test_a_register_that_is_gone_is_restored(desk: Desk, file: Path, content: bytes | None) -> None:
    desk.register.close()
    desk.home.register_path.unlink()
    if content is not None:
        desk.home.register_path.write_bytes(content)
    assert restored(desk, file, replace=False).kept is None
    assert desk.home.register_path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", ["garbage", "page", "schema"])
def test_a_register_that_is_damaged_is_kept_beside_the_restored_one(desk: Desk, file: Path, damage: str) -> None:
    desk.register.close()
    place = desk.home.register_path
    content = bytearray(place.read_bytes())
    if damage == "garbage":
        content = bytearray(b"this is no database" * 400)
    elif damage == "page":
        content[4096 * 2 : 4096 * 40] = os.urandom(4096 * 38)
    else:
        content[100:4096] = bytes(3996)
    place.write_bytes(content)
    done = restored(desk, file)
    assert done.kept is not None
    assert done.kept.read_bytes() == content
    assert done.kept.stat().st_mode & 0o777 == 0o600


def test_the_old_register_that_is_kept_is_whole(desk: Desk, file: Path) -> None:
    desk.person(UTOPIAN)
    rows = desk.register.audit_rows()
    done = restored(desk, file)
    assert done.kept is not None
    old = Database.open(f"sqlite:///{done.kept}", new=False)
    with old.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM audit").scalar() == len(rows)
    old.close()
    assert done.kept.stat().st_mode & 0o777 == 0o600


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("at", ["upgrade", "_fill", "walk", "_lost"])
def test_a_kill_in_a_restoring_leaves_the_old_state(desk: Desk, file: Path, at: str, there: bool) -> None:
    rows = desk.register.audit_rows()
    desk.register.close()
    if not there:
        desk.home.register_path.unlink()
    child = os.fork()
    if child == 0:
        setattr(backup_restore, at, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        try:
            restore(desk, file)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert desk.home.register_path.exists() is there
    if there:
        again = Desk.open(desk.home)
        assert again.register.audit_rows() == rows
        again.register.close()
    restored(desk, file)
    assert not list(desk.home.root.glob(".register.sqlite.restoring*"))
