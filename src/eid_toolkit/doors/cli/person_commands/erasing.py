"""`eid person erase`: two people erase a person for good."""

from __future__ import annotations

import click

from eid_toolkit.doors.cli.context import App, Command, format_option, pass_app
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import emit_values, tell
from eid_toolkit.doors.cli.reasons import reason_option
from eid_toolkit.work.office import erasing
from eid_toolkit.work.office.finding import find_person


@click.command("erase", cls=Command)
@click.argument("person_id", metavar="PERSON")
@reason_option
@format_option
@pass_app
def erase(app: App, person_id: str, reason: str, fmt: str) -> None:
    with open_office(app) as office:
        identifier = erasing.check(office, find_person(office, person_id, app.choose))
        app.confirm("confirm-erase-person", person=identifier)
        erased = erasing.erase(office, identifier, reason)
        is_file = office.register.database.is_file
    values = erased.to_json()
    pairs = [
        ("Person", erased.person),
        ("Found to be the same", ", ".join(erased.merged) or None),
        ("Documents", ", ".join(erased.documents) or None),
    ]
    emit_values(values, fmt, pairs)
    if not is_file:
        tell("erased-data-on-server")
    elif not erased.left_files:
        tell("erased-data-in-log-file")
