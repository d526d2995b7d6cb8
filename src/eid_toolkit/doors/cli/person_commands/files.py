"""`eid person import` and `export`: persons out of files and into them, as streams."""

from __future__ import annotations

import io
import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, cast

import click

from eid_toolkit.doors.cli.context import App, Command, format_option, pass_app
from eid_toolkit.doors.cli.files import OutputFile
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import emit, is_terminal, sentence, table, tell
from eid_toolkit.doors.cli.person_commands.shared import purpose_option
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.ground.errors import BadInput, UsageError
from eid_toolkit.ground.home.named_files import is_kept
from eid_toolkit.work.office import people

if TYPE_CHECKING:
    from eid_toolkit.books.register.people.person_files import Row
    from eid_toolkit.books.register.people.person_import import ImportReport
    from eid_toolkit.books.register.people.person_record import Person

_STEPS = 1000
_GZIP = 31
"""zlib's word for a gzip file (RFC 1952) with the largest window."""


@click.command("import", cls=Command)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--dry-run", is_flag=True)
@click.option("--keep-going", is_flag=True)
@click.option("--rejects", type=OutputFile())
@click.option("--new-rejects", is_flag=True)
@click.option("--again", is_flag=True)
@click.option("--profile", metavar="NAME")
@click.option("--as", "kind", type=click.Choice(["csv", "jsonl"]))
@format_option
@pass_app
def import_(
    app: App,
    file: Path,
    dry_run: bool,
    keep_going: bool,
    rejects: Path | None,
    new_rejects: bool,
    again: bool,
    profile: str | None,
    kind: Literal["csv", "jsonl"] | None,
    fmt: str,
) -> None:
    from eid_toolkit.books.register.people.person_batches import NumberCheck
    from eid_toolkit.books.register.people.person_import import ImportOptions
    from eid_toolkit.books.register.people.person_source import PersonSource

    if (rejects is not None or new_rejects) and not keep_going:
        raise UsageError("rejects-without-keep-going")
    path = None if str(file) == "-" else file
    if keep_going and not dry_run and rejects is None:
        if path is None:
            raise UsageError("import-rejects-unnamed")
        rejects = _rejects_name(path)
    pipe = cast(BinaryIO, click.open_file("-", "rb")) if path is None else None
    if rejects is not None and _is_the_source(rejects, path, pipe):
        raise UsageError("rejects-over-the-file")
    with open_office(app) as office:
        check = NumberCheck(office.profile(profile).check_identity_number) if profile is not None else None
        in_short = presentation().speaker.in_short
        with _progress(in_short("persons-importing")) as progress, PersonSource.open(path, pipe, kind) as source:
            options = ImportOptions(keep_going, dry_run, again, rejects, new_rejects, check, progress)
            report = people.take_in(office, source, options)
    if report.skipped:
        tell("import-rows-before", count=report.skipped)
    if report.rejects is not None:
        tell("import-rejects-written", file=report.rejects, count=report.rejected_count)
    _show_report(app, report, fmt, dry_run=dry_run)
    if report.rejected_count and not (keep_going and report.written):
        raise BadInput("import-bad-rows", count=report.rejected_count)


@click.command("export", cls=Command)
@click.option("--output", type=OutputFile())
@click.option("--as", "kind", type=click.Choice(["csv", "jsonl"]), default="csv")
@click.option("--gzip", "zipped", is_flag=True)
@click.option("--excel", is_flag=True)
@purpose_option
@pass_app
def export(
    app: App, output: Path | None, kind: Literal["csv", "jsonl"], zipped: bool, excel: bool, purpose: str | None
) -> None:
    from eid_toolkit.books.register.people.person_export import BYTE_ORDER_MARK, export_persons, write_people
    from eid_toolkit.books.register.people.person_workbook import write_workbook

    if excel and (zipped or kind != "csv"):
        raise UsageError("excel-of-another-form")
    if excel and not _is_workbook(output):
        tell("export-leading-zeros")
    with open_office(app) as office:
        count_all, everybody = people.going_out(office, purpose)
        watched = is_terminal() and not (output is None and sys.stdout.isatty())
        count = count_all() if watched else 0
        in_short = presentation().speaker.in_short
        with _progress(in_short("persons-exporting"), watched=watched) as progress:
            if output is not None and excel and _is_workbook(output):
                write_workbook(everybody(), output, partial(_tell, progress, count))
                return
            if output is None or is_kept(output):
                with _output(output, zipped=zipped) as stream:
                    stream.write(BYTE_ORDER_MARK * excel)
                    write_people(_told(everybody(), count, progress), stream, kind)
                return
            told = partial(_tell, progress, count)
            done = export_persons(everybody, output, kind, zipped=zipped, marked=excel, told=told)
    if done.before:
        tell("export-persons-before", before=done.before, count=done.count)
    if done.begun_anew:
        tell("export-begun-anew")


