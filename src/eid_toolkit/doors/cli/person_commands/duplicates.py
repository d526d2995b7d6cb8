"""`eid person duplicates` and `duplicate`: persons who may be the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Command, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import details, emit, tell
from eid_toolkit.doors.cli.person_commands.shared import people_table
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.ground.errors import UsageError
from eid_toolkit.work.office import people
from eid_toolkit.work.office.finding import find_person

if TYPE_CHECKING:
    from eid_toolkit.books.register.people.person_pairs import Pair
    from eid_toolkit.books.register.people.person_record import Person


@click.command("duplicates", cls=Command)
@click.option("--scan", is_flag=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--offset", type=click.IntRange(0, 1_000_000), metavar="N", default=0)
@list_format_option
@pass_app
def duplicates(app: App, scan: bool, limit: int, offset: int, fmt: str) -> None:
    with open_office(app) as office:
        if scan:
            tell("pairs-found", count=people.find_pairs(office))
        pairs = people.pairs(office, limit=limit, offset=offset)
    emit([pair.to_json() for pair in pairs], fmt, lambda: _table(pairs))


@click.command("duplicate", cls=Command)
@click.argument("first", metavar="FIRST")
@click.argument("second", metavar="SECOND")
@click.option("--same", is_flag=True)
@click.option("--different", is_flag=True)
@format_option
@pass_app
def duplicate(app: App, first: str, second: str, same: bool, different: bool, fmt: str) -> None:
    if same == different:
        raise UsageError("same-or-different")

    def confirm(one: Person, other: Person) -> None:
        if same:
            app.confirm("confirm-same-person", first=one.id, second=other.id)

    with open_office(app) as office:
        one, other = (find_person(office, each, app.choose) for each in (first, second))
        decided = people.decide_pair(office, one, other, confirm, same=same)
    emit(decided.to_json(), fmt, lambda: _details(decided))


def _table(pairs: tuple[Pair, ...]) -> str:
    rows = []
    for pair in pairs:
        rows += [(pair.first, presentation().speaker.value(pair.reason)), (pair.second, "")]
    return people_table(rows)


def _details(pair: Pair) -> str:
    return details(
        [
            ("first", pair.first.id),
            ("second", pair.second.id),
            ("state", pair.state),
            ("reason", pair.reason),
            ("decided by", pair.operator),
        ]
    )
