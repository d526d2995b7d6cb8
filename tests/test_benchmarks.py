"""The benchmark runs with one command, and the cards are driven with hardly more APDUs than is possible at best."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_benchmark_measures_everything_beside_its_floor(tmp_path: Path) -> None:
    target = tmp_path / "numbers.json"
    command = [sys.executable, "-m", "benchmarks", "--seconds", "0", "--json", str(target)]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    document = json.loads(target.read_text(encoding="utf-8"))
    assert document["schema"] == "eid-benchmarks/1"
    measures = {measure["name"]: measure for measure in document["measures"]}
    assert list(measures) == [
        "records built and signed",
        "evidence judged",
        "personalization: writing",
        "personalization: read-back",
        "inspection",
    ]
    for name, measure in measures.items():
        assert name in printed
        assert measure["milliseconds"] > 0
        assert measure["floor_milliseconds"] > 0
        if measure["apdus"] is not None:
            assert measure["smallest_apdus"] <= measure["apdus"] <= 2 * measure["smallest_apdus"]
    for protocol in document["protocols"]:
        assert protocol["name"] in printed
        assert all(protocol[f"{end}_milliseconds"] > 0 for end in ("terminal", "terminal_floor", "card", "card_floor"))
    assert len(document["protocols"]) == 7
    assert all(name in printed and value > 0 for name, value in document["processes_milliseconds"].items())
    assert measures["inspection"]["apdus"] - measures["inspection"]["smallest_apdus"] <= 1
