"""The specimen passport that the BSI published in 2008, where its files are at hand beside the project."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "specimen" / "bsi-2008"
needs_specimen = pytest.mark.skipif(not FOLDER.is_dir(), reason="the BSI specimen is not at hand")


def specimen_file(name: str) -> bytes:
    """The file ``EF_{name}.bin``."""
    return (FOLDER / f"EF_{name}.bin").read_bytes()
