"""`eid trust bundle`: what an authority gives its officers to believe, in one signed file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Group, format_option, pass_app
from eid_toolkit.doors.cli.files import OutputFile, read_file, write_file
from eid_toolkit.doors.cli.office import CLOCK, ENTROPY, open_office
from eid_toolkit.doors.cli.output import details, emit
from eid_toolkit.doors.cli.pki_commands.shared import charter_of, state_of, state_option
from eid_toolkit.ground.display import harmless
from eid_toolkit.ground.errors import BadInput, NotPermitted
from eid_toolkit.ground.home.home import CONFIG_NAME
from eid_toolkit.work.office.office import Office
from eid_toolkit.work.office.reporting import publish_reports
from eid_toolkit.work.office.two_people import decide_together

if TYPE_CHECKING:
    from datetime import datetime

    from eid_toolkit.books.trust.packs import Pack

_DIRECTORY = "bundles"


@click.group(cls=Group)
def bundle() -> None:
    """Manage trust bundles: an officer's trust data in one signed, numbered file."""


@bundle.command("export")
@state_option
@click.option("--output", required=True, type=OutputFile(), help="Write the bundle to this file.")
@click.option(
    "--delta-from",
    "base",
    type=click.IntRange(min=1),
    metavar="VERSION",
    help="Include only what changed since this bundle.",
)
@click.option(
    "--max-age",
    "days",
    type=click.IntRange(1, 3650),
    metavar="DAYS",
    help="Maximum age of the bundle for officers, if lower than their policy allows.",
)
@click.option("--no-bac", is_flag=True, help="Forbid officers to open cards with Basic Access Control.")
@click.option(
    "--status-list",
    "reports",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Report these documents to officers: CSV issuing_state,document_number,status,since[,content_sha256].",
)
@click.option(
    "--stolen-blanks",
    "blanks",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="From now on, report these stolen blanks to officers: CSV issuing_state,first,last,since.",
)
@format_option
@pass_app
def export(
    app: App,
    state: str | None,
    output: Path,
    base: int | None,
    days: int | None,
    no_bac: bool,
    reports: Path | None,
    blanks: Path | None,
    fmt: str,
) -> None:
    """Sign this home's trust data for its officers; this takes two people.

    The bundle contains trust anchors, link certificates, revocation lists, deviation lists, terminal certificates
    without their keys, the documents reported by the register and by the table given last, and stolen blanks. Give your
    officers the CSCA's fingerprint through another channel: they accept it with their first bundle.
    """
    from eid_toolkit.books.trust.bundles import BundleManifests, bundle_of
    from eid_toolkit.standards.pki.document_status import StatusList, StolenBlanks
    from eid_toolkit.standards.pki.trust_bundle import BundlePolicy, build_trust_bundle

    with open_office(app) as office:
        code, now = state_of(office, state), CLOCK.now().replace(microsecond=0)
        manifests = BundleManifests(office.home.root / _DIRECTORY)
        before = (base, manifests.members(base)) if base is not None else None
        given = {
            "status_list": StatusList.read_csv(_table(reports)).encoded if reports is not None else None,
            "stolen_blanks": StolenBlanks.read_csv(_table(blanks)).encode() if blanks is not None else None,
        }
        lists = manifests.lists(given)
        reported = publish_reports(office)
        told = (*lists["status_list"], *((reported.encoded,) if reported.reports else ()))
        version, sections = manifests.last() + 1, {**_sections(office, now), **lists, "status_list": told}
        counts = {name: len(items) for name, items in sections.items()}
        detail = {"version": version, "base": base, "max_age_days": days, "allow_bac": not no_bac, **counts}
        people = decide_together(office, "trust-bundle.export", code, detail)
        content = bundle_of(
            office.home.config.authority, version, now, sections, BundlePolicy(days, not no_bac), before
        )
        certificate, signer = office.authorities.bundle_signer(charter_of(office, code), now, ENTROPY)
        others = (*office.authorities.cscas(code), *office.authorities.links(code))
        data = build_trust_bundle(content, signer, certificate, others, now)
        manifests.keep_lists(lists)
        manifests.write(version, now, sections)  # first: a number that has left is never given twice
        csca = office.authorities.csca(code)
        office.register.record(people[0].name, "trust-bundle.exported", code, {"version": version, "base": base})
    write_file(output, data)
    shown = {
        "version": version,
        "issued_at": now.isoformat(),
        "base": base,
        **counts,
        "removed": len(content.removed),
        "size": len(data),
        "signer_fingerprint": certificate.fingerprint,
        "csca_fingerprint": csca.fingerprint,
    }
    emit({"schema": "eid-trust-bundle-export/1", **shown}, fmt, lambda: details(shown.items()))


