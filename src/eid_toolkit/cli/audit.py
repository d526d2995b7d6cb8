"""`eid audit`: the tamper-evident log."""

from __future__ import annotations

import json
from pathlib import Path

import click

from eid_toolkit.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.cli.files import OutputFile
from eid_toolkit.cli.office import open_office
from eid_toolkit.cli.output import emit, table
from eid_toolkit.errors import IntegrityBroken


@click.group(cls=Group)
def audit() -> None:
    """The tamper-evident log."""


@audit.command("show")
@click.option("--subject", metavar="ID", help="Only rows about this person, application, document or operator.")
@list_format_option
@pass_app
def show(app: App, subject: str | None, fmt: str) -> None:
    """Show the rows in their order."""
    with open_office(app) as office:
        rows = [row.to_json() for row in office.register.audit_rows(subject)]

    def shown() -> str:
        cells = (
            (row["position"], str(row["time"])[:19], row["operator"], row["action"], row["subject"]) for row in rows
        )
        return table(("row", "time", "operator", "action", "subject"), cells)

    emit(rows, fmt, shown)


@audit.command("verify")
@format_option
@pass_app
def verify(app: App, fmt: str) -> None:
    """Check that no row was changed, removed or moved."""
    from eid_toolkit.cli.catalogue import message

    with open_office(app) as office:
        result = office.register.verify_audit()
    values = {"schema": "eid-audit-verify/1", "intact": result.reason is None, "rows": result.rows, "head": result.head}
    values |= {"broken_at": result.broken_at, "reason": result.reason}

    def text() -> str:
        if result.reason is None:
            return f"{result.rows} rows, all intact. Head: {result.head}"
        found = message(result.reason, {"row": result.broken_at}, app.language)
        return found.text if found else result.reason

    emit(values, fmt, text)
    if result.reason is not None:
        raise IntegrityBroken("audit-broken", row=result.broken_at)


@audit.command("export")
@click.option("--output", type=OutputFile(), help="Write to this file, not stdout.")
@pass_app
def export(app: App, output: Path | None) -> None:
    """Export the log as JSON Lines, which can be verified without the register."""
    with open_office(app) as office:
        lines = (json.dumps(row.to_json(), ensure_ascii=False) + "\n" for row in office.register.audit_rows())
        with output.open("w", encoding="utf-8") if output else click.open_file("-", "w") as stream:
            stream.writelines(lines)
