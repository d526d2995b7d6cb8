"""`eid application create --from`: what is asked, and what is shown of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eid_toolkit.doors.cli.context import App
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import emit, is_terminal, sentence, table, tell
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.ground.errors import BadInput

if TYPE_CHECKING:
    from eid_toolkit.books.register.documents.applications import Evidence
    from eid_toolkit.work.office.application_lists import ListedRow, ListReport

_STEPS = 1000
_MOST_TOLD = 20
_UNUSED = 10


def create_from(
    app: App,
    file: Path,
    folder: Path,
    profile: str,
    kind: str,
    evidence: Callable[[], Sequence[Evidence]],
    fmt: str,
    *,
    dry_run: bool,
    keep_going: bool,
) -> None:
    """Make the applications of a list and show what became of each row."""
    from eid_toolkit.work.office.application_lists import ListOptions, RowState, apply_for_all

    with open_office(app) as office, _progress() as told:
        shown, take = evidence(), lambda doubtful: _taken(app, doubtful)
        options = ListOptions(kind, shown, dry_run, keep_going, take, told)
        report = apply_for_all(office, file, folder, profile, options)
    _show(app, report, profile, fmt, dry_run=dry_run)
    if report.unused:
        files, more = ", ".join(report.unused[:_UNUSED]), len(report.unused) - _UNUSED
        if more > 0:
            tell("portraits-unused-and-more", files=files, count=more)
        else:
            tell("portraits-unused", files=files)
    failed = report.count(RowState.FAILED)
    if failed and not (keep_going and not dry_run and report.count(RowState.MADE)):
        raise BadInput("application-list-bad-rows", count=failed)


def _taken(app: App, doubtful: Sequence[ListedRow]) -> bool:
    """Whether portraits are taken that are odd, or like another person's; False where nobody can be asked."""
    for row in doubtful[:_MOST_TOLD]:
        tell("application-row-doubt", line=row.line, doubt=_doubt(row))
    if len(doubtful) > _MOST_TOLD:
        tell("application-row-doubts-more", count=len(doubtful) - _MOST_TOLD)
    try:
        app.confirm("portraits-take", count=len(doubtful))
    except click.Abort:
        if sys.stdin.isatty():
            raise
        return False
    return True


def _doubt(row: ListedRow) -> str:
    odd, like = ", ".join(row.odd), ", ".join(map(_other, row.like))
    if odd and like:
        return sentence("row-portrait-odd-and-like", odd=odd, like=like)
    return sentence("row-portrait-odd", odd=odd) if odd else sentence("row-portrait-like", like=like)


def _other(name: str) -> str:
    """An application whose portrait is alike, or a line of the list."""
    line = name.removeprefix("line ")
    return name if line == name else sentence("row-line", line=line)


@contextmanager
def _progress() -> Iterator[Callable[[float], None]]:
    """A bar on stderr if a person watches."""
    if not is_terminal():
        yield lambda done: None
        return
    with click.progressbar(
        length=_STEPS, label=presentation().speaker.in_short("application-list-progress"), file=sys.stderr
    ) as bar:
        yield lambda done: bar.update(int(done * _STEPS) - bar.pos)


def _show(app: App, report: ListReport, profile: str, fmt: str, *, dry_run: bool) -> None:
    from eid_toolkit.work.office.application_lists import RowState

    rows = [_row(app, row) for row in report.rows]
    counts = {str(state).replace("-", "_"): report.count(state) for state in RowState}
    result = {
        "schema": "eid-application-list/1",
        "profile": profile,
        "dry_run": dry_run,
        "counts": counts,
        "rows": rows,
        "unused_portraits": list(report.unused),
    }

    def text() -> str:
        columns = ("line", "personal_number", "state", "application", "message")
        lines = table(columns, ([row[name] for name in columns] for row in rows)) + "\n" if rows else ""
        states = ((presentation().speaker.value(name.replace("_", " ")), count) for name, count in counts.items())
        counted = ", ".join(f"{state}: {count}" for state, count in states if count)
        told = [sentence("application-list-dry-run")] if dry_run else []
        told.append(
            sentence("application-list-counts", counts=counted) if counted else sentence("application-list-empty")
        )
        return lines + " ".join(told)

    emit(result, fmt, text)


def _row(app: App, row: ListedRow) -> dict[str, Any]:
    error, message = row.error, None
    if error is not None:
        message = app.speaker.of(error).text
    elif row.odd or row.like:
        message = _doubt(row)
    return {
        "line": row.line,
        "personal_number": row.number,
        "state": str(row.state),
        "application": row.application,
        "code": None if error is None else error.code,
        "message": message,
        "odd": list(row.odd),
        "like": list(row.like),
    }
