"""`eid pki master-list`: one state's collection of CSCA certificates, for others to start from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Command, Group, format_option, pass_app
from eid_toolkit.doors.cli.files import OutputFile
from eid_toolkit.doors.cli.office import CLOCK, open_office
from eid_toolkit.doors.cli.output import emit_rows, emit_values
from eid_toolkit.doors.cli.pki_commands.shared import state_option
from eid_toolkit.ground.home.named_files import read_file
from eid_toolkit.work.office import country_signing
from eid_toolkit.work.office.charters import state_of

if TYPE_CHECKING:
    from eid_toolkit.standards.pki.master_list import MasterList


@click.group("master-list", cls=Group)
def master_list() -> None:
    pass


@master_list.command("create")
@state_option
@click.option("--output", required=True, type=OutputFile())
@format_option
@pass_app
def create(app: App, state: str | None, output: Path, fmt: str) -> None:
    with open_office(app) as office:
        code = state_of(office, state)
        listed, data = country_signing.create_master_list(office, code, output)
    signer = listed.signer
    shown = {
        "state": code,
        "certificates": len(listed.certificates),
        "signer": signer.subject.text if signer else None,
        "signer_fingerprint": signer.fingerprint if signer else None,
        "size": len(data),
    }
    emit_values({"schema": "eid-pki-master-list/1", **shown}, fmt, shown.items())


@master_list.command("diff", cls=Command)
@click.argument("before", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("after", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@format_option
@pass_app
def diff(app: App, before: Path, after: Path, fmt: str) -> None:
    from eid_toolkit.standards.pki.master_list import changes

    difference = changes(_read(before), _read(after))
    rows = [
        {"change": change, "country": item.country, "subject": item.subject.text, "fingerprint": item.fingerprint}
        for change, items in (("added", difference.added), ("removed", difference.removed))
        for item in items
    ]
    emit_rows(rows, ("change", "country", "subject"), fmt, lambda name, row: str(row[name]))


@master_list.command("verify", cls=Command)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@format_option
@pass_app
def verify(app: App, file: Path, fmt: str) -> None:
    from eid_toolkit.books.trust.store import open_trust
    from eid_toolkit.standards.pki.signature_form import is_without_null
    from eid_toolkit.standards.pki.validation import Status, validate_list_signer

    parsed = _read(file)
    result = validate_list_signer(parsed, open_trust(app.home_path).material(), CLOCK.now())
    shown = {
        "certificates": len(parsed.certificates),
        "unreadable": len(parsed.unreadable),
        "signer": parsed.signer.subject.text if parsed.signer else None,
        "signer_not_after": parsed.signer.not_after.isoformat() if parsed.signer else None,
        "signer_fingerprint": parsed.signer.fingerprint if parsed.signer else None,
        "status": result.status.value,
        "reason": result.reason,
        "digest_info_without_null": parsed.signed is not None and is_without_null(parsed.signed),
    }
    emit_values({"schema": "eid-pki-master-list-verdict/1", **shown}, fmt, shown.items())
    codes = {Status.PASSED: 0, Status.FAILED: 3, Status.UNDETERMINED: 4}
    click.get_current_context().exit(codes[result.status])


def _read(path: Path) -> MasterList:
    from eid_toolkit.standards.pki.master_list import MAX_SIZE, MasterList

    return MasterList.parse(read_file(path, MAX_SIZE))
