"""An option that names a file to be written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from eid_toolkit.doors.cli.output import sentence
from eid_toolkit.ground.home.named_files import is_kept


class OutputFile(click.Path):
    """A file to be written; refused at once where no file can be, and not after the work is done."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, writable=True, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = super().convert(value, param, ctx)
        if isinstance(path, Path) and not is_kept(path) and not os.access(path.parent, os.W_OK | os.X_OK):
            self.fail(sentence("output-folder-missing", file=repr(click.format_filename(path))), param, ctx)
        return path
