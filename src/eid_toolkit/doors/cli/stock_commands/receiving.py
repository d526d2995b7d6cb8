"""`eid stock vendor` and `eid stock receive`: whose manifests are signed, and the blanks that they bring."""

from __future__ import annotations

from pathlib import Path

import click

from eid_toolkit.doors.cli.context import App, Command, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import emit_rows, emit_values, tell
from eid_toolkit.ground.home.named_files import read_file
from eid_toolkit.work.office import blanks

_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("vendor", cls=Group)
def vendor() -> None:
    pass


@vendor.command("add")
@click.argument("name")
@click.option("--certificate", required=True, type=_file)
@click.option("--replace", is_flag=True)
@format_option
@pass_app
def add(app: App, name: str, certificate: Path, replace: bool, fmt: str) -> None:
    from eid_toolkit.books.register.stock.manifests import clean_name
    from eid_toolkit.standards.pki.certificate import MAX_CERTIFICATE, Certificate, read_pem_or_der

    (_, der), *_ = read_pem_or_der(read_file(certificate, 2 * MAX_CERTIFICATE))
    parsed, clean = Certificate.parse(der), clean_name(name, "vendor")
    with open_office(app) as office:
        record = blanks.accept_vendor(office, clean, parsed, instead=replace)
    values = record.to_json()
    emit_values({"schema": "eid-stock-vendor/1", **values}, fmt, values.items())


@vendor.command("list")
@list_format_option
@pass_app
def list_(app: App, fmt: str) -> None:
    with open_office(app) as office:
        rows = [record.to_json() for record in office.register.stock.receiving.vendors()]
    emit_rows(rows, ("name", "subject", "not_after", "fingerprint"), fmt)


@click.command("receive", cls=Command)
@click.argument("manifest", metavar="MANIFEST", type=_file)
@click.option("--signature", type=_file)
@click.option("--vendor", metavar="NAME")
@click.option("--batch", metavar="NAME")
@click.option("--station", metavar="NAME")
@format_option
@pass_app
def receive(
    app: App,
    manifest: Path,
    signature: Path | None,
    vendor: str | None,
    batch: str | None,
    station: str | None,
    fmt: str,
) -> None:
    from eid_toolkit.books.register.stock.manifests import MAX_FILE, Manifest

    room = 2 * MAX_FILE  # with a signature around it, in PEM
    proof = read_file(signature, MAX_FILE) if signature is not None else None
    delivered = Manifest.read(read_file(manifest, room), signature=proof, vendor=vendor, batch=batch)
    with open_office(app) as office:
        receipt = blanks.receive(office, delivered, station)
    values = receipt.to_json()
    emit_values(values, fmt, (pair for pair in values.items() if pair[0] != "schema"))
    if receipt.signer is None:
        tell("manifest-unsigned")
