"""Who may back up and restore, what is on record before and after, and what has come between check and restoring."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from eid_toolkit.books.audit import log
from eid_toolkit.books.audit.log_head import head_at
from eid_toolkit.books.keys.opening import open_key_store
from eid_toolkit.books.register.keeping.backup import Manifest, back_up, check_backup
from eid_toolkit.books.register.keeping.backup_container import BackupWriter
from eid_toolkit.books.register.keeping.backup_restore import Restorer
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Role
from eid_toolkit.ground.errors import DatabaseAway, IntegrityBroken, NotPermitted, ServiceAway
from eid_toolkit.work.office.keeping import restorer_of
from support.asking import Asked
from support.homes import ANNA, CLOCK, ENTROPY, PASSPHRASE, UTOPIAN, NoQuestions, WorkingOffice, build_home, person
from support.scripted import FixedClock

CLERK = Operator("clara", roles=frozenset({Role.CLERK}))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "register.backup"


def saved(office: WorkingOffice, file: Path, operator: Operator = ANNA) -> Manifest:
    return back_up(office.register.database, office.keys.foundation, office.home.config, file, operator, CLOCK, ENTROPY)


def actions(office: WorkingOffice) -> list[str]:
    return [row.action for row in office.register.audit_rows("register")]


def left_over(office: WorkingOffice) -> list[str]:
    return [path.name for path in office.home.root.iterdir() if path.name.startswith(".") or "replaced" in path.name]


def test_who_may_not_back_up_or_restore_does_neither(office: WorkingOffice, file: Path) -> None:
    with pytest.raises(NotPermitted, match="role-missing"):
        saved(office, file, CLERK)
    assert not file.exists()
    assert actions(office) == []
    saved(office, file)
    with pytest.raises(NotPermitted, match="role-missing"):
        Restorer(office.home, open_key_store(office.home, ENTROPY), [CLERK], CLOCK).check(file)
    checked = Restorer(office.home, open_key_store(office.home, ENTROPY), [ANNA], CLOCK).check(file)
    with pytest.raises(NotPermitted, match="role-missing"):
        Restorer(office.home, open_key_store(office.home, ENTROPY), [CLERK], CLOCK).restore(checked, replace=True)
    assert actions(office) == ["register.backup-begun", "register.backed-up"]


def test_that_a_back_up_is_begun_is_on_record_in_the_back_up_itself(office: WorkingOffice, file: Path) -> None:
    manifest = saved(office, file)
    begun, done = office.register.audit_rows("register")
    assert (begun.action, begun.operator, begun.position) == ("register.backup-begun", "anna", manifest.audit_rows)
    with office.register.database.read() as connection:
        assert head_at(connection, begun.position) == manifest.audit_head == json.loads(done.detail)["head"]


@pytest.mark.parametrize("at", ["write", "finish"])
def test_a_back_up_that_came_to_nothing_was_begun(
    office: WorkingOffice, file: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(BackupWriter, at, fail)
    with pytest.raises(OSError):
        saved(office, file)
    assert actions(office) == ["register.backup-begun"]
    assert list(file.parent.glob("*.backup*")) == []


@pytest.mark.parametrize("which", [1, 2])
def test_no_back_up_exists_that_could_not_be_put_on_record(
    office: WorkingOffice, file: Path, monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    """Neither where it is begun nor where it is done."""
    plain: Callable[..., None] = log.append
    calls = 0

    def append(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == which:
            raise DatabaseAway("register-busy", reason="locked")
        plain(*arguments)

    monkeypatch.setattr(log, "append", append)
    with pytest.raises(ServiceAway):
        saved(office, file)
    assert not file.exists()
    assert len(actions(office)) == which - 1


@pytest.mark.parametrize("links", [True, False])
def test_of_two_back_ups_to_one_name_one_is_refused(
    office: WorkingOffice, file: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    """The other one has come while this one was written; also where a file has one name only."""
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    plain = BackupWriter.finish

    def finish(writer: BackupWriter, operator: Operator) -> None:
        plain(writer, operator)
        monkeypatch.setattr(BackupWriter, "finish", plain)
        saved(office, file)

    monkeypatch.setattr(BackupWriter, "finish", finish)
    with pytest.raises(NotPermitted, match="backup-exists"):
        saved(office, file)
    assert check_backup(file, office.keys, office.operators).audit_rows == len(office.register.audit_rows()) - 1
    assert actions(office) == ["register.backup-begun", "register.backup-begun", "register.backed-up"]
    assert [path.name for path in file.parent.glob("*register.backup*")] == [file.name]
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("theirs", [True, False])
def test_what_cannot_be_put_on_record_takes_away_its_own_file_alone(
    office: WorkingOffice, file: Path, monkeypatch: pytest.MonkeyPatch, theirs: bool, links: bool
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    plain: Callable[..., None] = log.append

    def append(connection: Any, time: Any, operator: str, events: Any) -> None:
        if events[0].action == "register.backed-up":
            assert file.exists()
            if theirs:
                file.unlink()
                file.write_bytes(b"of somebody else")
            raise DatabaseAway("register-busy", reason="locked")
        plain(connection, time, operator, events)

    monkeypatch.setattr(log, "append", append)
    with pytest.raises(ServiceAway):
        saved(office, file)
    found = [path.read_bytes() for path in file.parent.glob("*register.backup*")]
    assert found == ([b"of somebody else"] if theirs else [])


def no_links(*_: object) -> None:
    raise PermissionError(errno.EPERM, "Operation not permitted")


def test_a_back_up_is_read_twice_and_no_more(
    office: WorkingOffice, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(office, file)
    plain, opened = Path.open, []

    def counted(path: Path, *arguments: Any, **more: Any) -> Any:
        if path == file:
            opened.append(path)
        return plain(path, *arguments, **more)

    monkeypatch.setattr(Path, "open", counted)
    restorer = Restorer(office.home, open_key_store(office.home, ENTROPY), [ANNA], CLOCK)
    restorer.restore(restorer.check(file), replace=True)
    assert len(opened) == 2


def test_a_file_that_is_another_one_than_was_checked_is_not_restored(office: WorkingOffice, file: Path) -> None:
    saved(office, file)
    restorer = Restorer(office.home, open_key_store(office.home, ENTROPY), [ANNA], CLOCK)
    checked = restorer.check(file)
    office.person(UTOPIAN)
    saved(office, file.with_suffix(".2"))
    file.with_suffix(".2").replace(file)
    rows = office.register.audit_rows()
    with pytest.raises(IntegrityBroken, match="backup-changed"):
        restorer.restore(checked, replace=True)
    assert office.register.audit_rows() == rows
    assert left_over(office) == []


def test_a_file_that_was_damaged_since_it_was_checked_is_not_restored(office: WorkingOffice, file: Path) -> None:
    saved(office, file)
    restorer = Restorer(office.home, open_key_store(office.home, ENTROPY), [ANNA], CLOCK)
    checked = restorer.check(file)
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    rows = office.register.audit_rows()
    with pytest.raises(IntegrityBroken, match="backup-damaged"):
        restorer.restore(checked, replace=True)
    assert office.register.audit_rows() == rows
    assert left_over(office) == []


def test_a_kill_before_the_home_remembers_a_restoring_stops_no_work(office: WorkingOffice, file: Path) -> None:
    """The home still has the checkpoint that is lost; the restoring has named it, and signed that."""
    saved(office, file)
    office.person(UTOPIAN)
    office.register.audit.checkpoint([ANNA])
    head = office.home.audit / "head.json"
    remembered = head.read_bytes()
    restorer = Restorer(office.home, open_key_store(office.home, ENTROPY), [ANNA], CLOCK)
    done = restorer.restore(restorer.check(file), replace=True)
    head.write_bytes(remembered)
    office.register.audit.settle()
    seen = office.register.audit.seen()
    assert seen is not None and seen.position == done.row
    head.write_bytes(remembered)
    office.person(UTOPIAN)
    office.register.audit.checkpoint([ANNA])
    assert office.register.audit.verify().unsigned_rows == 0
    with office.register.database.write() as connection:  # without its signature the row of the restoring is nobody's
        connection.execute(text("DELETE FROM audit_checkpoint WHERE position = :row"), {"row": done.row})
    head.write_bytes(remembered)
    with pytest.raises(IntegrityBroken, match="audit-not-signed"):
        office.register.audit.settle()


def test_an_old_checkpoint_that_was_kept_elsewhere_is_lost_by_the_restoring_that_says_so(
    office: WorkingOffice, file: Path
) -> None:
    """Each of the rows that are lost, and not only the one that the home had seen last."""
    saved(office, file)
    office.person(UTOPIAN)
    kept = office.register.audit.checkpoint([ANNA])
    office.person({**UTOPIAN, "personal_number": "2"})
    office.register.audit.checkpoint([ANNA])
    assert office.register.audit.verify(None, kept).reason is None
    restorer = Restorer(
        office.home, open_key_store(office.home, ENTROPY), [ANNA], FixedClock(CLOCK.time + timedelta(seconds=1))
    )
    restorer.restore(restorer.check(file), replace=True)
    result = office.register.audit.verify(None, kept)
    assert (result.reason, result.lost[-1]) == (None, kept)


def test_nobody_is_asked_for_the_passphrase_while_the_register_waits(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(monkeypatch, PASSPHRASE)
    home = build_home(tmp_path / "office", demo=False)

    def fresh() -> WorkingOffice:
        return WorkingOffice.at(home, asked)

    first = fresh()
    before = asked.times
    saved(first, file, person(first, "anna"))
    assert asked.times == before  # a back-up is made for a public key
    first.register.close()
    two = NoQuestions(second_operator="bert", given=asked)
    restorer = restorer_of(home.root, two, CLOCK, ENTROPY)
    checked = restorer.check(file)
    restorer.restore(checked, replace=True)
    assert asked.times == before + 2
