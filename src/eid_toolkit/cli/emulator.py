"""`eid emulator`: the emulated cards of a home."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from eid_toolkit.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.cli.output import details, emit, note, table
from eid_toolkit.cli.readers import EMULATED
from eid_toolkit.errors import ServiceAway
from eid_toolkit.transport.vpcd import DEFAULT_PORT

if TYPE_CHECKING:
    from eid_toolkit.emulator.state import CardMemory
    from eid_toolkit.stores.cards import CardStore


@click.group(cls=Group)
def emulator() -> None:
    """Emulated cards, as blanks and in use."""


@emulator.command()
@click.argument("name")
@format_option
@pass_app
def blank(app: App, name: str, fmt: str) -> None:
    """Make a blank card NAME, with the home's transport keys.

    In a demo home these are the keys 40..4F of developer cards.
    """
    from eid_toolkit.emulator.blank import make_blank
    from eid_toolkit.home.home import Home
    from eid_toolkit.ports import SystemEntropy
    from eid_toolkit.stores.cards import CardStore
    from eid_toolkit.stores.demo import open_key_store

    home, entropy = Home.open(app.home_path), SystemEntropy()
    transport_key = open_key_store(home, app.passphrase, entropy).symmetric("transport")
    memory = make_blank((transport_key, transport_key, transport_key), entropy)
    CardStore(home).create(name, memory)
    _show(name, memory, fmt)


@emulator.command("list")
@list_format_option
@pass_app
def list_(app: App, fmt: str) -> None:
    """List the emulated cards of the home."""
    store = _store(app)
    rows = [_summary(name, store.load(name)) for name in store.names()]
    emit(
        rows,
        fmt,
        lambda: table(
            ("reader", "chip", "application"), ((row["reader"], row["chip"], row["application_state"]) for row in rows)
        ),
    )


@emulator.command()
@click.argument("name")
@format_option
@pass_app
def show(app: App, name: str, fmt: str) -> None:
    """Show what is on the emulated card NAME, without its secrets."""
    _show(name, _store(app).load(name), fmt)


@emulator.command()
@click.argument("name")
@click.option("--port", type=click.IntRange(1, 65535), default=DEFAULT_PORT, show_default=True, help="Port of vpcd.")
@pass_app
def attach(app: App, name: str, port: int) -> None:
    """Put the emulated card NAME into the virtual PC/SC reader until interrupted.

    The reader is that of the package vsmartcard-vpcd; its second slot listens one port higher.
    """
    from eid_toolkit.transport.vpcd import VpcdCard

    with _store(app).open(name) as opened, VpcdCard(opened.card, port) as inserted:
        note(f"{name} is in the virtual reader on port {port}. Ctrl-C takes it out.")
        inserted.run()
    raise ServiceAway("vpcd-gone", port=port)


def _store(app: App) -> CardStore:
    from eid_toolkit.home.home import Home
    from eid_toolkit.stores.cards import CardStore

    return CardStore(Home.open(app.home_path))


def _summary(name: str, memory: CardMemory) -> dict[str, object]:
    return {
        "name": name,
        "reader": EMULATED + name,
        "chip": memory.chip_identity.hex().upper(),
        "atr": memory.atr.hex().upper(),
        "card_state": memory.domain.state.name,
        "application_state": memory.application.state.name,
        "key_version": memory.domain.keys.version,
    }


def _show(name: str, memory: CardMemory, fmt: str) -> None:
    files = {file.label: len(stored.content) for file, stored in memory.application.files.items()}
    data = {"schema": "eid-emulated-card/1", **_summary(name, memory), "files": files}
    emit(
        data,
        fmt,
        lambda: details(
            [
                ("Reader", data["reader"]),
                ("Chip", data["chip"]),
                ("ATR", data["atr"]),
                ("Card", data["card_state"]),
                ("Application", data["application_state"]),
                ("Key version", f"{memory.domain.keys.version:02X}"),
                ("Files", ", ".join(f"{label} ({size})" for label, size in files.items())),
            ]
        ),
    )
