"""EF.DG14: the signed protocols and public keys of the chip (ICAO Doc 9303-10 4.7.14)."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.standards.asn1.security_infos import SecurityInfos
from eid_toolkit.standards.codec import tlv

_TAG = 0x6E


@dataclass(frozen=True, slots=True)
class Dg14:
    """The SecurityInfos for Chip Authentication, Active Authentication with ECDSA, and PACE."""

    security_infos: SecurityInfos

    @classmethod
    def parse(cls, data: bytes, *, patient: bool = False) -> Dg14:
        """The whole file; ``patient`` is as for :meth:`SecurityInfos.parse`."""
        return cls(SecurityInfos.parse(tlv.parse(data, _TAG).value, patient=patient))

    def encode(self) -> bytes:
        """The whole file."""
        return tlv.encode(_TAG, self.security_infos.encode())
