"""``python -m benchmarks``: measures, and prints a table; ``--json`` writes the numbers to a file as well."""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
from pathlib import Path

import cryptography

from benchmarks.bureau import Bureau
from benchmarks.measures import Measure, measure_all

SCHEMA = "eid-benchmarks/1"
_ROW = "{:<28} {:>9} {:>9} {:>9} {:>9} {:>7} {:>6} {:>8}"


def main() -> None:
    """Measures everything once."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure, beside what is possible at best."
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each rate is measured (default: 2)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="eid-benchmarks-") as folder:
        measures = measure_all(Bureau(Path(folder)), arguments.seconds)
    print(table(measures))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(document(measures), indent=2) + "\n", encoding="utf-8")


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


def document(measures: list[Measure]) -> dict[str, object]:
    """The measures for a machine."""
    return {
        "schema": SCHEMA,
        "python": platform.python_version(),
        "cryptography": cryptography.__version__,
        "machine": platform.machine(),
        "measures": [measure.to_json() for measure in measures],
    }


main()
