"""`eid agency`: agencies that look persons up, and what of them each may see."""

from __future__ import annotations

import click

from eid_toolkit.cli.context import Group


@click.group(cls=Group)
def agency() -> None:
    """Agencies that look persons up, and what of them each may see."""
