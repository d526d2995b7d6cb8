"""EF.ATR/INFO: capabilities and buffer sizes of the card (ICAO Doc 9303-10 3.11.1, ISO/IEC 7816-4 12.7)."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.codec.tlv import Tlv

_CARD_CAPABILITIES = 0x47
_EXTENDED_LENGTH = 0x7F66

# ISO/IEC 7816-4 tables 117 to 119: selection by full DF name, file identifier and short identifier; data unit of
# one byte; command chaining, extended length fields, extended length information in EF.ATR/INFO.
_CAPABILITIES = bytes((0b10010100, 0b00000001, 0b11100000))
_CHAINING, _EXTENDED_FIELDS = 0b1000_0000, 0b0100_0000


@dataclass(frozen=True, slots=True)
class AtrInfo:
    """The data objects of the file, in its order."""

    objects: tuple[Tlv, ...]

    @classmethod
    def of(cls, max_command: int, max_response: int) -> AtrInfo:
        """The file of a card with extended length and chaining; sizes in bytes of whole APDUs."""
        sizes = b"".join(tlv.encode(der.INTEGER, size.to_bytes(2, "big")) for size in (max_command, max_response))
        return cls((Tlv(_CARD_CAPABILITIES, _CAPABILITIES), Tlv(_EXTENDED_LENGTH, sizes)))

    @classmethod
    def parse(cls, data: bytes) -> AtrInfo:
        """The whole file; raises :class:`BadInput` if it is no series of objects or its sizes are malformed."""
        parsed = cls(tlv.parse_all(data))
        _ = parsed.extended_length
        return parsed

    def encode(self) -> bytes:
        """The whole file."""
        return b"".join(item.encode() for item in self.objects)

    @property
    def extended_length(self) -> tuple[int, int] | None:
        """The largest command and response APDU in bytes, or None if not told (then no extended length is used)."""
        value = self._value(_EXTENDED_LENGTH)
        if value is None:
            return None
        # Unsigned, although coded as INTEGER: cards write FFFF for 65535.
        sizes = [der.read_integer(Tlv(item.tag, b"\x00" + item.value)) for item in tlv.parse_all(value)]
        return (sizes[0], sizes[1]) if len(sizes) == 2 else None

    @property
    def supports_chaining(self) -> bool:
        """Whether the card takes command chaining."""
        return self._has(_CHAINING)

    @property
    def supports_extended_length(self) -> bool:
        """Whether the card takes extended Lc and Le fields."""
        return self._has(_EXTENDED_FIELDS)

    def _has(self, bit: int) -> bool:
        capabilities = self._value(_CARD_CAPABILITIES) or b""
        return len(capabilities) == len(_CAPABILITIES) and bool(capabilities[2] & bit)

    def _value(self, tag: int) -> bytes | None:
        return next((item.value for item in self.objects if item.tag == tag), None)
