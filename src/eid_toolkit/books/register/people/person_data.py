"""One person's record: the fields, their rules, and their text forms."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache
from operator import attrgetter
from typing import Any

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.transliteration import fold
from eid_toolkit.standards.pki.countries import is_nationality

FIELD_LIMIT = 200
"""The most characters that one field may have."""

DECEASED = "deceased"
VITAL_STATUSES = ("alive", DECEASED, "missing")
"""What the register may know of whether a person lives."""

MOST_YEARS, LIKELY_YEARS = 130, 110
"""Nobody has lived longer, as far as is known; and few so long."""

_SEXES = ("F", "M", "X")
_NATIONALITY = re.compile(r"[A-Z]{1,3}")
_PERSONAL_NUMBER = re.compile(r"[0-9A-Za-z./-]{1,30}")
_FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LINE_ENDS = str.maketrans("\r\n\t", "   ")  # addresses come in lines
_REQUIRED = ("primary_identifier", "date_of_birth", "sex", "nationality")
_DATES = ("date_of_birth", "date_of_death")
_DAYS = 1 << 15
"""This many dates are kept, parsed: of a large file's persons, most are born on a day that was there before."""


@dataclass(frozen=True, slots=True)
class PersonData:
    """A person as the population register knows them; text is NFC, None what is not known.

    Identifiers are those of Doc 9303-3 (surname, given names), ``nationality`` a code of the MRZ, ``sex`` F, M or X,
    ``vital_status`` one of :data:`VITAL_STATUSES`. Several former names or guardians stand behind each other in one
    field, parted by semicolons. ``national_name`` is the whole name in the national script where the identifiers are
    its Latin form; a comma parts surname and given names, if it has both.
    """

    primary_identifier: str
    date_of_birth: PartialDate
    sex: str
    nationality: str
    secondary_identifier: str | None = None
    personal_number: str | None = None
    place_of_birth: str | None = None
    place_of_origin: str | None = None
    place_of_residence: str | None = None
    ethnicity: str | None = None
    religion: str | None = None
    identifying_features: str | None = None
    father: str | None = None
    mother: str | None = None
    spouse: str | None = None
    former_number: str | None = None
    former_names: str | None = None
    guardians: str | None = None
    vital_status: str | None = None
    date_of_death: PartialDate | None = None
    national_name: str | None = None

    @classmethod
    def from_text(cls, values: Mapping[str, str | None]) -> PersonData:
        """Check a record as it was typed or imported; blank fields are absent.

        Raises :class:`BadInput` whose ``field`` fact names the first field that breaks a rule.
        """
        cleaned = _cleaned(values)
        for name in _REQUIRED:
            if name not in cleaned:
                raise BadInput("person-field-missing", field=name)
        if not cleaned.keys() <= _KNOWN:
            raise BadInput("person-field-unknown", field=next(name for name in cleaned if name not in _KNOWN))
        return cls.from_clean(cleaned)

    @classmethod
    def from_clean(cls, values: dict[str, str]) -> PersonData:
        """As :meth:`from_text`, of fields that are known, there and clean text."""
        dates = {name: _date(name, values.pop(name)) for name in _DATES if name in values}
        data = cls(**dates, **_checked(values))  # type: ignore[arg-type]
        if data.date_of_death is not None:
            _check_death(data, data.date_of_death)
        return data

    @property
    def name(self) -> str:
        """The whole name, surname first."""
        return " ".join(filter(None, (self.primary_identifier, self.secondary_identifier)))

    @property
    def names(self) -> str:
        """The whole name, with the one in the national script in brackets."""
        return self.name if self.national_name is None else f"{self.name} ({self.national_name})"

    @property
    def folded_name(self) -> str:
        """The name as a search compares it, with the one in the national script behind it.

        That stands there in its words and in one, for some scripts know no blanks.
        """
        if self.national_name is None:
            return fold(self.name)
        words = self.national_name.replace(",", " ").split()
        return fold(" ".join((self.name, *words, *(["".join(words)] if len(words) > 1 else []))))

    def to_text(self) -> dict[str, str | None]:
        """Every field as text, in the order of :data:`FIELDS`; :meth:`from_text` reads it back."""
        return dict(zip(FIELDS, self.row_values(), strict=False))

    def row_values(self) -> tuple[str | None, ...]:
        """The columns :data:`VALUES` of the register, which follow from what is known of a person."""
        values: list[Any] = [*_fields_of(self), self.folded_name]
        values[_BIRTH] = birth_text(self.date_of_birth)
        if self.date_of_death is not None:
            values[_DEATH] = birth_text(self.date_of_death)
        return tuple(values)

    def objection(self, today: date) -> BadInput | None:
        """What speaks against a record that is well formed: dates that lie ahead, a life that is too long.

        ``today`` is the day at the office.
        """
        day = (today.year, today.month, today.day)
        if _earliest(self.date_of_birth) > day:
            return BadInput("person-birth-in-future", field="date_of_birth")
        if self.date_of_death is not None and _earliest(self.date_of_death) > day:
            return BadInput("person-death-in-future", field="date_of_death")
        is_old = day[0] - (self.date_of_birth.year or day[0]) > MOST_YEARS  # which most are not, and quick to see
        if is_old and self._least_age(today) > MOST_YEARS:
            return BadInput("person-age-impossible", field="date_of_birth", years=MOST_YEARS)
        return None

    def unlikely_age(self, today: date) -> int | None:
        """How old somebody is who is said to live, in years, where most probably the date of birth is wrong."""
        age = self._least_age(today)
        return age if self.vital_status != DECEASED and age > LIKELY_YEARS else None

    def _least_age(self, today: date) -> int:
        """In years, today or at death, if the birth was as late as it can have been."""
        if self.date_of_death is None and self.vital_status == DECEASED:
            return 0
        end = today if self.date_of_death is None else self.date_of_death.earliest
        born = self.date_of_birth.latest
        return end.year - born.year - ((end.month, end.day) < (born.month, born.day))


