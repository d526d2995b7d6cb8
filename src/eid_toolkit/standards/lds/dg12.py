"""EF.DG12: additional document details (ICAO Doc 9303-10 4.7.12)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.record import Record, date_object, decode_text, repeated_object, text_object

_TAG = 0x6C
_ISSUING_AUTHORITY = 0x5F19
_OTHER_PERSON = 0x5F1A
_OBSERVATIONS = 0x5F1B
_TAX = 0x5F1C
_FRONT_IMAGE = 0x5F1D
_REAR_IMAGE = 0x5F1E
_DATE_OF_ISSUE = 0x5F26
_PERSONALIZATION_TIME = 0x5F55
_PERSONALIZATION_SYSTEM = 0x5F56
_BCD_TIME_SIZE = 7


@dataclass(frozen=True, slots=True)
class Dg12:
    """The details of the document; what the file does not hold is None or empty."""

    record: Record

    @classmethod
    def of(
        cls,
        *,
        date_of_issue: PartialDate,
        issuing_authority: str | None = None,
        other_persons: Iterable[str] = (),
        observations: str | None = None,
        personalization_time: str | None = None,
        personalization_system: str | None = None,
    ) -> Dg12:
        """New details; ``personalization_time`` in the fourteen digits YYYYMMDDhhmmss."""
        return cls(
            Record.of(
                (
                    text_object(_ISSUING_AUTHORITY, issuing_authority),
                    date_object(_DATE_OF_ISSUE, date_of_issue),
                    repeated_object(_OTHER_PERSON, other_persons),
                    text_object(_OBSERVATIONS, observations),
                    text_object(_PERSONALIZATION_TIME, personalization_time),
                    text_object(_PERSONALIZATION_SYSTEM, personalization_system),
                )
            )
        )

    @classmethod
    def parse(cls, data: bytes) -> Dg12:
        """The whole file."""
        return cls(Record.parse(tlv.parse(data, _TAG).value))

    def encode(self) -> bytes:
        """The whole file."""
        return tlv.encode(_TAG, self.record.encode())

    @property
    def issuing_authority(self) -> str | None:
        """The authority that issued the document."""
        return self.record.text(_ISSUING_AUTHORITY)

    @property
    def date_of_issue(self) -> PartialDate | None:
        """The date of issue; raises :class:`BadInput` if the file holds something else."""
        return self.record.date(_DATE_OF_ISSUE)

    @property
    def date_of_issue_text(self) -> str | None:
        """The date of issue for a person: as it stands in the file where that is no date."""
        return self.record.date_text(_DATE_OF_ISSUE)

    @property
    def other_persons(self) -> tuple[str, ...]:
        """Other persons on the document."""
        return self.record.repeated(_OTHER_PERSON)

    @property
    def observations(self) -> str | None:
        """Endorsements and observations."""
        return self.record.text(_OBSERVATIONS)

    @property
    def tax(self) -> str | None:
        """Tax and exit requirements."""
        return self.record.text(_TAX)

    @property
    def front_image(self) -> bytes | None:
        """An image of the document's front."""
        return self.record.value(_FRONT_IMAGE)

    @property
    def rear_image(self) -> bytes | None:
        """An image of the document's rear."""
        return self.record.value(_REAR_IMAGE)

    @property
    def personalization_time(self) -> str | None:
        """When the document was personalized, in the digits YYYYMMDDhhmmss."""
        value = self.record.value(_PERSONALIZATION_TIME)
        if value is None:
            return None
        return value.hex() if len(value) == _BCD_TIME_SIZE else decode_text(value)

    @property
    def personalization_system(self) -> str | None:
        """The serial number of the personalization system."""
        return self.record.text(_PERSONALIZATION_SYSTEM)
