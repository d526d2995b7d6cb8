"""Nothing is sent to a socket that may be somebody else's, and an agent answers nobody but its own user."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from eid_toolkit.books.keys.agent import client, place, server, starting
from eid_toolkit.books.keys.agent.client import agent_status, find_agent, lock_agent
from eid_toolkit.books.keys.agent.peers import user_at
from eid_toolkit.books.keys.agent.place import MAX_PATH, KeyHolder, prepare_directory, socket_path
from eid_toolkit.books.keys.agent.starting import start_agent
from eid_toolkit.ground.errors import AgentUntrusted, BadInput, ServiceAway
from eid_toolkit.ground.messages.catalogue import ENGLISH
from support.agents import (
    NOBODY,
    Agents,
    exchange,
    fresh_pair,
    holds_in_child,
    process_has_ended,
    raw_connection,
    until_end,
)
from support.waiting import LIMIT, ended

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
SOMEBODY_ELSE = os.geteuid() + 1
HELLO = b'{"schema": "eid-agent/1", "operation": "hello", "home": "home-1", "operator": "anna"}'
FRAMED_HELLO = len(HELLO).to_bytes(4, "big") + HELLO


@contextmanager
def foreign_listener(path: Path) -> Iterator[bytearray]:
    """A socket that takes down what it is sent, until the test closes it."""
    received = bytearray()

    def listen() -> None:
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(LIMIT)
                part = connection.recv(4096)
                received.extend(part)
                if part == b"end":
                    return

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen()
        listener.settimeout(LIMIT)
        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield received
        finally:
            with raw_connection(path) as last:
                last.sendall(b"end")
            ended(thread)


def assert_refused(holder: KeyHolder, code: str) -> None:
    """Whatever wants to use what lies there."""
    uses: tuple[Callable[[], object], ...] = (
        lambda: agent_status(holder),
        lambda: find_agent(holder, b"", b""),
        lambda: lock_agent(holder),
        lambda: start_agent(holder, fresh_pair(), 60),
    )
    for use in uses:
        with pytest.raises(AgentUntrusted, match=code) as caught:
            use()
        shown = ENGLISH.of(caught.value)
        assert str(socket_path(holder).parent) in shown.text
        assert shown.hint is not None


def prepared(agents: Agents) -> tuple[KeyHolder, Path]:
    holder = agents.holder()
    path = socket_path(holder)
    prepare_directory(path.parent)
    return holder, path


def test_without_a_socket_or_its_directory_there_is_no_agent(agents: Agents) -> None:
    holder = agents.holder()
    assert agent_status(holder) is None
    assert not lock_agent(holder)
    prepare_directory(socket_path(holder).parent)
    assert agent_status(holder) is None


def test_a_socket_that_nobody_listens_on_is_no_agent_and_is_replaced(agents: Agents) -> None:
    holder, path = prepared(agents)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
    path.chmod(0o600)
    assert agent_status(holder) is None
    assert not lock_agent(holder)
    assert agents.start().find() is not None


def test_what_a_killed_start_has_left_does_not_prevent_the_next_one(agents: Agents) -> None:
    _, path = prepared(agents)
    path.with_suffix(".new").write_bytes(b"")
    assert agents.start().find() is not None
    assert not path.with_suffix(".new").exists()


def test_a_directory_that_others_can_write_to_is_not_used(agents: Agents) -> None:
    holder, path = prepared(agents)
    path.parent.chmod(0o777)
    with foreign_listener(path) as received:
        assert_refused(holder, "agent-place-foreign")
        assert not received


def test_a_directory_of_another_user_is_not_used(agents: Agents, monkeypatch: pytest.MonkeyPatch) -> None:
    holder, path = prepared(agents)
    with foreign_listener(path) as received, monkeypatch.context() as patch:
        patch.setattr(place, "is_private", lambda directory: directory != path.parent)
        assert_refused(holder, "agent-place-foreign")
        assert not received


@needs_root
def test_a_directory_that_another_user_has_made_is_not_used(agents: Agents) -> None:
    holder, path = prepared(agents)
    os.chown(path.parent, NOBODY, NOBODY)
    with foreign_listener(path) as received:
        assert_refused(holder, "agent-place-foreign")
        assert not received


@needs_root
def test_a_socket_that_another_user_has_made_is_not_used(agents: Agents) -> None:
    holder, path = prepared(agents)
    with foreign_listener(path) as received:
        os.chown(path, NOBODY, NOBODY)
        with pytest.raises(AgentUntrusted, match="agent-place-foreign"):
            agent_status(holder)
        with pytest.raises(AgentUntrusted, match="agent-place-foreign"):
            start_agent(holder, fresh_pair(), 60)
        assert not received


def test_a_socket_that_others_can_connect_to_is_not_used(agents: Agents) -> None:
    holder, path = prepared(agents)
    with foreign_listener(path) as received:
        path.chmod(0o666)
        assert_refused(holder, "agent-place-foreign")
        assert not received


def test_links_and_other_files_are_not_used(agents: Agents) -> None:
    holder, path = prepared(agents)
    beside = path.parent.parent
    with foreign_listener(beside / "s") as received:
        path.symlink_to(beside / "s")
        assert_refused(holder, "agent-place-foreign")
        path.unlink()
        path.write_bytes(b"")
        assert_refused(holder, "agent-place-foreign")
        path.unlink()
        real = path.parent.rename(beside / "real")
        path.parent.symlink_to(real)
        assert_refused(holder, "agent-place-foreign")
        path.parent.unlink()
        path.parent.write_bytes(b"")
        assert_refused(holder, "agent-place-foreign")
        assert not received


@pytest.mark.parametrize("user", [SOMEBODY_ELSE, None], ids=["another", "unknown"])
def test_nothing_is_sent_to_a_process_of_another_user(
    agents: Agents, monkeypatch: pytest.MonkeyPatch, user: int | None
) -> None:
    """It has obtained a socket of ours: one that was handed over, or laid while the directory was open."""
    holder, path = prepared(agents)
    with foreign_listener(path) as received, monkeypatch.context() as patch:
        patch.setattr(client, "user_at", lambda connection: user)
        assert_refused(holder, "agent-peer-foreign")
        assert not received


@needs_root
def test_nothing_is_sent_to_a_listening_process_that_is_really_another_users(agents: Agents) -> None:
    holder, path = prepared(agents)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with listener:
        listener.bind(str(path))
        path.chmod(0o600)

        def listens() -> bool:
            listener.listen()
            return True

        assert holds_in_child(listens, NOBODY)  # the credentials of who listens are those of then
        assert_refused(holder, "agent-peer-foreign")
        listener.settimeout(LIMIT)
        connection, _ = listener.accept()
        with connection:
            assert connection.recv(1) == b""


def test_an_agent_answers_nobody_but_its_user(agents: Agents, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = agents.root / "they are somebody else"
    monkeypatch.setattr(server, "user_at", lambda each: SOMEBODY_ELSE if mark.exists() else user_at(each))
    agent = agents.start()
    assert exchange(agent.path, FRAMED_HELLO)
    mark.touch()
    with raw_connection(agent.path) as connection:
        assert until_end(connection) == b""
    mark.unlink()
    assert agent.find() is not None


@needs_root
def test_an_agent_answers_no_other_user_even_where_the_files_would_allow_it(agents: Agents) -> None:
    path = agents.start().path
    for opened in (path.parent.parent, path.parent, path):
        opened.chmod(0o777)

    def is_answered() -> bool:
        with raw_connection(path) as connection:
            try:
                connection.sendall(FRAMED_HELLO)
            except OSError:
                return False
            return until_end(connection) != b""

    assert not holds_in_child(is_answered, NOBODY)
    assert holds_in_child(is_answered)


def test_a_start_that_gets_no_answer_is_an_error_and_leaves_no_socket(
    agents: Agents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "user_at", lambda connection: SOMEBODY_ELSE)
    monkeypatch.setattr(server, "_LOOK", 0.05)
    descriptors = []
    real = starting._fork

    def fork(*arguments: Any) -> Any:
        report = real(*arguments)
        descriptors.append(os.pidfd_open(report.process))
        return report

    monkeypatch.setattr(starting, "_fork", fork)
    with pytest.raises(ServiceAway, match="agent-not-started"):
        start_agent(agents.holder(), fresh_pair(), 60)
    assert not socket_path(agents.holder()).exists()
    (descriptor,) = descriptors
    try:
        assert process_has_ended(descriptor)
    finally:
        os.close(descriptor)


def test_an_agent_that_cannot_listen_says_why(agents: Agents) -> None:
    _, path = prepared(agents)
    path.with_suffix(".new").mkdir()
    with pytest.raises(ServiceAway, match="agent-not-started") as caught:
        start_agent(agents.holder(), fresh_pair(), 60)
    assert caught.value.facts["reason"] in (os.strerror(21), os.strerror(1))  # of unlink(2): EISDIR, elsewhere EPERM


def test_the_place_is_in_the_runtime_directory_or_else_among_temporary_files(
    agents: Agents, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime, holder = Path(os.environ["XDG_RUNTIME_DIR"]), agents.holder()
    monkeypatch.setenv("TMPDIR", "/tmp")
    assert socket_path(holder).parent == runtime / "eid-toolkit"
    temporary = Path("/tmp") / f"eid-toolkit-{os.geteuid()}"
    runtime.chmod(0o777)
    assert socket_path(holder).parent == temporary
    runtime.chmod(0o700)
    long = runtime / ("x" * 90)
    long.mkdir(0o700)
    for unusable in ("relative", str(runtime / "missing"), str(long)):
        monkeypatch.setenv("XDG_RUNTIME_DIR", unusable)
        assert socket_path(holder).parent == temporary
    monkeypatch.setenv("TMPDIR", "/tmp/" + "x" * 90)
    with pytest.raises(BadInput, match="agent-place-too-long"):
        socket_path(holder)


def test_without_a_runtime_directory_an_agent_works_among_temporary_files(
    agents: Agents, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tempfile.mkdtemp(prefix="eid-tmp-", dir="/tmp")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/nowhere")
    monkeypatch.setenv("TMPDIR", folder)
    try:
        agent = agents.start()
        assert agent.path.is_relative_to(folder)
        assert agent.find() is not None
    finally:
        agents.end()
        agents.started.clear()
        shutil.rmtree(folder)


def test_an_agent_for_which_there_is_no_folder_says_so(agents: Agents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/nowhere")
    monkeypatch.setenv("TMPDIR", "/nowhere")
    assert agent_status(agents.holder()) is None
    with pytest.raises(ServiceAway, match="agent-not-started"):
        start_agent(agents.holder(), fresh_pair(), 60)


def test_every_path_fits_a_socket_however_long_the_home_and_the_name_are(agents: Agents) -> None:
    holder = KeyHolder(agents.root / ("x" * 200) / ("y" * 200), "home-1", "z" * 40)
    assert len(os.fsencode(socket_path(holder))) <= MAX_PATH
    names = {socket_path(KeyHolder(Path(root), "", name)) for root in ("/a", "/b") for name in ("anna", "bert", "Anna")}
    assert len(names) == 6
