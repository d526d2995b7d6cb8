"""`eid profile`: the document types that are issued, and new ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eid_toolkit.doors.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import details, emit, emit_rows, sentence, tell
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.home.named_files import read_file
from eid_toolkit.work.office import document_types

if TYPE_CHECKING:
    from eid_toolkit.standards.profiles import DocumentProfile

_COLUMNS = ("name", "title", "state", "mrz", "years", "version", "from", "issued")


@click.group(cls=Group)
def profile() -> None:
    pass


@profile.command("list")
@list_format_option
@pass_app
def list_(app: App, fmt: str) -> None:
    rows, failures = [], []
    with open_office(app) as office:
        for each in document_types.document_types(office):
            if isinstance(each, BadInput):
                failures.append((str(each.facts.get("profile") or each.facts.get("field")), each))
                continue
            shown = each.profile
            rows.append(
                {
                    "name": shown.name,
                    "title": shown.title,
                    "state": shown.issuing_state,
                    "mrz": shown.mrz_format.name,
                    "years": shown.validity.years,
                    "version": shown.version,
                    "from": "home" if each.own else "package",
                    "issued": shown.issuable and each.issued_here,
                    "hash": shown.hash,
                }
            )
    emit_rows(rows, _COLUMNS, fmt)
    app.tell_all(failures)


@profile.command("show")
@click.argument("name", metavar="NAME")
@format_option
@pass_app
def show(app: App, name: str, fmt: str) -> None:
    with open_office(app) as office:
        shown = office.profile(name)
    values = _values(shown)
    emit({"schema": "eid-profile/1", **values}, fmt, lambda: details(_lines(values)))


@profile.command("check")
@click.argument("profile_name", metavar="NAME-OR-FILE")
@format_option
@pass_app
def check(app: App, profile_name: str, fmt: str) -> None:
    from eid_toolkit.standards.profiles.loading import MAX_FILE

    path = Path(profile_name)
    data = read_file(path, MAX_FILE) if path.suffix == ".toml" else None
    with open_office(app) as office:
        done = document_types.check(office, path.stem if data is not None else profile_name, data)
    told = [app.speaker.of(each) for each in done.objections]
    values: dict[str, Any] = {
        "schema": "eid-profile-check/1",
        "name": done.profile.name,
        "good": not done.objections,
        "objections": [
            {"code": error.code, "message": message.text, "hint": message.hint}
            for error, message in zip(done.objections, told, strict=True)
        ],
        "tried_with": done.tried_with,
        "bytes": done.size,
    }
    pairs: list[tuple[str, object]] = [("Profile", f"{done.profile.name}: {done.profile.title}")]
    pairs.append(("Tried with", done.tried_with or sentence("profile-tried-with-nobody")))
    if done.size is not None:
        pairs.append(("Bytes on the chip", done.size))
    result = "profile-good" if not done.objections else "profile-not-today"
    pairs.append(("Result", presentation().speaker.in_short(result)))
    emit(values, fmt, lambda: details(pairs))
    app.tell_all([(done.profile.name, each) for each in done.objections])


@profile.command("new")
@click.argument("name", metavar="NAME")
@click.option("--from", "source", required=True, metavar="PROFILE")
@click.option("--title", required=True, metavar="TEXT")
@click.option("--state", "issuing_state", metavar="CODE")
@click.option("--document-code", metavar="CODE")
@click.option("--number-prefix", metavar="TEXT")
@click.option("--years", type=click.IntRange(1, 50), metavar="N")
@format_option
@pass_app
def new(app: App, name: str, source: str, years: int | None, fmt: str, **changes: str | None) -> None:
    given = {key: value for key, value in changes.items() if value is not None}
    if "issuing_state" in given:
        given["issuing_state"] = given["nationality"] = given["issuing_state"].upper()
    with open_office(app) as office:
        made = document_types.new(office, name, source, given, years)
        path = office.home.profiles / f"{made.name}.toml"
    values = _values(made)
    emit({"schema": "eid-profile/1", **values, "file": str(path)}, fmt, lambda: details(_lines(values)))
    tell("profile-made", file=path, name=made.name)


def _values(shown: DocumentProfile) -> dict[str, Any]:
    from eid_toolkit.ground.plain_values import to_plain

    values: dict[str, Any] = to_plain(shown)
    return values


def _lines(values: dict[str, Any], before: str = "") -> list[tuple[str, object]]:
    """Labels and values; those of a table with its name before them."""
    lines: list[tuple[str, object]] = []
    for name, value in values.items():
        label = f"{before}{name}"
        if isinstance(value, dict):
            lines += _lines(value, f"{label}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for number, each in enumerate(value, start=1):
                lines += _lines(each, f"{label}[{number}].")
        elif isinstance(value, list):
            lines.append((label, ", ".join(map(str, value))) if value else (label, None))
        elif value is not None:
            lines.append((label, value))
    hidden = () if presentation().verbose else ("hash",)
    return [(label, value) for label, value in lines if value not in (None, "") and label not in hidden]
