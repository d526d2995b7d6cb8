"""Which station a command works at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from eid_toolkit.doors.cli.defaults import default_option

_F = TypeVar("_F", bound=Callable[..., object])


def station_option(function: _F) -> _F:
    """``--station NAME`` (also ``EID_STATION``), passed as ``station``."""
    return default_option("--station", setting="station")(function)
