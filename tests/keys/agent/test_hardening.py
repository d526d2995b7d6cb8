"""What an agent's process is: nothing of the command but its memory, which nobody else can read."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import signal
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

from eid_toolkit.books.keys.agent import hardening, starting
from eid_toolkit.books.keys.agent.client import lock_agent
from eid_toolkit.books.keys.agent.hardening import Hardening, harden
from eid_toolkit.books.keys.agent.place import KeyHolder
from eid_toolkit.books.keys.agent.starting import start_agent
from support.agents import NOBODY, Agents, RunningAgent, become, fresh_pair, holds_in_child
from support.waiting import wait_for

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
    pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="needs Linux's /proc"),
]
PR_GET_DUMPABLE = 3
USER = NOBODY if os.geteuid() == 0 else None
"""Who is not allowed everything: root becomes somebody else where that matters."""


def proc(agent: RunningAgent, name: str) -> Path:
    return Path(f"/proc/{agent.started.process}/{name}")


def stat_fields(process: int | str) -> list[str]:
    """Of /proc/PID/stat (proc(5)), those behind the name: state, parent, process group, session, terminal, …"""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def descriptors(agent: RunningAgent) -> list[str]:
    found = []
    for link in proc(agent, "fd").iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed
            found.append(str(link.readlink()).partition("[")[0])
    return sorted(found)


def test_a_hardened_process_dumps_no_core_and_cannot_be_traced() -> None:
    def is_hardened() -> bool:
        reached = harden()
        return (
            reached.no_core_dumps
            and reached.untraceable
            and resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
            and ctypes.CDLL(None).prctl(PR_GET_DUMPABLE) == 0
        )

    assert ctypes.CDLL(None).prctl(PR_GET_DUMPABLE) == 1
    assert holds_in_child(is_hardened)


def locked_memory(process: int | str) -> int:
    """Bytes, by proc_pid_status(5)."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmLck"))


@pytest.mark.parametrize("limit", [0, 1 << 16])
def test_memory_that_may_not_be_locked_is_reported_and_no_failure(limit: int) -> None:
    def is_reported() -> bool:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, limit))
        if USER is not None:
            become(USER)
        reached = harden()
        bytearray(2 * hardening._ROOM)  # and the process goes on
        return reached == Hardening(no_core_dumps=True, untraceable=True, memory_locked=False)

    assert holds_in_child(is_reported)


def test_memory_is_not_locked_where_that_would_leave_no_room_to_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardening, "_ROOM", 1 << 60)

    def is_unlocked() -> bool:
        reached = harden()
        bytearray(1 << 27)
        return not reached.memory_locked and locked_memory("self") == 0

    assert holds_in_child(is_unlocked)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may surely lock all memory")
def test_memory_that_may_be_locked_is_locked(agents: Agents) -> None:
    agent = agents.start()
    assert agent.started.hardening == Hardening(no_core_dumps=True, untraceable=True, memory_locked=True)
    assert locked_memory(agent.started.process) > 1 << 20


def test_a_running_agent_has_no_core_limit_left(agents: Agents) -> None:
    limits = proc(agents.start(), "limits").read_text().splitlines()
    (core,) = (line.split()[4:6] for line in limits if line.startswith("Max core file size"))
    assert core == ["0", "0"]


def test_no_process_of_the_same_user_reads_the_memory_of_an_agent() -> None:
    folder = Path(tempfile.mkdtemp(prefix="eid-agents-", dir="/tmp"))
    if USER is not None:
        os.chown(folder, USER, USER)
    holder, keys = KeyHolder(folder, "home-1", "anna"), fresh_pair()

    def is_closed() -> bool:
        os.environ["XDG_RUNTIME_DIR"] = str(folder)
        process = start_agent(holder, keys, 60).process
        try:
            refused = 0
            for name in ("mem", "environ", "maps", "auxv"):
                try:
                    Path(f"/proc/{process}/{name}").open("rb").close()
                except PermissionError:
                    refused += 1
                Path(f"/proc/self/{name}").open("rb").close()  # which tells that it is the agent that is closed
            return refused == 4
        finally:
            lock_agent(holder)

    try:
        assert holds_in_child(is_closed, USER)
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def open_agents(agents: Agents, monkeypatch: pytest.MonkeyPatch) -> Agents:
    """Agents that this user may look into."""
    monkeypatch.setattr(starting, "harden", lambda: Hardening(False, False, False))
    return agents


def test_an_agent_has_left_terminal_session_and_parent(open_agents: Agents) -> None:
    agent = open_agents.start()
    _, parent, group, session, terminal, *_ = stat_fields(agent.started.process)
    assert int(parent) != os.getpid()
    assert session == group != str(agent.started.process)  # it leads no session, so it can get no terminal
    assert int(session) != os.getsid(0)
    assert terminal == "0"
    assert proc(agent, "cwd").readlink() == Path("/")


def test_an_agent_has_no_open_file_of_the_command(open_agents: Agents, tmp_path: Path) -> None:
    with (tmp_path / "open").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        agent = open_agents.start()
        expected = ["/dev/null"] * 3 + ["anon_inode:"] + ["socket:"] * 3  # those that it listens on, and is woken by
        if agent.started.bound == "shell":
            expected.insert(3, "anon_inode:")
        wait_for(lambda: descriptors(agent) == expected, f"{descriptors(agent)}")


def test_what_the_command_had_set_for_signals_does_not_bind_an_agent(agents: Agents) -> None:
    earlier = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGHUP})
    try:
        agent = agents.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, earlier)
    agent.send(signal.SIGTERM)
    assert agent.has_ended()


def test_neither_arguments_nor_environment_of_an_agent_have_a_secret(open_agents: Agents) -> None:
    agent = open_agents.start()
    for name in ("cmdline", "environ"):
        content = proc(agent, name).read_bytes()
        for key in (agent.keys.signing, agent.keys.unwrapping):
            assert key.scalar.reveal() not in content
            assert key.scalar.reveal().hex().encode() not in content
