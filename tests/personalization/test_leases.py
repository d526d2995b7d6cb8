"""Leases: one holder at a time, given back by the dead, and looked at once more by what is decided under them."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from eid_toolkit.errors import ServiceAway
from eid_toolkit.register import leases as module
from eid_toolkit.register.database import Database
from eid_toolkit.register.leases import Leases
from support.homes import ENTROPY, HomeCopies, both_backends

__all__ = ["both_backends"]
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.fixture
def database(home_copies: HomeCopies, tmp_path) -> Iterator[Database]:  # type: ignore[no-untyped-def]
    home = home_copies.copy(tmp_path / "home")
    opened = Database.open(home.config.register_url or f"sqlite:///{home.register_path}", new=False)
    yield opened
    opened.close()


def as_another(monkeypatch: pytest.MonkeyPatch, name: str = "elsewhere:b:1:1") -> None:
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
        leases = Leases(database, ENTROPY, seconds=0.4)
        with leases.holding(leases.take("document D-1")) as fence:
            threading.Event().wait(1.0)
            with database.write() as connection:
                fence(connection)
    Leases(database, ENTROPY).take("document D-1")


def test_a_killed_process_of_this_machine_gives_its_leases_back_at_once(database: Database) -> None:
    database.close()
    child = os.fork()
    if child == 0:
        Leases(database, ENTROPY).take("document D-1")
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    Leases(database, ENTROPY).take("document D-1")


def test_of_many_that_grasp_at_once_one_has_it(database: Database) -> None:
    taken: list[object] = []
    barrier = threading.Barrier(8)

    def grasp() -> None:
        barrier.wait()
        with suppress(ServiceAway):
            taken.append(Leases(database, ENTROPY).take("document D-1"))

    threads = [threading.Thread(target=grasp) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1
