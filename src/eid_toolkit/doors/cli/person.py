"""`eid person`: the population register."""

from __future__ import annotations

import click

from eid_toolkit.doors.cli.context import Group
from eid_toolkit.doors.cli.person_commands.duplicates import duplicate, duplicates
from eid_toolkit.doors.cli.person_commands.erasing import erase
from eid_toolkit.doors.cli.person_commands.files import export, import_
from eid_toolkit.doors.cli.person_commands.looking import history, search, show
from eid_toolkit.doors.cli.person_commands.records import add, change


@click.group(cls=Group)
def person() -> None:
    pass


for _command in (add, change, show, search, history, import_, export, duplicates, duplicate, erase):
    person.add_command(_command)
