"""What DG11 and DG12 have in common: a tag list and the data objects that it announces (ICAO Doc 9303-10 4.7.11)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.tag_list import TAG_LIST, read_tag_list, write_tag_list

REPEATED = 0xA0
"""The template of repeated objects."""
_COUNT = 0x02
_SEPARATOR = "<"
_BCD_DATE_SIZE = 4


@dataclass(frozen=True, slots=True)
class Record:
    """The announced tags (None without a tag list) and the objects, each in the file's order.

    Cards in the field announce objects that are not there, hold others that are not announced, or have no list.
    """

    tags: tuple[int, ...] | None
    objects: tuple[Tlv, ...]

    @classmethod
    def of(cls, objects: Iterable[Tlv | None]) -> Record:
        """A new record of those objects that are not None."""
        present = tuple(item for item in objects if item is not None)
        return cls(tuple(item.tag for item in present), present)

    @classmethod
    def parse(cls, value: bytes) -> Record:
        """The content of the file's template; raises :class:`BadInput` on an object that stands twice."""
        items = tlv.parse_all(value)
        tlv.as_mapping(items)
        if items and items[0].tag == TAG_LIST:
            return cls(read_tag_list(items[0].value), items[1:])
        return cls(None, items)

    def encode(self) -> bytes:
        """The content of the file's template."""
        tag_list = b"" if self.tags is None else tlv.encode(TAG_LIST, write_tag_list(self.tags))
        return tag_list + b"".join(item.encode() for item in self.objects)

    def value(self, tag: int) -> bytes | None:
        """The bytes of one object."""
        return next((item.value for item in self.objects if item.tag == tag), None)

    def text(self, tag: int) -> str | None:
        """The text of one object."""
        value = self.value(tag)
        return None if value is None else decode_text(value)

    def texts(self, tag: int) -> tuple[str, ...]:
        """The parts of one text that are separated by fillers (places, addresses, numbers)."""
        return tuple(filter(None, (self.text(tag) or "").split(_SEPARATOR)))

    def date(self, tag: int) -> PartialDate | None:
        """One date, in eight digits or, as cards of before 2011 have it, in four bytes BCD."""
        value = self.value(tag)
        if not value:
            return None
        return PartialDate.parse_compact(_digits(value))

    def date_text(self, tag: int) -> str | None:
        """One date for a person: in ISO 8601 if it is one, else as it stands in the file."""
        try:
            date = self.date(tag)
        except BadInput:
            return _digits(self.value(tag) or b"")
        return None if date is None else date.iso

    def repeated(self, tag: int) -> tuple[str, ...]:
        """The texts of the objects ``tag`` within the template for repeated objects (A0)."""
        value = self.value(REPEATED)
        return tuple(decode_text(item.value) for item in tlv.parse_all(value or b"") if item.tag == tag)


def _digits(value: bytes) -> str:
    return value.hex() if len(value) == _BCD_DATE_SIZE else decode_text(value)


def decode_text(value: bytes) -> str:
    """Text of a data object: UTF-8, and where it is not, Latin-1, which some cards hold; never fails."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def text_object(tag: int, text: str | None) -> Tlv | None:
    """An object for ``text``, unless it is empty."""
    return Tlv(tag, text.encode()) if text else None


def texts_object(tag: int, texts: Iterable[str]) -> Tlv | None:
    """An object of texts separated by fillers."""
    return text_object(tag, _SEPARATOR.join(texts))


def date_object(tag: int, date: PartialDate | None) -> Tlv | None:
    """An object of eight digits."""
    return None if date is None else Tlv(tag, date.compact.encode())


def repeated_object(tag: int, texts: Iterable[str]) -> Tlv | None:
    """The template of repeated objects, which begins with their number."""
    items = [tlv.encode(tag, text.encode()) for text in texts]
    if not items:
        return None
    return Tlv(REPEATED, tlv.encode(_COUNT, bytes((len(items),))) + b"".join(items))
