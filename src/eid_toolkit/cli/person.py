"""`eid person`: the population register."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from eid_toolkit.cli.catalogue import message_of
from eid_toolkit.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.cli.files import OutputFile, read_file
from eid_toolkit.cli.office import open_office
from eid_toolkit.cli.output import details, emit, note, table
from eid_toolkit.errors import BadInput

if TYPE_CHECKING:
    from eid_toolkit.register.person_files import Row
    from eid_toolkit.register.persons import ImportReport, Person

_F = TypeVar("_F", bound=Callable[..., object])

_FIELD_OPTIONS = (
    (("--surname", "primary_identifier"), "The primary identifier: surname."),
    (("--given-names", "secondary_identifier"), "The secondary identifier: given names."),
    (("--birth", "date_of_birth"), "Date of birth: YYYY-MM-DD, or YYYY-MM or YYYY if no more is known."),
    (("--sex", "sex"), "F, M, or X for unspecified."),
    (("--nationality", "nationality"), "Code of the MRZ, for example UTO."),
    (("--personal-number", "personal_number"), "The person's number."),
    (("--place-of-birth", "place_of_birth"), "Place of birth, its parts separated by commas."),
    (("--place-of-origin", "place_of_origin"), "Place of origin."),
    (("--place-of-residence", "place_of_residence"), "Address, its parts separated by commas."),
    (("--ethnicity", "ethnicity"), "Ethnicity."),
    (("--religion", "religion"), "Religion."),
    (("--identifying-features", "identifying_features"), "Identifying features."),
    (("--father", "father"), "The father's name."),
    (("--mother", "mother"), "The mother's name."),
    (("--spouse", "spouse"), "The spouse's name."),
    (("--former-number", "former_number"), "An earlier number of the person."),
)


def _person_options(function: _F) -> _F:
    for names, text in reversed(_FIELD_OPTIONS):
        click.option(*names, metavar="TEXT", help=text)(function)
    return function


@click.group(cls=Group)
def person() -> None:
    """The population register."""


@person.command("add")
@_person_options
@format_option
@pass_app
def add(app: App, fmt: str, **values: str | None) -> None:
    """Add one person."""
    from eid_toolkit.register.person_data import PersonData

    data = PersonData.from_text(values)
    with open_office(app) as office:
        _show(office.register.persons.add(data, office.act()), fmt)


@person.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Report every bad row and write nothing.")
@click.option("--keep-going", is_flag=True, help="Import the good rows, and write the bad ones to a rejects file.")
@click.option("--rejects", type=OutputFile(), help="The rejects file.")
@click.option("--as", "kind", type=click.Choice(["csv", "jsonl"]), help="What FILE is, if its name does not say.")
@format_option
@pass_app
def import_(
    app: App, file: Path, dry_run: bool, keep_going: bool, rejects: Path | None, kind: str | None, fmt: str
) -> None:
    """Import persons from a CSV or JSON Lines file.

    One bad row keeps all out, unless --keep-going. Each bad row is reported with its line and field. The rejects
    file is, unless named, FILE with `.rejects` before its suffix.
    """
    from eid_toolkit.register import person_files

    lines = kind == "jsonl" or (kind is None and file.suffix.lower() in (".jsonl", ".ndjson", ".json"))
    text = person_files.decode(read_file(file, person_files.MAX_FILE))
    rows = person_files.read_jsonl(text) if lines else person_files.read_csv(text)
    with open_office(app) as office:
        report = office.register.persons.import_rows(rows, office.act(), keep_going=keep_going, dry_run=dry_run)
    if keep_going and report.rejected and not dry_run:
        target = rejects or file.with_suffix(f".rejects{file.suffix}")
        _write_rejects(report, target, lines=lines)
        note(f"{len(report.rejected)} bad rows written to {target}")
    _show_report(app, report, fmt)
    if report.rejected and not (keep_going and report.written):
        raise BadInput("import-bad-rows", count=len(report.rejected))


@person.command("show")
@click.argument("person_id", metavar="PERSON")
@format_option
@pass_app
def show(app: App, person_id: str, fmt: str) -> None:
    """Show one person, by identifier or personal number."""
    with open_office(app) as office:
        _show(office.register.persons.get(person_id), fmt)


@person.command("search")
@click.argument("words", metavar="[WORD]...", nargs=-1)
@click.option("--birth", metavar="DATE", help="Only persons born then (YYYY-MM-DD).")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="Persons at most.")
@click.option("--offset", type=click.IntRange(0), default=0, help="Leave out so many first.")
@list_format_option
@pass_app
def search(app: App, words: tuple[str, ...], birth: str | None, limit: int, offset: int, fmt: str) -> None:
    """Find persons by words of the name, with or without diacritics, or by personal number."""
    from eid_toolkit.lds.dates import PartialDate

    date_of_birth = PartialDate.parse(birth) if birth else None
    with open_office(app) as office:
        found = office.register.persons.search(" ".join(words), date_of_birth=date_of_birth, limit=limit, offset=offset)
    emit([each.to_json() for each in found], fmt, lambda: _table(found))


@person.command("export")
@click.option("--output", type=OutputFile(), help="Write to this file, not stdout.")
@click.option("--as", "kind", type=click.Choice(["csv", "jsonl"]), default="csv", help="The file format.")
@pass_app
def export(app: App, output: Path | None, kind: str) -> None:
    """Export all persons; `eid person import` reads it back."""
    from eid_toolkit.register import person_files

    with open_office(app) as office:
        people = (each.data.to_text() for each in office.register.persons.all())
        with output.open("w", encoding="utf-8", newline="") if output else click.open_file("-", "w") as stream:
            (person_files.write_csv if kind == "csv" else person_files.write_jsonl)(people, stream)


def _show(found: Person, fmt: str) -> None:
    values = found.to_json()
    emit(values, fmt, lambda: details((name, value) for name, value in values.items() if value is not None))


def _table(found: tuple[Person, ...]) -> str:
    rows = (
        (
            each.id,
            each.data.personal_number,
            each.data.name,
            each.data.date_of_birth,
            each.data.sex,
            each.data.nationality,
        )
        for each in found
    )
    return table(("id", "number", "name", "birth", "sex", "nationality"), rows)


def _show_report(app: App, report: ImportReport, fmt: str) -> None:
    bad = [_bad_row(app, row) for row in report.rejected]
    result = {
        "schema": "eid-person-import/1",
        "written": report.written,
        "good": report.imported,
        "imported": report.imported if report.written else 0,
        "rejected": bad,
    }

    def text() -> str:
        summary = f"{result['imported']} persons imported, {len(bad)} bad rows."
        if not bad:
            return summary
        lines = table(("line", "field", "problem"), ((row["line"], row["field"], row["message"]) for row in bad))
        return f"{lines}\n{summary}"

    emit(result, fmt, text)


def _bad_row(app: App, row: Row) -> dict[str, Any]:
    error = row.error or BadInput("import-bad-rows", count=1)
    return {
        "line": row.line,
        "field": error.facts.get("field"),
        "code": error.code,
        "message": message_of(error, app.language).text,
    }


def _write_rejects(report: ImportReport, target: Path, *, lines: bool) -> None:
    """The bad rows as they stood in the file: to be mended and imported again."""
    from eid_toolkit.register import person_files

    rows = [row.raw for row in report.rejected]
    with target.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
        if lines:
            person_files.write_jsonl(rows, stream)
        else:
            person_files.write_csv(rows, stream, dict.fromkeys(name for row in rows for name in row))
