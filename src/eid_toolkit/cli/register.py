"""`eid register`: the register as a whole: back-up, restoring and numbers."""

from __future__ import annotations

import click

from eid_toolkit.cli.context import Group


@click.group(cls=Group)
def register() -> None:
    """The register as a whole: back-up, restoring and numbers."""
