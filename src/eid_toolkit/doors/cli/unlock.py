"""`eid unlock`, `eid lock` and `eid agent`: an operator's keys, unlocked once for a time."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Command, format_option, pass_app
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import emit_values, sentence, tell
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.ground.errors import UsageError

if TYPE_CHECKING:
    from eid_toolkit.books.keys.agent.place import KeyHolder

_TIME = re.compile(r"(\d{1,5})([smh])")
_UNITS = {"s": 1, "m": 60, "h": 3600}
_ENDS = {"login": "agent-ends-with-login", "shell": "agent-ends-with-shell", "time": "agent-ends-with-time"}


@click.command(cls=Command)
@click.option("--for", "time", default="8h", show_default=True, metavar="TIME")
@format_option
@pass_app
def unlock(app: App, time: str, fmt: str) -> None:
    from eid_toolkit.books.keys.agent.starting import start_agent
    from eid_toolkit.work.office.appointing import unlocked_keys

    seconds = _seconds(time)
    with open_office(app) as office:
        name, keys = unlocked_keys(office)
        holder = _holder(app, name)
    started = start_agent(holder, keys, seconds)
    values = {
        "schema": "eid-agent-status/1",
        "operator": name,
        "unlocked": True,
        "seconds": started.remaining,
        "ends_with": started.bound,
        "memory_locked": started.hardening.memory_locked,
    }
    emit_values(values, fmt, [("Operator", name), ("Unlocked for", timedelta(seconds=started.remaining))])
    tell(_ENDS[started.bound])
    if not started.hardening.memory_locked:
        tell("agent-memory-not-locked")


@click.command(cls=Command)
@format_option
@pass_app
def lock(app: App, fmt: str) -> None:
    from eid_toolkit.books.keys.agent.client import lock_agent

    name = _operator(app)
    ended = lock_agent(_holder(app, name))
    values = {"schema": "eid-agent-status/1", "operator": name, "unlocked": False, "ended": ended}
    result = presentation().speaker.in_short("agent-ended" if ended else "agent-none")
    emit_values(values, fmt, [("Operator", name), ("Agent", result)])


@click.command(cls=Command)
@format_option
@pass_app
def agent(app: App, fmt: str) -> None:
    from eid_toolkit.books.keys.agent.client import agent_status

    name = _operator(app)
    status = agent_status(_holder(app, name))
    seconds = status.remaining if status is not None else 0
    values = {"schema": "eid-agent-status/1", "operator": name, "unlocked": status is not None, "seconds": seconds}
    locked = presentation().speaker.in_short("agent-not-unlocked")
    emit_values(values, fmt, [("Operator", name), ("Unlocked for", timedelta(seconds=seconds) if status else locked)])


def _operator(app: App) -> str:
    if app.operator is None:
        raise UsageError("operator-not-named")
    return app.operator


def _holder(app: App, name: str) -> KeyHolder:
    from eid_toolkit.books.keys.agent.place import KeyHolder
    from eid_toolkit.books.keys.foundation import Foundation
    from eid_toolkit.ground.home.home import Home

    home = Home.open(app.home_path)
    return KeyHolder(home.root, Foundation.read(home.keys).digest.hex(), name.casefold())


def _seconds(text: str) -> int:
    match = _TIME.fullmatch(text.strip().lower())
    if match is None:
        raise click.UsageError(sentence("unlock-time-malformed"))
    return int(match[1]) * _UNITS[match[2]]
