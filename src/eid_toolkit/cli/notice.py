"""`eid notice`: what the police has reported: lost, stolen, wanted."""

from __future__ import annotations

import click

from eid_toolkit.cli.context import Group


@click.group(cls=Group)
def notice() -> None:
    """What the police has reported: lost, stolen, wanted."""
