"""What opens a chip, as printed on the document (ICAO Doc 9303-11 4.2): the CAN, the MRZ, or three fields of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from eid_toolkit.standards.lds.dates import PartialDate
from eid_toolkit.standards.lds.mrz import Mrz as MachineReadableZone
from eid_toolkit.standards.lds.mrz import mrz_information

if TYPE_CHECKING:
    from eid_toolkit.standards.protocols.passwords import AccessPassword


@dataclass(frozen=True, slots=True, eq=False)
class Can:
    """The card access number that is printed on the card, 6 to 16 digits.

    It is never shown by ``repr``. Raises :class:`BadInput` for anything but digits.
    """

    digits: str = field(repr=False)

    def __post_init__(self) -> None:
        access_password(self)


@dataclass(frozen=True, slots=True, eq=False)
class Mrz:
    """The whole machine readable zone, in its lines or in one, in any case.

    It is never shown by ``repr``. Raises :class:`BadInput` for a wrong length, character, date or check digit.
    """

    text: str = field(repr=False)

    def __post_init__(self) -> None:
        MachineReadableZone.parse(self.text)

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines as printed."""
        return MachineReadableZone.parse(self.text).lines


@dataclass(frozen=True, slots=True, eq=False)
class MrzData:
    """The three fields of the MRZ that open a chip: document number, date of birth and date of expiry.

    Dates are ``datetime.date`` or ``YYYY-MM-DD``, or the part of it that is known; ``expiry`` is None for a document
    that does not expire. They are never shown by ``repr``. Raises :class:`BadInput` for what is no number or no date.
    """

    number: str = field(repr=False)
    birth: date | str = field(repr=False)
    expiry: date | str | None = field(repr=False)

    def __post_init__(self) -> None:
        information_of(self)


def information_of(data: MrzData) -> str:
    """The MRZ information of 9303-11 9.7.2."""
    expiry = None if data.expiry is None else _partial(data.expiry)
    return mrz_information(data.number, _partial(data.birth), expiry)


def printed_mrz(password: Can | Mrz | MrzData) -> MachineReadableZone | None:
    """The whole MRZ, where that is the password: DG1 is compared with it."""
    return MachineReadableZone.parse(password.text) if isinstance(password, Mrz) else None


def access_password(password: Can | Mrz | MrzData) -> AccessPassword:
    """The password as both ends of the protocols hold it."""
    from eid_toolkit.standards.protocols.passwords import AccessPassword

    match password:
        case Can():
            return AccessPassword.from_can(password.digits)
        case Mrz():
            return AccessPassword.from_mrz_information(MachineReadableZone.parse(password.text).information)
        case MrzData():
            return AccessPassword.from_mrz_information(information_of(password))
    raise TypeError(f"a password is a Can, an Mrz or MrzData, not {type(password).__name__}")


def _partial(day: date | str) -> PartialDate:
    return PartialDate.of(day) if isinstance(day, date) else PartialDate.parse(day)
