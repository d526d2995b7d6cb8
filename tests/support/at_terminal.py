"""A command at a terminal: what it asks is answered as it asks it, and what a person would see is returned."""

from __future__ import annotations

import os
import pty
import select
import time
from collections.abc import Callable, Mapping, Sequence

from support.waiting import status_of

_LIMIT = 60.0
"""Seconds for a whole command."""
_COLUMNS = {"COLUMNS": "200"}
"""A wide terminal, where the environment says nothing else: its tables are those of a page."""


def at_terminal(
    command: Sequence[str],
    environment: Mapping[str, str],
    answer: Callable[[str], str | None],
    look: Callable[[str], None] = lambda screen: None,
) -> tuple[int, str]:
    """Run ``command`` on a terminal of its own; ``answer`` is asked for each line without an end that stands still.

    Before that, ``look`` is given all that was on the screen so far.

    Returns the exit code, and all that was on the screen.
    """
    child, terminal = pty.fork()
    if child == 0:
        os.execvpe(command[0], list(command), {**_COLUMNS, **environment})
    shown, answered = "", 0
    end = time.monotonic() + _LIMIT
    while time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                data = os.read(terminal, 4096)
            except OSError:  # the other side is closed
                break
            if not data:
                break
            shown += data.decode().replace("\r\n", "\n")
        last = shown[answered:].rpartition("\n")[2]
        look(shown)
        if last.strip() and last.endswith(": ") and (reply := answer(last.strip())) is not None:
            answered = len(shown)
            os.write(terminal, reply.encode() + b"\n")
    else:
        os.kill(child, 9)
    code = os.waitstatus_to_exitcode(status_of(child))
    os.close(terminal)
    return code, shown
