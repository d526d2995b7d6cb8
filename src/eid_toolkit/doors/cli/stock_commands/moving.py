"""`eid stock issue`, `return`, `spoil`, `destroy`, `missing` and `find`: what becomes of single blanks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from eid_toolkit.doors.cli.context import App, Command, format_option, pass_app
from eid_toolkit.doors.cli.office import open_office
from eid_toolkit.doors.cli.output import emit_rows, prompt, sentence
from eid_toolkit.doors.cli.reasons import reason_option
from eid_toolkit.doors.cli.stations import station_option
from eid_toolkit.ground.errors import BadInput, UsageError
from eid_toolkit.work.office import blanks
from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from eid_toolkit.books.register.stock.stock_movements import Blank

_COLUMNS = ("serial", "chip", "state", "station", "reason")
_serials = click.argument("serials", metavar="SERIAL...", nargs=-1, required=True)


@click.command("issue", cls=Command)
@click.argument("serials", metavar="[SERIAL]...", nargs=-1)
@click.option("--count", type=click.IntRange(1, 50_000))
@station_option
@format_option
@pass_app
def issue(app: App, serials: tuple[str, ...], count: int | None, station: str, fmt: str) -> None:
    if bool(serials) == (count is not None):
        raise UsageError("serials-or-count")
    with open_office(app) as office:
        moved = blanks.hand_out(office, station, serials, count or 0)
    _show(moved, fmt)


@click.command("return", cls=Command)
@_serials
@format_option
@pass_app
def return_(app: App, serials: tuple[str, ...], fmt: str) -> None:
    with open_office(app) as office:
        moved = blanks.hand_back(office, serials)
    _show(moved, fmt)


@click.command("spoil", cls=Command)
@click.argument("serial")
@click.option("--printed", metavar="SERIAL")
@reason_option
@format_option
@pass_app
def spoil(app: App, serial: str, printed: str | None, reason: str, fmt: str) -> None:
    with open_office(app) as office:
        chosen = _checked(office, serial)
        _compare(chosen, printed)
        moved = blanks.spoil(office, chosen, reason)
    _show([moved], fmt)


@click.command("destroy", cls=Command)
@_serials
@reason_option
@format_option
@pass_app
def destroy(app: App, serials: tuple[str, ...], reason: str, fmt: str) -> None:
    with open_office(app) as office:
        chosen = [_checked(office, serial) for serial in serials]
        app.confirm("confirm-destroy-blanks", count=len(chosen))
        moved = blanks.destroy(office, chosen, reason)
    _show(moved, fmt)


@click.command("missing", cls=Command)
@_serials
@reason_option
@format_option
@pass_app
def missing(app: App, serials: tuple[str, ...], reason: str, fmt: str) -> None:
    with open_office(app) as office:
        chosen = [_checked(office, serial) for serial in serials]
        moved = blanks.miss(office, chosen, reason)
    _show(moved, fmt)


@click.command("find", cls=Command)
@click.argument("serial")
@click.option("--printed", metavar="SERIAL")
@reason_option
@format_option
@pass_app
def find(app: App, serial: str, printed: str | None, reason: str, fmt: str) -> None:
    with open_office(app) as office:
        chosen = _checked(office, serial)
        _compare(chosen, printed)
        moved = blanks.find(office, chosen, reason)
    _show([moved], fmt)


def _checked(office: Office, serial: str) -> str:
    """The serial of a blank that there is."""
    return office.register.stock.get(serial).serial


def _compare(serial: str, printed: str | None) -> None:
    """Have the serial typed as it is printed; raises :class:`BadInput` if it is another's."""
    typed = prompt(sentence("ask-blank-serial")) if printed is None else printed
    if typed.strip().upper() != serial:
        raise BadInput("blank-serial-differs", serial=serial)


def _show(moved: Sequence[Blank], fmt: str) -> None:
    rows = [blank.to_json() for blank in moved]
    result = {"schema": "eid-stock-movement/1", "blanks": rows}
    emit_rows(rows, _COLUMNS, fmt, within=result)
