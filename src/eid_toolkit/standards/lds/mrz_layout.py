"""The sizes of the MRZ: where each field stands, and the check digit (ICAO Doc 9303-3 4.9, 9303-4, -5 and -6 4.2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUES = {"<": 0, **{character: value for value, character in enumerate(_ALPHABET)}}

SHORT_NUMBER = 9
"""Characters of a document number that stand in its own field."""
DOCUMENT_CODE, ISSUING_STATE = slice(0, 2), slice(2, 5)
"""Two fields that stand in the same place in every size."""


def check_digit(text: str) -> str:
    """The check digit over ``text`` with the weights 7, 3, 1 (9303-3 4.9)."""
    return str(sum(_VALUES[character] * (7, 3, 1)[at % 3] for at, character in enumerate(text)) % 10)


class MrzFormat(Enum):
    """The document sizes, each with the number and length of its lines."""

    TD1 = (3, 30)
    TD2 = (2, 36)
    TD3 = (2, 44)

    def __init__(self, line_count: int, line_length: int) -> None:
        self.line_count = line_count
        self.line_length = line_length


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the fields stand, as slices of the whole text; ``composite`` are the pieces under the last check digit."""

    document_number: slice
    nationality: slice
    date_of_birth: slice
    sex: int
    date_of_expiry: slice
    optional_data: slice
    second_optional_data: slice
    name: slice
    composite: tuple[slice, ...]

    @property
    def composite_check_digit(self) -> int:
        """The place of the last check digit: before the name in TD1, else at the end."""
        return -1 if self.name.start < self.document_number.start else self.name.start - 1


LAYOUTS = {
    # 9303-5 4.2.2: three lines of 30
    MrzFormat.TD1: Layout(
        document_number=slice(5, 14),
        nationality=slice(45, 48),
        date_of_birth=slice(30, 36),
        sex=37,
        date_of_expiry=slice(38, 44),
        optional_data=slice(15, 30),
        second_optional_data=slice(48, 59),
        name=slice(60, 90),
        composite=(slice(5, 37), slice(38, 45), slice(48, 59)),
    ),
    # 9303-6 4.2.2: two lines of 36
    MrzFormat.TD2: Layout(
        document_number=slice(36, 45),
        nationality=slice(46, 49),
        date_of_birth=slice(49, 55),
        sex=56,
        date_of_expiry=slice(57, 63),
        optional_data=slice(64, 71),
        second_optional_data=slice(71, 71),
        name=slice(5, 36),
        composite=(slice(36, 46), slice(49, 56), slice(57, 71)),
    ),
    # 9303-4 4.2.2: two lines of 44; the optional data has a check digit of its own
    MrzFormat.TD3: Layout(
        document_number=slice(44, 53),
        nationality=slice(54, 57),
        date_of_birth=slice(57, 63),
        sex=64,
        date_of_expiry=slice(65, 71),
        optional_data=slice(72, 86),
        second_optional_data=slice(86, 86),
        name=slice(5, 44),
        composite=(slice(44, 54), slice(57, 64), slice(65, 87)),
    ),
}
