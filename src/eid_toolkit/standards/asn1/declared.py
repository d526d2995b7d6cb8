"""Reading by a declared module: BER (X.690) within limits that are set before anything is taken apart."""

from __future__ import annotations

from typing import Any

from asn1crypto import core

from eid_toolkit.standards.codec import ber

FAULTS = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError)
"""What ``asn1crypto`` raises for bytes that are not of the type, at once or when a field is first asked for."""


def load(kind: type[core.Asn1Value], data: bytes) -> Any:
    """``data``, the whole of it, as ``kind``, whose fields are read when they are asked for.

    The library reads BER but for a CHOICE of indefinite length, and no deeper than ten of these, so that it is given
    definite lengths. Raises :class:`BadInput` for what is no BER or beyond the limits of ``codec.ber``,
    and one of :data:`FAULTS` for bytes that are not of the type: who reads says what it was to be.
    """
    return kind.load(ber.to_definite(data), strict=True)
