"""Agents for tests: each has a short-lived place of its own, and none outlives the test that started it."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from eid_toolkit.books.keys.agent.client import AgentKeys, find_agent
from eid_toolkit.books.keys.agent.place import KeyHolder, socket_path
from eid_toolkit.books.keys.agent.starting import StartedAgent, start_agent
from eid_toolkit.books.keys.holding import KeyPair
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.crypto.key_wrapping import WrappedKey, wrap
from support.waiting import LIMIT, status_of

ENTROPY = SystemEntropy()
CONTEXT = b"compartment: register"
COMPARTMENT_KEY = Secret(bytes(range(32)))
NOBODY = 65534
_PR_SET_DUMPABLE = 4


def fresh_pair() -> KeyPair:
    domain = ec_domain_by_name("secp256r1")
    return KeyPair(EcPrivateKey.generate(domain, ENTROPY), EcPrivateKey.generate(domain, ENTROPY))


def process_has_ended(descriptor: int, within: float = LIMIT) -> bool:
    """Whether the process of a descriptor ends within these seconds."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(1000 * within))


def wrapped_for(keys: KeyPair) -> WrappedKey:
    return wrap(COMPARTMENT_KEY, keys.unwrapping.public_key, CONTEXT, ENTROPY)


@dataclass(frozen=True)
class RunningAgent:
    """An agent, watched by a descriptor, so that it is no other process whose end is waited for."""

    holder: KeyHolder
    keys: KeyPair
    started: StartedAgent
    descriptor: int

    @property
    def path(self) -> Path:
        return socket_path(self.holder)

    def find(self) -> AgentKeys | None:
        return find_agent(self.holder, self.keys.public_key, self.keys.wrapping_key)

    @property
    def client(self) -> AgentKeys:
        found = self.find()
        assert found is not None
        return found

    def send(self, number: signal.Signals) -> None:
        signal.pidfd_send_signal(self.descriptor, number)

    def has_ended(self, within: float = LIMIT) -> bool:
        return process_has_ended(self.descriptor, within)


@dataclass
class Agents:
    """Starts agents of one home."""

    root: Path
    started: list[RunningAgent] = field(default_factory=list)

    def holder(self, operator: str = "anna", home_id: str = "home-1") -> KeyHolder:
        return KeyHolder(self.root, home_id, operator)

    def start(self, holder: KeyHolder | None = None, keys: KeyPair | None = None, seconds: int = 600) -> RunningAgent:
        holder, keys = holder or self.holder(), keys or fresh_pair()
        started = start_agent(holder, keys, seconds)
        agent = RunningAgent(holder, keys, started, os.pidfd_open(started.process))
        self.started.append(agent)
        return agent

    def end(self) -> None:
        for agent in self.started:
            with suppress(ProcessLookupError):
                agent.send(signal.SIGKILL)
            assert agent.has_ended()
            os.close(agent.descriptor)


@contextmanager
def agents_in(root: Path) -> Iterator[Agents]:
    """Agents with a short path to their sockets: a test's own folder may have too long a name."""
    with ExitStack() as stack:
        runtime = stack.enter_context(tempfile.TemporaryDirectory(prefix="eid-agents-", dir="/tmp"))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("XDG_RUNTIME_DIR", runtime)
        patch.delenv("XDG_SESSION_ID", raising=False)
        agents = Agents(root)
        stack.callback(agents.end)
        yield agents


@pytest.fixture
def agents(tmp_path: Path) -> Iterator[Agents]:
    with agents_in(tmp_path) as started:
        yield started


def raw_connection(path: Path) -> socket.socket:
    """A connection that asks nothing before."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(LIMIT)
    connection.connect(str(path))
    return connection


def exchange(path: Path, data: bytes) -> bytes:
    """All that an agent answers to these bytes."""
    with raw_connection(path) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return until_end(connection)


def until_end(connection: socket.socket) -> bytes:
    answer = b""
    connection.settimeout(LIMIT)
    with suppress(ConnectionResetError):  # what was sent was not read to its end
        while part := connection.recv(4096):
            answer += part
    return answer


def become(user: int) -> None:
    """Be this user, as one who has just logged in."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)  # which a change of the user takes away


def holds_in_child(check: Callable[[], bool], user: int | None = None) -> bool:
    """Whether ``check`` holds in a forked process, as another user where one is given."""
    child = os.fork()
    if child == 0:
        status = 2
        try:
            if user is not None:
                become(user)
            status = 0 if check() else 1
        finally:
            os._exit(status)
    return status_of(child) == 0
