"""`eid doctor`: what is wrong, and what to do."""

from __future__ import annotations

import click

from eid_toolkit.doors.cli.context import App, Command, format_option, pass_app
from eid_toolkit.doors.cli.office import CLOCK, ENTROPY
from eid_toolkit.doors.cli.output import emit, paint

_COLOURS = {"ok": "green", "warning": "yellow", "failed": "red"}


@click.command(cls=Command)
@format_option
@pass_app
def doctor(app: App, fmt: str) -> None:
    from eid_toolkit.ground.display import harmless
    from eid_toolkit.work.office.findings import Grade
    from eid_toolkit.work.office.health import findings
    from eid_toolkit.work.office.office import Office

    found = list(findings(app.home_path, lambda: Office.open(app.home_path, app, CLOCK, ENTROPY), CLOCK))
    grades = {grade: app.speaker.value(grade) for grade in Grade}
    areas = {finding.area: app.speaker.value(f"area {finding.area}").removeprefix("area ") for finding in found}
    wide, wider = max([8, *map(len, grades.values())]), max([10, *map(len, areas.values())])
    rows, lines = [], []
    for finding in found:
        told = app.speaker.message(finding.code, finding.facts)
        text = told.text if told is not None else finding.code
        hint = told.hint if told is not None else None
        grade = str(finding.grade)
        rows.append({"area": finding.area, "grade": grade, "code": finding.code, "text": text, "hint": hint})
        shown = paint(f"{grades[finding.grade]:<{wide}}", _COLOURS[grade])
        lines.append(f"{shown} {areas[finding.area]:<{wider}} {harmless(text)}")
        lines += [] if hint is None else [f"{'':<{wide + wider + 2}}{harmless(hint)}"]
    emit({"schema": "eid-doctor/1", "findings": rows}, fmt, lambda: "\n".join(lines))
    if any(finding.grade is Grade.FAILED for finding in found):
        raise SystemExit(1)
