"""`eid emulator`: the emulated cards of a home."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eid_toolkit.cards.transport.vpcd import DEFAULT_PORT
from eid_toolkit.doors.cli.context import App, Group, format_option, list_format_option, pass_app
from eid_toolkit.doors.cli.files import OutputFile
from eid_toolkit.doors.cli.output import details, emit, note, table, tell
from eid_toolkit.doors.cli.spec_cards import SpecWord
from eid_toolkit.ground.errors import ServiceAway, UsageError
from eid_toolkit.ground.home.named_files import read_file, write_file
from eid_toolkit.work.office.readers import EMULATED

if TYPE_CHECKING:
    from eid_toolkit.cards.emulator.shelf import CardStore
    from eid_toolkit.cards.emulator.state import CardMemory
    from eid_toolkit.cards.transport.interface import Card
    from eid_toolkit.work.cardspec import SpecimenCard


@click.group(cls=Group)
def emulator() -> None:
    pass


@emulator.command()
@click.argument("name")
@click.option("--vendor", metavar="NAME")
@click.option("--batch", metavar="NAME")
@format_option
@pass_app
def blank(app: App, name: str, vendor: str | None, batch: str | None, fmt: str) -> None:
    from eid_toolkit.doors.cli.stock_commands.terms import batch_of
    from eid_toolkit.ground.ports import SystemEntropy
    from eid_toolkit.work.office.emulated_cards import make_blank_card

    if (vendor is None) != (batch is None):
        raise UsageError("vendor-and-batch")
    of = batch_of(vendor, batch) if vendor is not None and batch is not None else None
    _show(name, make_blank_card(app.home_path, app, SystemEntropy(), name, of), fmt)


@emulator.command("list")
@list_format_option
@pass_app
def list_(app: App, fmt: str) -> None:
    store = _store(app)
    rows = [_summary(name, store.load(name)) for name in store.names()]
    emit(
        rows,
        fmt,
        lambda: table(
            ("reader", "chip", "application_state"),
            ((row["reader"], row["chip"], row["application_state"]) for row in rows),
        ),
    )


@emulator.command()
@click.argument("name")
@format_option
@pass_app
def show(app: App, name: str, fmt: str) -> None:
    _show(name, _store(app).load(name), fmt)


@emulator.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option("--vendor", default="emulator", show_default=True, metavar="NAME")
@click.option("--batch", required=True, metavar="NAME")
@click.option("--output", required=True, type=OutputFile())
@pass_app
def manifest(app: App, names: tuple[str, ...], vendor: str, batch: str, output: Path) -> None:
    from eid_toolkit.books.register.stock.manifests import clean_name, encode_manifest

    store = _store(app)
    blanks = [_blank(store.load(name)) for name in dict.fromkeys(names)]
    write_file(output, encode_manifest(clean_name(vendor, "vendor"), clean_name(batch, "batch"), blanks))
    tell("emulator-blanks-written", count=len(blanks), file=output)


_SEEN_EMPTY = 1.0
"""Seconds after which pcscd has seen that a slot is empty."""
_recording_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_trust_option = click.option("--trust-out", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")


@emulator.command()
@click.argument("name", required=False)
@click.option("--spec", type=SpecWord(), metavar="SPEC")
@click.option("--replay", type=_recording_file, metavar="FILE")
@click.option("--port", type=click.IntRange(1, 65535), default=DEFAULT_PORT, show_default=True)
@_trust_option
@pass_app
def attach(
    app: App, name: str | None, spec: str | None, replay: Path | None, port: int, trust_out: Path | None
) -> None:
    if sum(chosen is not None for chosen in (name, spec, replay)) != 1:
        raise UsageError("attach-name-or-spec")
    if trust_out is not None and spec is None:
        raise UsageError("trust-out-without-spec")
    if replay is not None:
        from eid_toolkit.cards.emulator.replay import ReplayedCard
        from eid_toolkit.cards.transport.recording import MAX_SIZE, Recording

        _insert(ReplayedCard(Recording.parse(read_file(replay, MAX_SIZE))), port, replay.name)
    elif name is not None:
        with _store(app).open(name) as opened:
            _insert(opened.card, port, name)
    elif spec is not None:
        from eid_toolkit.doors.cli.spec_cards import make, text

        described, specimen = make(spec)
        shown = Path(spec).name
        note(text(described, specimen))
        if trust_out is None and not described.blank:
            tell("spec-card-own-authority")
        _write_trust(specimen, trust_out)
        _insert(specimen.card, port, shown)
        while _has_lost_power(specimen.card):
            tell("emulated-card-lost-power", name=shown)
            time.sleep(_SEEN_EMPTY)
            _insert(specimen.card, port, shown)
    raise ServiceAway("vpcd-gone", port=port)


@emulator.command()
@click.argument("spec", type=SpecWord())
@_trust_option
@format_option
@pass_app
def check(app: App, spec: str, trust_out: Path | None, fmt: str) -> None:
    from eid_toolkit.doors.cli.spec_cards import describe, make, text

    described, specimen = make(spec)
    _write_trust(specimen, trust_out)
    emit(describe(described, specimen), fmt, lambda: text(described, specimen))


def _insert(card: Card, port: int, name: str) -> None:
    from eid_toolkit.cards.transport.vpcd import VpcdCard

    with VpcdCard(card, port) as inserted:
        tell("emulated-card-inserted", name=name, port=port)
        inserted.run()


def _has_lost_power(card: Card) -> bool:
    from eid_toolkit.work.cardspec.faults import FaultyCard

    return isinstance(card, FaultyCard) and not card.powered


def _write_trust(card: SpecimenCard, folder: Path | None) -> None:
    if folder is not None:
        from eid_toolkit.doors.cli.spec_cards import write_trust

        for path in write_trust(card, folder):
            tell("emulator-file-written", file=path)


def _store(app: App) -> CardStore:
    from eid_toolkit.cards.emulator.shelf import CardStore
    from eid_toolkit.ground.home.home import Home

    return CardStore(Home.open(app.home_path))


def _blank(memory: CardMemory) -> tuple[str, str]:
    """Serial and chip of an emulated blank; its serial number, as the chip has it, is what would be printed on it."""
    identity = memory.chip_identity
    return f"EMU-{identity[4:].hex().upper()}", identity.hex()


def _summary(name: str, memory: CardMemory) -> dict[str, object]:
    from eid_toolkit.cards.emulator.domain.memory import DomainMemory
    from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory

    return {
        "name": name,
        "reader": EMULATED + name,
        "chip": memory.chip_identity.hex().upper(),
        "atr": memory.atr.hex().upper(),
        "card_state": memory.state.name,
        "application_state": memory.part(EmrtdMemory).state.name,
        "key_version": memory.part(DomainMemory).keys.version,
    }


def _show(name: str, memory: CardMemory, fmt: str) -> None:
    from eid_toolkit.cards.emulator.emrtd.memory import EmrtdMemory

    files = {file.label: len(stored.content) for file, stored in memory.part(EmrtdMemory).files.items()}
    summary = _summary(name, memory)
    data = {"schema": "eid-emulated-card/1", **summary, "files": files}
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
                ("Key version", f"{summary['key_version']:02X}"),
                ("Files", ", ".join(f"{label} ({size})" for label, size in files.items())),
            ]
        ),
    )
