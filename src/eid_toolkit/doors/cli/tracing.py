"""What `--trace` and `--trace-secrets` write, and where the random numbers of a session come from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from eid_toolkit.cards.transport.interface import Transport
from eid_toolkit.cards.transport.trace import TracingTransport
from eid_toolkit.doors.cli.context import App
from eid_toolkit.doors.cli.output import tell
from eid_toolkit.ground.errors import UsageError
from eid_toolkit.ground.ports import Entropy, SystemEntropy


@contextmanager
def traced(transport: Transport, app: App) -> Iterator[Transport]:
    """The transport, written down as the user asked for it."""
    if app.trace is None:
        if app.trace_secrets:
            raise UsageError("trace-secrets-without-trace")
        yield transport
    elif app.trace_secrets:
        from eid_toolkit.cards.transport.recording import RecordingTransport

        tell("trace-with-secrets", file=app.trace)
        with _opened(app.trace, fresh=True) as out:
            yield RecordingTransport(transport, out, entropy_of(transport))
    else:
        with _opened(app.trace, fresh=False) as out:
            yield TracingTransport(transport, out)


def entropy_of(transport: Transport) -> Entropy:
    """Where to draw random numbers for a session: from what is recorded or played back, else from the system."""
    entropy: Entropy | None = getattr(transport, "entropy", None)
    return entropy or SystemEntropy()


def _opened(path: Path, *, fresh: bool) -> TextIO:
    """The file for its owner alone: a trace grows, a recording is one session's."""
    how = os.O_TRUNC if fresh else os.O_APPEND
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600), "w", encoding="utf-8")
