"""What the commands of an office are given."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.homes import portrait_file


@pytest.fixture
def portrait(tmp_path: Path) -> Path:
    """An image file that any profile takes."""
    path = tmp_path / "portrait.png"
    path.write_bytes(portrait_file())
    return path
