"""How a command walks the log or the rows with a state: its options, the progress, and an interruption."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from eid_toolkit.doors.cli.output import is_terminal, progress, sentence

if TYPE_CHECKING:
    from eid_toolkit.books.audit.verifying import Manner

processes_option = click.option("--processes", type=click.IntRange(1, 256), metavar="N")


@contextmanager
def walking(processes: int | None, *, from_start: bool = False) -> Iterator[Manner]:
    """The manner of a walk that shows how far it is on a terminal, and that ends between two rows when interrupted.

    A second Ctrl-C ends it where it is.
    """
    from eid_toolkit.books.audit.verifying import Manner

    shown, caught, before = is_terminal(), list[int](), dict[int, Any]()

    def tell(done: int, whole: int) -> None:
        if not before and threading.current_thread() is threading.main_thread():  # nobody is asked anything any more
            before.update({number: signal.signal(number, catch) for number in (signal.SIGINT, signal.SIGTERM)})
        if caught:
            raise KeyboardInterrupt if caught[0] == signal.SIGINT else SystemExit(128 + caught[0])
        if shown:
            progress(sentence("row-of", done=done, count=whole) if whole else sentence("row-alone", done=done))

    def catch(number: int, frame: FrameType | None) -> None:
        if caught:
            raise KeyboardInterrupt
        caught.append(number)

    try:
        yield Manner(processes, tell, from_start)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if shown:
            progress("")
