"""The four measurements, each with its floor in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from benchmarks import floors, smallest
from benchmarks.office import CLOCK, ENTROPY, BusyOffice, Personalized, Tap, powered
from eid_toolkit.cards.emulator.blank import MAX_COMMAND, MAX_RESPONSE
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.work.inspection.capture import capture
from eid_toolkit.work.inspection.evidence import Evidence
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.verdict import Decision, judge

POLICY = policy_by_name("officer")
_RUNS = 5
"""Inspections; their median counts."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One row: seconds for one piece of work and for its floor; where a card takes part, its APDUs and the fewest."""

    name: str
    seconds: float
    floor_seconds: float
    apdus: int | None = None
    smallest_apdus: int | None = None

    @property
    def ratio(self) -> float:
        """How many times the floor it takes."""
        return self.seconds / self.floor_seconds

    def to_json(self) -> dict[str, object]:
        """Stable keys."""
        return {
            "name": self.name,
            "milliseconds": round(1000 * self.seconds, 3),
            "per_second": round(1 / self.seconds, 2),
            "floor_milliseconds": round(1000 * self.floor_seconds, 3),
            "floor_per_second": round(1 / self.floor_seconds, 2),
            "times_the_floor": round(self.ratio, 2),
            "apdus": self.apdus,
            "smallest_apdus": self.smallest_apdus,
        }


def measure_all(office: BusyOffice, personalized: list[Personalized], seconds: float) -> list[Measure]:
    """Each of them; ``seconds`` is how long each rate is measured."""
    evidence, inspection = _inspection(office, personalized[-1], seconds)
    return [
        _records(office, seconds),
        _judgements(office, evidence, seconds),
        *_personalization(personalized, seconds),
        inspection,
    ]


def once(work: Callable[[], object], seconds: float) -> float:
    """Seconds of one call: the mean over all calls in ``seconds``, after one that warms up.

    No certificate is known from the call before: documents come with others.
    """
    work()
    count, began = 0, time.perf_counter()
    while True:
        Certificate._read.cache_clear()
        work()
        count += 1
        if (elapsed := time.perf_counter() - began) >= seconds:
            return elapsed / count


def _records(office: BusyOffice, seconds: float) -> Measure:
    groups = [content for file, content in office.build_records().files.items() if file.data_group]
    return Measure(
        "records built and signed",
        once(office.build_records, seconds),
        once(lambda: floors.records(groups), seconds),
    )


def _judgements(office: BusyOffice, evidence: Evidence, seconds: float) -> Measure:
    groups = _data_groups(evidence)

    def work() -> None:
        verdict = judge(evidence, office.material, POLICY, CLOCK.now())
        assert verdict.decision is Decision.PASSED, verdict.failed_checks()

    return Measure("evidence judged", once(work, seconds), once(lambda: floors.judgement(groups), seconds))


def _personalization(runs: list[Personalized], seconds: float) -> tuple[Measure, Measure]:
    last = runs[-1]
    files = last.package.files
    groups = [content for file, content in files.items() if file.data_group]
    written = last.tap.exchanges[: last.written]
    read = last.tap.exchanges[last.written : last.written + last.read_back_apdus]
    return (
        Measure(
            "personalization: writing",
            median(run.write_seconds for run in runs),
            once(lambda: floors.writing(written, files.values()), seconds),
            last.written,
            smallest.writing(files, MAX_COMMAND),
        ),
        Measure(
            "personalization: read-back",
            median(run.read_back_seconds for run in runs),
            once(lambda: floors.read_back(read, groups), seconds),
            last.read_back_apdus,
            smallest.read_back(files, MAX_RESPONSE),
        ),
    )


def _inspection(office: BusyOffice, personalized: Personalized, seconds: float) -> tuple[Evidence, Measure]:
    password = AccessPassword.from_can(personalized.package.can.reveal().decode())
    times = []
    for _ in range(_RUNS):
        with powered(Tap(personalized.tap)) as (tap, transport):
            began = time.perf_counter()
            evidence = capture(transport, password, POLICY, ENTROPY, CLOCK)
            judge(evidence, office.material, POLICY, CLOCK.now())
            times.append(time.perf_counter() - began)
    return evidence, Measure(
        "inspection",
        median(times),
        once(lambda: floors.inspection(tap.exchanges, _data_groups(evidence)), seconds),
        len(tap.exchanges),
        smallest.inspection(personalized.package.files, MAX_RESPONSE),
    )


def _data_groups(evidence: Evidence) -> list[bytes]:
    return [found.content for file, found in evidence.files.items() if file.data_group and found.content]
