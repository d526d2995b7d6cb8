"""EF.CVCA: the names of the keys that the chip trusts for Terminal Authentication (ICAO Doc 9303-10, TR-03110-3)."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.pki.cv_certificate import KeyReference

SIZE = 36
"""Bytes of the file: room for two references, filled with zeros."""
AUTHORITY_REFERENCE = 0x42
_MAX_REFERENCES = 2


@dataclass(frozen=True, slots=True)
class EfCvca:
    """One or two references, the newest first."""

    references: tuple[KeyReference, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.references) <= _MAX_REFERENCES:
            raise BadInput("ef-cvca-malformed")

    @classmethod
    def parse(cls, data: bytes) -> EfCvca:
        """The whole file; raises :class:`BadInput` for anything but references and zeros behind them."""
        references = []
        rest = data
        while rest.strip(b"\x00"):
            _, start, length = tlv.read_header(rest)
            item, rest = tlv.parse(rest[: start + length], AUTHORITY_REFERENCE), rest[start + length :]
            references.append(KeyReference.parse(item.value))
        return cls(tuple(references))

    def encode(self) -> bytes:
        """The whole file."""
        objects = b"".join(tlv.encode(AUTHORITY_REFERENCE, reference.encode()) for reference in self.references)
        return objects.ljust(SIZE, b"\x00")
