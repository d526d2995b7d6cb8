"""What the vendor says of a key, as options: its check value, and how the keys of chips follow from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from eid_toolkit.ground.errors import BadInput, UsageError
from eid_toolkit.ground.home.named_files import read_file

if TYPE_CHECKING:
    from eid_toolkit.books.register.stock.vendor_keys import Batch, Terms

_F = TypeVar("_F", bound=Callable[..., object])
_METHODS = ("globalplatform", "zeros", "cmac", "3des")
_SCHEMES = ("none", "sp800-108", "kdf3", "emv", "visa2")
_MAX_VECTOR = 1 << 14
_VECTOR_SCHEMA = "eid-key-vector/1"


def terms_options(function: _F) -> _F:
    """``--kcv``, ``--check-value``, ``--diversification`` and ``--vector``."""
    for option in reversed(
        (
            click.option("--kcv", metavar="HEX"),
            click.option("--check-value", "method", type=click.Choice(_METHODS)),
            click.option("--diversification", type=click.Choice(_SCHEMES)),
            click.option("--vector", type=click.Path(exists=True, dir_okay=False, path_type=Path)),
        )
    ):
        function = option(function)
    return function


def terms_of(kcv: str | None, method: str | None, diversification: str | None, vector: Path | None) -> Terms | None:
    """What the options say; None if they say nothing."""
    if kcv is None:
        if (method, diversification, vector) != (None, None, None):
            raise UsageError("vendor-key-check-value-missing")
        return None
    from eid_toolkit.books.register.stock.vendor_keys import Terms
    from eid_toolkit.ground.plain_values import read_json
    from eid_toolkit.standards.crypto.check_values import CheckValue, parse_check_value
    from eid_toolkit.standards.protocols.key_diversification import DiversificationVector, Scheme

    way, read = CheckValue(method or CheckValue.GLOBALPLATFORM), None
    if vector is not None:
        try:
            read = read_json(DiversificationVector, read_file(vector, _MAX_VECTOR), _VECTOR_SCHEMA, strict=True)
        except ValueError:
            raise BadInput("key-vector-malformed") from None
    return Terms(parse_check_value(kcv, way), way, Scheme(diversification or Scheme.NONE), read)


def batch_of(vendor: str, batch: str) -> Batch:
    """The batch that is named; raises :class:`BadInput` for names that no manifest has."""
    from eid_toolkit.books.register.stock.manifests import clean_name
    from eid_toolkit.books.register.stock.vendor_keys import Batch

    return Batch(clean_name(vendor, "vendor"), clean_name(batch, "batch"))
