"""`eid agency`: agencies that look persons up, and what of them each may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import details, emit, note, table
from eid_toolkit.ground.errors import UsageError

if TYPE_CHECKING:
    from eid_toolkit.books.register.agencies.agencies import Answer
    from eid_toolkit.books.register.agencies.agency_record import Agency


@click.group(cls=Group)
def agency() -> None:
    """Manage the agencies that look persons up, and what each of them may see."""


@agency.command("add")
@click.argument("code")
@click.option("--name", required=True, help="The agency's name.")
@click.option(
    "--field",
    "fields",
    multiple=True,
    required=True,
    help="What it may see: id, notices, or a person field; repeatable.",
)
@click.option(
    "--purpose",
    "purposes",
    multiple=True,
    required=True,
    help="A purpose for which it may look persons up; repeatable.",
)
@click.option("--may-report", is_flag=True, help="Allow the agency to report notices (police).")
@format_option
@pass_app
def add(
    app: App, code: str, name: str, fields: tuple[str, ...], purposes: tuple[str, ...], may_report: bool, fmt: str
) -> None:
    """Add an agency that looks persons up; CODE consists of lower-case letters, digits and hyphens."""
    from eid_toolkit.books.staff.roles import Permission

    with open_office(app) as office:
        operator = office.operator(Permission.MANAGE_AGENCIES)
        record = office.register.agencies.add(code, name, fields, purposes, operator, may_report=may_report)
    _show(record, fmt)


@agency.command("list")
@list_format_option
@pass_app
def list_(app: App, fmt: str) -> None:
    """List all agencies."""
    from eid_toolkit.books.staff.roles import Permission

    with open_office(app) as office:
        rows = [record.to_json() for record in office.register.agencies.all(office.look(Permission.MANAGE_AGENCIES))]
    columns = ("code", "name", "may_report", "disabled_at")
    emit(rows, fmt, lambda: table(columns, ([row[name] for name in columns] for row in rows)))


@agency.command("show")
@click.argument("code")
@format_option
@pass_app
def show(app: App, code: str, fmt: str) -> None:
    """Show what an agency may see and for which purposes."""
    from eid_toolkit.books.staff.roles import Permission

    with open_office(app) as office:
        record = office.register.agencies.get(code, office.look(Permission.MANAGE_AGENCIES))
    _show(record, fmt)


@agency.command("change")
@click.argument("code")
@click.option("--field", "fields", multiple=True, help="What it may see from now on, replacing all earlier fields.")
@click.option("--purpose", "purposes", multiple=True, help="What for, replacing all earlier purposes.")
@click.option("--may-report/--no-may-report", default=None, help="Whether it may report notices.")
@format_option
@pass_app
def change(
    app: App, code: str, fields: tuple[str, ...], purposes: tuple[str, ...], may_report: bool | None, fmt: str
) -> None:
    """Change what an agency may see, for which purposes, and whether it may report notices.

    Rights that are not given stay unchanged. The audit log records the old and the new rights.
    """
    from eid_toolkit.books.staff.roles import Permission

    if not fields and not purposes and may_report is None:
        raise UsageError("agency-change-empty")
    with open_office(app) as office:
        operator = office.operator(Permission.MANAGE_AGENCIES)
        changed = office.register.agencies.change(
            code, operator, fields=fields or None, purposes=purposes or None, may_report=may_report
        )
    _show(changed, fmt)


@agency.command("disable")
@click.argument("code")
@format_option
@pass_app
def disable(app: App, code: str, fmt: str) -> None:
    """Disable an agency: from now on it can neither look persons up nor report notices."""
    from eid_toolkit.books.staff.roles import Permission

    with open_office(app) as office:
        record = office.register.agencies.disable(code, office.operator(Permission.MANAGE_AGENCIES))
    _show(record, fmt)


@agency.command("look-up")
@click.argument("code")
@click.argument("person", required=False)
@click.option("--search", "words", metavar="WORDS", help="Search for this name or number.")
@click.option("--purpose", required=True, help="One of the agency's stated purposes.")
@format_option
@pass_app
def look_up(app: App, code: str, person: str | None, words: str | None, purpose: str, fmt: str) -> None:
    """Look up a PERSON for an agency, by identifier, number or --search, and show what it may see.

    Every look-up is recorded with its purpose and the persons found, and so is every refused one.
    """
    from eid_toolkit.books.staff.operators import Operator
    from eid_toolkit.books.staff.roles import Permission

    if (person is None) == (words is None):
        raise UsageError("person-or-search")
    with open_office(app) as office:
        office.keys.unlock()  # its key hashes what is asked for the log
        named = app.operator is not None or not office.home.config.demo
        operator: Operator = office.operator() if named else office.look(Permission.READ_PERSONS)
        answer = office.register.agencies.look_up(code, purpose, operator, reference=person, words=words)
    emit(answer.to_json(), fmt, lambda: _answer_text(answer))
    if answer.similar:
        note("No exact match; these are similar.")
    if answer.more:
        note(f"Only the first {len(answer.persons)} are shown: narrow the search.")


def _show(record: Agency, fmt: str) -> None:
    values = record.to_json()
    shown = {**values, "fields": ", ".join(record.fields), "purposes": "; ".join(record.purposes)}
    emit(values, fmt, lambda: details(shown.items()))


def _answer_text(answer: Answer) -> str:
    if not answer.persons:
        return "No person found."
    blocks = []
    for person in answer.persons:
        told = dict(person)
        notices = told.pop("notices", ())
        pairs = [(name, value) for name, value in told.items() if value is not None]
        if isinstance(notices, list):
            pairs += [("notice", " ".join(str(value) for value in one.values() if value)) for one in notices]
        blocks.append(details(pairs))
    return "\n\n".join(blocks)
