"""Who the document is of: each item from the best signed place that the card has (ICAO Doc 9303-10 4.7.1, 4.7.11).

The MRZ tells two digits of a year, and cuts names off. DG11 and national data have the whole, if the issuer signed them
and they agree with the MRZ.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.lds.dates import PartialDate, may_be_same_day
from eid_toolkit.standards.lds.mrz import Mrz
from eid_toolkit.standards.lds.vietnam import NationalField, VietnamNationalData
from eid_toolkit.standards.pki.countries import same_state
from eid_toolkit.work.inspection.document import Document

_DG11, _DG12, _DG13 = 11, 12, 13


@dataclass(frozen=True, slots=True)
class Holder:
    """What the document says of its holder.

    Dates are in ISO 8601 with XX for unknown parts; ``date_of_expiry`` is None for a document without. The identifiers
    are the MRZ's, ``name`` is the full name in national letters.
    """

    document_number: str
    document_code: str
    issuing_state: str
    primary_identifier: str
    secondary_identifier: str
    nationality: str
    date_of_birth: str
    sex: str
    date_of_expiry: str | None
    optional_data: str
    name: str | None = None
    """As DG11 or the national data have it, if they are signed; None without."""
    truncated: bool = False
    """Whether the MRZ's name is filled to its last place, so that something may have been cut off."""
    birth_century_known: bool = False
    """Whether the year of birth has four digits on the card; else the century is the latest that it can be."""

    @classmethod
    def of(cls, document: Document, today: date) -> Holder | None:
        """The holder by DG1 and what is signed beside it; None without DG1. ``today`` tells what century it can be."""
        mrz = document.mrz
        if mrz is None:
            return None
        full, expiry = _full_birth(document, mrz), mrz.expiry(today)
        return cls(
            mrz.document_number,
            mrz.document_code,
            mrz.issuing_state,
            mrz.primary_identifier,
            mrz.secondary_identifier,
            mrz.nationality,
            (full or mrz.birth(_day_of_issue(document, today))).iso,
            mrz.sex,
            None if expiry is None else expiry.iso,
            mrz.optional_data,
            name=_full_name(document, mrz),
            truncated=mrz.name_is_full,
            birth_century_known=full is not None,
        )


def _full_birth(document: Document, mrz: Mrz) -> PartialDate | None:
    """The date of birth with all digits of its year, as far as it is the MRZ's."""
    candidates = []
    if document.dg11 is not None and document.is_authentic(_DG11):
        with suppress(BadInput):  # a date in a form of its own
            candidates.append(document.dg11.date_of_birth)
    if (national := _national_data(document, mrz)) is not None:
        candidates.append(national.date(NationalField.DATE_OF_BIRTH))
    dates = (birth for birth in candidates if birth is not None and birth.year)
    return next((birth for birth in dates if may_be_same_day(birth.mrz, mrz.date_of_birth)), None)


def _day_of_issue(document: Document, today: date) -> date:
    """The last day on which the holder can have been born, as far as that is signed."""
    issued = document.date_of_issue
    return min(today, issued.latest) if issued is not None and document.is_authentic(_DG12) else today


def _full_name(document: Document, mrz: Mrz) -> str | None:
    if document.dg11 is not None and document.is_authentic(_DG11):
        names = (document.dg11.primary_identifier, document.dg11.secondary_identifier)
        if name := ", ".join(filter(None, names)):
            return name
    national = _national_data(document, mrz)
    return None if national is None else national.text(NationalField.FULL_NAME)


def _national_data(document: Document, mrz: Mrz) -> VietnamNationalData | None:
    if document.dg13 is None or not document.is_authentic(_DG13) or not same_state(mrz.issuing_state, "VNM"):
        return None
    try:
        return document.dg13.vietnam()
    except BadInput:
        return None
