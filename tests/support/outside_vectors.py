"""Vectors that no one in this project made and that are not part of it; tests skip where they are absent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[2].parent / "shared" / "data"
VECTORS = DATA / "vectors"


def wycheproof(name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Group and case of a Wycheproof file (C2SP, Apache-2.0)."""
    path = VECTORS / f"{name}.json"
    if not path.exists():
        pytest.skip(f"{name}.json is not here")
    for group in json.loads(path.read_text(encoding="utf-8"))["testGroups"]:
        for case in group["tests"]:
            yield group, case


def shared_file(name: str) -> Path:
    """A file beside the project; the test is skipped where it is absent."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not here")
    return path
