"""`eid notice`: what the police have reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import emit_rows, emit_values
from eid_toolkit.doors.cli.reasons import reason_option
from eid_toolkit.ground.errors import UsageError
from eid_toolkit.work.office import agencies
from eid_toolkit.work.office.finding import find_document, find_notice, find_person, person_identifier

if TYPE_CHECKING:
    from eid_toolkit.books.register.agencies.notices import Notice

_COLUMNS = ("id", "kind", "document", "person", "name", "agency", "reported_at", "withdrawn_at")


@click.group(cls=Group)
def notice() -> None:
    pass


@notice.command("add")
@click.option("--kind", type=click.Choice(["lost", "stolen", "wanted"]), required=True)
@click.option("--document", metavar="DOCUMENT")
@click.option("--person", metavar="PERSON")
@click.option("--agency", metavar="CODE", required=True)
@click.option("--reason")
@format_option
@pass_app
def add(
    app: App, kind: str, document: str | None, person: str | None, agency: str, reason: str | None, fmt: str
) -> None:
    from eid_toolkit.books.register.agencies.notices import NoticeKind

    if (document is None) == (person is None) or (kind == "wanted") != (person is not None):
        raise UsageError("notice-kind-and-subject", kind=kind)
    with open_office(app) as office:
        if person is not None:
            record = agencies.report_person(office, find_person(office, person, app.choose), agency, reason)
        elif document is not None:
            identifier = find_document(office, document, app.choose)
            question = "confirm-report-lost" if kind == "lost" else "confirm-report-stolen"
            record = agencies.report_document(
                *(office, NoticeKind(kind), identifier, agency, reason),
                lambda: app.confirm(question, document=identifier),
            )
    _show(record, fmt)


@notice.command("list")
@click.option("--person", metavar="PERSON")
@click.option("--document", metavar="DOCUMENT")
@click.option("--all", "every", is_flag=True)
@list_format_option
@pass_app
def list_(app: App, person: str | None, document: str | None, every: bool, fmt: str) -> None:
    with open_office(app) as office:
        about_person = None if person is None else person_identifier(office, person, app.choose)
        about_document = None if document is None else find_document(office, document, app.choose)
        records = agencies.notices(office, withdrawn=every, person=about_person, document=about_document)
        names = agencies.names_in(office, records)
    rows = [{**record.to_json(), "name": names.get(record.person_id or "")} for record in records]
    emit_rows(rows, _COLUMNS, fmt)


@notice.command("withdraw")
@click.argument("notice_id", metavar="NOTICE")
@reason_option
@format_option
@pass_app
def withdraw(app: App, notice_id: str, reason: str, fmt: str) -> None:
    with open_office(app) as office:
        record = agencies.withdraw_notice(office, find_notice(office, notice_id, app.choose), reason)
    _show(record, fmt)


def _show(record: Notice, fmt: str) -> None:
    values = record.to_json()
    emit_values(values, fmt, ((name, value) for name, value in values.items() if value is not None))
