"""What `eid verify` and `eid judge` share: their options, the judging, and how a verdict is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from eid_toolkit.doors.cli.context import App
from eid_toolkit.doors.cli.defaults import default_option
from eid_toolkit.doors.cli.files import OutputFile
from eid_toolkit.doors.cli.output import emit, paint, time_text
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.ground.errors import UsageError
from eid_toolkit.ground.home.named_files import write_file
from eid_toolkit.ground.messages.catalogue import ENGLISH

if TYPE_CHECKING:
    from eid_toolkit.standards.pki.validation import TrustMaterial
    from eid_toolkit.work.inspection.evidence import Evidence
    from eid_toolkit.work.inspection.reports.wording import Words
    from eid_toolkit.work.inspection.verdict import Verdict
    from eid_toolkit.work.inspection.witness import Witness

EXIT_CODES = {"passed": 0, "failed": 3, "undetermined": 4}
_COLOURS = {"passed": "green", "failed": "red", "undetermined": "yellow"}
_F = TypeVar("_F", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Shown:
    """How much of a verdict is printed as text."""

    verbose: bool
    brief: bool

    def __post_init__(self) -> None:
        if self.brief and self.verbose:
            raise UsageError("verdict-brief-and-verbose")


def verdict_options(function: _F) -> _F:
    """``--policy``, ``--report``, ``--verbose`` and ``--brief``."""
    function = click.option("--brief", is_flag=True)(function)
    function = click.option("--verbose", is_flag=True, callback=_also_before)(function)
    function = click.option("--report", type=OutputFile())(function)
    return default_option("--policy", "policy_name", setting="policy")(function)


def _also_before(ctx: click.Context, _: click.Parameter, value: bool) -> bool:
    """Common options may stand before the command, too."""
    return value or App.of(ctx).verbose


def load_trust(app: App) -> TrustMaterial:
    from eid_toolkit.books.trust.store import open_trust

    return open_trust(app.home_path).material()


def judged(
    app: App,
    trust: TrustMaterial,
    evidence: Evidence,
    policy_name: str,
    at: datetime | None,
    witness: Witness | None = None,
) -> Verdict:
    """The verdict on evidence; without a ``witness``, on what was just read here."""
    from eid_toolkit.work.inspection.policy import policy_by_name
    from eid_toolkit.work.inspection.trusted_time import trusted_time
    from eid_toolkit.work.inspection.verdict import judge
    from eid_toolkit.work.inspection.witness import SELF

    highest = trusted_time(app.home_path / "trust", trust) if at is None else None
    policy, now = policy_by_name(policy_name), at or datetime.now(UTC)
    return judge(evidence, trust, policy, now, highest, witness or SELF)


def print_verdict(verdict: Verdict, fmt: str, shown: Shown) -> None:
    """The verdict on stdout: as data, in one line, in one look, or in full."""
    from eid_toolkit.work.inspection.reports.one_look import brief
    from eid_toolkit.work.inspection.reports.report import verdict_data
    from eid_toolkit.work.inspection.reports.text_report import verdict_text

    def text() -> str:
        if shown.brief:
            return brief(verdict, replace(_words(), clock=partial(time_text, seconds=True)))
        return verdict_text(verdict, _words(), verbose=shown.verbose)

    data = None if fmt == "text" else verdict_data(verdict, ENGLISH.explain)  # all sentences are loaded for it
    emit(data, fmt, text)


def _words() -> Words:
    from eid_toolkit.work.inspection.reports.wording import Words

    def coloured(text: str, status: str) -> str:
        return paint(text, _COLOURS.get(status, "bright_black"))

    return Words(presentation().speaker, coloured, time_text)


def write_report(path: Path, verdict: Verdict) -> None:
    write_file(path, report_page(verdict))


def report_page(verdict: Verdict, *, reload: int | None = None) -> bytes:
    """The verdict as an HTML page; with ``reload`` one that is read anew after that many seconds."""
    from eid_toolkit.work.inspection.reports.html_report import portrait_of, verdict_html

    words = replace(_words(), paint=lambda text, status: text)
    return verdict_html(verdict, words, portrait_of(verdict.evidence), reload=reload).encode()
