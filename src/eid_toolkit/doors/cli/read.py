"""`eid read`: every readable file of a card, and a manifest of them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Command, format_option, pass_app
from eid_toolkit.doors.cli.output import emit, table
from eid_toolkit.doors.cli.passwords import access_password, password_options
from eid_toolkit.doors.cli.readers import open_reader, quirks_option, reader_option, wait_option
from eid_toolkit.doors.cli.terminals import load_terminals
from eid_toolkit.doors.cli.tracing import entropy_of
from eid_toolkit.ground.errors import AccessDenied, ChannelError, NoCardError

if TYPE_CHECKING:
    from eid_toolkit.work.inspection.evidence import Evidence

SCHEMA = "eid-files/1"
MANIFEST = "manifest.json"
_GONE = (
    "card-removed", "card-reset", "card-silent", "card-unresponsive", "no-card", "reader-gone", "pcsc-service-away",
    "pcsc-failed",
)  # fmt: skip
"""What ended a reading from outside: the card was taken away, or what lies between."""


@click.command(cls=Command)
@reader_option
@password_options
@wait_option
@quirks_option
@click.option("--output", required=True, type=click.Path(file_okay=False, path_type=Path))
@format_option
@pass_app
def read(app: App, reader: str, wait: float, quirks: str, output: Path, fmt: str, **password: str | None) -> None:
    from eid_toolkit.cards.terminal.quirks import quirks_by_name
    from eid_toolkit.ground.home.atomic import private_directory, write_atomic
    from eid_toolkit.ground.ports import SystemClock
    from eid_toolkit.work.inspection.capture import capture, read_small_files
    from eid_toolkit.work.inspection.evidence import FileEvidence, FileState
    from eid_toolkit.work.inspection.policy import policy_by_name

    opened_by, known, terminals = access_password(**password), quirks_by_name(quirks), load_terminals(app)
    clock, officer = SystemClock(), policy_by_name("officer")
    with open_reader(reader, app, wait) as transport:
        small = read_small_files(transport, known)
        evidence = capture(transport, opened_by, officer, entropy_of(transport), clock, known, terminals)
    files = {file: FileEvidence(FileState.READ, data) for file, data in small.items()} | dict(evidence.files)
    rows = [
        {
            "file": file.label,
            "name": file.file_name if file_evidence.content is not None else None,
            "state": file_evidence.state.value,
            "size": len(file_evidence.content) if file_evidence.content is not None else None,
            "sha256": hashlib.sha256(file_evidence.content).hexdigest() if file_evidence.content is not None else None,
            "cause": file_evidence.cause,
        }
        for file, file_evidence in files.items()
    ]
    manifest = {"schema": SCHEMA, "access": _access(evidence), "interrupted": evidence.interrupted, "files": rows}
    private_directory(output)
    for file, file_evidence in files.items():
        if file_evidence.content is not None:
            write_atomic(output / file.file_name, file_evidence.content)
    write_atomic(output / MANIFEST, json.dumps(manifest, indent=1).encode())
    emit(manifest, fmt, lambda: table(("file", "state", "bytes"), ((r["file"], r["state"], r["size"]) for r in rows)))
    if evidence.interrupted in _GONE:
        raise NoCardError("reading-interrupted", reader=evidence.reader, cause=evidence.interrupted)
    if not any(file.in_application and file_evidence.content is not None for file, file_evidence in files.items()):
        raise AccessDenied("nothing-readable")
    if evidence.interrupted is not None:
        raise ChannelError("reading-ended-by-card", reader=evidence.reader, cause=evidence.interrupted)


def _access(evidence: Evidence) -> dict[str, object]:
    access = evidence.access
    return {"protocol": access.protocol, "password": access.password, "cipher": access.cipher}
