"""The option by which people say why they do something: looked at before anything else is asked for."""

from __future__ import annotations

import click

from eid_toolkit.books.ledger.reasons import clean_reason


def checked_reason(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    """A callback of an option: the reason as it is kept; raises :class:`BadInput` as :func:`clean_reason`."""
    return None if text is None else clean_reason(text)


reason_option = click.option("--reason", required=True, metavar="TEXT", callback=checked_reason)
"""``--reason``, which has to be given."""
