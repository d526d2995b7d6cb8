"""`eid judge`: a verdict on evidence that was saved earlier, or on files that another tool has dumped."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Command, format_option, pass_app
from eid_toolkit.doors.cli.output import tell
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.doors.cli.verdicts import (
    EXIT_CODES,
    Shown,
    judged,
    load_trust,
    print_verdict,
    verdict_options,
    write_report,
)
from eid_toolkit.ground.errors import BadInput, UsageError
from eid_toolkit.ground.home.named_files import read_file, read_start

if TYPE_CHECKING:
    from eid_toolkit.work.inspection.evidence import Evidence
    from eid_toolkit.work.inspection.witness import Witness

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(cls=Command)
@click.argument("evidence", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--sod", type=_FILE)
@click.option("--dg", "groups", multiple=True, type=_FILE)
@click.option("--at", metavar="TIME")
@verdict_options
@format_option
@pass_app
def judge(
    app: App,
    evidence: Path | None,
    sod: Path | None,
    groups: tuple[Path, ...],
    at: str | None,
    policy_name: str,
    report: Path | None,
    verbose: bool,
    brief: bool,
    fmt: str,
) -> None:
    shown = Shown(verbose, brief)
    if evidence is not None and (sod is not None or groups):
        raise UsageError("judge-two-kinds")
    now = datetime.now(UTC)
    if evidence is not None and not evidence.is_dir():
        captured, witness = _saved(app, evidence)
    else:
        captured, witness = _dumped(_dumped_files(evidence, sod, groups), now)
    moment = presentation().moment(at) if at is not None else None
    verdict = judged(app, load_trust(app), captured, policy_name, moment, witness)
    print_verdict(verdict, fmt, shown)
    if report is not None:
        write_report(report, verdict)
    click.get_current_context().exit(EXIT_CODES[verdict.decision.value])


def _saved(app: App, path: Path) -> tuple[Evidence, Witness]:
    from eid_toolkit.work.inspection.evidence_format import MAX_SIZE, decode_evidence
    from eid_toolkit.work.inspection.evidence_keys import EvidenceKeys
    from eid_toolkit.work.inspection.evidence_seal import read_seal

    raw = read_file(path, MAX_SIZE)
    return decode_evidence(raw), EvidenceKeys(app.home_path).witness(read_seal(raw))


def _dumped_files(folder: Path | None, sod: Path | None, groups: tuple[Path, ...]) -> list[Path]:
    from eid_toolkit.work.inspection.dumped_files import MAX_FILES

    named = [*groups] if sod is None else [sod, *groups]
    files = named if folder is None else sorted(path for path in folder.iterdir() if path.is_file())
    if not files and folder is None:
        raise UsageError("judge-nothing-given")
    if len(files) > MAX_FILES:
        raise BadInput("dumped-files-too-many", limit=MAX_FILES)
    return files


def _dumped(files: list[Path], now: datetime) -> tuple[Evidence, Witness]:
    from eid_toolkit.work.inspection.dumped_files import MAX_FILE, evidence_of
    from eid_toolkit.work.inspection.witness import UNSIGNED

    evidence, strange = evidence_of(((path.name, read_start(path, MAX_FILE + 1)) for path in files), now)
    if strange:
        tell("dumped-files-ignored", files=", ".join(strange))
    return evidence, UNSIGNED
