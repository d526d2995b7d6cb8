"""``python -m benchmarks.writers``: what one register takes from 1, 2, 4, 8 and 32 processes at once.

Each process is a place in the country with an operator of its own, and works by a connection of its own: it looks
persons up (a row of the log and nothing else), adds persons, or does the whole work of an office on one person after
the other (add, look up, approve, prepare, write a card whose chip takes 20 ms a command, report). The floor of a row of
the log is a bare INSERT of as many bytes, committed, from as many processes. At the end one place looks persons up,
some forty a second, alone and while a population is imported.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import count
from multiprocessing.synchronize import Barrier
from pathlib import Path

from benchmarks.office import APPROVER, ENTROPY, BusyOffice, Nobody, SilentDesk, Tap
from benchmarks.people import write_people
from benchmarks.servers import postgres_binaries, postgres_server
from benchmarks.stations import CHIP_SECONDS, SlowTransport
from eid_toolkit.books.keys.opening import DEVELOPER_CARD_KEY
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.cards.emulator.blank import make_blank
from eid_toolkit.cards.emulator.card import EmulatedCard
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.ground.ports import SystemClock
from eid_toolkit.work.office.office import Office

PROCESSES = (1, 2, 4, 8, 32)
_ROW_BYTES = 900
_PATIENCE = 600.0
_PAUSE = 0.02
_IMPORTED = 100_000
Work = Callable[[BusyOffice, Operator, "count[int]"], None]


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of one kind of work by a number of processes."""

    work: str
    processes: int
    per_second: float
    median_ms: float
    slowest_percentile_ms: float
    """Of a hundred, one took longer."""

    def to_json(self) -> dict[str, object]:
        """Stable keys."""
        return {
            "work": self.work,
            "processes": self.processes,
            "per_second": round(self.per_second, 1),
            "median_ms": round(self.median_ms, 1),
            "p99_ms": round(self.slowest_percentile_ms, 1),
        }


def look_up(office: BusyOffice, operator: Operator, numbers: count[int]) -> None:
    """A row of the log."""
    office.register.record(operator, "person.looked-up", f"P-{next(numbers)}", {"by": "number"})


def add(office: BusyOffice, operator: Operator, numbers: count[int]) -> None:
    """A person, with what makes them findable."""
    office.register.persons.add(office.somebody(), operator)


def whole(office: BusyOffice, operator: Operator, numbers: count[int]) -> None:
    """From the person to the reported card."""
    register, profile = office.register, office.issued_profile
    person = register.persons.add(office.somebody(), operator)
    look_up(office, operator, numbers)
    application = register.applications.create(person, profile, office.portrait, operator)
    register.applications.approve(application.id, APPROVER)
    document = office.preparation.prepare(application.id, operator)
    service = office.personalization
    tap = Tap(EmulatedCard(make_blank((DEVELOPER_CARD_KEY,) * 3, ENTROPY), ENTROPY, lambda memory: None))
    transport = SlowTransport(InProcessTransport(tap, "benchmark"), CHIP_SECONDS)
    with service.hold(document.id):
        service.personalize(document.id, transport, operator, SilentDesk(service, tap))
    register.statuses.change(document.id, "report-lost", operator)


def bare(url: str) -> Work:
    """As many bytes in a table without anything, committed."""
    import psycopg

    connection = psycopg.connect(url.replace("postgresql+psycopg", "postgresql"))
    row = "x" * _ROW_BYTES

    def insert(office: BusyOffice, operator: Operator, numbers: count[int]) -> None:
        connection.execute("INSERT INTO bare_row (content) VALUES (%s)", (row,))
        connection.commit()

    return insert


def now_and_then(office: BusyOffice, operator: Operator, numbers: count[int]) -> None:
    """A row of the log, after a pause that does not count."""
    time.sleep(_PAUSE)
    look_up(office, operator, numbers)


WORKS: dict[str, Work] = {
    "rows of the log": look_up,
    "rows, 20 ms apart": now_and_then,
    "persons added": add,
    "whole work on a person": whole,
}
BESIDE = "look-ups"


