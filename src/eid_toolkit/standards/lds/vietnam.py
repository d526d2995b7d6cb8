"""The national data of Vietnamese identity cards, which stands in DG13.

There is no public specification; this follows what public readers agree on. The elements are
``SEQUENCE { INTEGER number, value }``, in an outer SEQUENCE or not: both are read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.lds.dates import PartialDate


class NationalField(IntEnum):
    """The numbers of the elements; what 16 means is not known."""

    IDENTITY_NUMBER = 1
    FULL_NAME = 2
    DATE_OF_BIRTH = 3
    SEX = 4
    NATIONALITY = 5
    ETHNICITY = 6
    RELIGION = 7
    PLACE_OF_ORIGIN = 8
    PLACE_OF_RESIDENCE = 9
    IDENTIFYING_FEATURES = 10
    DATE_OF_ISSUE = 11
    DATE_OF_EXPIRY = 12
    PARENTS = 13
    SPOUSE = 14
    OLD_IDENTITY_NUMBER = 15
    CODE = 16


_PRINTABLE = frozenset({NationalField.IDENTITY_NUMBER, NationalField.OLD_IDENTITY_NUMBER, NationalField.CODE})
_CONSTRUCTED = frozenset({der.SEQUENCE, der.SET})
_ENCODINGS = {0x1E: "utf-16-be", 0x14: "latin-1"}
_MAX_DEPTH = 4
_DATE = re.compile("([0-9]{2})/([0-9]{2})/([0-9]{4})")


@dataclass(frozen=True, slots=True)
class VietnamNationalData:
    """The elements as number and values, in the file's order, and whether an outer SEQUENCE holds them."""

    elements: tuple[tuple[int, tuple[Tlv, ...]], ...]
    outer_sequence: bool = True

    @classmethod
    def of(
        cls, fields: Mapping[NationalField, str | tuple[str, ...]], *, outer_sequence: bool = True
    ) -> VietnamNationalData:
        """New data; the parents are a pair (father, mother), everything else is one text."""
        return cls(tuple((field, _values(field, fields[field])) for field in sorted(fields)), outer_sequence)

    @classmethod
    def parse(cls, value: bytes) -> VietnamNationalData:
        """The content of DG13; raises :class:`BadInput` if it is built otherwise."""
        items = tlv.parse_all(value)
        outer = len(items) == 1 and items[0].tag == der.SEQUENCE and not _is_element(items[0])
        return cls(tuple(map(_read_element, items[0].children() if outer else items)), outer)

    def encode(self) -> bytes:
        """The content of DG13."""
        elements = [
            der.sequence(der.integer(number), *(value.encode() for value in values)) for number, values in self.elements
        ]
        return der.sequence(*elements) if self.outer_sequence else b"".join(elements)

    def texts(self, field: int) -> tuple[str, ...]:
        """Every text of one element (the parents have two), or nothing."""
        return tuple(text for number, values in self.elements if number == field for text in _texts(values))

    def text(self, field: int) -> str | None:
        """The first text of one element."""
        return next(iter(self.texts(field)), None)

    def date(self, field: int) -> PartialDate | None:
        """A full date, which stands as dd/mm/yyyy; None without one, and where another text stands."""
        match = _DATE.fullmatch(self.text(field) or "")
        try:
            return None if match is None else PartialDate(*(int(part) for part in reversed(match.groups())))
        except BadInput:
            return None


def _values(field: NationalField, texts: str | tuple[str, ...]) -> tuple[Tlv, ...]:
    if isinstance(texts, str):
        tag = der.PRINTABLE_STRING if field in _PRINTABLE else der.UTF8_STRING
        return (Tlv(tag, texts.encode()),)
    return tuple(Tlv(der.SEQUENCE, tlv.encode(der.UTF8_STRING, text.encode())) for text in texts)


def _is_element(item: Tlv) -> bool:
    return item.value[:1] == bytes((der.INTEGER,))


def _read_element(item: Tlv) -> tuple[int, tuple[Tlv, ...]]:
    parts = der.read_sequence(item)
    if not parts:
        raise BadInput("national-data-malformed")
    return der.read_integer(parts[0]), parts[1:]


def _texts(values: tuple[Tlv, ...], depth: int = 0) -> tuple[str, ...]:
    if depth > _MAX_DEPTH:
        raise BadInput("national-data-malformed")
    texts: list[str] = []
    for item in values:
        if item.tag in _CONSTRUCTED:
            texts += _texts(item.children(), depth + 1)
        else:
            texts.append(item.value.decode(_ENCODINGS.get(item.tag, "utf-8"), errors="replace"))
    return tuple(texts)
