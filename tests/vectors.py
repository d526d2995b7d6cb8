"""Worked examples: those that the project holds itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parent.parent / "fixtures"


def load(name: str) -> Any:
    """The vector file ``fixtures/vectors/NAME.json``; each names its source."""
    return json.loads((FIXTURES / "vectors" / f"{name}.json").read_text(encoding="utf-8"))
