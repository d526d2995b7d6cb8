"""`eid verify` and `eid judge`: one clear verdict on a card, or on evidence saved earlier."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from eid_toolkit.cli.catalogue import explain
from eid_toolkit.cli.context import App, Command, format_option, list_format_option, pass_app
from eid_toolkit.cli.files import OutputFile, read_file, write_file
from eid_toolkit.cli.output import emit, note, paint
from eid_toolkit.cli.passwords import access_password, password_options
from eid_toolkit.cli.readers import IN_PROCESS, open_reader, quirks_option, reader_option, wait_option
from eid_toolkit.cli.terminals import load_terminals
from eid_toolkit.cli.tracing import entropy_of
from eid_toolkit.errors import EidError, UsageError

if TYPE_CHECKING:
    from eid_toolkit.inspection.evidence import Evidence
    from eid_toolkit.inspection.verdict import Verdict
    from eid_toolkit.pki.trust_material import BundleFacts
    from eid_toolkit.pki.validation import TrustMaterial
    from eid_toolkit.terminal.rights import TerminalIdentity

EXIT_CODES = {"passed": 0, "failed": 3, "undetermined": 4}
_COLOURS = {"passed": "green", "failed": "red", "undetermined": "yellow"}
_WATCH_PATIENCE = 24 * 3600.0
_F = TypeVar("_F", bound=Callable[..., object])


def verdict_options(function: _F) -> _F:
    """``--policy`` and ``--report``."""
    function = click.option("--report", type=OutputFile(), help="Write the verdict as an HTML page.")(function)
    return click.option("--policy", "policy_name", default="officer", show_default=True, help="What is required.")(
        function
    )


@click.command(cls=Command)
@reader_option
@password_options
@wait_option
@quirks_option
@verdict_options
@click.option("--evidence", type=OutputFile(), help="Save what the card showed.")
@click.option("--watch", is_flag=True, help="Serve one card after another, until interrupted.")
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
    fmt: str,
    **password: str | None,
) -> None:
    """Read and judge one card.

    Exit code 0 passed, 3 failed, 4 undetermined; 5, 6 or 7 where the card could not be opened.
    """

    terminals = load_terminals(app)

    def one_card(wait: float) -> str:
        trust = _trust(app)  # before the card: once that is open, there is always a verdict
        captured = _capture(app, reader, wait, policy_name, quirks, password, terminals, trust.bundle)
        verdict = _pronounce(app, trust, captured, policy_name, fmt, at=None)
        if evidence is not None:
            _save_evidence(evidence, captured)
        if report is not None:
            _write_report(report, verdict)
        return verdict.decision.value

    if watch:
        _serve(reader, one_card)
    click.get_current_context().exit(EXIT_CODES[one_card(wait)])


@click.command(cls=Command)
@click.argument("evidence", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--at", metavar="TIME", help="Judge as of this time (ISO 8601, UTC unless it names a zone).")
@verdict_options
@format_option
@pass_app
def judge(app: App, evidence: Path, at: str | None, policy_name: str, report: Path | None, fmt: str) -> None:
    """Judge saved evidence again, with the trust lists that are here now.

    Exit codes as for `eid verify`.
    """
    from eid_toolkit.inspection.evidence_format import MAX_SIZE, decode_evidence

    captured = decode_evidence(read_file(evidence, MAX_SIZE))
    verdict = _pronounce(app, _trust(app), captured, policy_name, fmt, at=_parse_time(at))
    if report is not None:
        _write_report(report, verdict)
    click.get_current_context().exit(EXIT_CODES[verdict.decision.value])


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
    from eid_toolkit.inspection.capture import capture
    from eid_toolkit.inspection.policy import policy_by_name
    from eid_toolkit.ports import SystemClock
    from eid_toolkit.terminal.quirks import quirks_by_name

    policy = policy_by_name(policy_name).tightened(bundle)
    opened_by, known = access_password(**password), quirks_by_name(quirks)
    with open_reader(reader, app, wait) as transport:
        return capture(transport, opened_by, policy, entropy_of(transport), SystemClock(), known, terminals)


def _trust(app: App) -> TrustMaterial:
    from eid_toolkit.stores.trust import open_trust

    return open_trust(app.home_path).material()


def _pronounce(
    app: App, trust: TrustMaterial, evidence: Evidence, policy_name: str, fmt: str, at: datetime | None
) -> Verdict:
    """Judge and print."""
    from eid_toolkit.inspection.policy import policy_by_name
    from eid_toolkit.inspection.report import verdict_data, verdict_text
    from eid_toolkit.inspection.trusted_time import trusted_time
    from eid_toolkit.inspection.verdict import judge

    highest = trusted_time(app.home_path / "trust", trust) if at is None else None
    verdict = judge(evidence, trust, policy_by_name(policy_name), at or datetime.now(UTC), highest)
    emit(
        verdict_data(verdict, explain),
        fmt,
        lambda: verdict_text(verdict, explain, lambda text, status: paint(text, _COLOURS.get(status, "bright_black"))),
    )
    return verdict


def _serve(reader: str, one_card: Callable[[float], str]) -> None:
    """Cards come and go; what goes wrong with one is told, and the next is waited for."""
    if reader.startswith(IN_PROCESS):
        raise UsageError("watch-needs-pcsc-reader")
    from eid_toolkit.cli.catalogue import message_of
    from eid_toolkit.transport.pcsc import resolve_reader, wait_for_removal

    name = resolve_reader(reader)
    while True:
        note("Waiting for a card.")
        try:
            one_card(_WATCH_PATIENCE)
        except EidError as error:
            note(message_of(error).text)
        wait_for_removal(name)


def _save_evidence(path: Path, evidence: Evidence) -> None:
    from eid_toolkit.inspection.evidence_format import encode_evidence

    write_file(path, encode_evidence(evidence))


def _write_report(path: Path, verdict: Verdict) -> None:
    from eid_toolkit.inspection.html_report import portrait_of, verdict_html

    write_file(path, verdict_html(verdict, explain, portrait_of(verdict.evidence)).encode())


def _parse_time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter: a time that in UTC is before the year 1 or behind 9999
        raise UsageError("time-malformed", text=text) from None
