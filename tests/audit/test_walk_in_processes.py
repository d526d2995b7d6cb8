"""Whatever was done to a log or a register, several processes find of it what one finds: the same row, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from eid_toolkit.books.audit import checking, state_crew, state_walk
from eid_toolkit.books.audit.export import verify_export
from eid_toolkit.books.audit.state_crew import walking_states
from eid_toolkit.books.audit.verifying import Manner
from eid_toolkit.books.ledger.register_address import RegisterAddress
from eid_toolkit.ground.errors import EidError
from eid_toolkit.ground.home.home import Home
from support.meddling import Meddler, meddling, with_own_hash
from support.real_offices import at_work, both, copied_real_home, looked_at
from support.whole_life import WholeLife, apply_for, issue_for, prepare_for

__all__ = ["copied_real_home"]
PROCESSES = (1, 3)
Damage = Callable[[Meddler], object]


def _middle(meddler: Meddler) -> int:
    rows = meddler.log()
    return rows[2 * len(rows) // 3].position


def _changed(meddler: Meddler) -> None:
    meddler.run("UPDATE audit SET subject = 'another' WHERE position = :at", at=_middle(meddler))


def _with_own_hash(meddler: Meddler) -> None:
    row = meddler.log()[-5]
    meddler.put(with_own_hash(row._replace(subject="another")))


def _rewritten(meddler: Meddler) -> None:
    meddler.rewrite({_middle(meddler): lambda row: row._replace(subject="another")})


def _no_text(meddler: Meddler) -> None:
    meddler.run("UPDATE audit SET action = '' WHERE position = :at", at=_middle(meddler))


LOG: dict[str, Damage] = {
    "nothing": lambda meddler: None,
    "a row changed": _changed,
    "a row changed with its hash": _with_own_hash,
    "a row and all behind it rewritten": _rewritten,
    "an action emptied": _no_text,
    "a row removed": lambda meddler: meddler.run("DELETE FROM audit WHERE position = :at", at=_middle(meddler)),
    "the tail dropped": lambda meddler: meddler.forget(_middle(meddler), 10**6),
    "a row added": lambda meddler: meddler.add(
        meddler.log()[-1]._replace(position=meddler.log()[-1].position + 1, number=10**6, hash="0" * 64)
    ),
    "a signature of another row": lambda meddler: meddler.run(
        "UPDATE audit_signature SET signature = (SELECT signature FROM audit_signature ORDER BY position LIMIT 1)"
        " WHERE position >= :at",
        at=_middle(meddler),
    ),
    "signatures removed": lambda meddler: meddler.run(
        "DELETE FROM audit_signature WHERE position >= :at", at=_middle(meddler)
    ),
    "a signature that is none": lambda meddler: meddler.run(
        "UPDATE audit_signature SET signature = :none WHERE position >= :at", at=_middle(meddler), none=b"\x30\x00"
    ),
    "a signature said to cover more": lambda meddler: meddler.run(
        "UPDATE audit_signature SET first = first - 1 WHERE position >= :at AND first > 1", at=_middle(meddler)
    ),
    "sessions removed": lambda meddler: meddler.run("DELETE FROM audit_session"),
    "a checkpoint changed": lambda meddler: meddler.run("UPDATE audit_checkpoint SET hash = :zero", zero="0" * 64),
    "checkpoints removed": lambda meddler: meddler.run("DELETE FROM audit_checkpoint"),
    "a head changed": lambda meddler: meddler.run("UPDATE chain_head SET number = number + 1"),
}
REGISTER: dict[str, Damage] = {
    "nothing": lambda meddler: None,
    "a state changed": lambda meddler: meddler.run("UPDATE document SET state = 'issued' WHERE state <> 'issued'"),
    "all states changed": lambda meddler: meddler.run("UPDATE application SET state = 'approved'"),
    "a row removed": lambda meddler: meddler.run(
        "DELETE FROM application WHERE id = (SELECT max(id) FROM application)"
    ),
    "rows with no word in the log": lambda meddler: meddler.run("UPDATE document SET told_by = :zero", zero="0" * 64),
    "decisions removed": lambda meddler: meddler.run("DELETE FROM decision"),
    "heads removed": lambda meddler: meddler.run("DELETE FROM subject_head"),
    "signatures removed": lambda meddler: meddler.run("DELETE FROM audit_signature WHERE first > 3"),
    "the office's chain broken": lambda meddler: meddler.run("UPDATE chain_head SET hash = :zero", zero="0" * 64),
}


@pytest.fixture
def meddler(real_home: Home) -> Iterator[Meddler]:
    life = WholeLife()
    with at_work(real_home) as office:
        issue_for(office, life, "issued")
        office.register.audit.checkpoint(both(office))
        prepare_for(office, life, "prepared")
        apply_for(office, life, "waits")
    with meddling(real_home) as found:
        yield found


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "PAGE", 9)
    monkeypatch.setattr(state_walk, "_PAGE", 1)


def log_finding(home: Home, processes: int) -> str:
    """All that a verification says, or the error that it ends by."""
    with looked_at(home) as office:
        try:
            return repr(office.register.audit.verify(manner=Manner(processes)))
        except EidError as error:
            return repr(error)


def state_findings(home: Home, processes: int) -> list[str]:
    """All that a walk says up to its end, and the error if it ends by one."""
    said: list[str] = []
    with looked_at(home) as office:
        address = RegisterAddress.of(home)
        try:
            where = (office.register.database, address, office.keys.foundation, Manner(processes))
            with walking_states(*where) as walked:
                said.extend(map(repr, walked))
        except EidError as error:
            said.append(repr(error))
    return said


@pytest.mark.parametrize("damage", LOG)
def test_a_log_is_judged_alike_by_one_process_and_by_several(real_home: Home, meddler: Meddler, damage: str) -> None:
    LOG[damage](meddler)
    first, *others = (log_finding(real_home, processes) for processes in PROCESSES)
    assert others == [first]
    assert ("reason=None" in first) == (damage == "nothing")


@pytest.mark.parametrize("damage", REGISTER)
def test_a_register_is_judged_alike_by_one_process_and_by_several(
    real_home: Home, meddler: Meddler, damage: str
) -> None:
    REGISTER[damage](meddler)
    first, *others = (state_findings(real_home, processes) for processes in PROCESSES)
    assert others == [first]
    assert any("Finding" in each or "Integrity" in each for each in first) == (damage != "nothing")


@pytest.mark.parametrize("cut", [0, 1, 20])
def test_an_export_is_judged_alike_by_one_process_and_by_several(
    real_home: Home, meddler: Meddler, tmp_path: Path, cut: int
) -> None:
    path = tmp_path / "log.jsonl"
    with looked_at(real_home) as office, path.open("w", encoding="utf-8") as file:
        office.register.audit.export(office.clerk, file.write)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    if cut:
        del lines[-cut]
    path.write_text("".join(lines), encoding="utf-8")

    def said(processes: int) -> str:
        with path.open("rb") as stream:
            try:
                return repr(verify_export(stream, processes=processes))
            except EidError as error:
                return repr(error)

    first, *others = map(said, PROCESSES)
    assert others == [first]


def test_all_processes_see_the_state_of_one_moment(real_home: Home, meddler: Meddler) -> None:
    """What is written while they walk is not seen by any of them, and nobody waits for the end of the walk."""
    with looked_at(real_home) as office:
        where = (office.register.database, RegisterAddress.of(real_home), office.keys.foundation, Manner(2))
        with walking_states(*where) as walked:
            meddler.run("UPDATE document SET state = 'expired'")
            assert [each for each in walked if isinstance(each, state_walk.Finding)] == []
    assert any("row-changed" in each for each in state_findings(real_home, 2))


def test_the_processes_take_part(real_home: Home, meddler: Meddler, monkeypatch: pytest.MonkeyPatch) -> None:
    """What none of them did would be done by this one, and nobody would see."""
    crews = []

    def watched(connection: Connection, doing: state_walk.Doing | None = None) -> object:
        crews.append(doing)
        assert doing is not None
        return state_walk.walk_states(connection, lambda tasks, instead: doing(tasks, _never))

    monkeypatch.setattr(state_crew, "walk_states", watched)
    monkeypatch.setattr(checking, "check_page", _never)
    assert not any("Finding" in each or "Error" in each for each in state_findings(real_home, 2))
    assert len(crews) == 1
    assert "reason=None" in log_finding(real_home, 2)


def _never(task: object) -> list[state_walk.Finding]:
    raise AssertionError("done by the wrong process")


def test_a_file_that_cannot_be_held_still_is_walked_by_one_process(
    real_home: Home, meddler: Meddler, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if backend != "sqlite":
        pytest.skip("a server has snapshots")
    monkeypatch.setattr("eid_toolkit.books.ledger.database.BUSY_TIMEOUT_MS", 100)
    monkeypatch.setattr("eid_toolkit.books.ledger.database._PRAGMAS", ("PRAGMA busy_timeout = 100",))
    with meddler.writing() as connection:
        connection.exec_driver_sql("UPDATE document SET state = state")
        assert not any("Finding" in each for each in state_findings(real_home, 2))


def test_how_many_processes_there_are_hangs_on_what_there_is_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eid_toolkit.books.audit.verifying.cores", lambda: 8)
    assert [Manner(None).count(rows, 1000) for rows in (0, 999, 1000)] == [1, 1, 8]
    assert Manner(3).count(1) == 3
    assert Manner().count(10**9) == 1
