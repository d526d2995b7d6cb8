"""`eid pki csca` and `eid pki crl`: the country signing CA, its roll-over, and what it revokes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.doors.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.files import OutputFile, read_file, write_file
from eid_toolkit.doors.cli.findings import findings_on
from eid_toolkit.doors.cli.office import CLOCK, ENTROPY, open_office
from eid_toolkit.doors.cli.output import emit, note, table
from eid_toolkit.doors.cli.pki_commands.shared import (
    certificate_data,
    charter_of,
    crl_data,
    key_option,
    made_data,
    made_details,
    state_of,
    state_option,
)
from eid_toolkit.ground.errors import UsageError
from eid_toolkit.work.office.office import Office
from eid_toolkit.work.office.two_people import decide_together

if TYPE_CHECKING:
    from eid_toolkit.standards.pki.crl import Crl

_REASONS = ("unspecified", "key-compromise", "authority-compromise", "superseded", "no-longer-used", "withdrawn")


@click.group(cls=Group)
def csca() -> None:
    """Manage the country signing CA (CSCA); changes take two people."""


@csca.command("create")
@state_option
@key_option
@format_option
@pass_app
def create(app: App, state: str | None, kind: str, fmt: str) -> None:
    """Create a CSCA for a state that has none, with its first revocation list.

    The CSCA of the home's own state is created by `eid init`.
    """
    with open_office(app) as office:
        code = state_of(office, state)
        decide_together(office, "csca.create", code, {"key": kind})
        charter = charter_of(office, code)
        authorities, now = office.authorities, CLOCK.now()
        authorities.create(charter, now, ENTROPY, kind)  # type: ignore[arg-type]
        _trust_own(office, code)
        data = made_data(authorities.csca(code))
        office.register.record(app.operator or "-", "csca.created", code, {"fingerprint": data["fingerprint"]})
    emit({"schema": "eid-pki-csca/1", "state": code, **data}, fmt, lambda: made_details(data))


@csca.command("roll")
@state_option
@key_option
@click.option("--name", metavar="TITLE", help="A new common name for the CSCA.")
@format_option
@pass_app
def roll(app: App, state: str | None, kind: str, name: str | None, fmt: str) -> None:
    """Create a new CSCA key, and a link certificate signed with the old key.

    The next revocation list is signed with the new key. Notify the states that receive your certificates 90 days in
    advance.
    """
    with open_office(app) as office:
        code = state_of(office, state)
        decide_together(office, "csca.roll", code, {"key": kind, "name": name})
        charter, now = charter_of(office, code), CLOCK.now()
        new, link = office.authorities.roll_csca(charter, now, ENTROPY, name, kind)  # type: ignore[arg-type]
        _trust_own(office, code)
        office.register.record(
            app.operator or "-", "csca.rolled", code, {"fingerprint": new.fingerprint, "link": link.fingerprint}
        )
        data = {"csca": made_data(new), "link": made_data(link)}
    emit(
        {"schema": "eid-pki-csca-roll/1", "state": code, **data},
        fmt,
        lambda: "\n\n".join(f"{kind}\n{made_details(values)}" for kind, values in data.items()),
    )


@csca.command("list")
@state_option
@list_format_option
@pass_app
def list_(app: App, state: str | None, fmt: str) -> None:
    """List the CSCA's certificates and link certificates, oldest first."""
    with open_office(app) as office:
        authorities, code = office.authorities, state_of(office, state)
        authorities.files.require(code)
        rows = [{"kind": "csca", **certificate_data(certificate)} for certificate in authorities.cscas(code)]
        rows += [{"kind": "link", **certificate_data(certificate)} for certificate in authorities.links(code)]
    columns = ("kind", "subject", "key_used_until", "not_after", "fingerprint")
    emit(rows, fmt, lambda: table(columns, ([row[name] for name in columns] for row in rows)))


@csca.command("export")
@state_option
@click.option(
    "--output", required=True, type=click.Path(file_okay=False, path_type=Path), help="Directory for the files."
)
@pass_app
def export(app: App, state: str | None, output: Path) -> None:
    """Write the certificates, link certificates and newest CRL to files, for other states and for officers."""
    with open_office(app) as office:
        authorities, code = office.authorities, state_of(office, state)
        output.mkdir(parents=True, exist_ok=True)
        for number, certificate in enumerate(authorities.cscas(code), 1):
            write_file(output / f"csca-{code}-{number}.cer", certificate.der)
        for number, certificate in enumerate(authorities.links(code), 2):
            write_file(output / f"csca-{code}-{number}-link.cer", certificate.der)
        write_file(output / f"crl-{code}.crl", authorities.crl(code).der)


