"""`eid reader`: the readers of this machine and the emulated cards of the home."""

from __future__ import annotations

import click

from eid_toolkit.doors.cli.context import App, Group, list_format_option, pass_app
from eid_toolkit.doors.cli.output import emit, table, tell
from eid_toolkit.doors.cli.presentation import presentation
from eid_toolkit.ground.errors import ServiceAway
from eid_toolkit.work.office.readers import EMULATED


@click.group(cls=Group)
def reader() -> None:
    pass


@reader.command("list")
@list_format_option
@pass_app
def list_(app: App, fmt: str) -> None:
    rows, yes = _pcsc_readers(app) + _emulated_cards(app), presentation().speaker.value("yes")
    emit(
        rows,
        fmt,
        lambda: table(
            ("number", "reader", "card"),
            ((row["number"], row["name"], row["atr"] or (yes if row["card"] else None)) for row in rows),
        ),
    )


def _pcsc_readers(app: App) -> list[dict[str, object]]:
    from eid_toolkit.cards.transport.pcsc import list_readers

    try:
        readers = list_readers()
    except ServiceAway as error:
        tell("pcsc-readers-none", cause=app.speaker.of(error).text)
        return []
    return [
        {
            "number": number,
            "name": status.name,
            "kind": "pcsc",
            "card": status.atr is not None,
            "atr": status.atr.hex().upper() if status.atr is not None else None,
        }
        for number, status in enumerate(readers, start=1)
    ]


def _emulated_cards(app: App) -> list[dict[str, object]]:
    from eid_toolkit.ground.home.home import CONFIG_NAME, Home

    if not (app.home_path / CONFIG_NAME).exists():
        return []
    from eid_toolkit.cards.emulator.shelf import CardStore

    return [
        {"number": None, "name": EMULATED + name, "kind": "emulated", "card": True, "atr": None}
        for name in CardStore(Home.open(app.home_path)).names()
    ]
