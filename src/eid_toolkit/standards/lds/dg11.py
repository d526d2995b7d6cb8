"""EF.DG11: additional personal details (ICAO Doc 9303-10 4.7.11)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.record import Record, date_object, repeated_object, text_object, texts_object

_TAG = 0x6B
_FULL_NAME = 0x5F0E
_OTHER_NAME = 0x5F0F
_PERSONAL_NUMBER = 0x5F10
_PLACE_OF_BIRTH = 0x5F11
_TELEPHONE = 0x5F12
_PROFESSION = 0x5F13
_TITLE = 0x5F14
_PERSONAL_SUMMARY = 0x5F15
_PROOF_OF_CITIZENSHIP = 0x5F16
_OTHER_DOCUMENT_NUMBERS = 0x5F17
_CUSTODY = 0x5F18
_DATE_OF_BIRTH = 0x5F2B
_ADDRESS = 0x5F42


@dataclass(frozen=True, slots=True)
class Dg11:
    """The details, in national letters; what the file does not hold is None or empty."""

    record: Record

    @classmethod
    def of(
        cls,
        *,
        primary_identifier: str,
        secondary_identifier: str = "",
        national_name: str | None = None,
        other_names: Iterable[str] = (),
        personal_number: str | None = None,
        date_of_birth: PartialDate | None = None,
        place_of_birth: Iterable[str] = (),
        address: Iterable[str] = (),
    ) -> Dg11:
        """New details; places and addresses in their parts (street, town, country).

        A ``national_name`` in the national script, a comma between surname and given names if it has both, is the full
        name; then the Latin one is the first of the other names.
        """
        full_name = _with_fillers(primary_identifier, secondary_identifier)
        if national_name is not None:
            other_names = (full_name, *other_names)
            full_name = _with_fillers(*national_name.split(",", 1))
        return cls(
            Record.of(
                (
                    text_object(_FULL_NAME, full_name),
                    repeated_object(_OTHER_NAME, other_names),
                    text_object(_PERSONAL_NUMBER, personal_number),
                    date_object(_DATE_OF_BIRTH, date_of_birth),
                    texts_object(_PLACE_OF_BIRTH, place_of_birth),
                    texts_object(_ADDRESS, address),
                )
            )
        )

    @classmethod
    def parse(cls, data: bytes) -> Dg11:
        """The whole file."""
        return cls(Record.parse(tlv.parse(data, _TAG).value))

    def encode(self) -> bytes:
        """The whole file."""
        return tlv.encode(_TAG, self.record.encode())

    @property
    def full_name(self) -> str | None:
        """The name as it stands in the file, with its fillers: two behind the surname."""
        return self.record.text(_FULL_NAME)

    @property
    def primary_identifier(self) -> str | None:
        """The surname in full, in national letters."""
        return self._name(0)

    @property
    def secondary_identifier(self) -> str | None:
        """The given names in full, in national letters."""
        return self._name(1)

    @property
    def other_names(self) -> tuple[str, ...]:
        """Further names, as they stand in the file."""
        return self.record.repeated(_OTHER_NAME)

    @property
    def personal_number(self) -> str | None:
        """The number of the person."""
        return self.record.text(_PERSONAL_NUMBER)

    @property
    def date_of_birth(self) -> PartialDate | None:
        """The full date of birth; raises :class:`BadInput` if the file holds something else."""
        return self.record.date(_DATE_OF_BIRTH)

    @property
    def date_of_birth_text(self) -> str | None:
        """The date of birth for a person: as it stands in the file where that is no date."""
        return self.record.date_text(_DATE_OF_BIRTH)

    @property
    def place_of_birth(self) -> tuple[str, ...]:
        """The parts of the place of birth."""
        return self.record.texts(_PLACE_OF_BIRTH)

    @property
    def address(self) -> tuple[str, ...]:
        """The parts of the permanent address."""
        return self.record.texts(_ADDRESS)

    @property
    def telephone(self) -> str | None:
        """The telephone number."""
        return self.record.text(_TELEPHONE)

    @property
    def profession(self) -> str | None:
        """The profession."""
        return self.record.text(_PROFESSION)

    @property
    def title(self) -> str | None:
        """The title."""
        return self.record.text(_TITLE)

    @property
    def personal_summary(self) -> str | None:
        """The personal summary."""
        return self.record.text(_PERSONAL_SUMMARY)

    @property
    def proof_of_citizenship(self) -> bytes | None:
        """An image of the proof of citizenship."""
        return self.record.value(_PROOF_OF_CITIZENSHIP)

    @property
    def other_document_numbers(self) -> tuple[str, ...]:
        """The numbers of other valid travel documents."""
        return self.record.texts(_OTHER_DOCUMENT_NUMBERS)

    @property
    def custody(self) -> str | None:
        """Custody information."""
        return self.record.text(_CUSTODY)

    def _name(self, index: int) -> str | None:
        if self.full_name is None:
            return None
        parts = self.full_name.split("<<", 1)
        return " ".join(parts[index].replace("<", " ").split()) if index < len(parts) else None


def _with_fillers(*names: str) -> str:
    """Names as Doc 9303 writes them: one filler between words, two behind the surname."""
    return "<<".join("<".join(name.split()) for name in names if name.strip())
