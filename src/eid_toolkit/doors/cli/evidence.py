"""`eid evidence`: the key that this home signs evidence with, and the homes whose evidence it believes."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Command, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import emit, emit_values, table, tell
from eid_toolkit.work.office import believing

if TYPE_CHECKING:
    from eid_toolkit.work.inspection.evidence_keys import EvidenceKeys, Reader


@click.group(cls=Group)
def evidence() -> None:
    pass


@evidence.command("key", cls=Command)
@format_option
@pass_app
def key(app: App, fmt: str) -> None:
    from eid_toolkit.ground.ports import SystemEntropy
    from eid_toolkit.work.inspection.evidence_seal import fingerprint_of
    from eid_toolkit.work.office.evidence_signing import evidence_key

    fingerprint = _keys(app).own_fingerprint() or fingerprint_of(evidence_key(app.home_path, app, SystemEntropy()))
    emit_values({"fingerprint": fingerprint}, fmt)


@evidence.command("enrol", cls=Command)
@click.argument("fingerprint")
@click.option("--name", required=True)
@format_option
@pass_app
def enrol(app: App, fingerprint: str, name: str, fmt: str) -> None:
    from eid_toolkit.books.keys.opening import is_authority
    from eid_toolkit.work.inspection.evidence_keys import cleaned

    keys = _keys(app)
    keys.check(fingerprint, name)
    app.confirm("confirm-evidence-enrol", name=name, fingerprint=cleaned(fingerprint))
    if is_authority(app.home_path):
        with open_office(app) as office:
            reader = believing.enrol_reader(office, keys, cleaned(fingerprint), name)
    else:  # an officer's home is the officer's
        reader = keys.enrol(fingerprint, name)
    emit(asdict(reader), fmt, lambda: _table((reader,)))


@evidence.command("list", cls=Command)
@list_format_option
@pass_app
def list_readers(app: App, fmt: str) -> None:
    readers = _keys(app).enrolled()
    emit([asdict(reader) for reader in readers], fmt, lambda: _table(readers))


@evidence.command("forget", cls=Command)
@click.argument("fingerprint")
@pass_app
def forget(app: App, fingerprint: str) -> None:
    from eid_toolkit.books.keys.opening import is_authority

    keys = _keys(app)
    reader = keys.find(fingerprint)
    app.confirm("confirm-evidence-forget", name=reader.name)
    if is_authority(app.home_path):
        with open_office(app) as office:
            believing.forget_reader(office, keys, reader)
    else:
        keys.forget(reader)
    tell("evidence-forgotten", name=reader.name)


def _keys(app: App) -> EvidenceKeys:
    from eid_toolkit.work.inspection.evidence_keys import EvidenceKeys

    return EvidenceKeys(app.home_path)


def _table(readers: tuple[Reader, ...]) -> str:
    return table(("name", "fingerprint"), ((reader.name, reader.fingerprint) for reader in readers))
