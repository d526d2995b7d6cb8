"""`eid pki ds`: document signers, at once in one home or by request and response between two."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eid_toolkit.doors.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.files import OutputFile
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import emit, emit_rows
from eid_toolkit.doors.cli.pki_commands.shared import (
    certificate_data,
    key_option,
    made_data,
    made_details,
    state_option,
)
from eid_toolkit.ground.home.named_files import read_file
from eid_toolkit.work.office import document_signers
from eid_toolkit.work.office.charters import state_of
from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from eid_toolkit.books.authorities.key_kinds import KeyKind


@click.group(cls=Group)
def ds() -> None:
    pass


@ds.command("create")
@state_option
@key_option
@format_option
@pass_app
def create(app: App, state: str | None, kind: KeyKind, fmt: str) -> None:
    with open_office(app) as office:
        code = state_of(office, state)
        data = made_data(document_signers.create_signer(office, code, kind))
    emit({"schema": "eid-pki-ds/1", "state": code, **data}, fmt, lambda: made_details(data))


@ds.command("request")
@state_option
@key_option
@click.option("--output", required=True, type=OutputFile())
@pass_app
def request(app: App, state: str | None, kind: KeyKind, output: Path) -> None:
    with open_office(app) as office:
        document_signers.request_signer(office, state_of(office, state), kind, output)


@ds.command("issue")
@state_option
@click.argument("request", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--output", required=True, type=OutputFile())
@format_option
@pass_app
def issue(app: App, state: str | None, request: Path, output: Path, fmt: str) -> None:
    from eid_toolkit.standards.pki.certificate import read_pem_or_der
    from eid_toolkit.standards.pki.request import MAX_SIZE, CertificateRequest

    ((_, data),) = read_pem_or_der(read_file(request, MAX_SIZE))[:1]
    asked = CertificateRequest.parse(data)
    with open_office(app) as office:
        code = state_of(office, state)
        certificate = document_signers.issue_signer(office, code, asked, output)
    shown = made_data(certificate)
    emit({"schema": "eid-pki-ds/1", "state": code, **shown}, fmt, lambda: made_details(shown))


@ds.command("install")
@state_option
@click.argument("certificate", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--csca", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@format_option
@pass_app
def install(app: App, state: str | None, certificate: Path, csca: Path | None, fmt: str) -> None:
    from eid_toolkit.standards.pki.certificate import MAX_CERTIFICATE, Certificate

    parsed = Certificate.parse(read_file(certificate, MAX_CERTIFICATE))
    authority = None if csca is None else Certificate.parse(read_file(csca, MAX_CERTIFICATE))
    with open_office(app) as office:
        code = state_of(office, state)
        number = document_signers.install_signer(office, code, parsed, authority)
    data = {"number": number, **made_data(parsed)}
    emit({"schema": "eid-pki-ds/1", "state": code, **data}, fmt, lambda: made_details(data))


@ds.command("list")
@state_option
@list_format_option
@pass_app
def list_(app: App, state: str | None, fmt: str) -> None:
    with open_office(app) as office:
        rows = signer_rows(office, state_of(office, state))
    emit_rows(
        rows,
        ("number", "subject", "key", "signatures", "documents", "cards", "unaccounted", "key_used_until", "not_after"),
        fmt,
    )


def signer_rows(office: Office, state: str) -> list[dict[str, Any]]:
    """Each document signer with its certificate, what became of its key, and the documents it signed."""
    return [
        {
            "number": signer.number,
            **certificate_data(signer.certificate),
            "document_types": list(signer.certificate.extensions.document_types),
            "key": signer.key,
            "revoked": signer.revoked,
            "documents": signer.account.documents,
            "cards": signer.account.cards,
            "states": signer.states,
            "signatures": signer.signatures,
            "unaccounted": signer.unaccounted,
        }
        for signer in document_signers.signers_of(office, state)
    ]


@ds.command("destroy")
@state_option
@click.argument("number", type=int)
@pass_app
def destroy(app: App, state: str | None, number: int) -> None:
    with open_office(app) as office:
        code = state_of(office, state)
        signer = document_signers.signer_of(office, code, number)
        app.confirm("confirm-destroy-signer-key", subject=signer.certificate.subject.text)
        document_signers.destroy_signer_key(office, code, signer)
