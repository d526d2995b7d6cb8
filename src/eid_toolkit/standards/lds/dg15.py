"""EF.DG15: the public key of Active Authentication (ICAO Doc 9303-10 4.7.15)."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.standards.codec import der, tlv

_TAG = 0x6F


@dataclass(frozen=True, slots=True)
class Dg15:
    """The key as SubjectPublicKeyInfo in DER."""

    spki: bytes

    @classmethod
    def parse(cls, data: bytes) -> Dg15:
        """The whole file; the key itself is not looked into."""
        return cls(tlv.parse(tlv.parse(data, _TAG).value, der.SEQUENCE).encode())

    def encode(self) -> bytes:
        """The whole file."""
        return tlv.encode(_TAG, self.spki)
