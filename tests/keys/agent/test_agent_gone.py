"""An agent that dies, hangs or talks nonsense: the command says so in seconds, and the next one sees no agent."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from eid_toolkit.books.keys.agent import client, server
from eid_toolkit.books.keys.agent.client import AgentKeys, agent_status, lock_agent
from eid_toolkit.books.keys.agent.place import prepare_directory, socket_path
from eid_toolkit.ground.errors import AgentAway, ServiceAway
from eid_toolkit.ground.messages.catalogue import ENGLISH
from support.agents import CONTEXT, Agents, RunningAgent, fresh_pair, wrapped_for
from support.waiting import LIMIT, beside

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def killed_while_asked(agent: RunningAgent, use: Callable[[], object]) -> None:
    """Kill the agent when the request has left and nothing was answered."""
    asked, real = threading.Event(), client._receive

    def receive(*arguments: object) -> bytes:
        asked.set()
        return real(*arguments)  # type: ignore[arg-type]

    agent.send(signal.SIGSTOP)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "_receive", receive)
        with beside(use):
            assert asked.wait(LIMIT)
            agent.send(signal.SIGKILL)
            assert agent.has_ended()


@pytest.mark.parametrize("use", ["sign", "unwrap"])
def test_an_agent_that_is_killed_while_it_is_asked_is_gone(agents: Agents, use: str) -> None:
    agent = agents.start()
    keys, failures = agent.client, []
    uses: dict[str, Callable[[], object]] = {
        "sign": lambda: keys.sign(b"I approve"),
        "unwrap": lambda: keys.unwrap(wrapped_for(agent.keys), CONTEXT),
    }

    def ask() -> None:
        with pytest.raises(AgentAway, match="agent-gone") as caught:
            uses[use]()
        failures.append(caught.value)

    killed_while_asked(agent, ask)
    (failure,) = failures
    assert isinstance(failure, ServiceAway)
    assert "has ended" in ENGLISH.of(failure).text
    assert agent.path.exists()  # it could not take its socket away
    assert agent.find() is None
    assert agents.start(keys=agent.keys).client.sign(b"I approve")


def test_an_agent_that_is_killed_while_it_is_looked_for_is_none(agents: Agents) -> None:
    agent, found = agents.start(), []
    killed_while_asked(agent, lambda: found.append(agent.find()))
    assert found == [None]


def test_an_agent_that_does_not_answer_is_given_up(agents: Agents, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = agents.start()
    keys = agent.client
    monkeypatch.setattr(client, "PATIENCE", 0.2)
    agent.send(signal.SIGSTOP)
    for use in (lambda: keys.sign(b"I approve"), lambda: keys.unwrap(wrapped_for(agent.keys), CONTEXT), agent.find):
        with pytest.raises(AgentAway, match="agent-gone"):
            use()


def test_locking_an_agent_that_does_not_answer_takes_it_out_of_reach_until_it_ends(
    agents: Agents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_LOOK", 0.05)
    agent = agents.start()
    monkeypatch.setattr(client, "PATIENCE", 0.2)
    agent.send(signal.SIGSTOP)
    assert lock_agent(agent.holder)
    assert agent.find() is None
    agent.send(signal.SIGCONT)
    assert agent.has_ended()


def test_unlocking_again_replaces_an_agent_that_does_not_answer(
    agents: Agents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_LOOK", 0.05)
    stopped = agents.start()
    monkeypatch.setattr(client, "PATIENCE", 0.2)
    stopped.send(signal.SIGSTOP)
    monkeypatch.setattr(client, "PATIENCE", 1.0)
    again = agents.start(keys=stopped.keys)
    assert again.find() is not None
    stopped.send(signal.SIGCONT)
    assert stopped.has_ended()
    assert again.find() is not None


def test_an_agent_that_accepts_nobody_is_given_up_and_can_be_locked(
    agents: Agents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PATIENCE", 0.1)
    holder = agents.holder()
    path = socket_path(holder)
    prepare_directory(path.parent)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(0)
        waiting = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(3)]
        try:
            for connection in waiting:
                connection.setblocking(False)
                connection.connect_ex(str(path))
            with pytest.raises(AgentAway, match="agent-gone"):
                agent_status(holder)
            assert lock_agent(holder)
            assert agent_status(holder) is None
        finally:
            for connection in waiting:
                connection.close()


@contextmanager
def answering(agents: Agents, answer: bytes, times: int) -> Iterator[AgentKeys]:
    """Keys of something that answers every request with the same bytes."""
    keys, path = fresh_pair(), socket_path(agents.holder())
    prepare_directory(path.parent)

    def serve() -> None:
        for _ in range(times):
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(LIMIT)
                connection.recv(1 << 16)
                connection.sendall(answer)

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen()
        listener.settimeout(LIMIT)
        with beside(serve):
            yield AgentKeys(agents.holder(), keys.public_key, keys.wrapping_key)


def framed(text: str) -> bytes:
    return len(text).to_bytes(4, "big") + text.encode()


@pytest.mark.parametrize(
    "answer",
    [
        b"\xff\xff\xff\xff",
        framed(""),
        framed("{}"),
        framed("[]"),
        framed("\0"),
        framed('{"schema": "eid-agent/2"}'),
        framed('{"schema": "eid-agent/1"}'),
        framed('{"schema": "eid-agent/1", "signature": 1, "key": 1, "public_key": 1}'),
        framed('{"schema": "eid-agent/1", "signature": "?", "key": "?", "public_key": "?"}'),
        framed('{"schema": "eid-agent/1", "refused": "something new"}'),
        framed('{"schema": "eid-agent/1", "public_key": "AA=="}'),
    ],
    ids=repr,
)
def test_a_reply_that_is_none_is_an_error_that_says_what_to_do(agents: Agents, answer: bytes) -> None:
    keys = fresh_pair()
    with answering(agents, answer, 3) as strange:
        for use in (
            lambda: agent_status(strange.holder),
            lambda: strange.sign(b"I approve"),
            lambda: strange.unwrap(wrapped_for(keys), CONTEXT),
        ):
            with pytest.raises(AgentAway, match="agent-reply-malformed") as caught:
                use()
            assert "eid lock" in str(ENGLISH.of(caught.value).hint)


@pytest.mark.parametrize("answer", [b"", b"\0", b"\0\0\0\x20", framed('{"schema": "eid-agent/1"}')[:-1]])
def test_a_reply_that_ends_too_early_is_an_agent_that_is_gone(agents: Agents, answer: bytes) -> None:
    with answering(agents, answer, 2) as cut, pytest.raises(AgentAway, match="agent-gone"):
        cut.sign(b"I approve")


def test_a_refusal_that_the_client_gave_no_reason_for_is_an_error(agents: Agents) -> None:
    for refused in ("failed", "malformed"):
        socket_path(agents.holder()).unlink(missing_ok=True)
        with (
            answering(agents, framed(f'{{"schema": "eid-agent/1", "refused": "{refused}"}}'), 1) as refusing,
            pytest.raises(AgentAway, match="agent-failed"),
        ):
            refusing.sign(b"I approve")
