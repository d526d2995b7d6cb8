"""`eid status`: what waits for me, what ends soon, and how old what this home relies on is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from eid_toolkit.doors.cli.context import App, Command, format_option, pass_app
from eid_toolkit.doors.cli.office import CLOCK, ENTROPY
from eid_toolkit.doors.cli.output import emit, table
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.messages.catalogue import Message

if TYPE_CHECKING:
    from eid_toolkit.work.office.outlook import Outlook

_MOST_ENDING = 4
"""Lines of what ends, so that all of it fits on a screen of 24 lines."""
_NEAR = timedelta(days=2)
"""What ends within this time is told with the hour."""


@click.command(cls=Command)
@format_option
@pass_app
def status(app: App, fmt: str) -> None:
    from eid_toolkit.work.office.office import Office
    from eid_toolkit.work.office.outlook import outlook

    now = CLOCK.now()
    found = outlook(app.home_path, app.operator, lambda: Office.open(app.home_path, app, CLOCK, ENTROPY), CLOCK)
    if found.kind == "none":
        raise BadInput("home-missing", home=app.home_path)
    emit(_data(app, found, now), fmt, lambda: "\n".join(_lines(app, found, now)))
    for error in found.trouble:
        app.tell(error)


def _data(app: App, found: Outlook, now: datetime) -> dict[str, Any]:
    return {
        "schema": "eid-status/1",
        "home": found.kind,
        "operator": found.operator,
        "known": found.known,
        "roles": list(found.roles),
        "waiting": [
            {
                "stage": each.stage,
                "waiting": each.count,
                "oldest": each.oldest.isoformat() if each.oldest is not None else None,
                "next": each.next,
                "mine": each.mine,
                "command": _told(app, each.code, {"count": each.count, "next": each.next}).hint,
            }
            for each in found.waiting
        ],
        "ending": [
            {
                "what": _name(each.code),
                "subject": each.subject,
                "at": each.at.isoformat(),
                "ended": each.at < now,
                "command": _told(app, each.code, {"subject": each.subject, "ends": ""}).hint,
            }
            for each in found.ending
        ],
        "ages": [
            {
                "what": _name(each.code),
                "subject": each.subject or None,
                "since": each.since.isoformat() if each.since is not None else None,
                "age_days": (now - each.since).days if each.since is not None else None,
                "count": each.count,
                "command": _told(app, each.code, {}).hint,
            }
            for each in found.ages
        ],
        "lacking": [{"what": code, "command": _told(app, code, {}).hint} for code in found.lacking],
        "trouble": [{"code": error.code, "message": app.speaker.of(error).text} for error in found.trouble],
    }


def _lines(app: App, found: Outlook, now: datetime) -> Iterator[str]:
    if found.kind == "office":
        yield from _waiting(app, found)
    yield from _ending(app, found, now)
    ages = [
        _row(
            app,
            each.code,
            {
                "subject": each.subject,
                "count": each.count,
                "days": (now - each.since).days if each.since is not None else None,
            },
        )
        for each in found.ages
    ]
    if ages:
        yield table(("age", "command"), ages)
    if found.lacking:
        yield table(("missing", "command"), [_row(app, code, {}) for code in found.lacking])


def _waiting(app: App, found: Outlook) -> Iterator[str]:
    """What waits for the operator; where nobody is named, or nobody with a role, what waits for all."""
    facts: dict[str, object] = {"name": found.operator}
    personal = found.operator is not None and bool(found.roles)
    rows = [
        _row(app, each.code, {"count": each.count, "next": each.next})
        for each in found.waiting
        if each.mine or not personal
    ]
    if not personal:
        yield _told(app, "status-operator-missing" if found.operator is None else "status-operator-unknown", facts).text
    if rows:
        yield table(("waiting", "command"), rows)
    else:
        yield _told(app, "status-nothing" if personal else "status-nothing-office", facts).text


def _ending(app: App, found: Outlook, now: datetime) -> Iterator[str]:
    rows = []
    for each in found.ending[:_MOST_ENDING]:
        shown = presentation().near(each.at) if abs(each.at - now) < _NEAR else presentation().day(each.at)
        ends = _told(app, "status-ended" if each.at < now else "status-ends", {"time": shown}).text
        rows.append(_row(app, each.code, {"subject": each.subject, "ends": ends}))
    if len(found.ending) > _MOST_ENDING:
        rows.append(_row(app, "status-more", {"count": len(found.ending) - _MOST_ENDING}))
    if rows:
        yield table(("ends soon", "command"), rows)


def _row(app: App, code: str, facts: dict[str, object]) -> Sequence[str]:
    told = _told(app, code, facts)
    return told.text, told.hint or ""


def _told(app: App, code: str, facts: dict[str, object]) -> Message:
    return app.speaker.message(code, facts) or Message(code)


def _name(code: str) -> str:
    """What it is, as data."""
    return code.removeprefix("status-")
