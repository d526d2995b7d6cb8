"""The login session that an agent belongs to: logind's where there is one, else that of the terminal's shell."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from eid_toolkit.books.keys.agent import login_session, server
from eid_toolkit.books.keys.agent.client import find_agent
from eid_toolkit.books.keys.agent.login_session import LoginSession
from eid_toolkit.books.keys.agent.starting import start_agent
from support.agents import Agents, fresh_pair, holds_in_child, process_has_ended
from support.waiting import status_of

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.fixture
def sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(login_session, "SESSIONS", tmp_path)
    monkeypatch.setenv("XDG_SESSION_ID", "7")
    return tmp_path


def write(file: Path, user: int, state: str) -> None:
    file.write_text(
        f"# This is private data. Do not parse.\nUID={user}\nUSER=anna\nACTIVE=1\nSTATE={state}\nREMOTE=0\n"
    )


def of_this_process() -> LoginSession:
    session = LoginSession.of_this_process()
    session.close()
    return session


@pytest.mark.parametrize("state", ["active", "online", "opening"])
def test_a_session_of_logind_lasts_until_it_closes(sessions: Path, state: str) -> None:
    write(sessions / "7", os.geteuid(), state)
    session = of_this_process()
    assert session.bound == "login"
    assert not session.ended()
    write(sessions / "7", os.geteuid(), "closing")  # what is left of it are processes such as an agent
    assert session.ended()


def test_a_session_whose_file_is_gone_has_ended(sessions: Path) -> None:
    write(sessions / "7", os.geteuid(), "active")
    session = of_this_process()
    (sessions / "7").unlink()
    assert session.ended()


@pytest.mark.parametrize("identifier", ["", "../7", "7/../7", "7\n", "x" * 65, "8"])
def test_a_session_that_logind_does_not_have_is_not_waited_for(
    sessions: Path, monkeypatch: pytest.MonkeyPatch, identifier: str
) -> None:
    write(sessions / "7", os.geteuid(), "active")
    monkeypatch.setenv("XDG_SESSION_ID", identifier)
    assert of_this_process().bound != "login"


def test_a_session_of_another_user_or_one_that_is_over_is_not_waited_for(sessions: Path) -> None:
    """``sudo`` and ``tmux`` hand on the variable."""
    write(sessions / "7", os.geteuid() + 1, "active")
    assert of_this_process().bound != "login"
    write(sessions / "7", os.geteuid(), "closing")
    assert of_this_process().bound != "login"


def test_who_leads_its_own_session_has_nothing_to_wait_for() -> None:
    def is_bound_by_time() -> bool:
        os.environ.pop("XDG_SESSION_ID", None)
        os.setsid()
        session = of_this_process()
        return session.bound == "time" and not session.ended()

    assert holds_in_child(is_bound_by_time)


@contextmanager
def shell(command: Callable[[], bytes]) -> Iterator[tuple[int, bytes]]:
    """A process that leads a session, as a shell does, and what ``command`` returns in a child of it."""
    told, tell = os.pipe()
    stay, leave = os.pipe()
    leader = os.fork()
    if leader == 0:
        try:
            os.close(leave)
            os.setsid()
            if (child := os.fork()) == 0:
                os.write(tell, command())
            else:
                status_of(child)
                os.close(tell)
                os.read(stay, 1)
        finally:
            os._exit(0)
    os.close(tell)
    os.close(stay)
    try:
        yield leader, os.read(told, 100)
    finally:
        os.close(leave)
        os.close(told)
        status_of(leader)


@pytest.mark.parametrize("has_descriptors", [True, False], ids=["pidfd", "getsid"])
def test_without_logind_an_agent_ends_with_the_shell(
    agents: Agents, monkeypatch: pytest.MonkeyPatch, has_descriptors: bool
) -> None:
    monkeypatch.setattr(server, "_LOOK", 0.05)
    if not has_descriptors:
        monkeypatch.setattr(login_session, "_descriptor_of", lambda process: None)

    def start() -> bytes:
        started = start_agent(agents.holder(), fresh_pair(), 600)
        return f"{started.process} {started.bound}".encode()

    with ExitStack() as stack:
        with shell(start) as (_, answer):
            process, bound = answer.split()
            descriptor = os.pidfd_open(int(process))
            stack.callback(os.close, descriptor)
            stack.callback(end_process, descriptor)
            assert bound == b"shell"
            assert not process_has_ended(descriptor, within=0.3)
        assert process_has_ended(descriptor)


def test_who_comes_when_the_shell_has_ended_finds_no_agent(agents: Agents, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be gone before it has signed."""
    monkeypatch.setattr(server, "_LOOK", 600.0)
    holder, keys = agents.holder(), fresh_pair()

    def find() -> object:
        return find_agent(holder, keys.public_key, keys.wrapping_key)

    with ExitStack() as stack:
        with shell(lambda: str(start_agent(holder, keys, 600).process).encode()) as (_, process):
            descriptor = os.pidfd_open(int(process))
            stack.callback(os.close, descriptor)
            stack.callback(end_process, descriptor)
            assert find() is not None
        assert find() is None
        assert process_has_ended(descriptor)


def end_process(descriptor: int) -> None:
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