def _is_workbook(output: Path | None) -> bool:
    return output is not None and output.suffix.lower() == ".xlsx" and not is_kept(output)


def _rejects_name(file: Path) -> Path:
    name = file.with_suffix("") if file.suffix.lower() == ".gz" else file
    return name.with_suffix(f".rejects{name.suffix}")


def _is_the_source(rejects: Path, path: Path | None, pipe: BinaryIO | None) -> bool:
    """Whether this is the regular file that is read, by its name or as standard input."""
    try:
        if path is not None:
            return rejects.samefile(path)
        source = os.fstat(pipe.fileno()) if pipe is not None else None
        return source is not None and stat.S_ISREG(source.st_mode) and os.path.samestat(source, rejects.stat())
    except FileNotFoundError:
        return False
    except io.UnsupportedOperation:  # standard input that is no descriptor
        return False


@contextmanager
def _progress(label: str, *, watched: bool | None = None) -> Iterator[Callable[[float], None]]:
    """A bar on stderr if a person watches."""
    if not (is_terminal() if watched is None else watched):
        yield lambda done: None
        return
    with click.progressbar(length=_STEPS, label=label, file=sys.stderr) as bar:
        yield lambda done: bar.update(int(done * _STEPS) - bar.pos)


def _told(people: Iterable[Person], count: int, progress: Callable[[float], None]) -> Iterator[Person]:
    """The persons, about ``count`` of them, telling how far it is; others may be added meanwhile."""
    for number, person in enumerate(people, start=1):
        if number % _STEPS == 0:
            _tell(progress, count, number)
        yield person
    progress(1.0)


def _tell(progress: Callable[[float], None], count: int, so_far: int) -> None:
    if count:
        progress(min(1.0, so_far / count))


class _Text:
    """Text in UTF-8 on its way to a file, compressed if wanted; what is not finished is a gzip file without an end."""

    def __init__(self, raw: BinaryIO, *, zipped: bool) -> None:
        self._raw = raw
        self._packing = zlib.compressobj(zlib.Z_BEST_COMPRESSION, zlib.DEFLATED, _GZIP) if zipped else None

    def write(self, text: str) -> None:
        data = text.encode()
        self._raw.write(data if self._packing is None else self._packing.compress(data))

    def finish(self) -> None:
        if self._packing is not None:
            self._raw.write(self._packing.flush())
        self._raw.flush()


@contextmanager
def _output(path: Path | None, *, zipped: bool) -> Iterator[_Text]:
    """Text to a device, a pipe or a link, or to stdout."""
    with path.open("wb") if path is not None else nullcontext(cast(BinaryIO, click.open_file("-", "wb"))) as raw:
        text = _Text(raw, zipped=zipped)
        yield text
        text.finish()


def _show_report(app: App, report: ImportReport, fmt: str, *, dry_run: bool) -> None:
    bad = [_bad_row(app, row) for row in report.rejected]
    result = {
        "schema": "eid-person-import/1",
        "import": report.id,
        "written": report.written,
        "good": report.good,
        "imported": report.imported,
        "skipped": report.skipped,
        "rejected_count": report.rejected_count,
        "rejected": bad,
    }

    def text() -> str:
        if dry_run:
            summary = sentence("persons-not-imported", good=report.good, rejected=report.rejected_count)
        else:
            summary = sentence("persons-imported", imported=report.imported, rejected=report.rejected_count)
        if not bad:
            return summary
        lines = table(("line", "field", "problem"), ((row["line"], row["field"], row["message"]) for row in bad))
        left = report.rejected_count - len(bad)
        more = [sentence("import-rows-more", count=left)] if left > 0 else []
        return "\n".join([lines, *more, summary])

    emit(result, fmt, text)


def _bad_row(app: App, row: Row) -> dict[str, Any]:
    error = row.error or BadInput("import-bad-rows", count=1)
    return {
        "line": row.line,
        "field": error.facts.get("field"),
        "code": error.code,
        "message": app.speaker.of(error).text,
    }
