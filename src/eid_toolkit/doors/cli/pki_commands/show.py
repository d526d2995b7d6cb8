"""`eid pki show` and `eid pki lint`: the hierarchy with what expires next, and certificates against the profile."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eid_toolkit.doors.cli.context import App, Command, format_option, pass_app
from eid_toolkit.doors.cli.office import CLOCK, open_office
from eid_toolkit.doors.cli.output import emit, paint, sentence, short
from eid_toolkit.doors.cli.pki_commands.shared import certificate_data, crl_data, usage_end
from eid_toolkit.doors.cli.pki_commands.signers import signer_rows
from eid_toolkit.doors.cli.pki_commands.verifying import cv_data, cv_in_words
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
    csca, crl, in_short = state["csca"], state["crl"], presentation().speaker.in_short
    if csca is None:
        lines = [f"{state['state']}  {in_short('pki-no-csca')}"]
    else:
        where = "" if state["csca_key"] == "here" else f", {in_short('pki-csca-key-elsewhere')}"
        lines = [f"{state['state']}  {harmless(csca['subject'])}{where}", f"  {_ends('pki-csca-ends', csca)}"]
    for earlier in state["cscas"][:-1]:
        facts = {"fingerprint": short(earlier["fingerprint"]), "valid": _day(earlier["not_after"])}
        lines.append(f"  {sentence('pki-earlier-key', **facts)}")
    for signer in state["document_signers"]:
        lines += _signer_lines(signer)
    if crl is None and csca is not None:
        lines.append(f"  {sentence('pki-no-crl')}")
    if crl is not None:
        facts = {"number": crl["number"], "time": _day(crl["next_update"]), "revoked": crl["revoked"]}
        lines.append(f"  {sentence('pki-crl', **facts)}")
    for row in map(cv_in_words, (*state["verifying"], *state["verifiers"])):
        expires = presentation().speaker.date(row["expires"])
        lines.append(f"  {sentence('pki-verifying', **{**row, 'expires': expires})}")
    return [*lines, *(paint(f"  {sentence('pki-ends-soon', what=name)}", "yellow") for name in state["ends_soon"])]


def _signer_lines(signer: dict[str, Any]) -> list[str]:
    speaker, facts = presentation().speaker, {**signer, "types": ", ".join(signer["document_types"])}
    states = ", ".join(f"{number} {speaker.value(state)}" for state, number in signer["states"].items())
    used = sentence("pki-signer-used" if states else "pki-signer-unused", **{**signer, "states": states})
    lines = [f"  {sentence('pki-signer', **facts)}", f"    {_ends('pki-signer-ends', signer)}", f"    {used}"]
    if signer["revoked"]:
        lines.append(paint(f"    {speaker.in_short('pki-signer-revoked')}", "red"))
    if signer["unaccounted"]:
        lines.append(paint(f"    {sentence('pki-signer-unaccounted', count=signer['unaccounted'])}", "yellow"))
    return lines


def _ends(code: str, certificate: dict[str, Any]) -> str:
    """Until when a key is used, and its certificate valid; of a document signer also what became of the key."""
    used, valid = _day(certificate["key_used_until"]), _day(certificate["not_after"])
    return sentence(code, used=used, valid=valid, state=certificate.get("key"))


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
    speaker = presentation().speaker
    good = "" if row["findings"] else f"  {speaker.in_short('pki-conforms')}"
    lines = [f"{speaker.value(row['kind'])}  {harmless(row['name'])}{good}"]
    for finding in row["findings"]:
        severity = paint(f"{speaker.value(finding['severity']):<8}", colours[finding["severity"]])
        lines.append(f"  {severity} {speaker.shown('detail', finding['detail'])} ({finding['section']})")
    return lines
