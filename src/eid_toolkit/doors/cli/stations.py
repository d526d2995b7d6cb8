"""Which station a command works at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

_F = TypeVar("_F", bound=Callable[..., object])


def station_option(function: _F) -> _F:
    """``--station NAME`` (also ``EID_STATION``), passed as ``station``."""
    return click.option(
        "--station",
        envvar="EID_STATION",
        default="main",
        metavar="NAME",
        show_default=True,
        help="Name of the station.",
    )(function)
