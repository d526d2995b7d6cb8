"""`eid stock`: blanks, counted by two people."""

from __future__ import annotations

import click

from eid_toolkit.cli.context import Group


@click.group(cls=Group)
def stock() -> None:
    """Blanks, counted by two people."""
