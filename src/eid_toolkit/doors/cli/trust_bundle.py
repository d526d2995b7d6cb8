"""`eid trust bundle`: what an authority gives its officers to believe, in one signed file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Group, format_option, pass_app
from eid_toolkit.doors.cli.files import OutputFile
from eid_toolkit.doors.cli.office import CLOCK, open_office
from eid_toolkit.doors.cli.output import emit_values, tell
from eid_toolkit.doors.cli.pki_commands.shared import state_option
from eid_toolkit.ground.display import harmless
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.fingerprints import grouped
from eid_toolkit.ground.home.named_files import read_file
from eid_toolkit.work.office.bundles import export_bundle
from eid_toolkit.work.office.charters import state_of

if TYPE_CHECKING:
    from eid_toolkit.books.trust.packs import Pack


@click.group(cls=Group)
def bundle() -> None:
    pass


@bundle.command("export")
@state_option
@click.option("--output", required=True, type=OutputFile())
@click.option("--delta-from", "base", type=click.IntRange(min=1), metavar="VERSION")
@click.option("--max-age", "days", type=click.IntRange(1, 3650), metavar="DAYS")
@click.option("--no-bac", is_flag=True)
@click.option("--status-list", "reports", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--stolen-blanks", "blanks", type=click.Path(exists=True, dir_okay=False, path_type=Path))
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
    from eid_toolkit.standards.pki.document_status import StatusList, StolenBlanks

    given = {
        "status_list": StatusList.read_csv(_table(reports)).encoded if reports is not None else None,
        "stolen_blanks": StolenBlanks.read_csv(_table(blanks)).encode() if blanks is not None else None,
    }
    with open_office(app) as office:
        code = state_of(office, state)
        exported = export_bundle(office, code, output, base=base, days=days, allow_bac=not no_bac, given=given)
    content = exported.content
    shown = {
        "version": content.version,
        "issued_at": content.issued_at.isoformat(),
        "base": base,
        **exported.counts,
        "removed": len(content.removed),
        "size": len(exported.data),
        "signer_fingerprint": exported.signer.fingerprint,
        "csca_fingerprint": exported.csca.fingerprint,
    }
    spoken = {"csca_fingerprint_to_read_aloud": grouped(exported.csca.fingerprint)}
    emit_values({"schema": "eid-trust-bundle-export/1", **shown}, fmt, {**shown, **spoken}.items())


@bundle.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--accept", metavar="FINGERPRINT")
@format_option
@pass_app
def import_(app: App, file: Path, accept: str | None, fmt: str) -> None:
    from eid_toolkit.standards.pki.trust_bundle import MAX_SIZE
    from eid_toolkit.work.office.officer_home import take_bundle

    data = read_file(file, MAX_SIZE)
    taken = take_bundle(app.home_path, data, file.name, CLOCK.now(), _cleaned(accept), app.operator)
    shown = {
        "status": "taken" if taken.is_new else "known",
        **bundle_facts(taken.pack),
        **taken.pack.counts,
        "added": taken.added,
        "removed": taken.removed,
    }
    emit_values({"schema": "eid-trust-bundle-import/1", **shown}, fmt, shown.items())
    note_register_behind(taken.pack)


@bundle.command("show")
@format_option
@pass_app
def show(app: App, fmt: str) -> None:
    from eid_toolkit.books.trust.bundles import BundleStore
    from eid_toolkit.books.trust.store import open_trust

    store = BundleStore(open_trust(app.home_path))
    pack, pin = store.present(), store.pin()
    shown = {
        "present": pack is not None,
        **(bundle_facts(pack) if pack is not None else {}),
        **(pack.counts if pack is not None else {}),
        "pinned": pin.fingerprint if pin is not None else None,
        "highest_version": pin.highest if pin is not None else None,
    }
    emit_values({"schema": "eid-trust-bundle-show/1", **shown}, fmt, shown.items())


def note_register_behind(pack: Pack) -> None:
    """Say that the authority's register was set back, where the bundle tells so."""
    if pack.facts.get("register_behind"):
        tell("bundle-register-behind")


def bundle_facts(pack: Pack) -> dict[str, object]:
    """What is told of a bundle."""
    from datetime import datetime

    issued_at = datetime.fromisoformat(pack.facts["issued_at"])
    return {
        "version": pack.facts["version"],
        "issued_at": pack.facts["issued_at"],
        "age_days": (CLOCK.now() - issued_at).days,
        "authority": harmless(pack.facts["authority"]),
        "max_age_days": pack.facts["max_age_days"],
        "allow_bac": pack.facts["allow_bac"],
        "floor": pack.facts.get("floor"),
        "register_behind": pack.facts.get("register_behind", False),
        "sha256": pack.sha256,
    }


def _table(path: Path) -> str:
    from eid_toolkit.standards.pki.trust_bundle import MAX_SIZE

    try:
        return read_file(path, MAX_SIZE).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput("status-table-row", line=1) from None


def _cleaned(fingerprint: str | None) -> str | None:
    return None if fingerprint is None else fingerprint.replace(":", "").replace(" ", "").lower()
