"""`eid officer`: an officer's home, founded from a bundle and kept up to date."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from eid_toolkit.doors.cli.context import App, Command, Group, format_option, pass_app
from eid_toolkit.doors.cli.office import CLOCK, ENTROPY
from eid_toolkit.doors.cli.output import emit_values, note, prompt
from eid_toolkit.doors.cli.trust_bundle import bundle_facts, note_register_behind
from eid_toolkit.ground.errors import UsageError
from eid_toolkit.ground.fingerprints import grouped, typed_fingerprint
from eid_toolkit.ground.home.named_files import read_file
from eid_toolkit.work.office import officer_home

_BUNDLE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(cls=Group)
def officer() -> None:
    pass


@officer.command("init", cls=Command)
@click.argument("bundle", type=_BUNDLE)
@click.option("--fingerprint", metavar="F")
@format_option
@pass_app
def init(app: App, bundle: Path, fingerprint: str | None, fmt: str) -> None:
    from eid_toolkit.standards.pki.trust_bundle import MAX_SIZE
    from eid_toolkit.work.inspection.evidence_seal import fingerprint_of
    from eid_toolkit.work.office.evidence_signing import evidence_key

    if fingerprint is None:
        if not sys.stdin.isatty():
            raise UsageError("officer-fingerprint-missing")
        fingerprint = prompt(app.speaker.in_short("ask-authority-fingerprint"))
    told = typed_fingerprint(fingerprint)
    data = read_file(bundle, MAX_SIZE)
    taken = officer_home.found(app.home_path, data, bundle.name, CLOCK.now(), told, app.operator)
    own = fingerprint_of(evidence_key(app.home_path, app, ENTROPY))
    shown = {"home": str(app.home_path), **_shown(taken), "evidence_fingerprint": own}
    _emit(shown, fmt)
    note_register_behind(taken.pack)
    note(app.speaker.explain("officer-home-founded", {"home": app.home_path}))


@officer.command("update", cls=Command)
@click.argument("bundle", type=_BUNDLE)
@format_option
@pass_app
def update(app: App, bundle: Path, fmt: str) -> None:
    from eid_toolkit.standards.pki.trust_bundle import MAX_SIZE

    data = read_file(bundle, MAX_SIZE)
    taken = officer_home.update(app.home_path, data, bundle.name, CLOCK.now(), app.operator)
    before = taken.before.facts["version"] if taken.before is not None else None
    _emit({**_shown(taken), "version_before": before}, fmt)
    note_register_behind(taken.pack)


def _shown(taken: officer_home.Taken) -> dict[str, object]:
    return {
        "status": "taken" if taken.is_new else "known",
        **bundle_facts(taken.pack),
        **taken.pack.counts,
        "added": taken.added,
        "removed": taken.removed,
        "authority_fingerprint": taken.authority,
    }


def _emit(shown: dict[str, object], fmt: str) -> None:
    """As data, or as text with the fingerprints as they are read aloud."""
    pairs = {name: grouped(str(value)) if name.endswith("fingerprint") else value for name, value in shown.items()}
    emit_values({"schema": "eid-officer-home/1", **shown}, fmt, pairs.items())
