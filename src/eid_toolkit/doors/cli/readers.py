"""What `--reader` means: an emulated card of the home or of a spec, or a PC/SC reader."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click

from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.cards.transport.interface import Card, Transport
from eid_toolkit.doors.cli.context import App
from eid_toolkit.doors.cli.tracing import traced
from eid_toolkit.ground.home.named_files import read_file

EMULATED, SPEC, REPLAY = "emulator:", "spec:", "replay:"
IN_PROCESS = (EMULATED, SPEC, REPLAY)
"""What readers are called whose card is emulated in this process."""
READER_HELP = (
    "emulator:NAME, spec:NAME, spec:FILE, replay:FILE, or a PC/SC reader by name, part of its name, or number."
)
_F = TypeVar("_F", bound=Callable[..., object])


def reader_option(function: _F) -> _F:
    """``--reader R``, passed as ``reader``."""
    return click.option("--reader", required=True, metavar="R", help=READER_HELP)(function)


def wait_option(function: _F) -> _F:
    """``--wait SECONDS``, passed as ``wait``."""
    return click.option(
        "--wait",
        type=click.FloatRange(min=0),
        default=0.0,
        callback=_finite,
        metavar="SECONDS",
        help="Wait up to SECONDS for a card.",
    )(function)


def _finite(_: click.Context, __: click.Parameter, value: float) -> float:
    if not math.isfinite(value):
        raise click.BadParameter("not a number of seconds")
    return value


def quirks_option(function: _F) -> _F:
    """``--quirks NAME``, passed as ``quirks``."""
    return click.option(
        "--quirks",
        default="standard",
        show_default=True,
        metavar="NAME",
        help="Allow for the peculiarities of this kind of card.",
    )(function)


@contextmanager
def open_reader(spec: str, app: App, wait: float = 0.0) -> Iterator[Transport]:
    """The card in the reader that ``spec`` means, traced if the user asked for it; powered off at the end."""
    if app.debug:
        logging.basicConfig()  # an emulated card logs what failed inside it
    with _connect(spec, app, wait) as transport, traced(transport, app) as written_down:
        yield written_down


@contextmanager
def _connect(spec: str, app: App, wait: float) -> Iterator[Transport]:
    if spec.startswith(EMULATED):
        from eid_toolkit.cards.emulator.shelf import CardStore
        from eid_toolkit.ground.home.home import Home

        with CardStore(Home.open(app.home_path)).open(spec.removeprefix(EMULATED)) as opened:
            yield from _powered(opened.card, spec)
        return
    if spec.startswith(SPEC):
        from eid_toolkit.doors.cli.spec_cards import make

        yield from _powered(make(spec.removeprefix(SPEC))[1].card, spec)
        return
    if spec.startswith(REPLAY):
        yield from _played_back(spec)
        return
    from eid_toolkit.cards.transport.pcsc import PcscTransport, resolve_reader

    over_pcsc = PcscTransport(resolve_reader(spec), wait)
    try:
        yield over_pcsc
    finally:
        over_pcsc.close()


def _powered(card: Card, name: str) -> Iterator[Transport]:
    in_process = InProcessTransport(card, name)
    try:
        yield in_process
    finally:
        in_process.close()


def _played_back(spec: str) -> Iterator[Transport]:
    """A recorded session, to whose reader its own random numbers are given once more."""
    from eid_toolkit.cards.emulator.replay import ReplayedCard, ReplayedTransport
    from eid_toolkit.cards.transport.recording import MAX_SIZE, RecordedEntropy, Recording
    from eid_toolkit.ground.ports import SystemEntropy

    recording = Recording.parse(read_file(Path(spec.removeprefix(REPLAY)), MAX_SIZE))
    transport = ReplayedTransport(ReplayedCard(recording), spec, RecordedEntropy(recording.random, SystemEntropy()))
    try:
        yield transport
    finally:
        transport.close()
