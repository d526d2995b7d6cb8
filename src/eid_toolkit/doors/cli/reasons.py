"""The option by which people say why they do something: looked at before anything else is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from eid_toolkit.books.ledger.reasons import clean_reason

_F = TypeVar("_F", bound=Callable[..., object])

ON_RECORD = "Reason; kept in the audit log permanently, so do not name anyone."


def checked_reason(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    """A callback of an option: the reason as it is kept; raises :class:`BadInput` as :func:`clean_reason`."""
    return None if text is None else clean_reason(text)


def reason_option(told: str) -> Callable[[_F], _F]:
    """``--reason``, which has to be given; ``told`` is its help."""
    return click.option("--reason", required=True, metavar="TEXT", callback=checked_reason, help=told)
