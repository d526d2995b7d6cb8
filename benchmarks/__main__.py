"""``python -m benchmarks``: measures, and prints a table; ``--json`` writes the numbers to a file as well."""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
from pathlib import Path

import cryptography

from benchmarks.asn1 import measure_asn1
from benchmarks.clocks import Times
from benchmarks.emulated import CardMeasure, Size, measure_emulator
from benchmarks.keys import KeyMeasure, measure_keys
from benchmarks.measures import Measure, measure_all
from benchmarks.office import BusyOffice
from benchmarks.population import measure_population, population_table
from benchmarks.processes import measure_processes
from benchmarks.protocols import ProtocolMeasure, measure_protocols
from benchmarks.trust import measure_trust
from benchmarks.unlocking import measure_unlocking
from benchmarks.watching import NotMeasured, measure_watching

SCHEMA = "eid-benchmarks/1"
_RUNS = 5
"""Personalizations; their median counts."""
_WATCHING = "one card under --watch"
_KEY_ROW = "{:<28} {:>7} {:>9} {:>9}"
_PROTOCOL_ROW = "{:<24}" + 2 * (" {:>9}" + 3 * " {:>7}")
_PROCESS_ROW = "{:<48} {:>7} {:>7}"
_CARD_ROW = "{:<36} {:>9} {:>9} {:>9} {:>6}"
_ROW = "{:<28} {:>9} {:>9} {:>9} {:>9} {:>7} {:>6} {:>8}"


def main() -> None:
    """Measures everything once."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure, beside what is possible at best."
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each rate is measured (default: 2)")
    parser.add_argument(
        "--persons", type=int, default=100_000, help="the larger population register (default: 100000; 0 for none)"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="eid-benchmarks-") as folder:
        office = BusyOffice.at(Path(folder))
        personalized = [office.personalize() for _ in range(_RUNS)]
        measures = measure_all(office, personalized, arguments.seconds)
        measures += measure_asn1(office, arguments.seconds / 4)
        measures += measure_trust(arguments.seconds, office, personalized[-1])
        processes, missing = measure_processes(office, personalized[-1]), {}
        try:
            processes |= measure_watching(office, personalized[-1])
        except NotMeasured as reason:
            missing[_WATCHING] = str(reason)
        protocols = measure_protocols(personalized[-1], arguments.seconds / 2)
    processes |= measure_unlocking()
    emulated, size = measure_emulator(arguments.seconds / 2)
    keys, no_token = measure_keys(arguments.seconds / 4)
    tables = [table(measures), protocol_table(protocols), process_table(processes, missing)]
    tables += [card_table(emulated, size), key_table(keys, no_token)]
    populations = measure_population(arguments.persons) if arguments.persons else []
    tables += [population_table(populations)] if populations else []
    print(*tables, sep="\n\n")
    if arguments.json is not None:
        found = document(measures, protocols, processes, missing)
        found |= {"keys": [measure.to_json() for measure in keys]}
        found |= {"emulator": [measure.to_json() for measure in emulated], "emulator_size": size.to_json()}
        found |= {"populations": [population.to_json() for population in populations]}
        arguments.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def table(measures: list[Measure]) -> str:
    """The measures for a person."""
    lines = [_ROW.format("", "ms", "a second", "floor ms", "a second", "times", "APDUs", "smallest")]
    for measure in measures:
        cells = measure.to_json()
        apdus = ["" if cells[name] is None else cells[name] for name in ("apdus", "smallest_apdus")]
        lines.append(
            _ROW.format(
                measure.name,
                f"{1000 * measure.seconds:.2f}",
                f"{1 / measure.seconds:.1f}",
                f"{1000 * measure.floor_seconds:.2f}",
                f"{1 / measure.floor_seconds:.1f}",
                f"{measure.ratio:.2f}",
                *apdus,
            )
        )
    return "\n".join(lines)


def protocol_table(measures: list[ProtocolMeasure]) -> str:
    """Each end of each protocol for a person: milliseconds that pass, and those on the processor."""
    lines = [_PROTOCOL_ROW.format("ms", "terminal", "CPU", "raw", "CPU", "card", "CPU", "raw", "CPU")]
    for measure in measures:
        ends = (measure.terminal, measure.terminal_floor, measure.card, measure.card_floor)
        cells = (f"{cell:.2f}" for times in ends for cell in times.milliseconds)
        lines.append(_PROTOCOL_ROW.format(measure.name, *cells))
    return "\n".join(lines)


def process_table(processes: dict[str, Times], missing: dict[str, str]) -> str:
    """The processes for a person, and why one was not measured."""
    lines = [_PROCESS_ROW.format("ms", "", "CPU")]
    for name, times in processes.items():
        lines.append(_PROCESS_ROW.format(name, *(f"{cell:.0f}" for cell in times.milliseconds)))
    return "\n".join(lines + [f"{name}: not measured: {reason}" for name, reason in missing.items()])


def card_table(measures: list[CardMeasure], size: Size) -> str:
    """The emulated card for a person."""
    lines = [_CARD_ROW.format("the card alone", "ms", "a second", "floor ms", "times")]
    for measure in measures:
        cells = measure.to_json()
        floor = ["" if cells[name] is None else cells[name] for name in ("floor_milliseconds", "times_the_floor")]
        lines.append(_CARD_ROW.format(measure.name, cells["milliseconds"], cells["per_second"], *floor))
    each = (part / 1024 for part in (size.allocated / size.cards, size.contents))
    lines.append("{} cards in one process: {:.1f} KiB each, of which {:.1f} are files".format(size.cards, *each))
    return "\n".join(lines)


def key_table(measures: list[KeyMeasure], missing: str | None) -> str:
    """The keys for a person."""
    lines = [_KEY_ROW.format("signatures a second", "threads", "", "raw, one")]
    for measure in measures:
        cells = measure.to_json()
        lines.append(_KEY_ROW.format(measure.name, measure.threads, cells["per_second"], cells["floor_per_second"]))
    return "\n".join(lines if missing is None else [*lines, f"key in a token: not measured: {missing}"])


def document(
    measures: list[Measure], protocols: list[ProtocolMeasure], processes: dict[str, Times], missing: dict[str, str]
) -> dict[str, object]:
    """The measures for a machine."""
    return {
        "schema": SCHEMA,
        "python": platform.python_version(),
        "cryptography": cryptography.__version__,
        "machine": platform.machine(),
        "measures": [measure.to_json() for measure in measures],
        "protocols": [measure.to_json() for measure in protocols],
        "processes_milliseconds": {name: round(times.milliseconds[0], 1) for name, times in processes.items()},
        "processes_cpu_milliseconds": {name: round(times.milliseconds[1], 1) for name, times in processes.items()},
        "not_measured": missing,
    }


main()
