"""Files that a command is to write: refused before the work where none can be, and devices are written to."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest

from eid_toolkit.doors.cli.files import OutputFile


def test_a_folder_that_takes_no_file_matters_for_files_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one meets it who is not root: nobody makes files in /dev, and everybody writes to /dev/null."""
    target, link = tmp_path / "all.csv", tmp_path / "link"
    link.symlink_to("/dev/null")
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: not Path(path).is_dir() and access(path, mode))
    assert OutputFile().convert("/dev/null", None, None) == Path("/dev/null")
    assert OutputFile().convert(str(link), None, None) == link
    with pytest.raises(click.BadParameter, match="is missing or not writable"):
        OutputFile().convert(str(target), None, None)
