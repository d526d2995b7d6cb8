"""Distinguished names: built as 9303-12 7.1.1.1 asks, read as they come, compared by meaning (RFC 5280 7.1)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.codec.tlv import Tlv

COUNTRY = "2.5.4.6"
LOCALITY = "2.5.4.7"
STATE_OR_PROVINCE = "2.5.4.8"
ORGANIZATION = "2.5.4.10"
ORGANIZATIONAL_UNIT = "2.5.4.11"
COMMON_NAME = "2.5.4.3"
SERIAL_NUMBER = "2.5.4.5"

_SHORT = {
    COMMON_NAME: "CN",
    COUNTRY: "C",
    LOCALITY: "L",
    STATE_OR_PROVINCE: "ST",
    ORGANIZATION: "O",
    ORGANIZATIONAL_UNIT: "OU",
    SERIAL_NUMBER: "serialNumber",
}
_PRINTABLE_ONLY = frozenset({COUNTRY, SERIAL_NUMBER})
# Tag to character set: UTF8, Numeric, Printable, Teletex, Videotex, IA5, Graphic, Visible, General, Universal, BMP.
_ENCODINGS = {
    0x0C: "utf-8",
    0x12: "latin-1",
    0x13: "latin-1",
    0x14: "latin-1",
    0x15: "latin-1",
    0x16: "latin-1",
    0x19: "latin-1",
    0x1A: "latin-1",
    0x1B: "latin-1",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}


@dataclass(frozen=True, slots=True)
class DistinguishedName:
    """A name as it was encoded, with its attributes in order as (identifier, text)."""

    der: bytes
    attributes: tuple[tuple[str, str], ...]

    @classmethod
    def build(cls, *attributes: tuple[str, str]) -> DistinguishedName:
        """A name of one attribute in each step; text is UTF8String, country and serial number PrintableString."""
        steps = []
        for oid, text in attributes:
            tag = der.PRINTABLE_STRING if oid in _PRINTABLE_ONLY else der.UTF8_STRING
            value = tlv.encode(tag, text.encode())
            steps.append(der.set_of([der.sequence(der.object_identifier(oid), value)]))
        return cls(der.sequence(*steps), attributes)

    @classmethod
    def read(cls, item: Tlv) -> DistinguishedName:
        """Read a Name."""
        attributes = []
        for step in der.read_sequence(item):
            for pair in tlv.parse_all(der.expect(step, der.SET)):
                parts = der.read_sequence(pair)
                if len(parts) != 2:
                    raise BadInput("certificate-name-malformed")
                attributes.append((der.read_object_identifier(parts[0]), _text(parts[1])))
        return cls(item.encode(), tuple(attributes))

    def value(self, oid: str) -> str | None:
        """The first value of an attribute."""
        return next((text for name, text in self.attributes if name == oid), None)

    @property
    def country(self) -> str | None:
        """The country's two letters in upper case, as which many certificates do not write them."""
        value = self.value(COUNTRY)
        return value.strip().upper() if value else None

    @property
    def text(self) -> str:
        """For a person, most special attribute first: ``CN=…, O=…, C=UT``."""
        return ", ".join(f"{_SHORT.get(oid, oid)}={text}" for oid, text in reversed(self.attributes))

    def matches(self, other: DistinguishedName) -> bool:
        """Whether both mean the same, whatever their string types, letter case and blanks."""
        return self.der == other.der or self.meaning == other.meaning

    @property
    def meaning(self) -> tuple[tuple[str, str], ...]:
        """What names that mean the same have in common; can be a key of a mapping."""
        return tuple(
            (oid, " ".join(unicodedata.normalize("NFKC", text).casefold().split())) for oid, text in self.attributes
        )


def _text(item: Tlv) -> str:
    """The text of a value, or, as RFC 4514 2.4 writes what is no text (a unique identifier, a date), its hex digits."""
    encoding = _ENCODINGS.get(item.tag)
    return f"#{item.encode().hex().upper()}" if encoding is None else item.value.decode(encoding, "replace")
