"""Until when a process may outlive the command that started it: the end of the login session, as the system tells it.

Where systemd-logind has a session (``XDG_SESSION_ID``), it is that one, over all its windows. logind keeps its file in
``/run/systemd/sessions`` while any process of the session is left, such as an agent, and then calls it ``closing``: so
its state is read, as sd_session_get_state(3) does. Elsewhere (a container, tmux after its first session, macOS) it is
the session of the terminal (setsid(2)), which ends with its leader, most often a shell. Where the command itself is the
leader there is nothing to wait for: only the time ends the agent.
"""

from __future__ import annotations

import os
import re
import select
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.home.regular import read_regular

Bound = Literal["login", "shell", "time"]
"""What ends an agent, if its time does not before."""

SESSIONS = Path("/run/systemd/sessions")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MAX_FILE = 16384


@dataclass(frozen=True, slots=True)
class LoginSession:
    """A session that was alive when this was made; :meth:`ended` is cheap enough to ask every other second."""

    bound: Bound
    file: Path | None = None
    """logind's."""
    leader: int = 0
    watched: int | None = None
    """A descriptor of the leader (pidfd_open(2)): its number cannot come to mean another process."""

    @classmethod
    def of_this_process(cls) -> LoginSession:
        """The session that this process belongs to; to be closed."""
        identifier = os.environ.get("XDG_SESSION_ID", "")
        if _IDENTIFIER.fullmatch(identifier):
            session = cls("login", file=SESSIONS / identifier)
            if not session.ended():
                return session
        leader = os.getsid(0)
        if leader in (0, os.getpid()):  # 0: it is in the world around this container
            return cls("time")
        session = cls("shell", leader=leader, watched=_descriptor_of(leader))
        if not session.ended():
            return session
        session.close()
        return cls("time")

    def ended(self) -> bool:
        """Whether it is over."""
        if self.file is not None:
            return not _is_open(self.file)
        if self.watched is not None:
            poll = select.poll()
            poll.register(self.watched, select.POLLIN)
            return bool(poll.poll(0))
        return self.bound == "shell" and not _leads_a_session(self.leader)

    def close(self) -> None:
        """Give the descriptor back."""
        if self.watched is not None:
            with suppress(OSError):
                os.close(self.watched)


def _is_open(file: Path) -> bool:
    try:
        lines = read_regular(file, _MAX_FILE).split(b"\n")
    except (OSError, BadInput):
        return False
    return b"STATE=closing" not in lines and b"UID=%d" % os.geteuid() in lines


def _descriptor_of(process: int) -> int | None:
    try:
        return os.pidfd_open(process)
    except (OSError, AttributeError):  # it has ended, or the system has no such thing
        return None


def _leads_a_session(process: int) -> bool:
    try:
        return os.getsid(process) == process
    except OSError:
        return False
