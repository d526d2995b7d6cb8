"""The benchmark runs with one command, and the cards are driven with hardly more APDUs than is possible at best."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from support.pcscd import missing_for_pcscd

ROOT = Path(__file__).parents[2]
WATCHING = "one card under --watch"
PROTOCOLS = [
    "BAC",
    "Chip Authentication",
    "Active Authentication",
    "Terminal Authentication",
    "PACE, gm mapping",
    "PACE, im mapping",
    "PACE, cam mapping",
    "SCP03",
]


def test_the_benchmark_measures_everything_beside_its_floor(tmp_path: Path) -> None:
    target = tmp_path / "numbers.json"
    command = [sys.executable, "-m", "benchmarks", "--seconds", "0", "--persons", "500", "--json", str(target)]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=300).stdout
    document = json.loads(target.read_text(encoding="utf-8"))
    assert document["schema"] == "eid-benchmarks/1"
    measures = {measure["name"]: measure for measure in document["measures"]}
    assert list(measures) == [
        "records built and signed",
        "evidence judged",
        "personalization: writing",
        "personalization: read-back",
        "inspection",
        "CMS of EF.SOD read",
        "LDSSecurityObject read",
        "certificate read",
        "SecurityInfos read",
        "900 certificates imported",
        "900 anchors loaded",
        "passive authentication",
        "eid judge, 30 editions",
    ]
    for name, measure in measures.items():
        assert name in printed
        assert measure["milliseconds"] > 0
        assert measure["floor_milliseconds"] > 0
        if measure["apdus"] is not None:
            assert measure["smallest_apdus"] <= measure["apdus"] <= 2 * measure["smallest_apdus"]
    protocols = {protocol["name"]: protocol for protocol in document["protocols"]}
    assert list(protocols) == PROTOCOLS
    for name, protocol in protocols.items():
        assert name in printed
        for part in ("terminal", "terminal_floor", "card", "card_floor"):
            assert protocol[f"{part}_milliseconds"] > 0
            assert protocol[f"{part}_cpu_milliseconds"] > 0
    emulated = {measure["name"]: measure for measure in document["emulator"]}
    assert all(name in printed and measure["milliseconds"] > 0 for name, measure in emulated.items())
    beside = {name for name, measure in emulated.items() if measure["floor_milliseconds"] is not None}
    assert beside == {"protected READ BINARY, 256", "PACE, five commands", "card out of a spec"}
    keys = {(measure["name"], measure["threads"]): measure for measure in document["keys"]}
    assert {threads for name, threads in keys if name == "key in a file"} == {1, 2, 4}
    assert all(measure["per_second"] > 0 and measure["floor_per_second"] > 0 for measure in keys.values())
    size = document["emulator_size"]
    assert size["cards"] == 100
    assert size["content_bytes_each"] < size["bytes_each"] < 2 * size["content_bytes_each"]
    processes = document["processes_milliseconds"]
    assert list(processes) == list(document["processes_cpu_milliseconds"])
    assert all(name in printed and value > 0 for name, value in processes.items())
    assert all(value > 0 for value in document["processes_cpu_milliseconds"].values())
    measured = {name for name in processes if name.startswith(WATCHING)}
    assert len(measured) == (0 if missing_for_pcscd() else 2)
    assert document["not_measured"] == ({WATCHING: missing_for_pcscd()} if missing_for_pcscd() else {})
    assert measures["inspection"]["apdus"] - measures["inspection"]["smallest_apdus"] <= 1


def test_without_a_virtual_reader_the_benchmark_says_so_and_goes_on(tmp_path: Path) -> None:
    target = tmp_path / "numbers.json"
    program = (  # what comes before the reader and after it, but not the rest, which is measured above
        "import pathlib, runpy, sys\n"
        "sys.path.append('tests')\n"
        "import benchmarks.keys, benchmarks.measures, benchmarks.trust, support.pcscd\n"
        "support.pcscd.DRIVER = pathlib.Path('/nowhere')\n"
        "benchmarks.measures.measure_all = lambda *of: []\n"
        "benchmarks.trust.measure_trust = lambda *of: []\n"
        "benchmarks.keys.measure_keys = lambda *of: ([], None)\n"
        "runpy.run_module('benchmarks', run_name='__main__')\n"
    )
    command = [sys.executable, "-c", program, "--seconds", "0", "--persons", "0", "--json", str(target)]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=300).stdout
    document = json.loads(target.read_text(encoding="utf-8"))
    assert list(document["not_measured"]) == [WATCHING]
    assert f"{WATCHING}: not measured: " in printed
    assert [protocol["name"] for protocol in document["protocols"]] == PROTOCOLS