FIELDS: tuple[str, ...] = (
    "personal_number",
    *(field.name for field in fields(PersonData) if field.name != "personal_number"),
)
"""The fields in the order of tables and exports."""
_KNOWN = frozenset(FIELDS)
VALUES = (*FIELDS, "folded_name")
"""What a row of the register has of them; the personal number is the first."""


_BIRTH, _DEATH = map(FIELDS.index, _DATES)
_fields_of = attrgetter(*FIELDS)


def birth_text(birth: PartialDate) -> str:
    """A date of birth or death: ``1990-01-31``, or as much of it as is known."""
    if birth.year and birth.month and birth.day:
        return f"{birth.year:04}-{birth.month:02}-{birth.day:02}"
    return birth.iso.removesuffix("-XX").removesuffix("-XX")


_parse_date = lru_cache(_DAYS)(PartialDate.parse)


def _date(name: str, text: str) -> PartialDate:
    try:
        return _parse_date(text)
    except BadInput as error:
        raise BadInput("person-date-malformed", field=name, value=text, reason=error.code) from None


def _earliest(day: PartialDate) -> tuple[int, int, int]:
    """Year, month and day of the first day that it can be."""
    return day.year or 1, day.month or 1, day.day or 1


def _check_death(data: PersonData, death: PartialDate) -> None:
    if data.vital_status != DECEASED:
        raise BadInput("person-death-of-the-living", field="date_of_death")
    if death.latest < data.date_of_birth.earliest:
        raise BadInput("person-death-before-birth", field="date_of_death")


def _checked(values: dict[str, str]) -> dict[str, str]:
    values |= {name: values[name].upper() for name in ("sex", "nationality")}
    if values["sex"] not in _SEXES:
        raise BadInput("person-sex-malformed", field="sex")
    if not _NATIONALITY.fullmatch(values["nationality"]):
        raise BadInput("person-nationality-malformed", field="nationality")
    if not is_nationality(values["nationality"]):
        raise BadInput("person-nationality-unknown", field="nationality", code=values["nationality"])
    if "personal_number" in values:
        if not _PERSONAL_NUMBER.fullmatch(values["personal_number"]):
            raise BadInput("person-number-malformed", field="personal_number")
        values["personal_number"] = values["personal_number"].upper()
    if "former_number" in values:
        values["former_number"] = values["former_number"].upper()
    if "vital_status" in values:
        values["vital_status"] = values["vital_status"].lower()
        if values["vital_status"] not in VITAL_STATUSES:
            raise BadInput("person-vital-status-malformed", field="vital_status")
    return values


def _cleaned(values: Mapping[str, str | None]) -> dict[str, str]:
    """The fields that have something in them, as clean text; asked of all at once first, which is quick."""
    whole = "|".join([value or "" for value in values.values()])
    blanks = "  " in whole or "| " in whole or " |" in whole or whole[:1] == " " or whole[-1:] == " "
    if blanks or len(whole) > FIELD_LIMIT or not whole.isprintable() or not unicodedata.is_normalized("NFC", whole):
        return {name: text for name in values if (text := _clean(name, values[name])) is not None}
    return {name: value for name, value in values.items() if value}


def _clean(name: str, value: str | None) -> str | None:
    """NFC with single blanks; None if nothing is left."""
    if not value:
        return None
    text = unicodedata.normalize("NFC", value)
    if not text.isprintable():  # which is quick to ask, and true of nearly everything
        text = text.translate(_LINE_ENDS)
        if any(unicodedata.category(character) in _FORBIDDEN for character in text):
            raise BadInput("person-control-character", field=name)
    text = " ".join(text.split())
    if len(text) > FIELD_LIMIT:
        raise BadInput("person-field-too-long", field=name, limit=FIELD_LIMIT)
    return text or None
