"""Every command of `eid`."""

from __future__ import annotations

from collections.abc import Iterator

import click


def contexts(command: click.Command, parent: click.Context | None = None, name: str = "eid") -> Iterator[click.Context]:
    """A command and all below it, each in a context of its own."""
    ctx = click.Context(command, parent=parent, info_name=name, help_option_names=["-h", "--help"])
    yield ctx
    if isinstance(command, click.Group):
        for each in command.list_commands(ctx):
            below = command.get_command(ctx, each)
            assert below is not None
            yield from contexts(below, ctx, each)
