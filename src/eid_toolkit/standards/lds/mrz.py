"""The machine readable zone in its three sizes TD1, TD2 and TD3 (ICAO Doc 9303-3 4, 9303-4, -5 and -6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.lds import dates
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.mrz_layout import (
    DOCUMENT_CODE,
    ISSUING_STATE,
    LAYOUTS,
    SHORT_NUMBER,
    Layout,
    MrzFormat,
    check_digit,
)
from eid_toolkit.standards.lds.mrz_name import name_field
from eid_toolkit.standards.lds.mrz_writer import MrzWriter
from eid_toolkit.standards.lds.transliteration import transliterate

__all__ = ["Mrz", "MrzFormat", "check_digit", "mrz_information", "number_text"]

_MRZ_TEXT = re.compile("[0-9A-Z<]+")
_MAX_TEXT = 200


def mrz_information(document_number: str, birth: PartialDate, expiry: PartialDate | None) -> str:
    """What BAC and PACE derive the key from, without the whole MRZ at hand (9303-11 4.3.2 and 9.7.3)."""
    return _information(number_text(document_number), birth.mrz, dates.expiry_to_mrz(expiry))


def number_text(number: str) -> str:
    """A document number in the characters of the MRZ: blanks and special characters are fillers."""
    text = re.sub("[^0-9A-Z]", "<", number.strip().upper())
    if not text.strip("<"):
        raise BadInput("mrz-no-document-number")
    return text


def _information(number: str, birth: str, expiry: str) -> str:
    return "".join(part + check_digit(part) for part in (number.ljust(SHORT_NUMBER, "<"), birth, expiry))


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
        layout = LAYOUTS[format]
        writer = MrzWriter(format)
        writer.put("document_code", DOCUMENT_CODE, _letters("document_code", document_code))
        writer.put("issuing_state", ISSUING_STATE, _letters("issuing_state", issuing_state))
        writer.put_number(number_text(document_number), _filled(optional_data))
        writer.put("second_optional_data", layout.second_optional_data, _filled(second_optional_data))
        writer.put("nationality", layout.nationality, _letters("nationality", nationality))
        writer.put("sex", slice(layout.sex, layout.sex + 1), _sex(sex))
        writer.put_checked("date_of_birth", layout.date_of_birth, date_of_birth.mrz)
        writer.put_checked("date_of_expiry", layout.date_of_expiry, dates.expiry_to_mrz(date_of_expiry))
        primary, secondary = (transliterate(name, overrides) for name in (primary_identifier, secondary_identifier))
        writer.put("name", layout.name, name_field(primary, secondary, layout.name.stop - layout.name.start))
        return cls(format, writer.text())

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines as printed."""
        length = self.format.line_length
        return tuple(self.text[at : at + length] for at in range(0, len(self.text), length))

    @property
    def document_code(self) -> str:
        """One or two letters: what kind of document it is."""
        return self.text[DOCUMENT_CODE].rstrip("<")

    @property
    def issuing_state(self) -> str:
        """One to three letters (9303-3 5)."""
        return self.text[ISSUING_STATE].rstrip("<")

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
    def name_field(self) -> str:
        """Both identifiers with their fillers; a letter in the last place says that the name may be cut off there."""
        return self.text[self._layout.name]

    @property
    def primary_identifier(self) -> str:
        """The surname, in words parted by blanks, perhaps truncated."""
        return self.name_field.partition("<<")[0].replace("<", " ").strip()

    @property
    def secondary_identifier(self) -> str:
        """The given names, in words parted by blanks, perhaps truncated; may be empty."""
        return self.name_field.partition("<<")[2].replace("<", " ").strip()

    @property
    def name_is_full(self) -> bool:
        """Whether the names fill their field to its last place, so that they may have been cut off (9303-3 4.6)."""
        return not self.text[self._layout.name].endswith("<")

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

    @property
    def printed_information(self) -> tuple[str, ...]:
        """The information, and the same of the number's first nine characters alone, by which odd chips are opened."""
        short = _information(self.text[self._layout.document_number], self.date_of_birth, self.date_of_expiry)
        return tuple(dict.fromkeys((self.information, short)))

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
        checked_fields = {
            "document_number": (number, number_digit),
            "date_of_birth": (self.date_of_birth, self.text[layout.date_of_birth.stop]),
            "date_of_expiry": (self.date_of_expiry, self.text[layout.date_of_expiry.stop]),
            "composite": (
                "".join(self.text[part] for part in layout.composite),
                self.text[layout.composite_check_digit],
            ),
        }
        if self.format is MrzFormat.TD3:
            checked_fields["optional_data"] = (self.text[layout.optional_data], self.text[layout.optional_data.stop])
        # A filler is right over nothing but fillers (9303-4 4.2.2.2, position 43).
        return tuple(
            field
            for field, (text, digit) in checked_fields.items()
            if digit != check_digit(text) and not (digit == "<" and not text.strip("<"))
        )

    @property
    def _layout(self) -> Layout:
        return LAYOUTS[self.format]

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
