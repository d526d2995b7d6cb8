"""EF.CardAccess: the protocols of the chip, readable before access and not signed (ICAO Doc 9303-10 3.11.3)."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.standards.asn1.security_infos import SecurityInfos


@dataclass(frozen=True, slots=True)
class CardAccess:
    """The SecurityInfos for PACE; DG14 holds the signed copy to compare with (9303-11 4.2)."""

    security_infos: SecurityInfos

    @classmethod
    def parse(cls, data: bytes, *, patient: bool = False) -> CardAccess:
        """The whole file; ``patient`` is as for :meth:`SecurityInfos.parse`."""
        return cls(SecurityInfos.parse(data, patient=patient))

    def encode(self) -> bytes:
        """The whole file."""
        return self.security_infos.encode()
