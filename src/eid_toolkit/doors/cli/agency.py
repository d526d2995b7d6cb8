"""`eid agency`: agencies that look persons up, and what of them each may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import details, emit, emit_rows, emit_values, note
from eid_toolkit.ground.errors import UsageError
from eid_toolkit.work.office import agencies

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
    with open_office(app) as office:
        record = agencies.add(office, code, name, fields, purposes, may_report=may_report)
    _show(record, fmt)


@agency.command("list")
@list_format_option
@pass_app
def list_(app: App, fmt: str) -> None:
    """List all agencies."""
    with open_office(app) as office:
        rows = [record.to_json() for record in agencies.every(office)]
    emit_rows(rows, ("code", "name", "may_report", "disabled_at"), fmt)


@agency.command("show")
@click.argument("code")
@format_option
@pass_app
def show(app: App, code: str, fmt: str) -> None:
    """Show what an agency may see and for which purposes."""
    with open_office(app) as office:
        record = agencies.get(office, code)
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
    if not fields and not purposes and may_report is None:
        raise UsageError("agency-change-empty")
    with open_office(app) as office:
        changed = agencies.change(office, code, fields=fields or None, purposes=purposes or None, may_report=may_report)
    _show(changed, fmt)


@agency.command("disable")
@click.argument("code")
@format_option
@pass_app
def disable(app: App, code: str, fmt: str) -> None:
    """Disable an agency: from now on it can neither look persons up nor report notices."""
    with open_office(app) as office:
        record = agencies.disable(office, code)
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
    if (person is None) == (words is None):
        raise UsageError("person-or-search")
    with open_office(app) as office:
        answer = agencies.look_up(office, code, purpose, reference=person, words=words)
    emit(answer.to_json(), fmt, lambda: _answer_text(answer))
    if answer.similar:
        note("No exact match; these are similar.")
    if answer.more:
        note(f"Only the first {len(answer.persons)} are shown: narrow the search.")


def _show(record: Agency, fmt: str) -> None:
    values = record.to_json()
    shown = {**values, "fields": ", ".join(record.fields), "purposes": "; ".join(record.purposes)}
    emit_values(values, fmt, shown.items())


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
