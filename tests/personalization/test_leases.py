"""Leases: one holder at a time, given back by the dead, and looked at once more by what is decided under them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.register.stock import leases as module
from eid_toolkit.books.register.stock.leases import Leases
from eid_toolkit.ground.errors import ServiceAway
from support.homes import ENTROPY, HomeCopies, both_backends
from support.stops import Tripwire, commits_watched
from support.waiting import LIMIT, beside, next_line, status_of

__all__ = ["both_backends"]
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.fixture
def url(home_copies: HomeCopies, tmp_path) -> str:  # type: ignore[no-untyped-def]
    home = home_copies.copy(tmp_path / "home")
    return home.config.register_url or f"sqlite:///{home.register_path}"


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database.open(url, new=False)
    yield opened
    opened.close()


def as_another(monkeypatch: pytest.MonkeyPatch, name: str = "elsewhere:b:n:7:1:x") -> None:
    """From now on this process is taken for one on another machine."""
    monkeypatch.setattr(module, "holder", lambda: name)


def test_one_holder_at_a_time(database: Database) -> None:
    leases = Leases(database, ENTROPY)
    (held,) = leases.take("document D-1")
    with pytest.raises(ServiceAway, match="lease-held"):
        leases.take("document D-1")
    with pytest.raises(ServiceAway, match="lease-held"):
        leases.take("document D-2", "document D-1")
    leases.take("document D-2")  # all or none: the refusal has left nothing
    leases.give_back([held])
    leases.take("document D-1")


def test_another_machines_lease_runs_out_and_its_fence_falls(database: Database, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    with monkeypatch.context() as other:
        as_another(other)
        slow = Leases(database, ENTROPY, seconds=0.2)
        held = slow.take("document D-1")
    with pytest.raises(ServiceAway, match="lease-held"):
        Leases(database, ENTROPY).take("document D-1")
    threading.Event().wait(0.3)
    Leases(database, ENTROPY).take("document D-1")
    with database.write() as connection, pytest.raises(ServiceAway, match="lease-lost"):
        slow.fence(held)(connection)
    slow.renew(held)  # a lease that was lost stays lost
    with database.write() as connection, pytest.raises(ServiceAway, match="lease-lost"):
        slow.fence(held)(connection)


def test_a_lease_that_is_held_is_kept_alive(database: Database, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    with monkeypatch.context() as other:
        as_another(other)
        leases = Leases(database, ENTROPY, seconds=2.0)
        with leases.holding(leases.take("document D-1")) as fence:
            threading.Event().wait(3.0)
            with database.write() as connection:
                fence(connection)
            with monkeypatch.context() as third:
                third.setattr(module, "holder", lambda: "a third one")
                with pytest.raises(ServiceAway, match="lease-held"):
                    Leases(database, ENTROPY).take("document D-1")
    Leases(database, ENTROPY).take("document D-1")


def test_a_killed_process_of_this_machine_gives_its_leases_back_at_once(database: Database) -> None:
    database.close()
    child = os.fork()
    if child == 0:
        Leases(database, ENTROPY).take("document D-1")
        os.kill(os.getpid(), signal.SIGKILL)
    status_of(child)
    Leases(database, ENTROPY).take("document D-1")


def test_of_many_that_grasp_at_once_one_has_it(database: Database) -> None:
    taken: list[object] = []
    barrier = threading.Barrier(8)

    def grasp() -> None:
        barrier.wait(LIMIT)
        with suppress(ServiceAway):
            taken.append(Leases(database, ENTROPY).take("document D-1"))

    with beside(*[grasp] * 8):
        pass
    assert len(taken) == 1


def test_a_holder_is_told_by_machine_and_process(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as other:
        as_another(other)
        Leases(database, ENTROPY).take("document D-1")
    with pytest.raises(ServiceAway, match="lease-held") as caught:
        Leases(database, ENTROPY).take("document D-1")
    assert caught.value.facts == {"subject": "document D-1", "holder": "elsewhere, process 7"}


def test_a_process_that_died_here_is_dead_and_one_that_cannot_be_seen_is_not() -> None:
    host, boot, namespace, process, started, own = module.holder().rsplit(":", 5)
    assert process == str(os.getpid())

    def dead(*parts: str) -> bool:
        return module.is_dead(":".join(parts))

    assert not dead(host, boot, namespace, process, started, own)
    assert dead(host, boot, namespace, process, "1", own)  # its number was given to another process
    assert not dead(host, boot, "4026530000", process, "1", own)  # of another container, that is called the same
    assert not dead(host, "b", namespace, process, "1", own)  # of another machine that is called the same
    assert not dead("elsewhere", boot, namespace, process, "1", own)


def test_where_processes_cannot_be_seen_nobody_is_called_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_namespace", lambda: module._UNKNOWN)
    host, boot, namespace, process, _, own = module.holder().rsplit(":", 5)
    assert not module.is_dead(":".join((host, boot, namespace, process, "1", own)))


def test_a_child_is_another_holder_than_its_parent() -> None:
    read, write = os.pipe()
    mine = module.holder()
    child = os.fork()
    if child == 0:
        os.write(write, module.holder().encode())
        os._exit(0)
    status_of(child)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        theirs = pipe.read().decode()
    assert mine == module.holder()
    assert theirs.rsplit(":", 1)[1] != mine.rsplit(":", 1)[1]


TAKE = """
import sys, time
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.register.stock.leases import Leases
Leases(Database.open(sys.argv[1], new=False), SystemEntropy()).take("document D-1")
print("taken", flush=True)
time.sleep(60)
"""


def test_a_container_of_the_same_name_keeps_its_lease(database: Database, url: str) -> None:
    """It is number 1 of its own processes, on this machine, since this start of it: here that is another process."""
    enter = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if subprocess.run([*enter, "true"], capture_output=True, check=False, timeout=60).returncode:
        pytest.skip("no namespace of processes may be made here")
    script = [*enter, sys.executable, "-c", TAKE, url]
    with subprocess.Popen(script, stdout=subprocess.PIPE, text=True) as station:
        try:
            assert next_line(station) == "taken\n"
            with pytest.raises(ServiceAway, match="lease-held"):
                Leases(database, ENTROPY).take("document D-1")
        finally:
            station.kill()


def test_what_keeps_a_lease_alive_is_no_event_of_a_run(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a slow run had events at which a quick one could not be stopped."""
    leases, tripwire, renewed = Leases(database, ENTROPY, seconds=0.2), Tripwire(), threading.Event()
    real = Leases.renew

    def renew(self: Leases, held: object) -> None:
        real(self, held)  # type: ignore[arg-type]
        renewed.set()

    monkeypatch.setattr(Leases, "renew", renew)
    with commits_watched(tripwire), leases.holding(leases.take("document D-1")):
        assert renewed.wait(LIMIT)
    assert tripwire.events == ["commit", "committed"] * 2  # taken and given back
