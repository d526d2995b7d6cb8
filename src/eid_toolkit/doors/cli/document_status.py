"""`eid document report-lost`, `revoke`, `reissue` and so on: what becomes of a document after it was issued."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.application_parts import application_text, evidence_of
from eid_toolkit.doors.cli.context import App, Command, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.files import OutputFile
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import emit, emit_rows, emit_values, sentence, tell
from eid_toolkit.doors.cli.portrait_doubts import ClerkDoubts
from eid_toolkit.doors.cli.reasons import checked_reason
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.home.named_files import read_file, write_file
from eid_toolkit.work.office import applying, documents
from eid_toolkit.work.office.finding import find_document
from eid_toolkit.work.office.reporting import publish_reports

if TYPE_CHECKING:
    from eid_toolkit.books.register.documents.applications import Evidence
    from eid_toolkit.books.register.documents.documents import Document

_COLUMNS = ("issuing_state", "document_number", "status", "since", "content_sha256")
_ACTIONS = ("report-lost", "report-stolen", "suspend", "resume", "revoke", "destroy")
_QUESTIONS = {
    "report-lost": "confirm-report-lost",
    "report-stolen": "confirm-report-stolen",
    "revoke": "confirm-revoke-document",
    "destroy": "confirm-destroy-document",
}


def _command(action: str) -> click.Command:
    @click.command(action, cls=Command)
    @click.argument("document_id", metavar="DOCUMENT")
    @click.option("--reason", callback=checked_reason, metavar="TEXT")
    @format_option
    @pass_app
    def change(app: App, document_id: str, reason: str | None, fmt: str) -> None:
        def confirm(record: Document) -> None:
            if action in _QUESTIONS:
                app.confirm(_QUESTIONS[action], document=record.id)

        with open_office(app) as office:
            identifier = find_document(office, document_id, app.choose, action)
            record = documents.change_status(office, identifier, action, reason, confirm)
        emit_values(record.to_json(), fmt)

    return change


@click.command("expire", cls=Command)
@format_option
@pass_app
def expire(app: App, fmt: str) -> None:
    with open_office(app) as office:
        outcomes = documents.expire(office)
    count, broken = (
        sum(outcome.count for outcome in outcomes),
        [name for outcome in outcomes for name in outcome.broken],
    )
    shown = {"schema": "eid-document-expire/1", "expired": count, "broken": broken}
    emit(shown, fmt, lambda: sentence("documents-expired", count=count))
    if broken:
        raise IntegrityBroken("documents-history-changed", documents=", ".join(broken))


@click.command("history", cls=Command)
@click.argument("document_id", metavar="DOCUMENT")
@list_format_option
@pass_app
def history(app: App, document_id: str, fmt: str) -> None:
    with open_office(app) as office:
        identifier = find_document(office, document_id, app.choose)
        rows = [change.to_json() for change in office.register.statuses.history(identifier)]
    emit_rows(rows, ("since", "action", "state", "operator", "reason"), fmt)


@click.command("status-list", cls=Command)
@click.option("--csv", "target", type=OutputFile())
@list_format_option
@pass_app
def status_list(app: App, target: Path | None, fmt: str) -> None:
    with open_office(app) as office:
        published = publish_reports(office)
    rows = [
        {
            "issuing_state": report.state,
            "document_number": report.number,
            "status": str(report.status),
            "since": str(report.since),
        }
        for report in published.reports
    ]
    if target is not None:
        lines = [",".join(_COLUMNS), *(",".join(row[name] or "" for name in _COLUMNS) for row in rows)]
        write_file(target, ("\n".join(lines) + "\n").encode())
    emit_rows(rows, ("issuing_state", "document_number", "status", "since"), fmt)


@click.command("reissue", cls=Command)
@click.argument("document_id", metavar="DOCUMENT")
@click.option(
    "--kind", type=click.Choice(["renewal", "replacement", "change"]), default="replacement", show_default=True
)
@click.option("--portrait", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--evidence", "shown", multiple=True, metavar="KIND=REFERENCE")
@format_option
@pass_app
def reissue(app: App, document_id: str, kind: str, portrait: Path | None, shown: tuple[str, ...], fmt: str) -> None:
    from eid_toolkit.ground.images.portrait import MAX_FILE

    with open_office(app) as office:
        application = applying.reissue(
            office,
            find_document(office, document_id, app.choose, "reissue"),
            read_file(portrait, MAX_FILE) if portrait is not None else None,
            kind=kind,
            evidence=lambda old: [*_in_hand(app, old, shown), *evidence_of(shown)],
            doubts=ClerkDoubts(app),
        )
    emit(application.to_json(), fmt, lambda: application_text(application))
    tell("document-reissue-next", application=application.id)


def _in_hand(app: App, old: Document, shown: tuple[str, ...]) -> list[Evidence]:
    """The document itself, if the clerk says that it was handed in; that it is away the register knows."""
    from eid_toolkit.books.ledger.workflow import DocumentState
    from eid_toolkit.books.register.documents.applications import Evidence

    away = (DocumentState.LOST, DocumentState.STOLEN, DocumentState.REVOKED, DocumentState.DESTROYED)
    if shown or old.state in away:
        return []
    app.confirm("confirm-card-in-hand", document=old.id)
    return [Evidence("former-document", old.id)]


COMMANDS: tuple[click.Command, ...] = (*map(_command, _ACTIONS), expire, history, status_list, reissue)
"""What `eid document` has of this."""
