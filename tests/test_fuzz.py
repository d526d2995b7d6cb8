"""What the fuzzer begins with, and what it once broke something with, goes through its targets in every test run."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "fuzz" / "corpus"
INPUTS = sorted(path.relative_to(CORPUS) for path in CORPUS.rglob("*") if path.is_file())


def load_targets() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz_targets", ROOT / "fuzz" / "targets.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


targets = load_targets()


def test_every_target_has_inputs_to_begin_with() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(targets.TARGETS)


@pytest.mark.parametrize("path", INPUTS, ids=str)
def test_an_input_is_taken_or_refused_by_name(path: Path) -> None:
    targets.run(path.parts[0], (CORPUS / path).read_bytes())


@pytest.mark.parametrize("path", INPUTS, ids=str)
def test_an_input_that_is_cut_or_grown_is_taken_or_refused_by_name(path: Path) -> None:
    content = (CORPUS / path).read_bytes()
    for size in range(0, len(content), max(1, len(content) // 16)):
        targets.run(path.parts[0], content[:size])
        targets.run(path.parts[0], content[:size] + b"\xff" + content[size + 1 :])
    targets.run(path.parts[0], content + b"\x00")
