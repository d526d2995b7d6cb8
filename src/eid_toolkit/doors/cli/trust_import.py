"""`eid trust import`: certificates and lists, believed as far as they prove themselves or people say so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eid_toolkit.doors.cli.context import App, Command, list_format_option, pass_app
from eid_toolkit.doors.cli.office import CLOCK, open_office
from eid_toolkit.doors.cli.output import emit, note, sentence, short, table, tell
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.ground.display import harmless
from eid_toolkit.work.decoding.findings import findings_on
from eid_toolkit.work.office import believing

if TYPE_CHECKING:
    from eid_toolkit.books.trust.importing import Plan
    from eid_toolkit.books.trust.store import TrustEntry, TrustStore

_COLUMNS = ("status", "kind", "country", "name", "fingerprint", "source")
_SHOWN = 30
"""Rows for a person; beyond, the counts say it."""


def open_store(app: App) -> TrustStore:
    """The trust store, which an officer's home has without anything else."""
    from eid_toolkit.books.trust.store import open_trust

    return open_trust(app.home_path)


@click.command("import", cls=Command)
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--accept-signer", "signers", multiple=True, metavar="FINGERPRINT")
@click.option("--accept-list", "lists", multiple=True, metavar="SHA256")
@click.option("--remove-dropped", is_flag=True)
@list_format_option
@pass_app
def import_(
    app: App, files: tuple[Path, ...], signers: tuple[str, ...], lists: tuple[str, ...], remove_dropped: bool, fmt: str
) -> None:
    from eid_toolkit.books.trust.sources import read_files
    from eid_toolkit.standards.pki.signature_form import is_without_null

    store = open_store(app)
    accepted = frozenset(fingerprint.replace(":", "").replace(" ", "").lower() for fingerprint in (*signers, *lists))
    sources = read_files(files)
    plan = store.plan(sources, CLOCK.now(), accepted)
    plan.check()
    if remove_dropped and plan.dropped:
        app.confirm("confirm-trust-drop", count=len(plan.dropped))
    added = _carry_out(app, store, plan, remove_dropped)
    _show(store, plan, added, remove_dropped, fmt)
    new = {pack.sha256 for pack in plan.packs}
    for listed in sources.lists:
        if listed.sha256 in new and listed.found.signed is not None and is_without_null(listed.found.signed):
            tell("trust-list-without-null", source=listed.source)


def _carry_out(app: App, store: TrustStore, plan: Plan, remove_dropped: bool) -> tuple[TrustEntry, ...]:
    from eid_toolkit.books.keys.opening import is_authority
    from eid_toolkit.books.staff.operators import Operator
    from eid_toolkit.books.trust.packs import Basis

    if is_authority(app.home_path):
        for each in plan.doubtful:
            subject, fingerprint = each.certificate.subject.text, each.certificate.fingerprint
            tell("trust-anchor-without-link", source=each.source, subject=subject, fingerprint=fingerprint)
        with open_office(app) as office:
            return believing.import_plan(office, plan, remove_dropped=remove_dropped)
    for pack in plan.packs:
        if pack.basis in (Basis.SIGNER, Basis.LIST):
            question = "confirm-trust-list" if pack.signer else "confirm-trust-list-unsigned"
            counts = ", ".join(f"{count} {app.speaker.value(kind)}" for kind, count in pack.counts.items())
            app.confirm(question, name=pack.name, counts=counts, signer=pack.signer)
    officer = Operator(app.operator) if app.operator else None
    return believing.import_by_officer(store, plan, officer, remove_dropped=remove_dropped)


def _show(store: TrustStore, plan: Plan, added: tuple[TrustEntry, ...], removed: bool, fmt: str) -> None:
    here = {entry.fingerprint: entry for entry in store.entries()}
    known = [here[fingerprint] for _, fingerprint in dict.fromkeys(plan.known) if fingerprint in here]
    rows: list[dict[str, Any]] = [
        {"status": "taken", **entry.to_json(), "findings": findings_on(entry.item)} for entry in added
    ]
    rows += [{"status": "known", **entry.to_json()} for entry in known]
    rows += [
        {"status": "removed" if removed else "dropped", **entry.to_json(), "dropped_by": source}
        for source, entry in plan.dropped
    ]
    refused = [
        {
            "status": "unreadable" if refusal.unreadable else "refused",
            "source": refusal.source,
            "name": refusal.what,
            "reason": refusal.reason,
            "detail": presentation().speaker.explain(
                refusal.reason, {"subject": refusal.what, "issuer": refusal.what, **refusal.facts}
            ),
        }
        for refusal in plan.refused
    ]
    refused += [
        {
            "status": "refused",
            "source": question.source,
            "name": question.name,
            "reason": question.reason,
            "detail": presentation().speaker.of(question.error).text,
            "accept": question.accept,
        }
        for question in plan.questions
    ]
    emit([*rows, *refused], fmt, lambda: _as_text(rows, refused))
    signers = sum(pack.counts.get("document-signer", 0) for pack in plan.packs)
    counts = {status: sum(row["status"] == status for row in (*rows, *refused)) for status in _STATUSES}
    if signers:
        counts["document signers kept"] = signers
    if plan.dropped:
        counts["removed" if removed else "dropped"] = len(plan.dropped)
    value = presentation().speaker.value
    note(", ".join(f"{count} {value(status)}" for status, count in counts.items()) + ".")
    if plan.dropped and not removed:
        tell("trust-dropped-kept", count=len(plan.dropped))
    departing = sum(any(finding["severity"] == "error" for finding in row.get("findings", ())) for row in rows)
    if departing:
        tell("trust-deviating", count=departing)


_STATUSES = ("taken", "known", "unreadable", "refused")


def _as_text(rows: list[dict[str, Any]], refused: list[dict[str, Any]]) -> str:
    shown = (
        (
            row["status"],
            row["kind"],
            row["country"],
            row.get("subject") or row.get("issuer"),
            short(row["fingerprint"]),
            row["source"],
        )
        for row in rows[:_SHOWN]
    )
    rows = sorted(rows, key=lambda row: row["status"] not in ("dropped", "removed"))  # which must not be overlooked
    lines = [table(_COLUMNS, shown)] if rows else []
    if len(rows) > _SHOWN:
        lines.append(sentence("trust-rows-more", count=len(rows) - _SHOWN))
    for row in refused:
        status = presentation().speaker.value(row["status"])
        hint = f" {sentence('trust-list-to-accept', accept=row['accept'])}" if "accept" in row else ""
        lines.append(f"{status}: {harmless(row['source'])}, {harmless(row['name'])}: {row['detail']}{hint}")
    return "\n".join(lines)
