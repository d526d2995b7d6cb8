"""`eid pki csca` and `eid pki crl`: the country signing CA, its roll-over, and what it revokes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.files import OutputFile
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import emit, emit_rows, tell
from eid_toolkit.doors.cli.pki_commands.shared import (
    certificate_data,
    crl_data,
    key_option,
    made_data,
    made_details,
    state_option,
)
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.ground.errors import UsageError
from eid_toolkit.ground.home.named_files import read_file, write_file
from eid_toolkit.work.decoding.findings import findings_on
from eid_toolkit.work.office import country_signing
from eid_toolkit.work.office.charters import state_of
from eid_toolkit.work.office.office import Office
from eid_toolkit.work.office.own_files import require_own

if TYPE_CHECKING:
    from eid_toolkit.books.authorities.key_kinds import KeyKind
    from eid_toolkit.standards.pki.crl import Crl

_REASONS = ("unspecified", "key-compromise", "authority-compromise", "superseded", "no-longer-used", "withdrawn")


@click.group(cls=Group)
def csca() -> None:
    pass


@csca.command("create")
@state_option
@key_option
@format_option
@pass_app
def create(app: App, state: str | None, kind: KeyKind, fmt: str) -> None:
    with open_office(app) as office:
        code = state_of(office, state)
        data = made_data(country_signing.create_csca(office, code, kind))
    emit({"schema": "eid-pki-csca/1", "state": code, **data}, fmt, lambda: made_details(data))


@csca.command("roll")
@state_option
@key_option
@click.option("--name", metavar="TITLE")
@format_option
@pass_app
def roll(app: App, state: str | None, kind: KeyKind, name: str | None, fmt: str) -> None:
    with open_office(app) as office:
        code = state_of(office, state)
        new, link = country_signing.roll_csca(office, code, kind, name)
    data = {"csca": made_data(new), "link": made_data(link)}
    emit(
        {"schema": "eid-pki-csca-roll/1", "state": code, **data},
        fmt,
        lambda: "\n\n".join(f"{_called(name)}\n{made_details(values)}" for name, values in data.items()),
    )


def _called(kind: str) -> str:
    return presentation().speaker.value(kind)


@csca.command("list")
@state_option
@list_format_option
@pass_app
def list_(app: App, state: str | None, fmt: str) -> None:
    with open_office(app) as office:
        authorities, code = office.authorities, state_of(office, state)
        authorities.files.require(code)
        rows = [{"kind": "csca", **certificate_data(certificate)} for certificate in authorities.cscas(code)]
        rows += [{"kind": "link", **certificate_data(certificate)} for certificate in authorities.links(code)]
    emit_rows(rows, ("kind", "subject", "key_used_until", "not_after", "fingerprint"), fmt)


@csca.command("export")
@state_option
@click.option("--output", required=True, type=click.Path(file_okay=False, path_type=Path))
@pass_app
def export(app: App, state: str | None, output: Path) -> None:
    with open_office(app) as office:
        authorities, code = office.authorities, state_of(office, state)
        require_own(office, code)
        output.mkdir(parents=True, exist_ok=True)
        for number, certificate in enumerate(authorities.cscas(code), 1):
            write_file(output / f"csca-{code}-{number}.cer", certificate.der)
        for number, certificate in enumerate(authorities.links(code), 2):
            write_file(output / f"csca-{code}-{number}-link.cer", certificate.der)
        write_file(output / f"crl-{code}.crl", authorities.crl(code).der)


@click.group(cls=Group)
def crl() -> None:
    pass


@crl.command("issue")
@state_option
@click.option("--output", type=OutputFile())
@format_option
@pass_app
def issue(app: App, state: str | None, output: Path | None, fmt: str) -> None:
    _issue(app, state, None, output, fmt)


@crl.command("revoke")
@state_option
@click.option("--ds", "signer", type=int, metavar="NUMBER")
@click.option("--serial", metavar="HEX")
@click.option("--reason", type=click.Choice(_REASONS), default="unspecified", show_default=True)
@click.option("--output", type=OutputFile())
@format_option
@pass_app
def revoke(
    app: App, state: str | None, signer: int | None, serial: str | None, reason: str, output: Path | None, fmt: str
) -> None:
    if (signer is None) is (serial is None):
        raise UsageError("revoke-not-one")
    _issue(app, state, signer if signer is not None else serial, output, fmt, reason)


@crl.command("install")
@state_option
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@format_option
@pass_app
def install(app: App, state: str | None, file: Path, fmt: str) -> None:
    from eid_toolkit.books.trust.sources import MAX_FILE
    from eid_toolkit.standards.pki.crl import Crl

    parsed = Crl.parse(read_file(file, MAX_FILE))
    with open_office(app) as office:
        code = state_of(office, state)
        country_signing.install_crl(office, code, parsed)
    _show(code, parsed, fmt)


def _issue(
    app: App, state: str | None, revoked: int | str | None, output: Path | None, fmt: str, reason: str | None = None
) -> None:
    from eid_toolkit.standards.pki.issuing import CRL_INTERVAL

    with open_office(app) as office:
        code = state_of(office, state)
        serial = _serial(office, code, revoked) if revoked is not None else None
        if serial is not None:
            app.confirm("confirm-revoke-certificate", serial=f"{serial:X}")
        age = country_signing.age_of_crl(office, code)
        if serial is None and age is not None and age < CRL_INTERVAL:
            tell("crl-not-due")
        issued = country_signing.issue_crl(office, code, output, serial, reason)
    _show(code, issued, fmt)


def _show(state: str, revocation_list: Crl, fmt: str) -> None:
    data = {"state": state, **crl_data(revocation_list), "findings": findings_on(revocation_list)}
    emit({"schema": "eid-pki-crl/1", **data}, fmt, lambda: made_details(data))


def _serial(office: Office, state: str, revoked: int | str) -> int:
    if isinstance(revoked, int):
        return country_signing.serial_of_signer(office, state, revoked)
    try:
        return int(revoked, 16)
    except ValueError:
        raise UsageError("serial-malformed", serial=revoked) from None
