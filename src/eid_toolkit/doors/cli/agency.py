"""`eid agency`: agencies that look persons up, and what of them each may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import details, emit, emit_rows, emit_values, sentence, tell
from eid_toolkit.ground.errors import UsageError
from eid_toolkit.work.office import agencies

if TYPE_CHECKING:
    from eid_toolkit.books.register.agencies.agencies import Answer
    from eid_toolkit.books.register.agencies.agency_record import Agency


@click.group(cls=Group)
def agency() -> None:
    pass


@agency.command("add")
@click.argument("code")
@click.option("--name", required=True)
@click.option("--field", "fields", multiple=True, required=True)
@click.option("--purpose", "purposes", multiple=True, required=True)
@click.option("--may-report", is_flag=True)
@format_option
@pass_app
def add(
    app: App, code: str, name: str, fields: tuple[str, ...], purposes: tuple[str, ...], may_report: bool, fmt: str
) -> None:
    with open_office(app) as office:
        record = agencies.add(office, code, name, fields, purposes, may_report=may_report)
    _show(record, fmt)


@agency.command("list")
@list_format_option
@pass_app
def list_(app: App, fmt: str) -> None:
    with open_office(app) as office:
        rows = [record.to_json() for record in agencies.every(office)]
    emit_rows(rows, ("code", "name", "may_report", "disabled_at"), fmt)


@agency.command("show")
@click.argument("code")
@format_option
@pass_app
def show(app: App, code: str, fmt: str) -> None:
    with open_office(app) as office:
        record = agencies.get(office, code)
    _show(record, fmt)


@agency.command("change")
@click.argument("code")
@click.option("--field", "fields", multiple=True)
@click.option("--purpose", "purposes", multiple=True)
@click.option("--may-report/--no-may-report", default=None)
@format_option
@pass_app
def change(
    app: App, code: str, fields: tuple[str, ...], purposes: tuple[str, ...], may_report: bool | None, fmt: str
) -> None:
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
    with open_office(app) as office:
        record = agencies.disable(office, code)
    _show(record, fmt)


@agency.command("look-up")
@click.argument("code")
@click.argument("person", required=False)
@click.option("--search", "words", metavar="WORDS")
@click.option("--purpose", required=True)
@format_option
@pass_app
def look_up(app: App, code: str, person: str | None, words: str | None, purpose: str, fmt: str) -> None:
    if (person is None) == (words is None):
        raise UsageError("person-or-search")
    with open_office(app) as office:
        answer = agencies.look_up(office, code, purpose, reference=person, words=words)
    emit(answer.to_json(), fmt, lambda: _answer_text(answer))
    if answer.similar:
        tell("look-up-similar")
    if answer.more:
        tell("look-up-more", count=len(answer.persons))


def _show(record: Agency, fmt: str) -> None:
    values = record.to_json()
    shown = {**values, "fields": ", ".join(record.fields), "purposes": "; ".join(record.purposes)}
    emit_values(values, fmt, shown.items())


def _answer_text(answer: Answer) -> str:
    if not answer.persons:
        return sentence("look-up-none")
    blocks = []
    for person in answer.persons:
        told = dict(person)
        notices = told.pop("notices", ())
        pairs = [(name, value) for name, value in told.items() if value is not None]
        if isinstance(notices, list):
            pairs += [("notice", " ".join(str(value) for value in one.values() if value)) for one in notices]
        blocks.append(details(pairs))
    return "\n\n".join(blocks)
