"""`--reader`, `--wait` and `--quirks`, and the reader that they mean."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import click

from eid_toolkit.cards.transport.interface import Transport
from eid_toolkit.doors.cli.context import App
from eid_toolkit.doors.cli.defaults import default_option
from eid_toolkit.doors.cli.output import sentence
from eid_toolkit.doors.cli.tracing import traced
from eid_toolkit.work.office.readers import connect

_F = TypeVar("_F", bound=Callable[..., object])


def reader_option(function: _F) -> _F:
    """``--reader R`` (also ``EID_READER``), passed as ``reader``."""
    return default_option("--reader", setting="reader", required=True, metavar="R")(function)


def wait_option(function: _F) -> _F:
    """``--wait SECONDS``, passed as ``wait``."""
    return click.option(
        "--wait",
        type=click.FloatRange(min=0),
        default=0.0,
        callback=_finite,
        metavar="SECONDS",
    )(function)


def _finite(_: click.Context, __: click.Parameter, value: float) -> float:
    if not math.isfinite(value):
        raise click.BadParameter(sentence("wait-not-finite"))
    return value


def quirks_option(function: _F) -> _F:
    """``--quirks NAME``, passed as ``quirks``."""
    return click.option(
        "--quirks",
        default="standard",
        show_default=True,
        metavar="NAME",
    )(function)


@contextmanager
def open_reader(spec: str, app: App, wait: float = 0.0) -> Iterator[Transport]:
    """The card in the reader that ``spec`` means, traced if the user asked for it; powered off at the end."""
    if app.debug:
        logging.basicConfig()  # an emulated card logs what failed inside it
    with connect(spec, app.home_path, wait) as transport, traced(transport, app) as written_down:
        yield written_down
