"""`eid pki show` and `eid pki lint`: the hierarchy with what expires next, and certificates against the profile."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eid_toolkit.doors.cli.context import App, Command, format_option, pass_app
from eid_toolkit.doors.cli.office import CLOCK, open_office
from eid_toolkit.doors.cli.output import emit, paint, short
from eid_toolkit.doors.cli.pki_commands.shared import certificate_data, crl_data, usage_end
from eid_toolkit.doors.cli.pki_commands.signers import signer_rows
from eid_toolkit.doors.cli.pki_commands.verifying import cv_data
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.ground.display import harmless
from eid_toolkit.ground.home.named_files import read_file
from eid_toolkit.work.decoding.findings import findings_on
from eid_toolkit.work.office.charters import verifying_of
from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    pass

_SOON = timedelta(days=30)
_LINT_FAILED = 3
_CV_CERTIFICATE = b"\x7f\x21"


@click.command(cls=Command)
@format_option
@pass_app
def show(app: App, fmt: str) -> None:
    now = CLOCK.now()
    with open_office(app) as office:
        states = [_state(office, state, now) for state in office.authorities.files.all_states()]
        result = {"schema": "eid-pki/1", "specimen": office.home.config.demo, "states": states}
    emit(result, fmt, lambda: "\n".join(line for state in states for line in _lines(state)))


def _state(office: Office, state: str, now: datetime) -> dict[str, Any]:
    authorities, verifying = office.authorities, verifying_of(office)
    signs = state in authorities.states()
    csca = authorities.csca(state) if signs else None
    signers = signer_rows(office, state) if signs else []
    crl = authorities.crl(state) if authorities.has_crl(state) else None
    ends: dict[str, datetime | None] = {}
    if csca is not None:
        ends["CSCA key"] = usage_end(csca)
    if signers:
        ends["document signer key"] = usage_end(authorities.signer_certificate(state))
    if crl is not None:
        ends["CRL"] = crl.next_update
    for certificates in (verifying.roots(state), verifying.verifiers(state), verifying.terminals(state)):
        for newest in certificates[-1:]:
            ends[newest.content.holder_reference.text] = datetime.combine(newest.content.expires, time.max, UTC)
    return {
        "state": state,
        "csca": certificate_data(csca) if csca is not None else None,
        "cscas": [certificate_data(certificate) for certificate in authorities.cscas(state)],
        "links": [certificate_data(certificate) for certificate in authorities.links(state)],
        "csca_key": "here" if authorities.has_csca_key(state) else "elsewhere",
        "document_signer": signers[-1] if signers else None,
        "document_signers": signers,
        "crl": crl_data(crl) if crl is not None else None,
        "verifying": [cv_data(certificate) for certificate in (*verifying.roots(state), *verifying.links(state))],
        "verifiers": [cv_data(certificate) for certificate in verifying.verifiers(state)],
        "ends_soon": [name for name, end in ends.items() if end is not None and end - now < _SOON],
    }


def _lines(state: dict[str, Any]) -> list[str]:
    csca, crl = state["csca"], state["crl"]
    if csca is None:
        lines = [f"{state['state']}  no CSCA in this home"]
    else:
        where = "" if state["csca_key"] == "here" else ", key not in this home"
        lines = [
            f"{state['state']}  {harmless(csca['subject'])}{where}",
            f"  key used until {_day(csca['key_used_until'])}, certificate valid until {_day(csca['not_after'])}",
        ]
    for earlier in state["cscas"][:-1]:
        lines.append(f"  earlier key {short(earlier['fingerprint'])}, valid until {_day(earlier['not_after'])}")
    for signer in state["document_signers"]:
        types = ", ".join(signer["document_types"])
        lines += [
            f"  document signer {signer['number']}  {harmless(signer['subject'])} for {types}",
            f"    key used until {_day(signer['key_used_until'])} ({signer['key']}), certificate valid until "
            f"{_day(signer['not_after'])}",
            f"    {signer['signatures']} signatures, {_documents(signer)}",
        ]
        if signer["revoked"]:
            lines.append(paint("    revoked: its documents fail verification", "red"))
        if signer["unaccounted"]:
            text = f"    signatures without a document in the register: {signer['unaccounted']} (see the audit log)"
            lines.append(paint(text, "yellow"))
    if crl is None and csca is not None:
        lines.append("  no CRL here: install the one from the home with the CSCA's key with `eid pki crl install`")
    if crl is not None:
        lines.append(f"  CRL {crl['number']}, next update by {_day(crl['next_update'])}, {crl['revoked']} revoked")
    for row in (*state["verifying"], *state["verifiers"]):
        lines.append(f"  {row['reference']}  {row['role']}, {row['rights']}, until {row['expires']}")
    return [*lines, *(paint(f"  Expires within 30 days: {name}", "yellow") for name in state["ends_soon"])]


def _documents(signer: dict[str, Any]) -> str:
    states = ", ".join(f"{number} {state}" for state, number in signer["states"].items())
    return f"{signer['documents']} documents" + (f" ({states}) on {signer['cards']} cards" if states else "")


def _day(text: str | None) -> str:
    return presentation().day(text)


@click.command(cls=Command)
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@format_option
@pass_app
def lint(app: App, files: tuple[Path, ...], fmt: str) -> None:
    rows = [row for file in files for row in _lint_file(file)]
    emit(
        {"schema": "eid-pki-lint/1", "items": rows}, fmt, lambda: "\n".join(line for row in rows for line in _text(row))
    )
    grave = any(finding["severity"] == "error" for row in rows for finding in row["findings"])
    click.get_current_context().exit(_LINT_FAILED if grave else 0)


def _lint_file(file: Path) -> list[dict[str, Any]]:
    from eid_toolkit.books.trust.sources import MAX_FILE
    from eid_toolkit.standards.pki.certificate import Certificate, read_pem_or_der
    from eid_toolkit.standards.pki.crl import Crl
    from eid_toolkit.standards.pki.cv_certificate import CvCertificate
    from eid_toolkit.standards.pki.lint.certificates import kind_of
    from eid_toolkit.standards.pki.objects import read_items

    content, rows = read_file(file, MAX_FILE), []
    if content.startswith(_CV_CERTIFICATE):
        certificate = CvCertificate.parse(content)
        return [_row(file, "cv-certificate", certificate.content.holder_reference.text, certificate)]
    for _, data in read_pem_or_der(content):
        for item in read_items(data).items:
            if isinstance(item, Certificate):
                rows.append(_row(file, kind_of(item).value, item.subject.text, item))
            elif isinstance(item, Crl):
                rows.append(_row(file, "crl", item.issuer.text, item))
    return rows


def _row(file: Path, kind: str, name: str, item: object) -> dict[str, Any]:
    return {"file": file.name, "kind": kind, "name": name, "findings": findings_on(item)}


def _text(row: dict[str, Any]) -> list[str]:
    colours = {"error": "red", "warning": "yellow"}
    lines = [f"{row['kind']}  {harmless(row['name'])}" + ("" if row["findings"] else "  conforms to the profile")]
    for finding in row["findings"]:
        severity = paint(f"{finding['severity']:<8}", colours[finding["severity"]])
        lines.append(f"  {severity} {finding['detail']} ({finding['section']})")
    return lines
