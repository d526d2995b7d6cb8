"""`eid verify`: one clear verdict on a card."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Command, list_format_option, pass_app
from eid_toolkit.doors.cli.files import OutputFile
from eid_toolkit.doors.cli.output import note
from eid_toolkit.doors.cli.passwords import access_password, password_options
from eid_toolkit.doors.cli.readers import open_reader, quirks_option, reader_option, wait_option
from eid_toolkit.doors.cli.terminals import load_terminals
from eid_toolkit.doors.cli.tracing import entropy_of
from eid_toolkit.doors.cli.verdicts import (
    EXIT_CODES,
    Shown,
    judged,
    load_trust,
    print_verdict,
    verdict_options,
    write_report,
)
from eid_toolkit.ground.errors import EidError, UsageError
from eid_toolkit.ground.home.named_files import write_file
from eid_toolkit.work.office.readers import IN_PROCESS

if TYPE_CHECKING:
    from eid_toolkit.cards.terminal.rights import TerminalIdentity
    from eid_toolkit.standards.pki.trust_material import BundleFacts
    from eid_toolkit.work.inspection.evidence import Evidence

_WATCH_PATIENCE = 24 * 3600.0


@click.command(cls=Command)
@reader_option
@password_options
@wait_option
@quirks_option
@verdict_options
@click.option("--evidence", type=OutputFile(), help="Save the evidence read from the card.")
@click.option("--watch", is_flag=True, help="Verify one card after another until interrupted.")
@list_format_option
@pass_app
def verify(
    app: App,
    reader: str,
    wait: float,
    quirks: str,
    policy_name: str,
    report: Path | None,
    evidence: Path | None,
    watch: bool,
    verbose: bool,
    brief: bool,
    fmt: str,
    **password: str | None,
) -> None:
    """Read and verify a card.

    Exit code 0 for passed, 3 for failed, 4 for undetermined; 5, 6 or 7 if the card could not be opened.
    """

    shown = Shown(verbose, brief)
    terminals = load_terminals(app)

    def one_card(wait: float) -> str:
        trust = load_trust(app)  # before the card: once that is open, there is always a verdict
        captured = _capture(app, reader, wait, policy_name, quirks, password, terminals, trust.bundle)
        verdict = judged(app, trust, captured, policy_name, at=None)
        print_verdict(verdict, fmt, shown)
        if evidence is not None:
            _save_evidence(app, evidence, captured)
        if report is not None:
            write_report(report, verdict)
        return verdict.decision.value

    if watch:
        _serve(reader, one_card)
    click.get_current_context().exit(EXIT_CODES[one_card(wait)])


def _capture(
    app: App,
    reader: str,
    wait: float,
    policy_name: str,
    quirks: str,
    password: dict[str, str | None],
    terminals: tuple[TerminalIdentity, ...],
    bundle: BundleFacts | None,
) -> Evidence:
    from eid_toolkit.cards.terminal.quirks import quirks_by_name
    from eid_toolkit.ground.ports import SystemClock
    from eid_toolkit.work.inspection.capture import capture
    from eid_toolkit.work.inspection.policy import policy_by_name

    policy = policy_by_name(policy_name).tightened(bundle)
    opened_by, known = access_password(**password), quirks_by_name(quirks)
    with open_reader(reader, app, wait) as transport:
        return capture(transport, opened_by, policy, entropy_of(transport), SystemClock(), known, terminals)


def _serve(reader: str, one_card: Callable[[float], str]) -> None:
    """Cards come and go; what goes wrong with one is told, and the next is waited for."""
    if reader.startswith(IN_PROCESS):
        raise UsageError("watch-needs-pcsc-reader")
    from eid_toolkit.cards.transport.pcsc import resolve_reader, wait_for_removal
    from eid_toolkit.ground.messages.catalogue import message_of

    name = resolve_reader(reader)
    while True:
        note("Waiting for a card.")
        try:
            one_card(_WATCH_PATIENCE)
        except EidError as error:
            note(message_of(error).text)
        wait_for_removal(name)


def _save_evidence(app: App, path: Path, evidence: Evidence) -> None:
    """Sign and save what was read; where nobody opens the key, it is saved without a signature, and that is said."""
    from eid_toolkit.ground.messages.catalogue import message_of
    from eid_toolkit.ground.ports import SystemEntropy
    from eid_toolkit.work.inspection.evidence_format import encode_evidence
    from eid_toolkit.work.inspection.evidence_seal import sealed
    from eid_toolkit.work.office.evidence_signing import evidence_key

    data = encode_evidence(evidence)
    try:
        data = sealed(data, evidence_key(app.home_path, app, SystemEntropy()))
    except EidError as error:  # what was read is not lost for that
        told = message_of(error)
        note(f"The evidence is not signed. {told.text} {told.hint or ''}".rstrip())
    write_file(path, data)
