"""`eid demo`: the whole story on emulated cards, with genuine cards that pass and forged ones that are detected."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Command, format_option, pass_app
from eid_toolkit.doors.cli.output import emit, paint, sentence, table, tell
from eid_toolkit.doors.cli.presentation import presentation

if TYPE_CHECKING:
    from eid_toolkit.work.office.demo_story import Outcome


@click.command("demo", cls=Command)
@click.option("--reader", metavar="R")
@format_option
@pass_app
def demo(app: App, reader: str | None, fmt: str) -> None:
    from eid_toolkit.doors.cli.office import CLOCK, ENTROPY
    from eid_toolkit.doors.cli.readers import open_reader
    from eid_toolkit.work.office.demo_story import DemoStory

    with _demo_home(app) as (home, is_kept):
        here = replace(app, home_path=home)
        story = DemoStory(home, here, CLOCK, ENTROPY, reader, lambda name, wait: open_reader(name, here, wait), tell)
        outcomes = story.tell()
        ok = all(outcome.as_expected for outcome in outcomes)
        result = {
            "schema": "eid-demo/1",
            "home": str(home) if is_kept else None,
            "specimen": True,
            "as_expected": ok,
            "cards": [outcome.to_json() for outcome in outcomes],
        }
        emit(result, fmt, lambda: _text(outcomes, ok))
        if is_kept:
            command = f"eid --home {home} verify --reader emulator:demo-1 --can …"
            tell("demo-home-kept", home=home, command=command)
    if not ok:
        click.get_current_context().exit(1)


@contextmanager
def _demo_home(app: App) -> Iterator[tuple[Path, bool]]:
    """The directory to found the home in, and whether it stays: a home that is there already is left alone."""
    in_use = app.home_path.is_dir() and any(app.home_path.iterdir())
    if app.home_named and not in_use:
        yield app.home_path, True
        return
    if app.home_named:
        tell("demo-home-in-use", home=app.home_path)
    with tempfile.TemporaryDirectory(prefix="eid-demo-") as folder:
        yield Path(folder) / "home", False


def _text(outcomes: list[Outcome], ok: bool) -> str:
    rows, word = [], presentation().speaker.value
    for outcome in outcomes:
        failed, expected = ", ".join(sorted(outcome.failed_checks)), "yes" if outcome.as_expected else "NO"
        rows.append((word(outcome.title), outcome.holder, word(outcome.verdict), failed, word(expected)))
    shown = table(("card", "holder", "verdict", "failed checks", "as expected"), rows)
    closing = sentence("demo-as-expected" if ok else "demo-not-as-expected")
    return f"{shown}\n\n{paint(closing, 'green' if ok else 'red')}"
