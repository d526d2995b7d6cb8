"""What `--reader` means: an emulated card of the home, or a PC/SC reader."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO, TypeVar

import click

from eid_toolkit.cli.context import App
from eid_toolkit.transport.inprocess import InProcessTransport
from eid_toolkit.transport.interface import Transport
from eid_toolkit.transport.trace import TracingTransport

EMULATED = "emulator:"
_F = TypeVar("_F", bound=Callable[..., object])


def reader_option(function: _F) -> _F:
    """``--reader R``, passed as ``reader``."""
    return click.option(
        "--reader", required=True, metavar="R", help="emulator:NAME, or a PC/SC reader by name, part of it or number."
    )(function)


def wait_option(function: _F) -> _F:
    """``--wait SECONDS``, passed as ``wait``."""
    return click.option(
        "--wait",
        type=click.FloatRange(min=0),
        default=0.0,
        callback=_finite,
        metavar="SECONDS",
        help="Wait so long for a card.",
    )(function)


def _finite(_: click.Context, __: click.Parameter, value: float) -> float:
    if not math.isfinite(value):
        raise click.BadParameter("not a number of seconds")
    return value


def quirks_option(function: _F) -> _F:
    """``--quirks NAME``, passed as ``quirks``."""
    return click.option(
        "--quirks", default="standard", show_default=True, metavar="NAME", help="A kind of cards with ways of its own."
    )(function)


@contextmanager
def open_reader(spec: str, app: App, wait: float = 0.0) -> Iterator[Transport]:
    """The card in the reader that ``spec`` means, traced if the user asked for it; powered off at the end."""
    if app.debug:
        logging.basicConfig()  # an emulated card logs what failed inside it
    with _connect(spec, app, wait) as transport:
        if app.trace is None:
            yield transport
        else:
            with _open_trace(app.trace) as out:
                yield TracingTransport(transport, out)


@contextmanager
def _connect(spec: str, app: App, wait: float) -> Iterator[Transport]:
    if spec.startswith(EMULATED):
        from eid_toolkit.home.home import Home
        from eid_toolkit.stores.cards import CardStore

        with CardStore(Home.open(app.home_path)).open(spec.removeprefix(EMULATED)) as opened:
            in_process = InProcessTransport(opened.card, spec)
            try:
                yield in_process
            finally:
                in_process.close()
        return
    from eid_toolkit.transport.pcsc import PcscTransport, resolve_reader

    over_pcsc = PcscTransport(resolve_reader(spec), wait)
    try:
        yield over_pcsc
    finally:
        over_pcsc.close()


def _open_trace(path: Path) -> TextIO:
    """The trace file, new or longer, for its owner alone."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w", encoding="utf-8")
