"""`eid pki terminal`: the keys with which officers read fingerprints and irises."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Group, format_option, pass_app
from eid_toolkit.doors.cli.files import OutputFile
from eid_toolkit.doors.cli.office import ENTROPY, open_office
from eid_toolkit.doors.cli.output import emit
from eid_toolkit.doors.cli.pki_commands.shared import state_option
from eid_toolkit.doors.cli.pki_commands.verifying import (
    cv_data,
    cv_table,
    days_option,
    mnemonic_option,
    read_request,
    rights_option,
    show_cv,
)
from eid_toolkit.ground.home.named_files import read_file
from eid_toolkit.work.office import country_verifying
from eid_toolkit.work.office.charters import state_of
from eid_toolkit.work.office.terminals import open_or_create

if TYPE_CHECKING:
    pass

_MAX_KEY = 1 << 14


@click.group(cls=Group)
def terminal() -> None:
    pass


@terminal.command("issue")
@state_option
@click.argument("request", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@rights_option
@days_option(30)
@click.option("--output", required=True, type=OutputFile())
@format_option
@pass_app
def issue(app: App, state: str | None, request: Path, rights: str, days: int, output: Path, fmt: str) -> None:
    asked = read_request(request)
    with open_office(app) as office:
        code = state_of(office, state)
        certificate = country_verifying.issue_terminal(office, code, asked, output, rights=rights, days=days)
    show_cv(certificate, fmt)


@terminal.command("provision")
@state_option
@click.option("--officer", required=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--key-store", metavar="URI")
@mnemonic_option("IS")
@click.option("--number", type=click.IntRange(1, 99999))
@rights_option
@days_option(30)
@format_option
@pass_app
def provision(
    app: App,
    state: str | None,
    officer: Path,
    key_store: str | None,
    mnemonic: str,
    number: int | None,
    rights: str,
    days: int,
    fmt: str,
) -> None:
    from eid_toolkit.doors.cli.terminals import new_terminal_store

    with open_office(app) as office:
        certificate = country_verifying.provision_terminal(
            office,
            state_of(office, state),
            officer,
            lambda: new_terminal_store(officer, key_store),
            mnemonic=mnemonic,
            number=number,
            rights=rights,
            days=days,
        )
    show_cv(certificate, fmt)


@terminal.command("install")
@click.argument("certificates", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@format_option
@pass_app
def install(app: App, certificates: tuple[Path, ...], key: Path, fmt: str) -> None:
    from eid_toolkit.standards.crypto.ec import EcPrivateKey
    from eid_toolkit.standards.pki.cv_certificate import CvCertificate
    from eid_toolkit.standards.pki.cv_request import MAX_SIZE

    parsed = [CvCertificate.parse(read_file(file, MAX_SIZE)) for file in certificates]
    private = EcPrivateKey.from_pkcs8(read_file(key, _MAX_KEY), None)
    store = open_or_create(app.home_path, lambda new: app.passphrase(new=new), app.pin, ENTROPY)
    store.add(parsed, private)
    rows = [cv_data(certificate) for certificate in parsed]
    emit(rows, fmt, lambda: cv_table(rows))
