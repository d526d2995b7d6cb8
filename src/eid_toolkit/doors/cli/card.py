"""`eid card`: personalization of blanks, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.batch import batch
from eid_toolkit.doors.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.desk import ClerkDesk, counter_of, step_text, without_print_check
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import details, emit, emit_rows, emit_values, sentence, tell
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.doors.cli.readers import open_reader, reader_option, wait_option
from eid_toolkit.doors.cli.reasons import checked_reason, reason_option
from eid_toolkit.doors.cli.stations import station_option
from eid_toolkit.work.office import cards
from eid_toolkit.work.office.finding import find_document, find_job

if TYPE_CHECKING:
    from eid_toolkit.books.register.documents.documents import Document
    from eid_toolkit.work.personalization.journal import Job
    from eid_toolkit.work.personalization.plan import Plan

_STATES = ("open", "needs-decision", "done", "spoiled")
_JOB_COLUMNS = ("id", "document", "name", "state", "steps_done", "steps", "open_step", "chip", "reader")


_serial_option = click.option("--serial", metavar="SERIAL")


@click.group(cls=Group)
def card() -> None:
    pass


card.add_command(batch)


@card.command("personalize")
@click.argument("document_id", metavar="DOCUMENT")
@reader_option
@wait_option
@station_option
@without_print_check
@click.option("--dry-run", is_flag=True)
@format_option
@pass_app
def personalize(
    app: App,
    document_id: str,
    reader: str,
    wait: float,
    station: str,
    without_print_check: bool,
    dry_run: bool,
    fmt: str,
) -> None:
    with open_office(app) as office:
        identifier = find_document(office, document_id, app.choose, "bind", "issue")
        if dry_run:
            plan = office.personalization.plan(identifier)
            emit(plan.to_json(), fmt, lambda: _plan_text(plan))
            return
        counter = counter_of(office, checks_print=not without_print_check)
        job = cards.personalize(
            office, identifier, lambda: open_reader(reader, app, wait), ClerkDesk(app, counter), station
        )
        check = cards.print_check(office, job)
    shown = {**job.to_json(), "print_check": check}
    emit(shown, fmt, lambda: _job_text(job, ("Print check", check and _word(check))))


@card.command("jobs")
@click.option("--state", type=click.Choice(_STATES))
@click.option("--limit", type=click.IntRange(1, 10_000))
@click.option("--offset", type=click.IntRange(0), metavar="N", default=0)
@list_format_option
@pass_app
def jobs(app: App, state: str | None, limit: int | None, offset: int, fmt: str) -> None:
    from eid_toolkit.work.office.documents import holders
    from eid_toolkit.work.personalization.journal import JobState

    with open_office(app) as office:
        records = cards.jobs(office, JobState(state) if state else None, limit, offset)
        names = holders(office, [job.document_id for job in records]) or {}
    emit_rows([{**job.to_json(), "name": names.get(job.document_id)} for job in records], _JOB_COLUMNS, fmt)


@card.command("status")
@reader_option
@wait_option
@format_option
@pass_app
def status(app: App, reader: str, wait: float, fmt: str) -> None:
    from eid_toolkit.work.personalization.status import card_status

    with open_office(app) as office, open_reader(reader, app, wait) as transport:
        values = card_status(transport, office.register.documents)
    emit_values(values, fmt)


@card.command("resolve")
@click.argument("job_id", metavar="JOB")
@click.option("--resume", "decision", flag_value="resume")
@click.option("--spoil", "decision", flag_value="spoil")
@click.option("--reason", callback=checked_reason, default="decided by the operator", show_default=True)
@_serial_option
@format_option
@pass_app
def resolve(app: App, job_id: str, decision: str | None, reason: str, serial: str | None, fmt: str) -> None:
    if decision is None:
        raise click.UsageError(sentence("resume-or-spoil"))

    def confirm(job: Job) -> None:
        app.confirm("card-give-up-with-document", document=job.document_id)

    with open_office(app) as office:
        identifier = find_job(office, job_id, app.choose)
        if decision == "spoil":
            job = cards.spoil_job(office, identifier, reason, serial, confirm)
        else:
            job = cards.resume_job(office, identifier, reason)
    emit(job.to_json(), fmt, lambda: _job_text(job))


@card.command("spoil")
@click.argument("document_id", metavar="DOCUMENT")
@reason_option
@_serial_option
@format_option
@pass_app
def spoil(app: App, document_id: str, reason: str, serial: str | None, fmt: str) -> None:
    def confirm(document: Document) -> None:
        app.confirm("document-give-up", document=document.id)

    with open_office(app) as office:
        identifier = find_document(office, document_id, app.choose, "spoil")
        spoiled = cards.spoil_document(office, identifier, reason, serial, confirm)
    emit_values(spoiled.to_json(), fmt)
    tell("card-spoiled")


def _plan_text(plan: Plan) -> str:
    marks = ("*" if step.irreversible else " " for step in plan.steps)
    speaker = presentation().speaker
    lines = [
        f"{step.position + 1:>3} {mark} {step_text(step, speaker)}"
        for step, mark in zip(plan.steps, marks, strict=True)
    ]
    heading = sentence("plan-for-document", document=plan.document_id)
    return "\n".join([heading, *lines, f"* {speaker.in_short('plan-irreversible')}"])


def _job_text(job: Job, *more: tuple[str, object]) -> str:
    done = sentence("steps-done", done=job.done, count=job.steps)
    pairs = [("Job", job.id), ("Document", job.document_id), ("Chip", job.chip), ("Reader", job.reader)]
    return details([*pairs, ("State", _word(job.state)), ("Steps done", done), *more])


def _word(text: str) -> str:
    """A value that is one of few, in the user's language."""
    return presentation().speaker.value(text)
