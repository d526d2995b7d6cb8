"""`eid trust`: what inspections believe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from eid_toolkit.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.cli.files import read_file
from eid_toolkit.cli.office import CLOCK, open_office
from eid_toolkit.cli.output import details, emit, table
from eid_toolkit.home.home import CONFIG_NAME

if TYPE_CHECKING:
    from eid_toolkit.stores.operators import Operator
    from eid_toolkit.stores.trust import TrustEntry, TrustStore

_COLUMNS = ("kind", "country", "name", "valid_to", "fingerprint", "source")


@click.group(cls=Group)
def trust() -> None:
    """CSCA certificates and revocation lists that inspections believe."""


@trust.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@list_format_option
@pass_app
def import_(app: App, files: tuple[Path, ...], fmt: str) -> None:
    """Believe the CSCA certificates and revocation lists in PEM or DER files.

    All or nothing. Compare a certificate's fingerprint with what the state tells by another way than the one it came.
    """
    from eid_toolkit.stores.trust import MAX_FILE

    store, operator = _store(app), _decider(app)
    entries = store.import_files(((file.name, read_file(file, MAX_FILE)) for file in files), CLOCK.now(), operator)
    for entry in entries:
        _record(app, operator, "trust.imported", entry)
    _show_list(entries, fmt)


@trust.command("list")
@list_format_option
@pass_app
def list_(app: App, fmt: str) -> None:
    """List what is believed."""
    _show_list(_store(app).entries(), fmt)


@trust.command("show")
@click.argument("fingerprint")
@format_option
@pass_app
def show(app: App, fingerprint: str, fmt: str) -> None:
    """Show one entry, named by the beginning of its fingerprint."""
    values = _store(app).find(fingerprint).to_json()
    emit(values, fmt, lambda: details(values.items()))


@trust.command("remove")
@click.argument("fingerprint")
@pass_app
def remove(app: App, fingerprint: str) -> None:
    """Believe one entry no more."""
    store, operator = _store(app), _decider(app)
    entry = store.find(fingerprint)
    app.confirm(f"Remove {_name(entry)}?")
    store.remove(entry)
    _record(app, operator, "trust.removed", entry)


def _store(app: App) -> TrustStore:
    """The trust store, which an officer's home has without anything else."""
    from eid_toolkit.stores.trust import open_trust

    return open_trust(app.home_path)


def _has_register(app: App) -> bool:
    return (app.home_path / CONFIG_NAME).exists()


def _decider(app: App) -> Operator | None:
    """Who decides on trust: in an authority's home an operator, whose key signs; in an officer's the officer."""
    from eid_toolkit.stores.operators import Operator

    if not _has_register(app):
        return Operator(app.operator) if app.operator else None
    with open_office(app) as office:
        return office.act()


def _record(app: App, operator: Operator | None, action: str, entry: TrustEntry) -> None:
    if operator is not None and _has_register(app):
        with open_office(app) as office:
            office.register.record(operator.name, action, entry.item.fingerprint, {"source": entry.source})


def _name(entry: TrustEntry) -> str:
    values = entry.to_json()
    return str(values.get("subject") or values.get("issuer"))


def _show_list(entries: tuple[TrustEntry, ...], fmt: str) -> None:
    rows = [entry.to_json() for entry in entries]
    shown = (
        (
            row["kind"],
            row["country"],
            row.get("subject") or row.get("issuer"),
            str(row.get("not_after") or row.get("next_update"))[:10],
            str(row["fingerprint"])[:16],
            row["source"],
        )
        for row in rows
    )
    emit(rows, fmt, lambda: table(_COLUMNS, shown))