@click.group(cls=Group)
def crl() -> None:
    """Manage revocation lists: issue one every 90 days, and within 48 hours of a revocation."""


@crl.command("issue")
@state_option
@click.option("--output", type=OutputFile(), help="Also write the list to this file.")
@format_option
@pass_app
def issue(app: App, state: str | None, output: Path | None, fmt: str) -> None:
    """Issue the next revocation list."""
    _issue(app, state, None, output, fmt)


@crl.command("revoke")
@state_option
@click.option("--ds", "signer", type=int, metavar="NUMBER", help="A document signer, by its number.")
@click.option("--serial", metavar="HEX", help="Any certificate, by its serial number.")
@click.option(
    "--reason",
    type=click.Choice(_REASONS),
    default="unspecified",
    show_default=True,
    help="Reason for the audit log; revocation lists according to Doc 9303 do not contain it.",
)
@click.option("--output", type=OutputFile(), help="Also write the list to this file.")
@format_option
@pass_app
def revoke(
    app: App, state: str | None, signer: int | None, serial: str | None, reason: str, output: Path | None, fmt: str
) -> None:
    """Revoke a certificate, and issue the next revocation list.

    This cannot be undone: every document signed with the certificate's key will fail verification.
    """
    if (signer is None) is (serial is None):
        raise UsageError("revoke-not-one")
    _issue(app, state, signer if signer is not None else serial, output, fmt, reason)


@crl.command("install")
@state_option
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@format_option
@pass_app
def install(app: App, state: str | None, file: Path, fmt: str) -> None:
    """Install the CRL received from the home with the CSCA's key; revoked signers can no longer sign."""
    from eid_toolkit.books.trust.sources import MAX_FILE
    from eid_toolkit.standards.pki.crl import Crl

    with open_office(app) as office:
        code, operator = state_of(office, state), office.act(Permission.MANAGE_KEYS)
        parsed = Crl.parse(read_file(file, MAX_FILE))
        office.authorities.install_crl(code, parsed)
        office.register.record(operator.name, "crl.installed", code, {"number": parsed.number})
    _show(code, parsed, fmt)


def _issue(
    app: App, state: str | None, revoked: int | str | None, output: Path | None, fmt: str, reason: str | None = None
) -> None:
    from eid_toolkit.standards.pki.issuing import CRL_INTERVAL

    with open_office(app) as office:
        code, now = state_of(office, state), CLOCK.now()
        authorities = office.authorities
        serials = {}
        if revoked is not None:
            serial = _serial(office, code, revoked)
            app.confirm(f"Permanently revoke the certificate {serial:X}?")
            serials = {serial: now}
        detail: dict[str, object] = {"revoked": [f"{serial:X}" for serial in serials]}
        detail |= {"reason": reason} if reason is not None else {}
        if not serials and authorities.has_crl(code) and now - authorities.crl(code).this_update < CRL_INTERVAL:
            note("The last list is less than 48 hours old: without a revocation, a new one is not due yet.")
        decide_together(office, "crl.issue", code, detail)
        issued = authorities.issue_crl(code, now, serials)
        office.trust.add(issued, "own authority", now, office.act(Permission.MANAGE_KEYS))
        office.register.record(app.operator or "-", "crl.issued", code, {"number": issued.number, **detail})
    if output is not None:
        write_file(output, issued.der)
    _show(code, issued, fmt)


def _show(state: str, revocation_list: Crl, fmt: str) -> None:
    data = {"state": state, **crl_data(revocation_list), "findings": findings_on(revocation_list)}
    emit({"schema": "eid-pki-crl/1", **data}, fmt, lambda: made_details(data))


def _serial(office: Office, state: str, revoked: int | str) -> int:
    if isinstance(revoked, int):
        from eid_toolkit.books.authorities.authority_files import SIGNER

        return office.authorities.files.certificate(state, SIGNER, revoked).serial
    try:
        return int(revoked, 16)
    except ValueError:
        raise UsageError("serial-malformed", serial=revoked) from None


def _trust_own(office: Office, state: str) -> None:
    """What this authority signs with is believed in its own home."""
    operator, now = office.act(Permission.MANAGE_KEYS), CLOCK.now()
    authorities = office.authorities
    for certificate in (authorities.csca(state), *authorities.links(state)[-1:]):
        office.trust.add(certificate, "own authority", now, operator)
    office.trust.add(authorities.crl(state), "own authority", now, operator)
