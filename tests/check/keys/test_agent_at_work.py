"""Agents that are replaced, ended and killed while commands use them: a use succeeds, or says that they are gone."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from eid_toolkit.books.keys.agent.client import AgentKeys, find_agent, lock_agent
from eid_toolkit.books.keys.agent.place import KeyHolder
from eid_toolkit.books.keys.agent.starting import start_agent
from eid_toolkit.books.keys.holding import KeyPair
from eid_toolkit.ground.errors import AgentAway
from support.agents import COMPARTMENT_KEY, CONTEXT, Agents, agents, fresh_pair, wrapped_for
from support.waiting import status_of, wait_for

__all__ = ["agents"]
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
COMMANDS = 3


@contextmanager
def commands(use: Callable[[], bool], folder: Path) -> Iterator[Callable[[], int]]:
    """Processes that each ``use`` again and again until the end, when each use must have succeeded.

    What is given is how many uses there have been.
    """
    end, counts = folder / "end", [folder / f"count-{number}" for number in range(COMMANDS)]
    children = []
    try:
        for count in counts:
            count.write_bytes(b"")
            if (child := os.fork()) == 0:
                status = 2
                try:
                    with count.open("ab", buffering=0) as stream:
                        while not end.exists() and (status := 0 if use() else 1) == 0:
                            stream.write(b".")
                finally:
                    os._exit(status)
            children.append(child)
        yield lambda: min(count.stat().st_size for count in counts)
    finally:
        end.touch()
        statuses = [status_of(child) for child in children]
    assert statuses == [0] * COMMANDS


def works(found: AgentKeys, keys: KeyPair) -> bool:
    """Whether both keys do what they are for."""
    signature = found.sign(b"I approve")
    return keys.signing.public_key.verify(signature, b"I approve", "sha256") and found.unwrap(
        wrapped_for(keys), CONTEXT
    ).matches(COMPARTMENT_KEY)


def works_now(holder: KeyHolder, keys: KeyPair) -> bool:
    """Whether an agent is there, and works."""
    found = find_agent(holder, keys.public_key, keys.wrapping_key)
    return found is not None and works(found, keys)


def test_commands_do_not_notice_that_the_agent_is_replaced(agents: Agents, tmp_path: Path) -> None:
    holder, keys = agents.holder(), fresh_pair()
    agents.start(holder, keys)
    with commands(lambda: works_now(holder, keys), tmp_path) as used:
        for _ in range(10):
            before = used()
            agents.start(holder, keys)
            wait_for(lambda: used() > before + 20, "the commands do not go on")  # noqa: B023
    assert all(agent.has_ended() for agent in agents.started[:-1])
    assert agents.started[-1].find() is not None


def test_commands_go_on_or_say_that_the_agent_is_gone_while_agents_are_killed(agents: Agents, tmp_path: Path) -> None:
    holder, keys = agents.holder(), fresh_pair()

    def use() -> bool:
        try:
            found = find_agent(holder, keys.public_key, keys.wrapping_key)
            return found is None or works(found, keys)
        except AgentAway:
            return True

    with commands(use, tmp_path) as used:
        for number in range(20):
            agent, before = agents.start(holder, keys), used()
            wait_for(lambda: used() > before + 20, "the commands do not go on")  # noqa: B023
            if number % 2:
                agent.send(signal.SIGKILL)
            else:
                lock_agent(holder)
            assert agent.has_ended()


def test_of_many_commands_that_unlock_at_once_one_agent_is_left(agents: Agents, tmp_path: Path) -> None:
    holder, keys = agents.holder(), fresh_pair()
    told, tell = os.pipe()
    children = []
    for _ in range(6):
        if (child := os.fork()) == 0:
            status = 1
            try:
                os.write(tell, b"%d\n" % start_agent(holder, keys, 600).process)
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    assert [status_of(child) for child in children] == [0] * 6
    os.close(tell)
    with os.fdopen(told) as stream:
        processes = [int(line) for line in stream]
    try:
        wait_for(lambda: sum(map(is_alive, processes)) == 1, "not one agent is left")
        assert works_now(holder, keys)
    finally:
        lock_agent(holder)
    wait_for(lambda: not any(map(is_alive, processes)), "an agent did not end")


def is_alive(process: int) -> bool:
    """Whether it runs; one that nobody has waited for does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