@bundle.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--accept",
    metavar="FINGERPRINT",
    help="Accept this authority's bundles from now on: SHA-256 of its CSCA's or the bundle signer's certificate.",
)
@format_option
@pass_app
def import_(app: App, file: Path, accept: str | None, fmt: str) -> None:
    """Import a bundle from your own authority, replacing the previous bundle.

    A bundle is imported completely or not at all. The first bundle needs --accept; after that, only newer bundles from
    the same authority are accepted.
    """
    from eid_toolkit.books.authorities.terminals import refresh
    from eid_toolkit.books.trust.bundles import BundleStore
    from eid_toolkit.books.trust.packs import Role
    from eid_toolkit.books.trust.store import open_trust
    from eid_toolkit.standards.pki.cv_certificate import CvCertificate
    from eid_toolkit.standards.pki.trust_bundle import MAX_SIZE

    if (app.home_path / CONFIG_NAME).exists():
        raise NotPermitted("bundle-not-here")
    store = BundleStore(open_trust(app.home_path))
    before = store.present()
    pack, new = store.take(read_file(file, MAX_SIZE), file.name, CLOCK.now(), _cleaned(accept), app.operator)
    refresh(app.home_path, map(CvCertificate.parse, pack.data_of(Role.TERMINAL)))
    old = {member.fingerprint for member in before.members} if before is not None and new else set()
    here = {member.fingerprint for member in pack.members}
    shown = {
        "status": "taken" if new else "known",
        **_facts(pack),
        **pack.counts,
        "added": len(here - old) if new else 0,
        "removed": len(old - here),
    }
    emit({"schema": "eid-trust-bundle-import/1", **shown}, fmt, lambda: details(shown.items()))


@bundle.command("show")
@format_option
@pass_app
def show(app: App, fmt: str) -> None:
    """Show the installed bundle, its age, and whose bundles are accepted."""
    from eid_toolkit.books.trust.bundles import BundleStore
    from eid_toolkit.books.trust.store import open_trust

    store = BundleStore(open_trust(app.home_path))
    pack, pin = store.present(), store.pin()
    shown = {
        "present": pack is not None,
        **(_facts(pack) if pack is not None else {}),
        **(pack.counts if pack is not None else {}),
        "pinned": pin.fingerprint if pin is not None else None,
        "highest_version": pin.highest if pin is not None else None,
    }
    emit({"schema": "eid-trust-bundle-show/1", **shown}, fmt, lambda: details(shown.items()))


def _facts(pack: Pack) -> dict[str, object]:
    from datetime import datetime

    issued_at = datetime.fromisoformat(pack.facts["issued_at"])
    return {
        "version": pack.facts["version"],
        "issued_at": pack.facts["issued_at"],
        "age_days": (CLOCK.now() - issued_at).days,
        "authority": harmless(pack.facts["authority"]),
        "max_age_days": pack.facts["max_age_days"],
        "allow_bac": pack.facts["allow_bac"],
        "sha256": pack.sha256,
    }


def _sections(office: Office, now: datetime) -> dict[str, tuple[bytes, ...]]:
    """What the home believes, and the certificates of its terminals."""
    from eid_toolkit.books.authorities.verifying import VerifyingStore
    from eid_toolkit.standards.pki.crl import Crl
    from eid_toolkit.standards.pki.times import is_ahead

    trust, authorities = office.trust.material(), office.authorities
    newest: dict[tuple[str, bool], Crl] = {}
    for crl in sorted(trust.crls, key=lambda item: (item.this_update, item.number or 0)):
        if is_ahead(crl.this_update, now):  # taken by an earlier version; it would hide what comes after it
            continue
        newest[crl.issuer.text, crl.partial] = crl
    links = {link.der for state in authorities.states() for link in authorities.links(state)}
    verifying = VerifyingStore(office.home.pki, office.keys)
    chains = [
        certificate.encode()
        for state in authorities.states()
        for certificate in (
            *verifying.roots(state),
            *verifying.links(state),
            *verifying.verifiers(state),
            *verifying.terminals(state),
        )
    ]
    return {
        "anchors": tuple(anchor.der for anchor in trust.anchors),
        "links": tuple(sorted(links | {link.der for link in trust.links})),
        "crls": tuple(crl.der for crl in newest.values()),
        "deviation_lists": tuple(deviation_list.der for deviation_list in trust.deviation_lists),
        "terminal_certificates": tuple(dict.fromkeys(chains)),
    }


def _table(path: Path) -> str:
    from eid_toolkit.standards.pki.trust_bundle import MAX_SIZE

    try:
        return read_file(path, MAX_SIZE).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput("status-table-row", line=1) from None


def _cleaned(fingerprint: str | None) -> str | None:
    return None if fingerprint is None else fingerprint.replace(":", "").replace(" ", "").lower()
