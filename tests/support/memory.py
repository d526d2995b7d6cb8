"""The most memory that one command takes: a process of its own runs it and says, so what is held is seen in whole.

``python -m support.memory HOLD WORDS...`` runs ``eid`` with these words; HOLD is ``-``, or a way to hold all that the
command should hand on, which shows that the measure can fail.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from pytest import MonkeyPatch

_UNIT = 1024


def most_memory(root: Path, *words: str, hold: str = "-") -> int:
    """Bytes of the process that runs a command in the home at ``root``, at most."""
    command = [sys.executable, "-m", "support.memory", hold, "--home", str(root), *words]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "MALLOC_ARENA_MAX": "1"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    return int(done.stderr.split()[-1])


def _peak() -> int:
    status = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) * _UNIT


def _small_cache() -> None:
    """What SQLite keeps of a file in memory is bounded, but in bounds that are wider than what is looked for."""
    from eid_toolkit.books.ledger import database

    MonkeyPatch().setattr(database, "_PRAGMAS", [each for each in database._PRAGMAS if "cache_size" not in each])


def _hold_people() -> None:
    from eid_toolkit.books.register.people import person_look_ups
    from eid_toolkit.books.register.people.person_search import stream_persons

    MonkeyPatch().setattr(
        person_look_ups, "stream_persons", lambda connection, after: list(stream_persons(connection, after))
    )


def _hold_rows() -> None:
    from eid_toolkit.books.register.people import person_pairs

    def grouped(rows: Iterable[Any], key: Callable[[Any], Any]) -> Iterator[tuple[Any, Iterator[Any]]]:
        return itertools.groupby(list(rows), key)

    MonkeyPatch().setattr(person_pairs, "groupby", grouped)


_HOLD = {"-": lambda: None, "people": _hold_people, "rows": _hold_rows}


def _run(hold: str, words: list[str]) -> None:
    from eid_toolkit.doors.cli.main import main

    _small_cache()
    _HOLD[hold]()
    try:
        main(words)
    finally:
        print(_peak(), file=sys.stderr)


if __name__ == "__main__":
    _run(sys.argv[1], sys.argv[2:])
