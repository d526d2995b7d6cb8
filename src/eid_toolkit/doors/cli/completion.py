"""`eid completion`: what makes a shell complete commands, options and their values."""

from __future__ import annotations

import click

from eid_toolkit.doors.cli.context import Command
from eid_toolkit.doors.cli.output import say


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    from eid_toolkit.doors.cli.completing import script

    say(script(shell, click.get_current_context().find_root().command))
