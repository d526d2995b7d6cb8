"""`eid pki cvca` and `eid pki dv`: who lets terminals read fingerprints and irises."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from eid_toolkit.doors.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.files import OutputFile
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import emit, table
from eid_toolkit.doors.cli.pki_commands.shared import key_option, made_details, state_option
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.ground.home.named_files import read_file, write_file
from eid_toolkit.work.decoding.findings import findings_on
from eid_toolkit.work.office import country_verifying
from eid_toolkit.work.office.charters import state_of, verifying_of
from eid_toolkit.work.office.own_files import require_own

if TYPE_CHECKING:
    from eid_toolkit.books.authorities.key_kinds import KeyKind
    from eid_toolkit.standards.pki.cv_certificate import CvCertificate
    from eid_toolkit.standards.pki.cv_request import CvRequest

_F = TypeVar("_F", bound=Callable[..., object])
COLUMNS = ("reference", "issuer", "role", "rights", "effective", "expires")


def rights_option(function: _F) -> _F:
    """``--rights``: which data groups may be read."""
    return click.option(
        "--rights", type=click.Choice(list(country_verifying.RIGHTS)), default="both", show_default=True
    )(function)


def days_option(default: int) -> Callable[[_F], _F]:
    """``--days``: how long the certificate is good."""
    return click.option("--days", type=int, default=default, show_default=True)


def mnemonic_option(default: str) -> Callable[[_F], _F]:
    """``--mnemonic``: the middle of the holder's reference."""
    return click.option("--mnemonic", default=default, show_default=True)


@click.group(cls=Group)
def cvca() -> None:
    pass


@cvca.command("create")
@state_option
@key_option
@mnemonic_option("CVCA")
@rights_option
@days_option(3 * 365)
@format_option
@pass_app
def create_cvca(app: App, state: str | None, kind: KeyKind, mnemonic: str, rights: str, days: int, fmt: str) -> None:
    with open_office(app) as office:
        certificate = country_verifying.create_cvca(office, state_of(office, state), kind, mnemonic, rights, days)
    show_cv(certificate, fmt)


@cvca.command("list")
@state_option
@list_format_option
@pass_app
def list_cvca(app: App, state: str | None, fmt: str) -> None:
    with open_office(app) as office:
        store, code = verifying_of(office), state_of(office, state)
        rows = [cv_data(certificate) for certificate in (*store.roots(code), *store.links(code))]
    emit(rows, fmt, lambda: cv_table(rows))


@cvca.command("export")
@state_option
@click.option("--output", required=True, type=click.Path(file_okay=False, path_type=Path))
@pass_app
def export_cvca(app: App, state: str | None, output: Path) -> None:
    with open_office(app) as office:
        store, code = verifying_of(office), state_of(office, state)
        require_own(office, code)
        output.mkdir(parents=True, exist_ok=True)
        for certificate in (*store.roots(code), *store.links(code)):
            link = "-link" if certificate.is_link else ""
            write_file(output / f"{country_verifying.reference_of(certificate)}{link}.cvcert", certificate.encode())


@click.group(cls=Group)
def dv() -> None:
    pass


@dv.command("create")
@state_option
@key_option
@mnemonic_option("DV")
@rights_option
@days_option(90)
@format_option
@pass_app
def create_dv(app: App, state: str | None, kind: KeyKind, mnemonic: str, rights: str, days: int, fmt: str) -> None:
    with open_office(app) as office:
        certificate = country_verifying.create_verifier(office, state_of(office, state), kind, mnemonic, rights, days)
    show_cv(certificate, fmt)


@dv.command("request")
@state_option
@key_option
@mnemonic_option("DV")
@click.option("--output", required=True, type=OutputFile())
@pass_app
def request_dv(app: App, state: str | None, kind: KeyKind, mnemonic: str, output: Path) -> None:
    with open_office(app) as office:
        country_verifying.request_verifier(office, state_of(office, state), kind, mnemonic, output)


@dv.command("issue")
@state_option
@click.argument("request", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--foreign", is_flag=True)
@rights_option
@days_option(90)
@click.option("--output", required=True, type=OutputFile())
@format_option
@pass_app
def issue_dv(
    app: App, state: str | None, request: Path, foreign: bool, rights: str, days: int, output: Path, fmt: str
) -> None:
    asked = read_request(request)
    with open_office(app) as office:
        code = state_of(office, state)
        certificate = country_verifying.issue_verifier(
            office, code, asked, output, foreign=foreign, rights=rights, days=days
        )
    show_cv(certificate, fmt)


@dv.command("install")
@state_option
@click.argument("certificate", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@format_option
@pass_app
def install_dv(app: App, state: str | None, certificate: Path, fmt: str) -> None:
    from eid_toolkit.standards.pki.cv_certificate import CvCertificate
    from eid_toolkit.standards.pki.cv_request import MAX_SIZE

    parsed = CvCertificate.parse(read_file(certificate, MAX_SIZE))
    with open_office(app) as office:
        country_verifying.install_verifier(office, state_of(office, state), parsed)
    show_cv(parsed, fmt)


@dv.command("list")
@state_option
@list_format_option
@pass_app
def list_dv(app: App, state: str | None, fmt: str) -> None:
    with open_office(app) as office:
        rows = [cv_data(certificate) for certificate in verifying_of(office).verifiers(state_of(office, state))]
    emit(rows, fmt, lambda: cv_table(rows))


def cv_data(certificate: CvCertificate) -> dict[str, Any]:
    """A CV certificate with stable keys."""
    content = certificate.content
    return {
        "reference": content.holder_reference.text,
        "issuer": content.authority_reference.text,
        "role": content.authorization.role_in_words,
        "rights": ", ".join(content.authorization.rights_in_words) or "none",
        "effective": content.effective.isoformat(),
        "expires": content.expires.isoformat(),
        "link": certificate.is_link,
    }


def cv_in_words(row: dict[str, Any]) -> dict[str, Any]:
    """:func:`cv_data` with role and rights in the user's language."""
    value = presentation().speaker.value
    return {**row, "role": value(row["role"]), "rights": ", ".join(map(value, row["rights"].split(", ")))}


def cv_table(rows: list[dict[str, Any]]) -> str:
    """CV certificates as a table."""
    return table(COLUMNS, ([row[name] for name in COLUMNS] for row in map(cv_in_words, rows)))


def show_cv(certificate: CvCertificate, fmt: str) -> None:
    """A CV certificate that was made or came in, with what is to be said of it by its profile."""
    data = {**cv_data(certificate), "findings": findings_on(certificate)}
    emit({"schema": "eid-pki-cv/1", **data}, fmt, lambda: made_details(cv_in_words(data)))


def read_request(path: Path) -> CvRequest:
    """A request as it came in."""
    from eid_toolkit.standards.pki.cv_request import MAX_SIZE, CvRequest

    return CvRequest.parse(read_file(path, MAX_SIZE))
