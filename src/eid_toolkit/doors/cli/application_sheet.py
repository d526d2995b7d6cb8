"""`eid application sheet`, and decisions by number on one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Command, format_option, pass_app
from eid_toolkit.doors.cli.files import OutputFile
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import emit, note, sentence, table, tell
from eid_toolkit.ground.errors import UsageError
from eid_toolkit.ground.home.named_files import read_file, write_file
from eid_toolkit.work.office.finding import find_application

if TYPE_CHECKING:
    from eid_toolkit.books.register.documents.applications import Application
    from eid_toolkit.work.office.contact_sheets import Shown
    from eid_toolkit.work.office.office import Office

STATES = ("created", "approved", "rejected", "withdrawn", "completed")


sheet_option = click.option(
    "--sheet", "sheet_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE"
)


@click.command("sheet", cls=Command)
@click.argument("file", type=OutputFile())
@click.argument("application_ids", metavar="[APPLICATION]...", nargs=-1)
@click.option("--state", type=click.Choice(STATES))
@format_option
@pass_app
def sheet(app: App, file: Path, application_ids: tuple[str, ...], state: str | None, fmt: str) -> None:
    from eid_toolkit.books.register.documents.applications import ApplicationState
    from eid_toolkit.work.office.contact_sheets import make_sheet

    if application_ids and state is not None:
        raise UsageError("sheet-state-or-applications")
    with open_office(app) as office:
        named = [find_application(office, each, app.choose, waiting="created") for each in application_ids]
        made = make_sheet(office, named or None, ApplicationState(state or "created"), app.speaker)
    write_file(file, made.page)
    shown = made.content.applications
    result = {
        "schema": made.content.schema,
        "file": str(file),
        "mark": made.content.mark,
        "applications": [
            {"number": number, "application": each.application} for number, each in enumerate(shown, start=1)
        ],
    }
    emit(result, fmt, lambda: sentence("sheet-made", mark=made.content.mark, count=len(shown), file=file))


def on_sheet(office: Office, file: Path, words: Sequence[str]) -> dict[int, Shown]:
    """The applications of the numbers given, as the sheet in ``file`` has shown them."""
    from eid_toolkit.work.office.contact_sheets import MAX_SHEET, chosen_on, read_sheet

    if not words:
        raise UsageError("sheet-without-numbers")
    content = read_sheet(office, read_file(file, MAX_SHEET))
    tell("sheet-read", mark=content.mark, operator=content.made_by, time=content.made_at)
    return chosen_on(content, words)


def review_numbers(app: App, code: str, numbers: Mapping[int, Shown], records: Sequence[Application]) -> None:
    """Show who is decided on by which number, and ask the question of that code."""
    by_id = {each.application: number for number, each in numbers.items()}
    rows = [
        (by_id[record.id], record.id, record.person.data.name, record.person.data.personal_number, record.profile)
        for record in records
    ]
    note(table(("number", "application", "name", "personal number", "profile"), rows))
    app.confirm(code, count=len(by_id))
