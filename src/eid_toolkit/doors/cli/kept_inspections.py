"""What `eid verify` keeps of a card: its evidence and its report, in one file or in a file for each card."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from eid_toolkit.doors.cli.context import App
from eid_toolkit.doors.cli.output import tell
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.doors.cli.verdicts import report_page, write_report
from eid_toolkit.ground.errors import EidError, UsageError
from eid_toolkit.ground.home.atomic import new_file
from eid_toolkit.ground.home.named_files import is_kept, write_file

if TYPE_CHECKING:
    from eid_toolkit.work.inspection.evidence import Evidence
    from eid_toolkit.work.inspection.verdict import Verdict

_LONGEST_NUMBER = 32
"""Characters of a document number in a file's name; TD1 has room for 22."""
_NO_NUMBER = "unknown"
RELOAD = 2
"""Seconds after which the page of a second screen is read anew."""


def name_for_card(path: Path, at: datetime, number: str | None) -> Path:
    """``NAME-<UTC time>-<document number>.ext`` beside ``path``; of the number only letters and digits of ASCII."""
    shown = re.sub("[^A-Za-z0-9]", "", number or "")[:_LONGEST_NUMBER] or _NO_NUMBER
    return path.with_name(f"{path.stem}-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{shown}{path.suffix}")


def write_new(path: Path, data: bytes) -> Path:
    """Write ``data`` under this name, or with a number behind it where there is such a file already; returns where."""
    for number in count(1):
        tried = path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
        try:
            with new_file(tried) as (stream, publish):
                stream.write(data)
                publish()
        except FileExistsError:
            continue
        return tried
    raise AssertionError("numbers do not end")


@dataclass(frozen=True, slots=True)
class Kept:
    """Where evidence and report go; ``each`` says that every card has files of its own."""

    evidence: Path | None
    report: Path | None
    each: bool = False
    one_page: bool = False
    """Whether the report is one page for all cards, which reloads itself: a second screen."""

    def __post_init__(self) -> None:
        if self.one_page and not (self.each and self.report):
            raise UsageError("one-page-without-watch")
        paths = (self.evidence, None if self.one_page else self.report)
        for path in paths if self.each else ():
            if path is not None and is_kept(path):
                raise UsageError("watch-needs-plain-file", file=path.name)

    def keep(self, app: App, evidence: Evidence, verdict: Verdict) -> None:
        """Write both, as far as they are wanted."""
        number = None if verdict.holder is None else verdict.holder.document_number
        if self.evidence is not None:
            data = _signed(app, evidence)
            if self.each:
                write_new(name_for_card(self.evidence, evidence.started, number), data)
            else:
                write_file(self.evidence, data)
        if self.report is None:
            return
        if self.one_page:
            write_file(self.report, report_page(verdict, reload=RELOAD))
        elif self.each:
            write_new(name_for_card(self.report, evidence.started, number), report_page(verdict))
        else:
            write_report(self.report, verdict)

    def between_cards(self, told: str) -> None:
        """Say on the second screen that there is no card: nobody's data stay there."""
        if self.one_page and self.report is not None:
            from eid_toolkit.work.inspection.reports.html_report import notice_html

            write_file(self.report, notice_html(told, presentation().speaker.language, reload=RELOAD).encode())


def _signed(app: App, evidence: Evidence) -> bytes:
    """Evidence as a file; where nobody opens the key, it is saved without a signature, and that is said."""
    from eid_toolkit.ground.ports import SystemEntropy
    from eid_toolkit.work.inspection.evidence_format import encode_evidence
    from eid_toolkit.work.inspection.evidence_seal import sealed
    from eid_toolkit.work.office.evidence_signing import evidence_key

    data = encode_evidence(evidence)
    try:
        return sealed(data, evidence_key(app.home_path, app, SystemEntropy()))
    except EidError as error:  # what was read is not lost for that
        told = app.speaker.of(error)
        tell("evidence-saved-unsigned", cause=f"{told.text} {told.hint or ''}".rstrip())
        return data
