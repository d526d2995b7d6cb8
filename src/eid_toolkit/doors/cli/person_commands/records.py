"""`eid person add` and `change`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Command, format_option, pass_app
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import tell
from eid_toolkit.doors.cli.person_commands.shared import person_options, show_person
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.work.office import people
from eid_toolkit.work.office.finding import find_person

if TYPE_CHECKING:
    from eid_toolkit.books.register.people.person_data import PersonData


@click.command("add", cls=Command)
@person_options
@click.option("--source", metavar="TEXT", default="")
@format_option
@pass_app
def add(app: App, fmt: str, source: str, **values: str | None) -> None:
    from eid_toolkit.books.register.people.person_data import PersonData

    data = PersonData.from_text(values)
    with open_office(app) as office:
        if (years := people.unlikely_age(office, data)) is not None:
            _confirm_birth(app, data, years)
        added, alike = people.add(office, data, source)
    show_person(added, fmt)
    if alike:
        tell("person-perhaps-known", alike=alike)


@click.command("change", cls=Command)
@click.argument("reference", metavar="PERSON")
@person_options
@click.option("--source", metavar="TEXT", required=True)
@click.option("--version", type=click.IntRange(1))
@format_option
@pass_app
def change(app: App, reference: str, fmt: str, source: str, version: int | None, **values: str | None) -> None:
    given = {name: value for name, value in values.items() if value is not None}

    confirm = partial(_confirm_birth, app)
    with open_office(app) as office:
        changed = people.change(office, find_person(office, reference, app.choose), given, source, version, confirm)
    show_person(changed, fmt)


def _confirm_birth(app: App, data: PersonData, years: int) -> None:
    born = presentation().speaker.date(data.date_of_birth.iso)
    app.confirm("confirm-date-of-birth", name=data.name, date=born, years=years)
