"""`eid application`: applications for documents, and the decision on them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.application_list import create_from
from eid_toolkit.doors.cli.application_new import new
from eid_toolkit.doors.cli.application_parts import (
    biometric_options,
    biometrics_of,
    evidence_of,
    evidence_option,
    show_application,
)
from eid_toolkit.doors.cli.application_sheet import STATES, on_sheet, review_numbers, sheet, sheet_option
from eid_toolkit.doors.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.defaults import default_option
from eid_toolkit.doors.cli.files import OutputFile
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import emit_rows, note, table
from eid_toolkit.doors.cli.portrait_doubts import ClerkDoubts
from eid_toolkit.doors.cli.reasons import reason_option
from eid_toolkit.ground.errors import UsageError
from eid_toolkit.ground.home.atomic import private_directory
from eid_toolkit.ground.home.named_files import read_file, write_file
from eid_toolkit.work.office import applying
from eid_toolkit.work.office.finding import applications_of, find_application, find_document, find_person

if TYPE_CHECKING:
    from eid_toolkit.books.register.documents.applications import Application

_KINDS = ("first", "renewal", "replacement", "change")
_JPEG = b"\xff\xd8"


@click.group(cls=Group)
def application() -> None:
    pass


@application.command("create")
@click.option("--person", "person_id", metavar="ID")
@default_option("--profile", setting="profile", required=True)
@click.option("--portrait", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@biometric_options
@click.option("--kind", type=click.Choice(_KINDS), default="first", show_default=True)
@click.option("--replaces", metavar="DOCUMENT")
@evidence_option
@click.option("--from", "source", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="CSV")
@click.option("--portraits", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIRECTORY")
@click.option("--dry-run", is_flag=True)
@click.option("--keep-going", is_flag=True)
@format_option
@pass_app
def create(
    app: App,
    person_id: str | None,
    profile: str,
    portrait: Path | None,
    fingers: tuple[str, ...],
    eyes: tuple[str, ...],
    kind: str,
    replaces: str | None,
    shown: tuple[str, ...],
    source: Path | None,
    portraits: Path | None,
    dry_run: bool,
    keep_going: bool,
    fmt: str,
) -> None:
    from eid_toolkit.ground.images.portrait import MAX_FILE

    if source is not None:
        if portraits is None:
            raise UsageError("application-list-without-portraits")
        if any((person_id, portrait, fingers, eyes, replaces)):
            raise UsageError("application-list-or-person")
        every, going = partial(evidence_of, shown), {"dry_run": dry_run, "keep_going": keep_going}
        create_from(app, source, portraits, profile, kind, every, fmt, **going)
        return
    if portraits is not None or dry_run or keep_going:
        raise UsageError("application-list-missing")
    if person_id is None or portrait is None:
        raise UsageError("application-person-portrait")
    with open_office(app) as office:
        record = applying.apply(
            office,
            partial(find_person, office, person_id, app.choose),
            profile,
            read_file(portrait, MAX_FILE),
            lambda: biometrics_of(fingers, eyes),
            kind=kind,
            replaces=None if replaces is None else find_document(office, replaces, app.choose, "reissue"),
            evidence=lambda: evidence_of(shown),
            doubts=ClerkDoubts(app),
        )
    show_application(record, fmt)


@application.command("list")
@click.option("--state", type=click.Choice(STATES))
@click.option("--person", metavar="PERSON")
@click.option("--limit", type=click.IntRange(1, 10_000))
@click.option("--offset", type=click.IntRange(0), metavar="N", default=0)
@list_format_option
@pass_app
def list_(app: App, state: str | None, person: str | None, limit: int | None, offset: int, fmt: str) -> None:
    from eid_toolkit.books.register.documents.applications import ApplicationState

    with open_office(app) as office:
        if person is not None:
            theirs = applications_of(office, person, app.choose)
            _show_list([each for each in theirs if state in (None, each.state)][offset:][:limit], fmt)
            return
        records = applying.listed(office, ApplicationState(state) if state else None, limit, offset)
    _show_list(records, fmt)


@application.command("queue")
@format_option
@pass_app
def queue(app: App, fmt: str) -> None:
    with open_office(app) as office:
        waiting = office.register.queues()
    rows = [stage.to_json() for stage in waiting]
    emit_rows(rows, ("stage", "waiting", "oldest", "next"), fmt)


@application.command("show")
@click.argument("application_id", metavar="APPLICATION")
@click.option("--portrait", type=OutputFile())
@format_option
@pass_app
def show(app: App, application_id: str, portrait: Path | None, fmt: str) -> None:
    with open_office(app) as office:
        record, image = applying.looked_at(
            office, find_application(office, application_id, app.choose), portrait=portrait is not None
        )
    if portrait is not None and image is not None:
        write_file(portrait, image)
    show_application(record, fmt)


@application.command("approve")
@click.argument("application_ids", metavar="[APPLICATION]...", nargs=-1)
@click.option("--all", "everything", is_flag=True)
@click.option("--portraits", type=click.Path(file_okay=False, path_type=Path), metavar="DIRECTORY")
@sheet_option
@list_format_option
@pass_app
def approve(
    app: App,
    application_ids: tuple[str, ...],
    everything: bool,
    portraits: Path | None,
    sheet_file: Path | None,
    fmt: str,
) -> None:
    if sheet_file is not None and (everything or portraits is not None):
        raise UsageError("sheet-alone")
    if bool(application_ids) is everything and sheet_file is None:
        raise UsageError("name-applications-or-all")
    if sheet_file is not None:
        _by_sheet(app, sheet_file, application_ids, fmt)
        return
    with open_office(app) as office:
        images = office.register.applications.portrait

        def review(chosen: Sequence[Application]) -> None:
            if portraits is not None:
                private_directory(portraits)
                for record in chosen:
                    image = images(record).image
                    suffix = "jpg" if image.startswith(_JPEG) else "jp2"
                    write_file(portraits / f"{record.portrait_sha256}.{suffix}", image)
            if len(application_ids) != 1:
                _show_batch(chosen, hashes=portraits is not None or app.verbose)
                if chosen:
                    app.confirm("applications-approve", count=len(chosen))

        chosen = [find_application(office, each, app.choose, waiting="created") for each in application_ids]
        approved, failures = applying.approve(office, None if everything else chosen, review)
    if len(application_ids) == 1 and approved:
        show_application(approved[0], "json" if fmt == "jsonl" else fmt)
    elif approved or not failures:
        _show_list(approved, fmt)
    app.tell_all(failures)


@application.command("reject")
@click.argument("application_ids", metavar="APPLICATION", nargs=-1, required=True)
@reason_option
@sheet_option
@format_option
@pass_app
def reject(app: App, application_ids: tuple[str, ...], reason: str, sheet_file: Path | None, fmt: str) -> None:
    if sheet_file is not None:
        _by_sheet(app, sheet_file, application_ids, fmt, reason)
        return
    if len(application_ids) != 1:
        raise UsageError("reject-one-or-by-sheet")
    with open_office(app) as office:
        identifier = find_application(office, application_ids[0], app.choose, waiting="created")
        show_application(applying.reject(office, identifier, reason), fmt)


@application.command("withdraw")
@click.argument("application_id", metavar="APPLICATION")
@reason_option
@format_option
@pass_app
def withdraw(app: App, application_id: str, reason: str, fmt: str) -> None:
    with open_office(app) as office:
        identifier = find_application(office, application_id, app.choose, waiting="created")
        show_application(applying.withdraw(office, identifier, reason), fmt)


def _by_sheet(app: App, file: Path, words: tuple[str, ...], fmt: str, reason: str | None = None) -> None:
    """Approve, or for a reason reject, what a contact sheet shows under these numbers."""
    with open_office(app) as office:
        numbers = on_sheet(office, file, words)
        shown = {each.application: each.digest for each in numbers.values()}
        question = "applications-approve" if reason is None else "applications-reject"
        review = partial(review_numbers, app, question, numbers)
        if reason is None:
            decided, failures = applying.approve(office, shown, review, shown)
        else:
            decided, failures = applying.reject_all(office, shown, reason, review)
    _show_list(decided, fmt)
    app.tell_all(failures)


def _show_batch(chosen: Sequence[Application], *, hashes: bool) -> None:
    columns = ("application", "name", "profile", "kind", *(("portrait sha-256",) if hashes else ()))
    rows = (
        (record.id, record.person.data.name, record.profile, record.kind, record.portrait_sha256)[: len(columns)]
        for record in chosen
    )
    note(table(columns, rows, err=True))


application.add_command(new)
application.add_command(sheet)


def _show_list(records: Sequence[Application], fmt: str) -> None:
    rows = [record.to_json() for record in records]
    emit_rows(rows, ("id", "name", "profile", "kind", "state", "creator", "decided_by"), fmt)
