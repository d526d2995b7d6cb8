"""`eid audit`: the tamper-evident log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain, islice
from os import SEEK_END
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from eid_toolkit.doors.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.files import OutputFile
from eid_toolkit.doors.cli.layout import fixed
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import emit, emit_values, say, sentence, tell, terminal_width, time_text, to_json
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.doors.cli.walking import processes_option, walking
from eid_toolkit.ground.display import harmless
from eid_toolkit.ground.errors import BadInput, IntegrityBroken
from eid_toolkit.ground.home.named_files import read_file, write_file, written_whole
from eid_toolkit.work.office import audit_log
from eid_toolkit.work.office.finding import find_subject

if TYPE_CHECKING:
    from eid_toolkit.books.audit.log import AuditRow
    from eid_toolkit.books.audit.statements import AuditKey, Checkpoint
    from eid_toolkit.books.audit.walk import AuditResult, Restoring, Resumed

_KEY_LIMIT = 1 << 16
_PROOF_LIMIT = 1 << 28
_KILOBYTE = 1000
"""About as much as a row and its signature take in an export."""
_COLUMNS = (("row", 8), ("time", 26), ("operator", 16), ("action", 28), ("subject", 0))
_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_key_option = click.option("--key", "key_file", type=_file, metavar="FILE")
_head_option = click.option("--head", "head_file", type=_file, metavar="FILE")


@click.group(cls=Group)
def audit() -> None:
    pass


@audit.command("show")
@click.option("--subject", metavar="ID")
@click.option("--action", metavar="ACTION")
@click.option("--since", metavar="TIME")
@click.option("--limit", type=click.IntRange(min=1), metavar="N")
@list_format_option
@pass_app
def show(app: App, subject: str | None, action: str | None, since: str | None, limit: int | None, fmt: str) -> None:
    from eid_toolkit.books.audit.log import Filter

    first = presentation().moment(since) if since is not None else None
    with open_office(app) as office:
        about = find_subject(office, subject, app.choose) if subject is not None else None
        with audit_log.rows(office, Filter(about, action, first, limit)) as rows:
            for line in _shown(rows, fmt):
                say(line)


@audit.command("verify")
@click.option("--file", "export_file", type=_file, metavar="EXPORT")
@_key_option
@_head_option
@processes_option
@click.option("--from-start", is_flag=True)
@click.option("--resumable", is_flag=True)
@format_option
@pass_app
def verify(
    app: App,
    export_file: Path | None,
    key_file: Path | None,
    head_file: Path | None,
    processes: int | None,
    from_start: bool,
    resumable: bool,
    fmt: str,
) -> None:
    key, head = _read_key(key_file), _read_head(head_file)
    if export_file is not None and _is_proof(export_file):
        _verify_proof(export_file, key, fmt)
        return
    remembered: list[dict[str, object]] = []
    if export_file is not None:
        with export_file.open("rb") as stream:
            result, used = _verify_file(stream, key, head, processes)
    else:
        with open_office(app) as office, walking(processes, from_start=from_start) as manner:
            try:
                result, used = audit_log.verify(office, key, head, manner, resumable=resumable)
            except KeyboardInterrupt:
                if audit_log.is_resumable(office):
                    tell("audit-verify-continues")
                raise
            remembered = [each.to_json() for each in office.register.audit.restorings()]
    values = _result(result, used, proved=key is not None, kept=head) | {"restorings_of_the_home": remembered}
    if result.note_refused:
        tell("audit-note-refused")
    emit(values, fmt, lambda: _text(app, result, values, export=export_file is not None))
    if result.reason is not None:
        raise IntegrityBroken("audit-broken", row=result.broken_at)


@audit.command("checkpoint")
@format_option
@pass_app
def checkpoint(app: App, fmt: str) -> None:
    with open_office(app) as office:
        signed = audit_log.sign(office)
    names = ", ".join(person.operator for person in signed.countersigned)
    pairs = (("Row", signed.position), ("Hash", signed.hash), ("Countersigned by", names), ("Key", signed.key))
    emit_values(signed.to_json(), fmt, pairs)


@audit.command("export")
@click.option("--output", type=OutputFile())
@click.option("--subject", metavar="ID")
@pass_app
def export(app: App, output: Path | None, subject: str | None) -> None:
    if subject is not None:
        with open_office(app) as office:
            proof = to_json(audit_log.prove(office, find_subject(office, subject, app.choose)).to_json())
        if output is None:
            say(proof)
        else:
            write_file(output, f"{proof}\n".encode())
        return
    with open_office(app) as office:
        if output is None:
            with click.open_file("-", "w", encoding="utf-8") as stream:
                result = audit_log.export(office, stream.write)
        else:
            with written_whole(output) as file:
                result = audit_log.export(office, lambda line: file.write(line.encode()))
    if isinstance(result, IntegrityBroken):
        raise result
    if result.reason is not None:
        raise IntegrityBroken("audit-broken", row=result.broken_at)


def _shown(rows: Iterable[AuditRow], fmt: str) -> Iterator[str]:
    """The rows as lines that can be printed while more are fetched."""
    if fmt == "jsonl":
        yield from (to_json(row.to_json(), indent=None) for row in rows)
    elif fmt == "json":
        before = "["
        for row in rows:
            yield f"{before}\n  {to_json(row.to_json(), indent=None)}" if before else ""
            before = ","
        yield "[]" if before == "[" else "]"
    else:
        coming = iter(rows)
        first = list(islice(coming, 1))  # what is wrong with an argument shows here, before anything is printed
        yield _line(presentation().speaker.label(name).upper() for name, _ in _COLUMNS)
        for row in chain(first, coming):
            yield _line((row.position, _moment(row.time), row.operator, row.action, row.subject))


def _line(cells: Iterable[object]) -> str:
    return fixed((harmless(str(cell)) for cell in cells), [width for _, width in _COLUMNS], terminal_width())


def _moment(time: datetime | str) -> str:
    """The time of a row, with its seconds."""
    return time_text(datetime.fromisoformat(time) if isinstance(time, str) else time, seconds=True)


def _is_proof(path: Path) -> bool:
    """Whether a file is about one subject."""
    with path.open("rb") as file:
        return b'"eid-audit-subject/' in file.read(200)


def _verify_proof(path: Path, key: AuditKey | None, fmt: str) -> None:
    from eid_toolkit.books.audit.subject_export import SubjectProof, check_subject

    proof = SubjectProof.read(read_file(path, _PROOF_LIMIT))
    check_subject(proof, key)
    values = {
        "schema": "eid-audit-subject-verify/1",
        "subject": proof.subject,
        "rows": [{"row": row.position, "time": row.time, "operator": row.operator, "action": row.action}
                 for row in proof.rows if row.subject == proof.subject],
        "older": proof.older,
        "checkpoint": proof.checkpoint.position,
        "key": proof.checkpoint.key,
        "key_proved": key is not None,
    }  # fmt: skip

    def text() -> str:
        shown = [_line((row.position, _moment(row.time), row.operator, row.action, row.subject))
                 for row in proof.rows if row.subject == proof.subject]  # fmt: skip
        lines = [*shown, sentence("audit-subject-proved", row=proof.checkpoint.position)]
        if proof.older:
            lines.append(sentence("audit-subject-older", count=proof.older))
        if key is None:
            lines.append(sentence("audit-key-unproved"))
        return "\n".join(lines)

    emit(values, fmt, text)


def _read_key(path: Path | None) -> AuditKey | None:
    if path is None:
        return None
    from eid_toolkit.books.audit.statements import AuditKey

    return AuditKey.read(read_file(path, _KEY_LIMIT))


def _read_head(path: Path | None) -> Checkpoint | None:
    if path is None:
        return None
    from eid_toolkit.books.audit.statements import Checkpoint

    try:
        return Checkpoint.read(read_file(path, _KEY_LIMIT))
    except ValueError:
        raise BadInput("audit-kept-malformed") from None


def _result(result: AuditResult, key: AuditKey | None, *, proved: bool, kept: Checkpoint | None) -> dict[str, Any]:
    return {
        "schema": "eid-audit-verify/1",
        "intact": result.reason is None,
        "rows": result.rows,
        "head": result.head,
        "broken_at": result.broken_at,
        "broken_through": result.broken_through,
        "reason": result.reason,
        "checkpoints": result.checkpoints,
        "signatures": result.runs,
        "signed_up_to": result.signed_up_to,
        "unsigned_rows": result.unsigned_rows,
        "key": key.fingerprint if key else None,
        "key_proved": proved,
        "kept_head": kept.position if kept else None,
        "kept_head_lost": kept in result.lost,
        "restorings": [restoring.to_json() for restoring in result.restorings],
        "resumed": result.resumed.to_json() if result.resumed else None,
        "note_refused": result.note_refused,
    }


def _verify_file(
    stream: BinaryIO, key: AuditKey | None, head: Checkpoint | None, processes: int | None
) -> tuple[AuditResult, AuditKey | None]:
    from eid_toolkit.books.audit.export import verify_export

    size = stream.seek(0, SEEK_END)
    stream.seek(0)
    with walking(processes) as manner:
        shown = manner.tell
        told = None if shown is None else lambda: shown(stream.tell() // _KILOBYTE, size // _KILOBYTE)
        return verify_export(stream, key, head, manner.count(size // _KILOBYTE), told)


def _resumed(resumed: Resumed) -> str:
    since, until = time_text(resumed.begun), time_text(resumed.noted)
    return sentence("audit-resumed", row=resumed.row, since=since, until=until)


def _text(app: App, result: AuditResult, values: dict[str, Any], *, export: bool) -> str:

    if result.reason is not None:
        explanation = app.speaker.message(result.reason, {"row": result.broken_at, "last": result.broken_through})
        lines = [explanation.text if explanation else result.reason]
        return "\n".join(lines + ([_resumed(result.resumed)] if result.resumed else []))
    intact = sentence("audit-intact", rows=result.rows)
    lines = [f"{intact} {sentence('audit-head', head=result.head)}" if app.verbose else intact]
    if result.resumed is not None:
        lines.append(_resumed(result.resumed))
    if result.signed_up_to:
        counts = {"count": result.checkpoints, "row": result.signed_up_to, "unsigned": result.unsigned_rows}
        lines.append(sentence("audit-checkpoints", **counts))
    else:
        lines.append(sentence("audit-checkpoint-none"))
    lines.append(sentence("audit-signatures", count=result.runs))
    lines += map(_restored, result.restorings)
    lines += map(_remembered, values["restorings_of_the_home"])
    if result.signed_up_to and not values["key_proved"]:
        lines.append(sentence("audit-key-unproved"))
    if values["kept_head"] is not None:
        code = "audit-kept-lost" if values["kept_head_lost"] else "audit-kept-found"
        lines.append(sentence(code, row=values["kept_head"]))
    elif export:
        lines.append(sentence("audit-cut-off-possible"))
    return "\n".join(lines)


def _restored(restoring: Restoring) -> str:
    facts = {"row": restoring.position, "operator": restoring.operator}
    if restoring.lost_through is None:
        return sentence("audit-restored-none-lost", **facts)
    first = restoring.lost_from if restoring.lost_from is not None else "?"
    return sentence("audit-restored-rows-lost", first=first, last=restoring.lost_through, **facts)


def _remembered(restoring: Mapping[str, Any]) -> str:
    """A restoring as the home remembers it."""
    when, backup = (time_text(datetime.fromisoformat(str(restoring[name]))) for name in ("at", "back_up"))
    *first, last = restoring["operators"]
    if first:
        others = ", ".join(first)
        return sentence("home-remembers-restoring-by-several", time=when, first=others, last=last, backup=backup)
    return sentence("home-remembers-restoring", time=when, operator=last, backup=backup)
