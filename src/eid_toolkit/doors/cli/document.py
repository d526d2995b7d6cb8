"""`eid document`: prepared documents and what is printed on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.document_status import COMMANDS
from eid_toolkit.doors.cli.files import OutputFile
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import details, emit, emit_rows, emit_values, tell
from eid_toolkit.ground.errors import UsageError
from eid_toolkit.ground.home.named_files import write_file
from eid_toolkit.work.office import documents
from eid_toolkit.work.office.finding import documents_of, find_application, find_document
from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from eid_toolkit.books.register.documents.documents import Document

_STATES = (
    *("prepared", "bound", "spoiled", "issued", "suspended", "lost", "stolen"),
    *("revoked", "expired", "reissued", "destroyed"),
)
_COLUMNS = ("id", "application", "profile", "document_number", "date_of_expiry", "state", "chip")


@click.group(cls=Group)
def document() -> None:
    pass


@document.command("prepare")
@click.argument("application_ids", metavar="[APPLICATION]...", nargs=-1)
@click.option("--all", "everything", is_flag=True)
@list_format_option
@pass_app
def prepare(app: App, application_ids: tuple[str, ...], everything: bool, fmt: str) -> None:
    if bool(application_ids) is everything:
        raise UsageError("name-applications-or-all")
    with open_office(app) as office:
        chosen = [find_application(office, each, app.choose, waiting="approved") for each in application_ids]
        prepared, failures = documents.prepare(office, None if everything else chosen)
        if prepared or not failures:
            _show_list(office, prepared, fmt)
    app.tell_all(failures)


@document.command("list")
@click.option("--state", type=click.Choice(_STATES))
@click.option("--person", metavar="PERSON")
@click.option("--number", metavar="NUMBER")
@click.option("--without-names", is_flag=True)
@click.option("--limit", type=click.IntRange(1, 10_000))
@click.option("--offset", type=click.IntRange(0), metavar="N", default=0)
@list_format_option
@pass_app
def list_(
    app: App,
    state: str | None,
    person: str | None,
    number: str | None,
    without_names: bool,
    limit: int | None,
    offset: int,
    fmt: str,
) -> None:
    from eid_toolkit.books.register.documents.documents import DocumentState

    with open_office(app) as office:
        if person is not None or number is not None:
            theirs = documents_of(office, person, number, app.choose)
            chosen = [each for each in theirs if state in (None, each.state)][offset:]
            _show_list(office, chosen[:limit], fmt, names=not without_names)
            return
        records = office.register.documents.list(DocumentState(state) if state else None, limit, offset)
        _show_list(office, list(records), fmt, names=not without_names)


@document.command("show")
@click.argument("document_id", metavar="DOCUMENT")
@format_option
@pass_app
def show(app: App, document_id: str, fmt: str) -> None:
    with open_office(app) as office:
        record = office.register.documents.get(find_document(office, document_id, app.choose))
        values = {**_to_json(office, record), "print_check": office.register.documents.print_check(record)}
    emit_values(values, fmt)


@document.command("export")
@click.argument("document_id", metavar="DOCUMENT")
@click.option("--portrait", type=OutputFile())
@format_option
@pass_app
def export(app: App, document_id: str, portrait: Path | None, fmt: str) -> None:
    with open_office(app) as office:
        data = documents.export(office, find_document(office, document_id, app.choose))
    if portrait is not None:
        write_file(portrait, data.portrait)
    shown = {**data.front, **data.back, "can": data.can.reveal().decode()}
    emit(data.to_json(), fmt, lambda: "\n".join((details(shown.items()), *data.mrz_lines)))
    if data.specimen:
        tell("document-specimen")


for _command in COMMANDS:
    document.add_command(_command)


def _to_json(office: Office, record: Document) -> dict[str, object]:
    return {**record.to_json(), "specimen": documents.is_specimen(office, record)}


def _show_list(office: Office, records: list[Document], fmt: str, *, names: bool = False) -> None:
    rows = [_to_json(office, record) for record in records]
    holders = documents.holders(office, [each.id for each in records]) if names else None
    if holders is not None:
        rows = [{**row, "name": holders.get(record.id)} for row, record in zip(rows, records, strict=True)]
    emit_rows(rows, _COLUMNS if holders is None else ("id", "name", *_COLUMNS[2:]), fmt)
