"""``python -m benchmarks.stations``: documents prepared a second, cards an hour with one, two and four readers."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import floors
from benchmarks.office import APPROVER, CLERK, ENTROPY, BusyOffice, SilentDesk, Tap
from eid_toolkit.books.keys.opening import DEVELOPER_CARD_KEY
from eid_toolkit.books.register.documents.documents import Document
from eid_toolkit.cards.emulator.blank import make_blank
from eid_toolkit.cards.emulator.card import EmulatedCard
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.cards.transport.interface import PassingTransport, Transport
from eid_toolkit.ground.errors import EidError
from eid_toolkit.work.personalization.batch import Batch, Outcome, Result
from eid_toolkit.work.personalization.work import Free, WorkQueue

READERS = (1, 2, 4)
CHIP_SECONDS = 0.02
"""What a chip takes for a command, about: an emulated one takes next to nothing."""


@dataclass(frozen=True, slots=True)
class Rate:
    """One row: how many in a second or an hour, and the floor where there is one."""

    name: str
    number: float
    unit: str
    floor: float | None = None

    def to_json(self) -> dict[str, object]:
        """Stable keys."""
        return {"name": self.name, "number": round(self.number, 1), "unit": self.unit, "floor": self.floor}


_MANY = 8
"""This many times more are prepared: what a process loads once is not what is measured."""


def measure_stations(folder: Path, documents: int) -> list[Rate]:
    """``documents`` are prepared, and written by each number of readers."""
    office = BusyOffice.at(folder)
    rates = [_preparation(office, _MANY * documents)]
    for seconds, kind in ((0.0, "emulated readers"), (CHIP_SECONDS, f"with {1000 * CHIP_SECONDS:.0f} ms a command")):
        for readers in READERS:
            rates.append(_cards(office, documents, readers, seconds, kind))
    return rates


def table(rates: list[Rate]) -> str:
    """The rates for a person."""
    row = "{:<48} {:>10} {:<12} {:>10}"
    lines = [row.format("", "", "", "floor")]
    for rate in rates:
        floor = "" if rate.floor is None else f"{rate.floor:.0f}"
        lines.append(row.format(rate.name, f"{rate.number:.0f}", rate.unit, floor).rstrip())
    return "\n".join(lines)


def _approved(office: BusyOffice, count: int) -> list[str]:
    made = []
    for _ in range(count):
        person = office.register.persons.add(office.somebody(), CLERK)
        application = office.register.applications.create(person, office.issued_profile, office.portrait, CLERK)
        made.append(office.register.applications.approve(application.id, APPROVER).id)
    return made


def _prepare(office: BusyOffice, applications: list[str]) -> float:
    preparation = office.preparation
    began = time.perf_counter()
    for outcome in preparation.prepare_all(applications, CLERK):
        assert isinstance(outcome, Document), outcome
    return time.perf_counter() - began


def _preparation(office: BusyOffice, count: int) -> Rate:
    applications = _approved(office, count)
    seconds = _prepare(office, applications)
    began = time.perf_counter()
    floors.sign(count)
    floor = count / (time.perf_counter() - began)
    return Rate("documents prepared, by one process", count / seconds, "a second", floor)


class SlowTransport(PassingTransport):
    """A card whose chip takes its time."""

    def __init__(self, inner: Transport, seconds: float) -> None:
        super().__init__(inner)
        self._seconds = seconds

    def process(self, command: bytes, /) -> bytes:
        time.sleep(self._seconds)
        return super().process(command)


@dataclass
class _Box:
    """Blanks without end."""

    reader: str
    seconds: float

    def next(self, stop: Callable[[], bool], /) -> AbstractContextManager[Transport] | None:
        return None if stop() else self._open()

    def taken_out(self, stop: Callable[[], bool], /) -> None: ...

    @contextmanager
    def _open(self) -> Iterator[Transport]:
        card = EmulatedCard(make_blank((DEVELOPER_CARD_KEY,) * 3, ENTROPY), ENTROPY, lambda memory: None)
        transport = InProcessTransport(card, self.reader)
        yield SlowTransport(transport, self.seconds) if self.seconds else transport
        transport.close()


class _Silent:
    """Nobody listens."""

    def waiting(self, reader: str, left: Free) -> None: ...

    def begun(self, reader: str, document_id: str, remake: bool) -> None: ...

    def done(self, result: Result) -> None: ...

    def unused(self, reader: str, chip: str) -> None: ...

    def away(self, error: EidError) -> None: ...

    def back(self) -> None: ...

    def paused(self) -> None: ...


def _cards(office: BusyOffice, count: int, readers: int, seconds: float, kind: str) -> Rate:
    _prepare(office, _approved(office, count))
    service = office.personalization
    work = WorkQueue(office.register.database, service.leases)
    tap = Tap(EmulatedCard(make_blank((DEVELOPER_CARD_KEY,) * 3, ENTROPY), ENTROPY, lambda memory: None))
    batch = Batch(
        service, office.register.documents, work, CLERK, _Silent(), lambda reader: SilentDesk(service, tap), "main",
    )  # fmt: skip
    summary = batch.run([_Box(f"reader {number + 1}", seconds) for number in range(readers)])
    done = summary.count(Outcome.ISSUED)
    assert done == len(summary.results) >= count, summary.results
    return Rate(f"cards by {readers} readers, {kind}", 3600 * done / summary.seconds, "an hour")


def main() -> None:
    """Measures once."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stations", description="Measure an office's stations.")
    parser.add_argument("--documents", type=int, default=24, help="documents of each measurement (default: 24)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="eid-benchmarks-") as folder:
        rates = measure_stations(Path(folder), arguments.documents)
    print(table(rates))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps([rate.to_json() for rate in rates], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
