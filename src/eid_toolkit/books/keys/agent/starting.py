"""Starting an agent: the command that has unlocked the keys forks, so that nothing secret goes through anything.

An agent that runs already is replaced: who unlocks twice wants the new time. The new socket takes the old one's name in
one step, so other commands meet the one or the other.
"""

from __future__ import annotations

import json
import os
import socket
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from eid_toolkit.books.keys.agent.answers import Answers, seconds_now
from eid_toolkit.books.keys.agent.client import agent_status, connect, end_by, lock_agent
from eid_toolkit.books.keys.agent.detaching import detached
from eid_toolkit.books.keys.agent.hardening import Hardening, harden
from eid_toolkit.books.keys.agent.login_session import Bound, LoginSession
from eid_toolkit.books.keys.agent.place import KeyHolder, prepare_directory, socket_path
from eid_toolkit.books.keys.agent.server import Server
from eid_toolkit.books.keys.holding import HeldKeys
from eid_toolkit.ground.errors import AgentAway, EidError, ServiceAway, UsageError
from eid_toolkit.ground.home.locks import exclusive
from eid_toolkit.ground.plain_values import read_json, to_plain
from eid_toolkit.ground.ports import SystemEntropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.ec import EcPublicKey
from eid_toolkit.standards.crypto.key_wrapping import wrap

LONGEST = 24 * 3600
"""Seconds that an agent lives at most."""
_PATIENCE = 10.0
"""Seconds that a start may take."""
_BACKLOG = 64
_MAX_REPORT = 4096
_GO = b"go"


@dataclass(frozen=True, slots=True)
class StartedAgent:
    """An agent that answers."""

    process: int
    remaining: int
    """Seconds until it ends by itself."""
    bound: Bound
    """What ends it before: the end of the login session or of the terminal's shell; or nothing but its time."""
    hardening: Hardening


@dataclass(frozen=True, slots=True)
class _Report:
    process: int = 0
    hardening: Hardening | None = None
    failure: str | None = None
    """What the system said."""


def start_agent(holder: KeyHolder, keys: HeldKeys, for_seconds: int) -> StartedAgent:
    """Have a process of its own hold the ``keys`` for that time, at most ``LONGEST``; return when it answers.

    It inherits this process's memory: to be called before databases are opened and threads started, and when nothing
    holds the passphrase any more. It ends earlier with the login session, on ``lock_agent``, on SIGTERM and on SIGHUP.
    Raises :class:`UsageError` for another time, :class:`AgentUntrusted` where somebody else has laid something in its
    place, :class:`ServiceAway` if it does not start, and :class:`LockHeld` while another one is being started.
    """
    if not 0 < for_seconds <= LONGEST:
        raise UsageError("agent-time-out-of-range", limit=LONGEST // 3600)
    path = socket_path(holder)
    try:
        prepare_directory(path.parent)
    except OSError as error:
        raise ServiceAway("agent-not-started", reason=error.strerror or str(error)) from None
    with (
        exclusive(path.with_suffix(".lock"), "the agent", _PATIENCE),
        closing(LoginSession.of_this_process()) as session,
    ):
        earlier = _earlier(path)
        try:
            report = _fork(path, Answers(holder, keys, seconds_now() + for_seconds), session)
            if earlier is not None:  # one that does not answer sees that its socket is no longer there, and ends
                end_by(earlier, holder)
        finally:
            if earlier is not None:
                earlier.close()
    try:
        status = agent_status(holder)
    except AgentAway:
        status = None
    if report.hardening is None or status is None or status.public_key != keys.public_key:
        lock_agent(holder)
        raise ServiceAway("agent-not-started", reason="it does not answer")
    return StartedAgent(report.process, status.remaining, session.bound, report.hardening)


def _earlier(path: Path) -> socket.socket | None:
    try:
        return connect(path)
    except AgentAway:
        return None


def _fork(path: Path, answers: Answers, session: LoginSession) -> _Report:
    """Start the process; what it reports when it listens."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        keep = {theirs.fileno()} | ({session.watched} if session.watched is not None else set())
        detached(lambda: _run(path, answers, session, theirs), keep)
        theirs.close()
        ours.settimeout(_PATIENCE)
        try:
            report = read_json(_Report, ours.recv(_MAX_REPORT))
            if report.failure is None:
                ours.sendall(_GO)
        except (OSError, ValueError):
            raise ServiceAway("agent-not-started", reason="it ended at once") from None
    if report.failure is not None:  # the process has ended, perhaps before this one is told so
        raise ServiceAway("agent-not-started", reason=report.failure)
    return report


def _run(path: Path, answers: Answers, session: LoginSession, report_to: socket.socket) -> None:
    """The agent's process."""
    report_to.settimeout(_PATIENCE)
    try:
        _try(answers.keys)
        hardening = harden()
        listener = _listen(path)
    except (OSError, EidError) as error:
        failure = error.strerror if isinstance(error, OSError) else error.code
        report_to.sendall(_encoded(_Report(failure=failure or str(error))))
        return
    server = Server(listener, path, answers, session)
    report_to.sendall(_encoded(_Report(os.getpid(), hardening)))
    if report_to.recv(len(_GO)) == _GO:  # else the command was interrupted: nobody knows that there is an agent
        report_to.close()
        server.serve()


def _encoded(report: _Report) -> bytes:
    return json.dumps(to_plain(report)).encode()


def _try(keys: HeldKeys) -> None:
    """Use both keys once: what that has imported is not read from changed files, or after ``chdir``, hours later."""
    keys.sign(b"")
    wrapping_key = EcPublicKey.from_spki(keys.wrapping_key)
    keys.unwrap(wrap(Secret(bytes(32)), wrapping_key, b"", SystemEntropy()), b"")


def _listen(path: Path) -> socket.socket:
    new = path.with_suffix(".new")
    with suppress(FileNotFoundError):  # of a start that was killed
        new.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    earlier = os.umask(0o177)
    listener.bind(str(new))
    os.umask(earlier)
    listener.listen(_BACKLOG)
    new.replace(path)
    return listener