def _work(root: Path, work: str, number: int, seconds: float, start: Barrier, url: str, results: object) -> None:
    office = BusyOffice.open(root, Nobody(), SystemClock(), ENTROPY)
    assert isinstance(office, BusyOffice)
    office.__dict__["_numbers"] = count(secrets.randbelow(9 * 10**7))
    operator, numbers = Operator(f"clerk-{number}"), count()
    do = bare(url) if work == "bare rows" else now_and_then if work.startswith(BESIDE) else WORKS[work]
    pause = _PAUSE if do is now_and_then else 0.0
    _ = office.portrait, office.issued_profile
    start.wait(_PATIENCE)
    end, times = time.perf_counter() + seconds, []
    while (began := time.perf_counter()) < end:
        do(office, operator, numbers)
        times.append(time.perf_counter() - began - pause)
    results.put(times)  # type: ignore[attr-defined]
    office.register.close()


def measure(root: Path, url: str, work: str, processes: int, seconds: float) -> Taken:
    """One kind of work by this many processes for this long."""
    context = multiprocessing.get_context("fork")
    start, results = context.Barrier(processes), context.Queue()
    arguments = [(root, work, number, seconds, start, url, results) for number in range(1, processes + 1)]
    running = [context.Process(target=_work, args=each) for each in arguments]
    for each in running:
        each.start()
    times = [elapsed for _ in running for elapsed in results.get(timeout=_PATIENCE)]
    for each in running:
        each.join(_PATIENCE)
    times.sort()
    slowest = times[min(len(times) - 1, int(len(times) * 0.99))]
    return Taken(work, processes, len(times) / seconds, 1000 * statistics.median(times), 1000 * slowest)


def measure_beside(root: Path, url: str, seconds: float) -> list[Taken]:
    """Look-ups of one place, alone, and while a file of persons is imported, for as long as that takes at most."""
    alone = measure(root, url, f"{BESIDE}, alone", 1, seconds)
    file = root.parent / "population.csv"
    write_people(file, _IMPORTED, seed=7)
    code = "from eid_toolkit.doors.cli.main import main; main()"
    words = [sys.executable, "-c", code, "--home", str(root), "--operator", "clerk", "person", "import", str(file)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        time.sleep(2)  # by then it writes
        beside = measure(root, url, f"{BESIDE}, beside an import", 1, seconds)
        if running.poll() is not None:
            raise RuntimeError("the import was over too soon, or failed")
        running.terminate()
    return [alone, beside]


def table(taken: list[Taken]) -> str:
    """For a person."""
    row = "{:<26} {:>9} {:>11} {:>11} {:>11}"
    lines = [row.format("", "processes", "a second", "median ms", "99 % ms")]
    for each in taken:
        numbers = (
            each.processes,
            f"{each.per_second:.1f}",
            f"{each.median_ms:.1f}",
            f"{each.slowest_percentile_ms:.1f}",
        )
        lines.append(row.format(each.work, *numbers))
    return "\n".join(lines)


def main() -> None:
    """Measures once, on PostgreSQL unless another database is named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.writers", description="Measure many writers at once.")
    parser.add_argument("--seconds", type=float, default=6.0, help="how long each row is measured (default: 6)")
    parser.add_argument("--processes", type=int, nargs="+", default=PROCESSES, help="how many (default: 1 2 4 8 32)")
    parser.add_argument("--work", nargs="+", choices=["bare rows", *WORKS], default=["bare rows", *WORKS])
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--beside", action=argparse.BooleanOptionalAction, default=True, help="beside an import, too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
    arguments = parser.parse_args()
    binaries = postgres_binaries()
    on_server = arguments.database == "postgresql"
    if on_server and binaries is None:
        raise SystemExit("No PostgreSQL here: install the package postgresql.")
    server = postgres_server(binaries) if on_server and binaries is not None else nullcontext("")
    taken = []
    with tempfile.TemporaryDirectory(prefix="eid-benchmarks-") as folder, server as url:
        office: Office = BusyOffice.at(Path(folder), url or None)
        root = office.home.root
        office.register.close()
        if on_server:
            _bare_table(url)
        for work in arguments.work:
            if work == "bare rows" and not on_server:
                continue
            for processes in arguments.processes:
                taken.append(measure(root, url, work, processes, arguments.seconds))
                print(table(taken[-1:]).splitlines()[-1], flush=True)
        if arguments.beside:
            taken += measure_beside(root, url, arguments.seconds)
    print("\n" + table(taken))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps([each.to_json() for each in taken], indent=2) + "\n", encoding="utf-8")


def _bare_table(url: str) -> None:
    import psycopg

    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql")) as connection:
        connection.execute("CREATE TABLE bare_row (id bigserial PRIMARY KEY, content text NOT NULL)")


if __name__ == "__main__":
    main()
