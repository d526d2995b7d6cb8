"""`eid register`: the register as a whole: back-up, restoring and numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Group, format_option, pass_app
from eid_toolkit.doors.cli.files import OutputFile
from eid_toolkit.doors.cli.office import CLOCK, ENTROPY, open_office
from eid_toolkit.doors.cli.output import details, emit, emit_values, sentence, table, tell, time_text
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.doors.cli.walking import processes_option, walking
from eid_toolkit.ground.display import harmless
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.work.office import keeping

_SHOWN = 100
"""Rows that differ are named up to this many."""

if TYPE_CHECKING:
    from eid_toolkit.books.audit.state_walk import Finding
    from eid_toolkit.books.register.keeping.backup import Manifest
    from eid_toolkit.books.register.keeping.backup_restore import Restored


@click.group(cls=Group)
def register() -> None:
    pass


@register.command("backup")
@click.argument("file", type=OutputFile())
@format_option
@pass_app
def backup(app: App, file: Path, fmt: str) -> None:
    with open_office(app) as office:
        manifest = keeping.back_up(office, file)
    size = file.stat().st_size
    pairs = [("File", file), ("Bytes", size), *_pairs(manifest)]
    emit_values({**manifest.to_json(), "file": str(file), "bytes": size}, fmt, pairs)


@register.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True)
@click.option("--dry-run", is_flag=True)
@format_option
@pass_app
def restore(app: App, file: Path, replace: bool, dry_run: bool, fmt: str) -> None:
    restorer = keeping.restorer_of(app.home_path, app, CLOCK, ENTROPY)
    checked = restorer.check(file)
    manifest = checked.manifest
    if dry_run:
        emit_values(manifest.to_json(), fmt, _pairs(manifest))
        return
    if replace and not checked.vacant:
        app.confirm("confirm-register-restore", time=time_text(manifest.created))
    done = restorer.restore(checked, replace=replace)
    _show_restored(done, fmt)


@register.command("move")
@click.argument("url", metavar="URL")
@click.option("--register-without-tls-verification", "tls_unverified", is_flag=True)
@click.option("--replace", is_flag=True)
@format_option
@pass_app
def move(app: App, url: str, tls_unverified: bool, replace: bool, fmt: str) -> None:
    mover = keeping.mover_of(app.home_path, app, CLOCK, ENTROPY, url, unverified=tls_unverified)
    app.confirm("confirm-register-move")
    done = mover.move(replace=replace)
    values = {
        "schema": "eid-register-move/1",
        "row": done.restored.row,
        "tables": dict(done.restored.manifest.tables),
        "old": str(done.old),
    }
    emit_values(values, fmt, [*_pairs(done.restored.manifest), ("On record in row", done.restored.row)])
    tell("register-moved", old=done.old)
    tell("register-moved-next")


@register.command("stats")
@format_option
@pass_app
def stats(app: App, fmt: str) -> None:
    from eid_toolkit.books.register.keeping.statistics import statistics

    with open_office(app) as office:
        figures = statistics(office.register.database)

    def text() -> str:
        pairs = [("Version", figures.version), ("Database", figures.database), ("Bytes", figures.size)]
        pairs += [("Connection", app.speaker.value(figures.connection))]
        pairs += [("Audit rows", figures.audit_rows), ("Signed up to row", figures.signed_up_to)]
        rows = [(name, state, count) for name, counts in figures.counts.items() for state, count in counts.items()]
        return details(pairs) + "\n\n" + table(("what", "state", "count"), rows)

    emit(figures.to_json(), fmt, text)


@register.command("verify")
@processes_option
@format_option
@pass_app
def verify(app: App, processes: int | None, fmt: str) -> None:
    from eid_toolkit.books.audit.state_walk import Finding

    findings: list[Finding] = []
    counts: dict[str, int] = {}
    with open_office(app) as office, walking(processes) as manner, keeping.verified(office, manner) as walked:
        for each in walked:
            if isinstance(each, Finding):
                findings.append(each)
            else:
                counts[each.kind] = each.rows
    values = {
        "schema": "eid-register-verify/1",
        "intact": not findings,
        "rows": counts,
        "findings": [each.to_json() for each in findings[:_SHOWN]],
        "differing": len(findings),
    }
    emit(values, fmt, lambda: _found(app, findings, counts))
    if findings:
        raise IntegrityBroken("register-differs", count=len(findings))


@register.command("take-over")
@format_option
@pass_app
def take_over(app: App, fmt: str) -> None:
    with open_office(app) as office:
        there = keeping.to_take_over(office)
        rows = ", ".join(f"{count} {app.speaker.value(name)}" for name, count in there.rows.items())
        app.confirm("confirm-take-over" if rows else "confirm-take-over-nothing", rows=rows)
        done = keeping.take_over(office)
    emit_values({"schema": "eid-register-take-over/1", "rows": done.rows}, fmt, list(done.rows.items()))


def _found(app: App, findings: list[Finding], counts: dict[str, int]) -> str:
    if not findings:
        return sentence("register-as-told", count=sum(counts.values()))
    lines = []
    for each in findings[:_SHOWN]:
        facts = {**each.to_json(), "row": "?" if each.row is None else each.row}
        facts |= {"action": "a step", "operator": app.speaker.value("somebody"), "application": each.subject}
        told = app.speaker.message(each.reason, facts)
        lines.append(harmless(told.text if told else f"{each.kind} {each.subject}: {each.reason}"))
    if len(findings) > _SHOWN:
        lines.append(sentence("register-rows-more", count=len(findings) - _SHOWN))
    return "\n".join(lines)


def _show_restored(done: Restored, fmt: str) -> None:
    lost = None if done.lost is None else {"from": done.lost.first, "through": done.lost.last}
    former = str(done.kept) if done.kept else None
    values = {
        **done.manifest.to_json(),
        "schema": "eid-register-restore/1",
        "row": done.row,
        "lost": lost,
        "kept": former,
        "erased_again": done.erased_again,
        "erasures_known": done.erasures_known,
    }
    pairs = [*_pairs(done.manifest), ("On record in row", done.row), ("Persons erased again", done.erased_again)]
    if former is not None:
        pairs.append(("The old register", former))
    emit_values(values, fmt, pairs)
    if former is not None:
        tell("register-old-kept")
    if not done.erasures_known:
        tell("register-erasures-unknown")
    if done.lost is not None and done.lost.first is not None:
        tell("register-rows-lost", first=done.lost.first, last=done.lost.last)
    elif done.lost is not None:
        tell("register-other-branch", last=done.lost.last)


def _pairs(manifest: Manifest) -> list[tuple[str, object]]:
    labels = {"person": "Rows of person", "application": "Rows of application", "document": "Rows of document"}
    shown = [(labels[name], count) for name, count in manifest.tables.items() if name in labels]
    head = sentence("backup-head", row=manifest.audit_rows)
    if presentation().verbose:
        head += f", {manifest.audit_head}"
    return [
        ("State of", manifest.created),
        ("Authority", manifest.authority),
        ("Version", manifest.version),
        *shown,
        ("Log", head),
    ]
