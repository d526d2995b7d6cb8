"""`eid person show`, `search` and `history`: every look-up is on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Command, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import details, emit, sentence, table, tell
from eid_toolkit.doors.cli.person_commands.shared import people_table, purpose_option
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.work.office import people
from eid_toolkit.work.office.finding import find_person

if TYPE_CHECKING:
    from eid_toolkit.books.register.people.person_history import Change
    from eid_toolkit.work.office.people import PersonPage


@click.command("show", cls=Command)
@click.argument("reference", metavar="PERSON")
@purpose_option
@format_option
@pass_app
def show(app: App, reference: str, purpose: str | None, fmt: str) -> None:
    with open_office(app) as office:
        page = people.page(office, find_person(office, reference, app.choose), purpose)
    emit(page.to_json(), fmt, lambda: _page(page))
    person = page.person
    if person.merged_into is not None:
        tell("person-merged-into", other=person.merged_into)


@click.command("search", cls=Command)
@click.argument("words", metavar="[WORD]...", nargs=-1)
@click.option("--birth", metavar="DATE")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--offset", type=click.IntRange(0, 1_000_000), metavar="N", default=0)
@purpose_option
@list_format_option
@pass_app
def search(
    app: App, words: tuple[str, ...], birth: str | None, limit: int, offset: int, purpose: str | None, fmt: str
) -> None:
    from eid_toolkit.standards.lds.dates import PartialDate

    date_of_birth = PartialDate.parse(birth) if birth else None
    with open_office(app) as office:
        matches = people.search(
            office, " ".join(words), purpose, date_of_birth=date_of_birth, limit=limit, offset=offset
        )
    rows = [match.to_json() for match in matches]
    similar = presentation().speaker.value("similar")
    emit(rows, fmt, lambda: people_table((match.person, similar if match.similar else "") for match in matches))
    if len(matches) == limit and fmt == "text":
        tell("person-search-more", offset=offset + limit)


@click.command("history", cls=Command)
@click.argument("reference", metavar="PERSON")
@purpose_option
@list_format_option
@pass_app
def history(app: App, reference: str, purpose: str | None, fmt: str) -> None:
    with open_office(app) as office:
        changes = people.history(office, find_person(office, reference, app.choose), purpose)
    emit([change.to_json() for change in changes], fmt, lambda: _history(changes))


def _page(page: PersonPage) -> str:
    values, day = page.person.to_json(), presentation().day
    parts = [details((name, value) for name, value in values.items() if value is not None)]
    applications = [
        (*(each.id, each.profile, each.kind, each.state, day(each.created_at)), _next(page.next_of_application(each)))
        for each in page.applications
    ]
    documents = [
        (
            *(each.id, each.profile, each.document_number, each.state, each.date_of_expiry),
            _next(page.next_of_document(each)),
        )
        for each in page.documents
    ]
    notices = [(each.id, each.kind, each.agency, each.document_id, day(each.reported_at)) for each in page.notices]
    for columns, rows in (
        (("application", "profile", "kind", "state", "created", "next"), applications),
        (("document", "profile", "number", "state", "expires", "next"), documents),
        (("notice", "kind", "agency", "document", "reported"), notices),
    ):
        if rows:
            parts.append(table(columns, rows))
    if not page.applications and page.person.merged_into is None:
        parts.append(sentence("person-no-applications", person=page.person.id))
    return "\n\n".join(parts)


def _next(commands: tuple[str, ...]) -> str:
    return ", ".join(commands)


def _history(changes: tuple[Change, ...]) -> str:
    columns = ("version", "time", "operator", "source", "field", "before", "after")
    rows = []
    for change in changes:
        about = (change.version, change.time, change.operator, change.source)
        fields = [(name, before, after) for name, (before, after) in change.fields.items()]
        rows += [(*about, *values) for values in fields or [("", "", "")]]
    return table(columns, rows)
