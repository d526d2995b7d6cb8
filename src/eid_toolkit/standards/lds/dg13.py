"""EF.DG13: optional details, whose content each State chooses (ICAO Doc 9303-10 4.7.13)."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.lds.vietnam import VietnamNationalData

_TAG = 0x6D


@dataclass(frozen=True, slots=True)
class Dg13:
    """The content as bytes; who knows the issuing State may look into it."""

    content: bytes

    @classmethod
    def parse(cls, data: bytes) -> Dg13:
        """The whole file."""
        return cls(tlv.parse(data, _TAG).value)

    def encode(self) -> bytes:
        """The whole file."""
        return tlv.encode(_TAG, self.content)

    def vietnam(self) -> VietnamNationalData:
        """The content as Vietnam's; raises :class:`BadInput` if it is not built so."""
        return VietnamNationalData.parse(self.content)
