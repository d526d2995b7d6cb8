"""`eid stock`: blanks, counted by two people."""

from __future__ import annotations

import click

from eid_toolkit.doors.cli.context import Group
from eid_toolkit.doors.cli.stock_commands.counting import close, history, open_, show
from eid_toolkit.doors.cli.stock_commands.keys import key
from eid_toolkit.doors.cli.stock_commands.moving import destroy, find, issue, missing, return_, spoil
from eid_toolkit.doors.cli.stock_commands.receiving import receive, vendor


@click.group(cls=Group)
def stock() -> None:
    pass


for _command in (vendor, receive, issue, return_, spoil, destroy, missing, find, open_, close, show, history, key):
    stock.add_command(_command)
