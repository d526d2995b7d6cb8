"""`eid stock key`: the transport keys of vendors, the home's own for a card maker, and the next card-master key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eid_toolkit.doors.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.files import OutputFile
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import emit_rows, emit_values, short, tell
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.doors.cli.reasons import reason_option
from eid_toolkit.doors.cli.stock_commands.components import type_component
from eid_toolkit.doors.cli.stock_commands.terms import batch_of, terms_of, terms_options
from eid_toolkit.ground.errors import UsageError
from eid_toolkit.ground.home.named_files import read_file
from eid_toolkit.work.office import vendor_keys

if TYPE_CHECKING:
    from eid_toolkit.books.keys.transport_pairs import PairKind

_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_batch_option = click.option("--batch", required=True, metavar="NAME")
_COLUMNS = ("vendor", "batch", "state", "bits", "check_value", "diversification", "since", "operators")
_GROUP = 4
"""Digits of a fingerprint that are read out together."""


@click.group("key", cls=Group)
def key() -> None:
    pass


@key.command("request")
@click.argument("vendor")
@_batch_option
@click.option("--algorithm", "kind", type=click.Choice(["rsa-3072", "p-256"]), default="rsa-3072", show_default=True)
@click.option("--output", required=True, type=OutputFile())
@format_option
@pass_app
def request(app: App, vendor: str, batch: str, kind: PairKind, output: Path, fmt: str) -> None:
    with open_office(app) as office:
        made = vendor_keys.request_key(office, batch_of(vendor, batch), kind, output)
    values = {"vendor": made.of.vendor, "batch": made.of.batch, "algorithm": kind, "fingerprint": made.fingerprint}
    shown = {**values, "fingerprint": _read_out(made.fingerprint)}
    emit_values({"schema": "eid-stock-key-request/1", **values}, fmt, shown.items())


@key.command("import")
@click.argument("vendor")
@_batch_option
@click.option("--component", type=int, metavar="N")
@click.option("--of", "components", type=int, metavar="N")
@click.option("--component-kcv", metavar="HEX")
@click.option("--component-fd", type=int, metavar="N")
@click.option("--wrapped", type=_file)
@terms_options
@format_option
@pass_app
def import_(
    app: App,
    vendor: str,
    batch: str,
    component: int | None,
    components: int | None,
    component_kcv: str | None,
    component_fd: int | None,
    wrapped: Path | None,
    fmt: str,
    **told: Any,
) -> None:
    if (component is None) == (wrapped is None):
        raise UsageError("vendor-key-way")
    of, terms = batch_of(vendor, batch), terms_of(**told)
    with open_office(app) as office:
        if wrapped is not None:
            from eid_toolkit.standards.crypto.key_transport import MAX_WRAPPED, parse_wrapped

            if terms is None:
                raise UsageError("vendor-key-check-value-missing")
            data = parse_wrapped(read_file(wrapped, MAX_WRAPPED))
            vendor_keys.import_wrapped(office, of, terms, data)
        else:
            who = vendor_keys.custodian(office, of, component or 0, components, terms)
            typed = type_component(app, office, who, component_kcv, component_fd)
            vendor_keys.keep_component(office, who, *typed)
        values = vendor_keys.standing_of(office, of)
    emit_values({"schema": "eid-stock-key/1", **values}, fmt, _known(values))
    if values["state"] == "incomplete":
        tell("vendor-key-incomplete")


@key.command("list")
@list_format_option
@pass_app
def list_(app: App, fmt: str) -> None:
    with open_office(app) as office:
        rows = vendor_keys.keys_of_vendors(office)
    emit_rows(rows, _COLUMNS, fmt, _in_table)


@key.command("destroy")
@click.argument("vendor")
@_batch_option
@reason_option
@format_option
@pass_app
def destroy(app: App, vendor: str, batch: str, reason: str, fmt: str) -> None:
    of = batch_of(vendor, batch)
    with open_office(app) as office:
        vendor_keys.require_known(office, of)
        unused = office.register.stock.unused_of(of)
        app.confirm("confirm-destroy-vendor-key", vendor=of.vendor, batch=of.batch, count=unused)
        vendor_keys.destroy_key(office, of, reason)
    values = {"vendor": of.vendor, "batch": of.batch, "state": "destroyed", "unused_blanks": unused}
    emit_values({"schema": "eid-stock-key-destroyed/1", **values}, fmt, values.items())


@key.command("export")
@click.option("--for", "recipient", required=True, type=_file)
@click.option("--output", required=True, type=OutputFile())
@format_option
@pass_app
def export(app: App, recipient: Path, output: Path, fmt: str) -> None:
    from eid_toolkit.ground.plain_values import to_plain
    from eid_toolkit.work.office.home_card_keys import MAX_RECIPIENT, Recipient, export_transport_key

    public = Recipient.read(read_file(recipient, MAX_RECIPIENT))
    with open_office(app) as office:
        app.confirm("confirm-wrap-transport-key", fingerprint=_read_out(public.fingerprint))
        values = to_plain(export_transport_key(office, public, output))
    emit_values({"schema": "eid-stock-key-export/1", **values}, fmt, values.items())


@key.command("roll-master")
@format_option
@pass_app
def roll_master(app: App, fmt: str) -> None:
    from eid_toolkit.work.office.home_card_keys import roll_card_master

    with open_office(app) as office:
        app.confirm("confirm-roll-card-master")
        version = roll_card_master(office)
    values = {"key_version": f"{version:02X}"}
    emit_values({"schema": "eid-card-master/1", **values}, fmt, values.items())


def _read_out(fingerprint: str) -> str:
    return " ".join(fingerprint[at : at + _GROUP] for at in range(0, len(fingerprint), _GROUP))


def _known(values: dict[str, Any]) -> list[tuple[str, object]]:
    return [(name, _text(value)) for name, value in values.items() if value is not None]


def _in_table(name: str, row: Any) -> object:
    value = row[name]
    if name == "since":
        return presentation().day(value)
    if name == "check_value" and row["state"] == "requested":
        return short(row["fingerprint"])
    return _text(value)


def _text(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, list) else value
