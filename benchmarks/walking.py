"""``python -m benchmarks.walking``: how fast the log and the rows with a state are verified, beside bare hashing.

The log has one signed transaction a row, which is the worst. The floor hashes the same rows and verifies as many
signatures, in as many processes, and does nothing else: the rows are there as objects and the keys at hand before it is
begun, and so are the processes. Starting the processes belongs to the walk. Besides what passes, the time on the
processors is given of all processes together: where other work has them, it is the one to look at. Of rows with a state
those are counted that tell of them in the log: each is hashed, and the signature over it verified, for the walk.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import count, islice, product, starmap
from pathlib import Path
from typing import Any

from benchmarks import clocks
from benchmarks.office import CLERK, ENTROPY, BusyOffice
from benchmarks.writers import look_up
from eid_toolkit.books.audit import log
from eid_toolkit.books.audit.rows import StoredRow
from eid_toolkit.books.audit.state_crew import walking_states
from eid_toolkit.books.audit.state_walk import Counted
from eid_toolkit.books.audit.verifying import Manner
from eid_toolkit.books.keys.holding import DIGEST
from eid_toolkit.books.ledger.kinds import KINDS
from eid_toolkit.books.ledger.register_address import RegisterAddress
from eid_toolkit.books.register.documents.documents import Document
from eid_toolkit.ground.crew import Crew, cores
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey

_LINE = "{:<26} {:>9} {:>10} {:>16} {:>8} {:>7}"


@dataclass(frozen=True, slots=True)
class Rate:
    """Rows in a second that passes, and in one that is spent on the processors."""

    wall: float
    cpu: float


def bare() -> Callable[[list[tuple[Any, ...]]], float]:
    """What a process of the floor does: makes rows ready that it is given, and with none works on those it has.

    It returns the seconds on the processor.
    """
    key = EcPrivateKey.generate(ec_domain_by_name("secp256r1"), ENTROPY)
    public, ready = key.public_key, list[tuple[StoredRow, bytes, bytes]]()

    def work(rows: list[tuple[Any, ...]]) -> float:
        ready.extend((row, row.hash.encode(), key.sign(row.hash.encode(), DIGEST)) for row in starmap(StoredRow, rows))
        began = time.process_time()
        for row, statement, signature in () if rows else ready:
            assert row.is_consistent()
            assert public.verify(signature, statement, DIGEST)
        return time.process_time() - began

    return work


def floor(rows: Sequence[StoredRow], processes: int) -> Rate:
    """Rows that are hashed and whose signatures are verified: each process has as many."""
    part = list(map(tuple, rows[: len(rows) // processes]))
    from benchmarks import walking  # noqa: PLW0406 by this name the processes find it

    with Crew(processes, walking.bare) as crew:
        crew.everyone(part)
        began = time.perf_counter()
        spent = crew.everyone([])
        passed = time.perf_counter() - began
    assert spent is not None
    return Rate(processes * len(part) / passed, processes * len(part) / sum(spent))


def walked(work: Callable[[], int]) -> Rate:
    """The rate of a walk, which returns how many rows of the log it has been over."""
    began, spent = time.perf_counter(), time.process_time() + clocks.children().cpu
    rows = work()
    passed = time.perf_counter() - began
    return Rate(rows / passed, rows / (time.process_time() + clocks.children().cpu - spent))


def log_walk(office: BusyOffice, processes: int) -> int:
    result = office.register.audit.verify(manner=Manner(processes, from_start=True))
    assert result.reason is None
    return result.rows


def state_walk(office: BusyOffice, processes: int, told: int) -> int:
    """All rows with a state, of which that many rows of the log tell."""
    office.register.database.keeper.proofs.clear()  # type: ignore[attr-defined]
    address = RegisterAddress.of(office.home)
    with walking_states(office.register.database, address, office.keys.foundation, Manner(processes)) as found:
        assert all(isinstance(each, Counted) for each in found)
    return told


def add_notices(office: BusyOffice, documents: Sequence[Document], count: int) -> None:
    """That many notices, each by one of several agencies on one of the holders, in a transaction of its own."""
    register = office.register
    applications = (register.applications.get(each.application_id) for each in documents if count)
    holders = [application.person.id for application in applications]
    agencies = range(-(-count // len(holders)) if holders else 0)
    for number in agencies:
        register.agencies.add(f"agency-{number}", "Agency", ["notices"], ["checks"], CLERK, may_report=True)
    for number, holder in islice(product(agencies, holders), count):
        register.notices.add_person(holder, f"agency-{number}", CLERK, "specimen")


def best(measure: Callable[[], Rate], runs: int) -> Rate:
    """The fastest of some runs, and the one that spent least: what other work does to them is not measured."""
    rates = [measure() for _ in range(runs)]
    return Rate(max(rate.wall for rate in rates), max(rate.cpu for rate in rates))


def measured(office: BusyOffice, rows: Sequence[StoredRow], processes: int, runs: int) -> dict[str, Rate]:
    """The floor and both walks in this many processes."""
    told = sum(row.kind in KINDS for row in rows)
    return {
        "hashed and verified bare": best(lambda: floor(rows, processes), runs),
        "log verified": best(lambda: walked(lambda: log_walk(office, processes)), runs),
        "rows with a state held": best(lambda: walked(lambda: state_walk(office, processes, told)), runs),
    }


def main() -> None:
    """Measures in one process, and in as many as there are processors."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.walking", description="Measure the walks.")
    parser.add_argument("--rows", type=int, default=20_000, help="rows of the log (default: 20000)")
    parser.add_argument("--documents", type=int, default=1000, help="documents, an application each (default: 1000)")
    parser.add_argument("--notices", type=int, default=0, help="notices on their holders besides (default: 0)")
    parser.add_argument("--processes", type=int, default=cores(), metavar="N", help="(default: the processors)")
    parser.add_argument("--runs", type=int, default=3, help="the best of this many is shown (default: 3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="eid-benchmarks-") as folder:
        office, numbers = BusyOffice.at(Path(folder)), count()
        for _ in range(arguments.rows):
            look_up(office, CLERK, numbers)
        documents = [office.prepared_document() for _ in range(arguments.documents)]
        add_notices(office, documents, arguments.notices)
        with office.register.database.read() as connection:
            rows = list(log.stored_rows(connection))
        counts = sorted({1, arguments.processes})
        tables = {str(count): measured(office, rows, count, arguments.runs) for count in counts}
    print(_LINE.format("rows of the log", "processes", "a second", "a second of CPU", "of bare", "of CPU"))
    for processes, rates in tables.items():
        base = rates["hashed and verified bare"]
        for name, rate in rates.items():
            shares = [f"{part:.0%}" for part in (rate.wall / base.wall, rate.cpu / base.cpu)]
            print(_LINE.format(name, processes, f"{rate.wall:.0f}", f"{rate.cpu:.0f}", *shares))
    if arguments.json is not None:
        plain = {count: {name: asdict(rate) for name, rate in rates.items()} for count, rates in tables.items()}
        arguments.json.write_text(json.dumps(plain, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
