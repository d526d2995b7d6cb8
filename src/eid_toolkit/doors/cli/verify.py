"""`eid verify`: one clear verdict on a card."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Command, list_format_option, pass_app
from eid_toolkit.doors.cli.files import OutputFile
from eid_toolkit.doors.cli.kept_inspections import Kept
from eid_toolkit.doors.cli.passwords import Opening, opening_of, password_options
from eid_toolkit.doors.cli.readers import open_reader, quirks_option, reader_option, wait_option
from eid_toolkit.doors.cli.terminals import load_terminals
from eid_toolkit.doors.cli.tracing import entropy_of
from eid_toolkit.doors.cli.verdicts import EXIT_CODES, Shown, judged, load_trust, print_verdict, verdict_options
from eid_toolkit.ground.errors import UsageError
from eid_toolkit.work.office.readers import IN_PROCESS

if TYPE_CHECKING:
    from eid_toolkit.cards.terminal.quirks import Quirks
    from eid_toolkit.cards.terminal.rights import TerminalIdentity
    from eid_toolkit.cards.transport.interface import Transport
    from eid_toolkit.standards.pki.validation import TrustMaterial
    from eid_toolkit.work.inspection.evidence import Evidence
    from eid_toolkit.work.inspection.policy import Policy
    from eid_toolkit.work.inspection.verdict import Verdict


@click.command(cls=Command)
@reader_option
@password_options
@wait_option
@quirks_option
@verdict_options
@click.option("--evidence", type=OutputFile())
@click.option("--watch", is_flag=True)
@click.option("--quiet", is_flag=True)
@click.option("--one-page", is_flag=True)
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
    quiet: bool,
    one_page: bool,
    verbose: bool,
    brief: bool,
    fmt: str,
    **password: str | None,
) -> None:
    shown, kept = Shown(verbose, brief), Kept(evidence, report, each=watch, one_page=one_page)
    terminals = load_terminals(app)

    def begin() -> _OneCard:
        trust = load_trust(app)  # before the card: once that is open, there is always a verdict
        return _OneCard.of(app, trust, policy_name, quirks, terminals, shown, kept, fmt)

    if watch:
        from eid_toolkit.doors.cli.watching import Passwords, PcscSlot, serve

        if reader.startswith(IN_PROCESS):
            raise UsageError("watch-needs-pcsc-reader")
        begin()  # a policy or quirks that there are not are told at once
        passwords = Passwords(app, password)
        serve(app, PcscSlot(app, reader), passwords, begin, kept.between_cards, quiet=quiet)
    card, opening = begin(), opening_of(**password)
    with open_reader(reader, app, wait) as transport:
        captured = card.capture(transport, opening)
    click.get_current_context().exit(EXIT_CODES[card.conclude(captured).decision.value])


@dataclass(frozen=True, slots=True)
class _OneCard:
    """What is done with one card: read with what is believed now, judged, shown, and kept."""

    app: App
    trust: TrustMaterial
    policy_name: str
    policy: Policy
    quirks: Quirks
    terminals: tuple[TerminalIdentity, ...]
    shown: Shown
    kept: Kept
    fmt: str

    @classmethod
    def of(
        cls,
        app: App,
        trust: TrustMaterial,
        policy_name: str,
        quirks: str,
        terminals: tuple[TerminalIdentity, ...],
        shown: Shown,
        kept: Kept,
        fmt: str,
    ) -> _OneCard:
        from eid_toolkit.cards.terminal.quirks import quirks_by_name
        from eid_toolkit.work.inspection.policy import policy_by_name

        policy = policy_by_name(policy_name).tightened(trust.bundle)
        return cls(app, trust, policy_name, policy, quirks_by_name(quirks), terminals, shown, kept, fmt)

    def capture(self, transport: Transport, opening: Opening) -> Evidence:
        from eid_toolkit.ground.ports import SystemClock
        from eid_toolkit.work.inspection.capture import capture

        return capture(
            transport,
            opening.password,
            self.policy,
            entropy_of(transport),
            SystemClock(),
            self.quirks,
            self.terminals,
            opening.printed,
        )

    def conclude(self, evidence: Evidence) -> Verdict:
        verdict = judged(self.app, self.trust, evidence, self.policy_name, at=None)
        print_verdict(verdict, self.fmt, self.shown)
        self.kept.keep(self.app, evidence, verdict)
        return verdict
