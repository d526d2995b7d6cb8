"""The machine readable zone in its three sizes TD1, TD2 and TD3 (ICAO Doc 9303-3 4, 9303-4, -5 and -6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum

from eid_toolkit.errors import BadInput
from eid_toolkit.lds import dates
from eid_toolkit.lds.dates import PartialDate
from eid_toolkit.lds.mrz_name import name_field
from eid_toolkit.lds.transliteration import transliterate

_SHORT_NUMBER = 9
"""Characters of a document number that stand in its own field."""
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUES = {"<": 0, **{character: value for value, character in enumerate(_ALPHABET)}}
_MRZ_TEXT = re.compile("[0-9A-Z<]+")
_MAX_TEXT = 200


class MrzFormat(Enum):
    """The document sizes, each with the number and length of its lines."""

    TD1 = (3, 30)
    TD2 = (2, 36)
    TD3 = (2, 44)

    def __init__(self, line_count: int, line_length: int) -> None:
        self.line_count = line_count
        self.line_length = line_length


@dataclass(frozen=True, slots=True)
class _Layout:
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
        return -1 if self.name.start < self.document_number.start else self.name.start - 1


_LAYOUTS = {
    # 9303-5 4.2.2: three lines of 30
    MrzFormat.TD1: _Layout(
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
    MrzFormat.TD2: _Layout(
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
    MrzFormat.TD3: _Layout(
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


def check_digit(text: str) -> str:
    """The check digit over ``text`` with the weights 7, 3, 1 (9303-3 4.9)."""
    return str(sum(_VALUES[character] * (7, 3, 1)[at % 3] for at, character in enumerate(text)) % 10)


def mrz_information(document_number: str, birth: PartialDate, expiry: PartialDate | None) -> str:
    """What BAC and PACE derive the key from, without the whole MRZ at hand (9303-11 4.3.2 and 9.7.2)."""
    return _information(number_text(document_number), birth.mrz, dates.expiry_to_mrz(expiry))


def number_text(number: str) -> str:
    """A document number in the characters of the MRZ: blanks and special characters are fillers."""
    text = re.sub("[^0-9A-Z]", "<", number.strip().upper())
    if not text.strip("<"):
        raise BadInput("mrz-no-document-number")
    return text


def _information(number: str, birth: str, expiry: str) -> str:
    return "".join(part + check_digit(part) for part in (number.ljust(_SHORT_NUMBER, "<"), birth, expiry))


@dataclass(frozen=True, slots=True)
class Mrz:
    """One MRZ: the characters as printed, of right shape; :meth:`parse` checks the check digits too."""

    format: MrzFormat
    text: str
    """All lines joined, without line ends: the form in which DG1 holds it."""

    def __post_init__(self) -> None:
        if len(self.text) != self.format.line_count * self.format.line_length:
            raise BadInput("mrz-wrong-length", length=len(self.text))
        if not _MRZ_TEXT.fullmatch(self.text):
            raise BadInput("mrz-wrong-character")

    @classmethod
    def of_text(cls, text: str) -> Mrz:
        """The MRZ in ``text`` of 90, 72 or 88 characters, whatever its check digits."""
        for size in MrzFormat:
            if len(text) == size.line_count * size.line_length:
                return cls(size, text)
        raise BadInput("mrz-wrong-length", length=len(text))

    @classmethod
    def parse(cls, text: str) -> Mrz:
        """An MRZ as a person types or scans it: in lines or in one, in any case.

        Raises :class:`BadInput` for a wrong length, character, date or check digit.
        """
        if len(text) > _MAX_TEXT:
            raise BadInput("mrz-wrong-length", length=len(text))
        mrz = cls.of_text("".join(text.upper().split()))
        for field in mrz.wrong_check_digits():
            raise BadInput("mrz-check-digit", field=field)
        for part in (mrz.date_of_birth, mrz.date_of_expiry):
            dates.check_mrz_date(part)
        return mrz

    @classmethod
    def compose(
        cls,
        format: MrzFormat,
        *,
        document_code: str,
        issuing_state: str,
        document_number: str,
        primary_identifier: str,
        secondary_identifier: str,
        nationality: str,
        date_of_birth: PartialDate,
        sex: str,
        date_of_expiry: PartialDate | None,
        optional_data: str = "",
        second_optional_data: str = "",
        overrides: Mapping[str, str] | None = None,
    ) -> Mrz:
        """A new MRZ; names in any script that :mod:`.transliteration` knows, ``sex`` F, M or X for unspecified.

        Raises :class:`BadInput` for what does not fit; names are truncated as the standard says.
        """
        layout = _LAYOUTS[format]
        characters = ["<"] * (format.line_count * format.line_length)

        def put(name: str, place: slice, value: str) -> None:
            if len(value) > place.stop - place.start:
                raise BadInput("mrz-field-too-long", field=name, limit=place.stop - place.start)
            characters[place.start : place.start + len(value)] = value

        number, optional = number_text(document_number), _filled(optional_data)
        if len(number) > _SHORT_NUMBER and format is not MrzFormat.TD3:
            # 9303-5 4.2.2.1 note j: the rest, its check digit and a filler come before the optional data.
            optional = f"{number[_SHORT_NUMBER:]}{check_digit(number)}<{optional}".rstrip("<")
            number = number[:_SHORT_NUMBER]
        else:
            put("document_number", layout.document_number, number)
            characters[layout.document_number.stop] = check_digit(number.ljust(_SHORT_NUMBER, "<"))
        primary, secondary = (transliterate(name, overrides) for name in (primary_identifier, secondary_identifier))
        put("document_code", slice(0, 2), _letters("document_code", document_code))
        put("issuing_state", slice(2, 5), _letters("issuing_state", issuing_state))
        put("document_number", layout.document_number, number)
        put("nationality", layout.nationality, _letters("nationality", nationality))
        put("sex", slice(layout.sex, layout.sex + 1), _sex(sex))
        put("optional_data", layout.optional_data, optional)
        put("second_optional_data", layout.second_optional_data, _filled(second_optional_data))
        put("name", layout.name, name_field(primary, secondary, layout.name.stop - layout.name.start))
        for place, text in (
            (layout.date_of_birth, date_of_birth.mrz),
            (layout.date_of_expiry, dates.expiry_to_mrz(date_of_expiry)),
        ):
            characters[place] = text
            characters[place.stop] = check_digit(text)
        if format is MrzFormat.TD3:
            characters[layout.optional_data.stop] = check_digit(optional) if optional else "<"
        text = "".join(characters)
        characters[layout.composite_check_digit] = check_digit("".join(text[part] for part in layout.composite))
        return cls(format, "".join(characters))

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines as printed."""
        length = self.format.line_length
        return tuple(self.text[at : at + length] for at in range(0, len(self.text), length))

    @property
    def document_code(self) -> str:
        """One or two letters: what kind of document it is."""
        return self.text[:2].rstrip("<")

    @property
    def issuing_state(self) -> str:
        """One to three letters (9303-3 5)."""
        return self.text[2:5].rstrip("<")

    @property
    def document_number(self) -> str:
        """The complete number, also where it goes on in the optional data."""
        number, _, _ = self._number_parts()
        return number.rstrip("<")

    @property
    def nationality(self) -> str:
        """One to three letters, or nothing (United Nations)."""
        return self.text[self._layout.nationality].rstrip("<")

    @property
    def date_of_birth(self) -> str:
        """Six characters; :meth:`birth` gives the date."""
        return self.text[self._layout.date_of_birth]

    @property
    def date_of_expiry(self) -> str:
        """Six characters; :meth:`expiry` gives the date."""
        return self.text[self._layout.date_of_expiry]

    @property
    def sex(self) -> str:
        """F, M, or X for unspecified."""
        return self.text[self._layout.sex].replace("<", "X")

    @property
    def primary_identifier(self) -> str:
        """The surname, in words parted by blanks, perhaps truncated."""
        return self.text[self._layout.name].partition("<<")[0].replace("<", " ").strip()

    @property
    def secondary_identifier(self) -> str:
        """The given names, in words parted by blanks, perhaps truncated; may be empty."""
        return self.text[self._layout.name].partition("<<")[2].replace("<", " ").strip()

    @property
    def optional_data(self) -> str:
        """The optional data (the personal number in TD3), without what belongs to a long document number."""
        _, _, optional = self._number_parts()
        return optional.rstrip("<")

    @property
    def second_optional_data(self) -> str:
        """The optional data of TD1's second line."""
        return self.text[self._layout.second_optional_data].rstrip("<")

    @property
    def information(self) -> str:
        """What BAC and PACE derive the key from: number, birth and expiry with check digits (9303-11 D.2)."""
        return _information(self._number_parts()[0], self.date_of_birth, self.date_of_expiry)

    def birth(self, today: date) -> PartialDate:
        """The date of birth; ``today`` tells the century."""
        return dates.birth_from_mrz(self.date_of_birth, today)

    def expiry(self, today: date) -> PartialDate | None:
        """The date of expiry; ``today`` tells the century; None if the document has none."""
        return dates.expiry_from_mrz(self.date_of_expiry, today)

    def wrong_check_digits(self) -> tuple[str, ...]:
        """The names of the fields whose check digit is wrong; ``composite`` is the last one of the zone."""
        layout = self._layout
        number, number_digit, _ = self._number_parts()
        found = {
            "document_number": (number, number_digit),
            "date_of_birth": (self.date_of_birth, self.text[layout.date_of_birth.stop]),
            "date_of_expiry": (self.date_of_expiry, self.text[layout.date_of_expiry.stop]),
            "composite": (
                "".join(self.text[part] for part in layout.composite),
                self.text[layout.composite_check_digit],
            ),
        }
        if self.format is MrzFormat.TD3:
            found["optional_data"] = (self.text[layout.optional_data], self.text[layout.optional_data.stop])
        # A filler is right over nothing but fillers (9303-4 4.2.2.2, position 43).
        return tuple(
            field
            for field, (text, digit) in found.items()
            if digit != check_digit(text) and not (digit == "<" and not text.strip("<"))
        )

    @property
    def _layout(self) -> _Layout:
        return _LAYOUTS[self.format]

    def _number_parts(self) -> tuple[str, str, str]:
        """Document number with its fillers, its check digit, and the optional data that is left."""
        layout = self._layout
        number, digit = self.text[layout.document_number], self.text[layout.document_number.stop]
        optional = self.text[layout.optional_data]
        rest, _, left = optional.partition("<")
        if digit != "<" or len(rest) < 2 or number.endswith("<") or self.format is MrzFormat.TD3:
            return number, digit, optional
        return number + rest[:-1], rest[-1], left


def _letters(field: str, code: str) -> str:
    if not re.fullmatch("[A-Z]{0,3}", code):
        raise BadInput("mrz-bad-code", field=field)
    return code


def _sex(sex: str) -> str:
    if sex not in ("F", "M", "X"):
        raise BadInput("mrz-bad-sex")
    return sex.replace("X", "<")


def _filled(text: str) -> str:
    return re.sub("[^0-9A-Z]", "<", text.upper())
