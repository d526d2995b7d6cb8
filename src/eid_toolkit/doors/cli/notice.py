"""`eid notice`: what the police have reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import details, emit, table
from eid_toolkit.ground.errors import UsageError

if TYPE_CHECKING:
    from eid_toolkit.books.register.agencies.notices import Notice

_COLUMNS = ("id", "kind", "document", "person", "agency", "reported_at", "withdrawn_at")


@click.group(cls=Group)
def notice() -> None:
    """Record and list police notices: lost, stolen, wanted."""


@notice.command("add")
@click.option("--kind", type=click.Choice(["lost", "stolen", "wanted"]), required=True, help="What to report.")
@click.option("--document", metavar="DOCUMENT", help="The lost or stolen document: identifier or number.")
@click.option("--person", metavar="PERSON", help="The wanted or missing person: identifier or personal number.")
@click.option("--agency", metavar="CODE", required=True, help="The reporting agency.")
@click.option("--reason", help="Further details.")
@format_option
@pass_app
def add(
    app: App, kind: str, document: str | None, person: str | None, agency: str, reason: str | None, fmt: str
) -> None:
    """Record a police notice: a lost or stolen document, or a wanted or missing person.

    A document reported in this way can never become valid again, and is included in the next list for officers.
    """
    from eid_toolkit.books.register.agencies.notices import NoticeKind
    from eid_toolkit.books.staff.roles import Permission

    if (document is None) == (person is None) or (kind == "wanted") != (person is not None):
        raise UsageError("notice-kind-and-subject", kind=kind)
    with open_office(app) as office:
        operator = office.operator(Permission.REPORT_NOTICES)
        notices = office.register.notices
        if person is not None:
            record = notices.add_person(person, agency, operator, reason)
        elif document is not None:
            app.confirm(f"Report document {document} as {kind}? It can never become valid again.")
            record = notices.add_document(NoticeKind(kind), document, agency, operator, reason)
    _show(record, fmt)


@notice.command("list")
@click.option("--person", metavar="PERSON", help="Only notices of this person, by identifier.")
@click.option("--document", metavar="DOCUMENT", help="Only notices of this document, by identifier.")
@click.option("--all", "every", is_flag=True, help="Include withdrawn notices.")
@list_format_option
@pass_app
def list_(app: App, person: str | None, document: str | None, every: bool, fmt: str) -> None:
    """List active notices."""
    from eid_toolkit.books.staff.roles import Permission

    with open_office(app) as office:
        operator = office.look(Permission.READ_PERSONS)
        records = office.register.notices.list(operator, withdrawn=every, person=person, document=document)
    rows = [record.to_json() for record in records]
    emit(rows, fmt, lambda: table(_COLUMNS, ([_short(name, row[name]) for name in _COLUMNS] for row in rows)))


@notice.command("withdraw")
@click.argument("notice_id", metavar="NOTICE")
@click.option("--reason", required=True, help="Reason.")
@format_option
@pass_app
def withdraw(app: App, notice_id: str, reason: str, fmt: str) -> None:
    """Withdraw a NOTICE; it stays on record, and a document reported lost or stolen does not become valid again."""
    from eid_toolkit.books.staff.roles import Permission

    with open_office(app) as office:
        record = office.register.notices.withdraw(notice_id, reason, office.operator(Permission.REPORT_NOTICES))
    _show(record, fmt)


def _show(record: Notice, fmt: str) -> None:
    values = record.to_json()
    emit(values, fmt, lambda: details((name, value) for name, value in values.items() if value is not None))


def _short(name: str, value: object) -> object:
    return str(value)[:16] if value is not None and name.endswith("_at") else value
