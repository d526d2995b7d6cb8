"""`eid trust bundle`: what an authority gives its officers to believe, in one signed file."""

from __future__ import annotations

import click

from eid_toolkit.cli.context import Group


@click.group(cls=Group)
def bundle() -> None:
    """What officers are to believe, in one signed, numbered file."""
