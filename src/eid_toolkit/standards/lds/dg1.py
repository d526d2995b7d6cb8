"""EF.DG1: the machine readable zone (ICAO Doc 9303-10 4.7.1)."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.lds.mrz import Mrz

_TAG = 0x61
_MRZ = 0x5F1F


@dataclass(frozen=True, slots=True)
class Dg1:
    """The MRZ as the chip holds it; its check digits are not looked at when it is read."""

    mrz: Mrz

    @classmethod
    def parse(cls, data: bytes) -> Dg1:
        """The whole file; raises :class:`BadInput` if it holds no MRZ of a known size."""
        return cls(Mrz.of_text(tlv.parse(tlv.parse(data, _TAG).value, _MRZ).value.decode("latin-1")))

    def encode(self) -> bytes:
        """The whole file."""
        return tlv.encode(_TAG, tlv.encode(_MRZ, self.mrz.text.encode("ascii")))
