"""`eid stock open`, `close`, `show` and `history`: what there should be, compared with what is counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from eid_toolkit.doors.cli.context import App, Command, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import details, emit, emit_rows, sentence, table, tell, time_text
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.doors.cli.stations import station_option
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.home.named_files import read_file
from eid_toolkit.work.office import blanks

if TYPE_CHECKING:
    from eid_toolkit.books.register.stock.stock_shifts import Account

_F = TypeVar("_F", bound=Callable[..., object])
_STATES = ("in-store", "at-station", "used", "spoiled", "missing", "destroyed")
_LIMIT = 100_000


def _count_options(function: _F) -> _F:
    click.option("--serials", type=click.Path(exists=True, dir_okay=False, path_type=Path))(function)
    click.option("--counted", type=click.IntRange(0), required=True)(function)
    return function


@click.command("open", cls=Command)
@station_option
@_count_options
@format_option
@pass_app
def open_(app: App, station: str, counted: int, serials: Path | None, fmt: str) -> None:
    scanned = _scanned(serials)
    with open_office(app) as office:
        account = blanks.open_shift(office, station, counted, scanned)
    _show_account(account, "eid-stock-open/1", fmt)


@click.command("close", cls=Command)
@station_option
@_count_options
@click.option("--missing", metavar="SERIAL", multiple=True)
@format_option
@pass_app
def close(app: App, station: str, counted: int, serials: Path | None, missing: tuple[str, ...], fmt: str) -> None:
    from eid_toolkit.books.register.stock.manifests import clean_serial

    scanned, missing_serials = _scanned(serials), [clean_serial(serial) for serial in missing]
    with open_office(app) as office:
        account = blanks.close_shift(office, station, counted, scanned, missing_serials)
    _show_account(account, "eid-stock-close/1", fmt)


@click.command("show", cls=Command)
@click.option("--station", metavar="NAME", envvar="EID_STATION")
@click.option("--state", type=click.Choice(_STATES))
@click.option("--serials", is_flag=True)
@format_option
@pass_app
def show(app: App, station: str | None, state: str | None, serials: bool, fmt: str) -> None:
    from eid_toolkit.books.ledger.workflow import BlankState

    blank_state = None if state is None else BlankState(state)
    with open_office(app) as office:
        stock = office.register.stock
        counts, running = stock.counts(), stock.shifts.running()
        listed = stock.blanks(station=station, state=blank_state, limit=_LIMIT) if serials else ()
    places = [
        {
            "station": place,
            "shift": running[place].to_json() if place in running else None,
            "blanks": {name: counts.get(place, {}).get(BlankState(name), 0) for name in _STATES},
        }
        for place in sorted({*counts, *running}, key=lambda name: name or "")
        if station in (None, place)
    ]
    result: dict[str, Any] = {"schema": "eid-stock/1", "total": sum(map(_total, places)), "places": places}
    result["serials"] = [blank.to_json() for blank in listed] if serials else None
    emit(result, fmt, lambda: _stock_text(result))
    if len(listed) == _LIMIT:
        tell("stock-serials-cut", limit=_LIMIT)


@click.command("history", cls=Command)
@click.argument("blank", metavar="SERIAL")
@list_format_option
@pass_app
def history(app: App, blank: str, fmt: str) -> None:
    with open_office(app) as office:
        rows = [movement.to_json() for movement in office.register.stock.history(blank)]
    emit_rows(rows, ("moved_at", "action", "after", "station", "shift", "operator", "reason"), fmt)


def _scanned(serials: Path | None) -> tuple[str, ...] | None:
    from eid_toolkit.books.register.stock.manifests import MAX_FILE, read_serials

    return None if serials is None else read_serials(read_file(serials, MAX_FILE))


def _show_account(account: Account, schema: str, fmt: str) -> None:
    """Print what was expected and counted; raises :class:`IntegrityBroken` if they are not the same."""
    values = account.to_json()
    emit({"schema": schema, **values}, fmt, lambda: _account_text(account))
    if not account.agrees:
        facts = {"station": account.station, "expected": account.expected, "counted": account.counted}
        raise IntegrityBroken("stock-count-differs", **facts)


def _account_text(account: Account) -> str:
    speaker = presentation().speaker
    pairs: list[tuple[str, object]] = [("Station", account.station)]
    if account.opening is not None:
        pairs.append(("At opening", account.opening))
        pairs += [(name.capitalize(), count) for name, count in account.moved.items()]
        if account.spoiled_earlier:
            pairs.append(("Spoiled cards of earlier shifts", account.spoiled_earlier))
    pairs += [("Expected", account.expected), ("Counted", account.counted)]
    if account.shift is not None:
        pairs += [("Shift", account.shift.id), ("State", speaker.value(account.shift.state))]
    elif account.missing is not None and account.surplus is not None:
        here = speaker.in_short("stock-serial-expected")
        pairs += [(sentence("stock-serial-not-found", serial=serial), here) for serial in account.missing]
        places = ((serial, account.elsewhere[serial].partition(" ")) for serial in account.surplus)
        pairs += [
            (sentence("stock-serial-unexpected", serial=serial), f"{speaker.value(state)}{gap}{station}")
            for serial, (state, gap, station) in places
        ]
    else:
        pairs += [("Expected serial", serial) for serial in account.serials]
        pairs += [
            (sentence("stock-serial-perhaps-counted", serial=serial), speaker.value(state))
            for serial, state in account.perhaps.items()
        ]
    return details(pairs)


def _total(place: dict[str, Any]) -> int:
    return sum(place["blanks"].values())


def _stock_text(result: dict[str, Any]) -> str:
    rows, store = [], presentation().speaker.in_short("stock-in-store")
    for place in result["places"]:
        shift = place["shift"]
        since = time_text(datetime.fromisoformat(shift["opened_at"])) if shift else None
        opened = sentence("stock-shift-open-since", time=since) if since else None
        rows.append([place["station"] or store, opened, *(place["blanks"][name] for name in _STATES)])
    text = table(("station", "shift", *_STATES), rows)
    if result["serials"] is None:
        return text
    columns = ("serial", "chip", "state", "station", "reason")
    return text + "\n\n" + table(columns, ([row[name] for name in columns] for row in result["serials"]))
