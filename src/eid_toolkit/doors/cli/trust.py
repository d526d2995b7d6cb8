"""`eid trust`: what inspections believe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eid_toolkit.doors.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.office import CLOCK, open_office
from eid_toolkit.doors.cli.output import emit, emit_rows, emit_values, sentence, short, table, tell, time_text
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.doors.cli.trust_bundle import bundle
from eid_toolkit.doors.cli.trust_import import import_, open_store
from eid_toolkit.ground.errors import NotPermitted
from eid_toolkit.work.decoding.findings import findings_on
from eid_toolkit.work.office import believing

if TYPE_CHECKING:
    from eid_toolkit.books.trust.packs import Pack

_COLUMNS = ("kind", "country", "name", "valid_to", "fingerprint", "source")


@click.group(cls=Group)
def trust() -> None:
    pass


trust.add_command(import_)
trust.add_command(bundle)


@trust.command("list")
@click.option("--country", metavar="CODE")
@click.option("--kind", type=click.Choice(["anchor", "link", "crl", "deviation-list"]))
@click.option("--lists", "packs", is_flag=True)
@list_format_option
@pass_app
def list_(app: App, country: str | None, kind: str | None, packs: bool, fmt: str) -> None:
    store = open_store(app)
    if packs:
        _show_packs(store.packs.all(), fmt)
        return
    entries = [
        entry
        for entry in store.entries()
        if kind in (None, entry.kind) and (country is None or _is_of(entry.item.country, country))
    ]
    rows = [entry.to_json() for entry in entries]
    shown = (
        (
            row["kind"],
            row["country"],
            row.get("subject") or row.get("issuer"),
            _day(row),
            short(str(row["fingerprint"])),
            row["source"],
        )
        for row in rows
    )
    emit(rows, fmt, lambda: table(_COLUMNS, shown))
    for fingerprint in store.unreadable():
        tell("trust-item-unreadable", fingerprint=fingerprint)


@trust.command("show")
@click.argument("fingerprint")
@format_option
@pass_app
def show(app: App, fingerprint: str, fmt: str) -> None:
    store = open_store(app)
    pack = store.find_list(fingerprint)
    if pack is not None:
        values = pack.to_json() | _deviations(pack)
        emit_values(values, fmt, _flat(values))
        return
    entry = store.find(fingerprint)
    findings, holding = findings_on(entry.item), store.packs.holding(entry.fingerprint)
    lists = [
        {"kind": pack.kind, "name": pack.name, "sha256": pack.sha256, "imported_at": pack.imported_at.isoformat()}
        for pack in holding
    ]
    values = {**entry.to_json(), "lists": lists, "findings": findings}
    shown = [(name, value) for name, value in entry.to_json().items() if name not in ("decisions", "list")]
    shown += [("decided_by", ", ".join(decision.operator or "-" for decision in entry.decisions) or None)]
    if entry.listed_in is not None:
        shown += [(f"list_{name}", value) for name, value in entry.listed_in.to_json().items()]
    for pack in holding:
        listed = sentence("trust-in-list", name=pack.name, time=time_text(pack.imported_at))
        shown.append(("in_list", f"{listed} ({short(pack.sha256)})"))
    told = app.speaker.shown
    shown += [
        (str(told("severity", each["severity"])), f"{told('detail', each['detail'])} ({each['section']})")
        for each in findings
    ]
    emit_values(values, fmt, shown)


@trust.command("time")
@click.option("--reset", is_flag=True)
@list_format_option
@pass_app
def time(app: App, reset: bool, fmt: str) -> None:
    from eid_toolkit.books.keys.opening import is_authority
    from eid_toolkit.work.inspection.trusted_time import told_times, trusted_time

    store = open_store(app)
    material = store.material()
    if reset:
        if not is_authority(app.home_path):
            raise NotPermitted("trusted-time-reset-not-here")
        highest, now = trusted_time(store.directory, material), CLOCK.now().replace(microsecond=0)
        app.confirm("confirm-trusted-time-reset", time=time_text(now))
        with open_office(app) as office:
            believing.reset_time(office, highest, now)
    rows = [told_time.to_json() for told_time in told_times(store.directory, material)]
    emit_rows(rows, ("kind", "source", "time", "taken_at", "ignored", "fingerprint"), fmt)


@trust.command("diff")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@list_format_option
@pass_app
def diff(app: App, file: Path, fmt: str) -> None:
    from eid_toolkit.books.trust.entry import TrustEntry, kind_of_certificate
    from eid_toolkit.books.trust.sources import read_files
    from eid_toolkit.standards.pki.certificate import Certificate

    sources, now = read_files((file,)), CLOCK.now()
    certificates = {certificate.fingerprint: certificate for _, certificate in sources.certificates}
    certificates |= {
        certificate.fingerprint: certificate for listed in sources.lists for certificate in listed.found.certificates
    }
    lists = [crl for _, crl in sources.crls] + [crl for directory in sources.directories for crl in directory.crls]
    entries = open_store(app).entries()
    here = {entry.fingerprint for entry in entries}
    new = [
        TrustEntry(certificate, kind_of_certificate(certificate) or "certificate", file.name, now)
        for certificate in certificates.values()
        if certificate.fingerprint not in here
    ]
    new += [TrustEntry(crl, "crl", file.name, now) for crl in lists if crl.fingerprint not in here]
    beyond = [
        entry for entry in entries if isinstance(entry.item, Certificate) and entry.fingerprint not in certificates
    ]
    rows = [
        {
            "change": change,
            "kind": entry.kind,
            "country": entry.item.country,
            "name": entry.name,
            "fingerprint": entry.fingerprint,
        }
        for change, changed in (("added", new), ("beyond", beyond))
        for entry in changed
    ]
    emit_rows(rows, ("change", "kind", "country", "name", "fingerprint"), fmt)


@trust.command("remove")
@click.argument("fingerprint")
@pass_app
def remove(app: App, fingerprint: str) -> None:
    from eid_toolkit.books.keys.opening import is_authority

    removal = believing.removal_of(open_store(app), fingerprint)
    app.confirm(removal.question, name=removal.name, kind=removal.kind)
    if not is_authority(app.home_path):  # an officer's home is the officer's
        removal.carry_out()
        return
    with open_office(app) as office:
        believing.remove(office, removal)


def _deviations(pack: Pack) -> dict[str, Any]:
    """What a deviation list says, where the pack is one."""
    if pack.kind != "deviation-list":
        return {}
    from eid_toolkit.books.trust.packs import Role
    from eid_toolkit.standards.pki.deviation_list import DeviationList
    from eid_toolkit.work.decoding.describe_pki import deviation_list

    (data,) = pack.data_of(Role.DEVIATION_LIST)
    return {"deviations": deviation_list(DeviationList.parse(data))["deviations"]}


def _flat(values: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Lists of tables with a number at each, for a person."""
    label = presentation().speaker.label
    for name, value in values.items():
        if isinstance(value, list):
            for number, item in enumerate(value, 1):
                yield from ((f"{label(name)} {number} {label(key)}", shown) for key, shown in item.items())
        elif isinstance(value, dict):
            yield from ((f"{label(name)} {label(key)}", shown) for key, shown in value.items())
        else:
            yield name, value


def _day(row: Mapping[str, Any]) -> str:
    """The day on which it ends, or is to be replaced."""
    return presentation().day(row.get("not_after") or row.get("next_update"))


def _is_of(country: str | None, state: str) -> bool:
    from eid_toolkit.standards.pki.countries import same_state

    return country is not None and same_state(country, state)


def _show_packs(packs: tuple[Pack, ...], fmt: str) -> None:
    rows, value = [pack.to_json() for pack in packs], presentation().speaker.value
    shown = (
        (
            pack.kind,
            pack.name,
            pack.imported_at,
            value(pack.basis),
            ", ".join(f"{count} {value(role)}" for role, count in pack.counts.items()),
            short(pack.sha256),
        )
        for pack in packs
    )
    emit(rows, fmt, lambda: table(("kind", "name", "imported_at", "basis", "members", "fingerprint"), shown))
