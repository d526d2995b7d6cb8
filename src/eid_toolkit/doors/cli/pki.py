"""`eid pki`: the authority's certificates and lists; each kind has a group of its own."""

from __future__ import annotations

import click

from eid_toolkit.doors.cli.context import Group
from eid_toolkit.doors.cli.pki_commands.csca import crl, csca
from eid_toolkit.doors.cli.pki_commands.master_list import master_list
from eid_toolkit.doors.cli.pki_commands.show import lint, show
from eid_toolkit.doors.cli.pki_commands.signers import ds
from eid_toolkit.doors.cli.pki_commands.terminal import terminal
from eid_toolkit.doors.cli.pki_commands.verifying import cvca, dv


@click.group(cls=Group)
def pki() -> None:
    pass


for _command in (csca, ds, crl, master_list, cvca, dv, terminal, show, lint):
    pki.add_command(_command)
