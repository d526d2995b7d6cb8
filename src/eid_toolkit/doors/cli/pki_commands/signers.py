"""`eid pki ds`: document signers, at once in one home or by request and response between two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.doors.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.files import OutputFile, read_file, write_file
from eid_toolkit.doors.cli.office import CLOCK, ENTROPY, open_office
from eid_toolkit.doors.cli.output import emit, table
from eid_toolkit.doors.cli.pki_commands.shared import (
    certificate_data,
    charter_of,
    key_option,
    made_data,
    made_details,
    state_of,
    state_option,
)
from eid_toolkit.work.office.office import Office
from eid_toolkit.work.office.two_people import decide_together

_MAX_FILE = 1 << 20


@click.group(cls=Group)
def ds() -> None:
    """Manage document signers; their keys sign for at most three months, and their destruction is recorded."""


@ds.command("create")
@state_option
@key_option
@format_option
@pass_app
def create(app: App, state: str | None, kind: str, fmt: str) -> None:
    """Create the next document signer, if the CSCA's key is in this home; it signs all new documents."""
    with open_office(app) as office:
        code = state_of(office, state)
        decide_together(office, "ds.create", code, {"key": kind})
        charter, now = charter_of(office, code), CLOCK.now()
        certificate = office.authorities.create_signer(charter, now, ENTROPY, kind)  # type: ignore[arg-type]
        office.register.record(app.operator or "-", "ds.created", code, {"fingerprint": certificate.fingerprint})
        data = made_data(certificate)
    emit({"schema": "eid-pki-ds/1", "state": code, **data}, fmt, lambda: made_details(data))


@ds.command("request")
@state_option
@key_option
@click.option("--output", required=True, type=OutputFile(), help="Write the request (PKCS #10) to this file.")
@pass_app
def request(app: App, state: str | None, kind: str, output: Path) -> None:
    """Create the next document signer's key and a request for its certificate."""
    with open_office(app) as office:
        code, operator = state_of(office, state), office.act(Permission.MANAGE_KEYS)
        pkcs10, number = office.authorities.request_signer(charter_of(office, code), kind)  # type: ignore[arg-type]
        write_file(output, pkcs10.der)
        office.register.record(operator.name, "ds.requested", code, {"number": number})


@ds.command("issue")
@state_option
@click.argument("request", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--output", required=True, type=OutputFile(), help="Write the certificate to this file.")
@format_option
@pass_app
def issue(app: App, state: str | None, request: Path, output: Path, fmt: str) -> None:
    """Issue a certificate for a request, in the home that has the CSCA's key."""
    from eid_toolkit.standards.pki.certificate import read_pem_or_der
    from eid_toolkit.standards.pki.request import MAX_SIZE, CertificateRequest

    ((_, data),) = read_pem_or_der(read_file(request, MAX_SIZE))[:1]
    asked = CertificateRequest.parse(data)
    with open_office(app) as office:
        code = state_of(office, state)
        decide_together(office, "ds.issue", code, {"subject": asked.subject.text})
        certificate = office.authorities.certify_signer(charter_of(office, code), asked, CLOCK.now(), ENTROPY)
        office.register.record(app.operator or "-", "ds.issued", code, {"fingerprint": certificate.fingerprint})
    write_file(output, certificate.der)
    shown = made_data(certificate)
    emit({"schema": "eid-pki-ds/1", "state": code, **shown}, fmt, lambda: made_details(shown))


@ds.command("install")
@state_option
@click.argument("certificate", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--csca",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The CSCA's certificate, if it is not in this home.",
)
@format_option
@pass_app
def install(app: App, state: str | None, certificate: Path, csca: Path | None, fmt: str) -> None:
    """Install the certificate received for a key of this home; it is used for all new documents."""
    from eid_toolkit.standards.pki.certificate import MAX_CERTIFICATE, Certificate

    with open_office(app) as office:
        code, operator = state_of(office, state), office.act(Permission.MANAGE_KEYS)
        authorities = office.authorities
        parsed = Certificate.parse(read_file(certificate, MAX_CERTIFICATE))
        authority = authorities.csca(code) if csca is None else Certificate.parse(read_file(csca, MAX_CERTIFICATE))
        number = authorities.install_signer(code, parsed, authority)
        office.register.record(
            operator.name, "ds.installed", code, {"number": number, "fingerprint": parsed.fingerprint}
        )
        data = {"number": number, **made_data(parsed)}
    emit({"schema": "eid-pki-ds/1", "state": code, **data}, fmt, lambda: made_details(data))


@ds.command("list")
@state_option
@list_format_option
@pass_app
def list_(app: App, state: str | None, fmt: str) -> None:
    """List document signers, and compare their signature counts with the documents in the register.

    An unaccounted signature belongs to no document: a preparation was interrupted, or the key was used outside the
    register. The audit log shows which.
    """
    with open_office(app) as office:
        rows = signer_rows(office, state_of(office, state))
    columns = (
        "number",
        "subject",
        "key",
        "signatures",
        "documents",
        "cards",
        "unaccounted",
        "key_used_until",
        "not_after",
    )
    emit(rows, fmt, lambda: table(columns, ([row[name] for name in columns] for row in rows)))


def signer_rows(office: Office, state: str) -> list[dict[str, Any]]:
    """Each document signer with its certificate, what became of its key, and the documents it signed."""
    from eid_toolkit.books.authorities.authority_files import SIGNER
    from eid_toolkit.books.register.stock.accounting import SignerAccount, signer_accounts

    authorities = office.authorities
    authorities.files.require(state)
    accounts = signer_accounts(office.register.database)
    revoked = authorities.crl(state).revoked if authorities.has_crl(state) else {}
    rows = []
    for number, certificate in authorities.signer_certificates(state).items():
        account = accounts.get(certificate.fingerprint, SignerAccount())
        signatures = authorities.files.signatures(state, SIGNER, number)
        rows.append(
            {
                "number": number,
                **certificate_data(certificate),
                "document_types": list(certificate.extensions.document_types),
                "key": authorities.signer_key_state(state, number),
                "revoked": certificate.serial in revoked,
                "documents": account.documents,
                "cards": account.cards,
                "states": dict(sorted(account.states.items())),
                "signatures": signatures,
                "unaccounted": max(0, signatures - account.signed_files),
            }
        )
    return rows


@ds.command("destroy")
@state_option
@click.argument("number", type=int)
@pass_app
def destroy(app: App, state: str | None, number: int) -> None:
    """Permanently destroy a document signer's private key; its documents are not affected."""
    with open_office(app) as office:
        code = state_of(office, state)
        subject = office.authorities.files.certificate(code, "ds", number).subject.text
        app.confirm(f"Destroy the private key of {subject}?")
        row = next(row for row in signer_rows(office, code) if row["number"] == number)
        columns = ("number", "fingerprint", "documents", "cards", "states", "signatures", "unaccounted")
        detail = {name: row[name] for name in columns}
        decide_together(office, "ds.destroy", code, detail)
        office.authorities.destroy_signer_key(code, number)
        office.register.record(app.operator or "-", "ds.key-destroyed", code, detail)
