"""What takes minutes is begun first, so that the processes of a run end together."""

from __future__ import annotations

from pathlib import Path

import pytest

LONGEST = (
    "personalization/test_stops.py",
    "cli/test_long_watch.py",
    "cli_office/test_cross_border.py",
    "office/test_acts.py",
    "register/test_person_memory.py",
    "cardspec/test_leaks.py",
    "acceptance/test_hostile_disks.py",
)
"""Files, the longest tests first; all others follow in their order."""
_PLACES = [Path(__file__).parent / name for name in LONGEST]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _PLACES.index(item.path) if item.path in _PLACES else len(_PLACES))
