"""`eid conformance`: named test cases against a chip."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Command, format_option, pass_app
from eid_toolkit.doors.cli.defaults import default_option
from eid_toolkit.doors.cli.files import OutputFile
from eid_toolkit.doors.cli.output import emit, is_terminal, paint, sentence, table
from eid_toolkit.doors.cli.output import progress as show_progress
from eid_toolkit.doors.cli.passwords import all_passwords, password_options
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.doors.cli.readers import open_reader, wait_option
from eid_toolkit.doors.cli.terminals import load_terminals
from eid_toolkit.ground.display import harmless
from eid_toolkit.ground.errors import UsageError
from eid_toolkit.ground.home.named_files import write_file

if TYPE_CHECKING:
    from eid_toolkit.work.conformance.case import Case
    from eid_toolkit.work.conformance.runner import Result

_COLOURS = {"passed": "green", "failed": "red", "not-applicable": "bright_black", "error": "magenta"}
_FAILED = 3


@click.command(cls=Command)
@default_option("--reader", setting="reader", metavar="R")
@password_options
@wait_option
@click.option("--list", "list_only", is_flag=True)
@click.option("--case", "names", multiple=True, metavar="ID")
@click.option("--unit", "units", multiple=True, metavar="LETTERS")
@click.option("--junit", type=OutputFile())
@format_option
@pass_app
def conformance(
    app: App,
    reader: str | None,
    wait: float,
    list_only: bool,
    names: tuple[str, ...],
    units: tuple[str, ...],
    junit: Path | None,
    fmt: str,
    **password: str | None,
) -> None:
    from eid_toolkit.work.conformance.suite import choose

    cases = choose(names, units)
    if list_only:
        _list(cases, fmt)
        return
    if reader is None:
        raise UsageError("conformance-needs-reader")
    results, data, junit_bytes = _run(app, reader, wait, cases, password)
    if junit is not None:
        write_file(junit, junit_bytes)
    emit(data, fmt, lambda: _text(results))
    for result in results:
        if result.gone is not None:
            raise result.gone
    click.get_current_context().exit(0 if data["conforming"] else _FAILED)


def _run(
    app: App, reader: str, wait: float, cases: Sequence[Case], password: dict[str, str | None]
) -> tuple[Sequence[Result], dict[str, object], bytes]:
    from eid_toolkit.ground.ports import SystemEntropy
    from eid_toolkit.work.conformance.facts import gather
    from eid_toolkit.work.conformance.report import junit_xml, report_data
    from eid_toolkit.work.conformance.runner import run_cases

    entropy = SystemEntropy()
    passwords, terminals = all_passwords(**password), load_terminals(app)
    with open_reader(reader, app, wait) as transport:
        facts = gather(transport, passwords, terminals, entropy)
        done: list[Result] = []

        def progress(result: Result) -> None:
            done.append(result)
            if is_terminal():
                show_progress(f"{len(done)}/{len(cases)} {result.case.number}")

        results = run_cases(cases, transport, facts, entropy, progress)
        if is_terminal():
            show_progress("")
        data = report_data(results, transport.reader, transport.atr)
    return results, data, junit_xml(results)


def _list(cases: Sequence[Case], fmt: str) -> None:
    from eid_toolkit.work.conformance.report import case_data

    rows = [(case.number, case.standard, case.purpose) for case in cases]
    emit([case_data(case) for case in cases], fmt, lambda: table(("case", "standard", "purpose"), rows))


def _text(results: Sequence[Result]) -> str:
    from eid_toolkit.work.conformance.report import totals

    lines, speaker = [], presentation().speaker
    for result in results:
        status = paint(f"{speaker.value(result.status):<15}", _COLOURS[result.status])
        lines.append(f"{status} {result.case.number:<8} {result.case.purpose}")
        if result.detail is not None:
            lines.append(f"{'':15} {'':8} {harmless(result.detail)}")
    counts = {status.replace("-", "_"): count for status, count in totals(results).items()}
    seconds = f"{sum(result.seconds for result in results):.1f}"
    return "\n".join([*lines, "", sentence("conformance-done", count=len(results), seconds=seconds, **counts)])
