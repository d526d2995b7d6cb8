"""Document numbers and optional data of the MRZ, as a profile makes them."""

from __future__ import annotations

import re

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.lds.mrz import check_digit
from eid_toolkit.standards.profiles.profile import DocumentProfile

_COUNTER_LENGTH = 9
_IDENTITY_NUMBER = re.compile("[0-9]{12}")
_TAIL = 9


def document_number(profile: DocumentProfile, sequence: int, personal_number: str | None) -> str:
    """The number of a new document: the prefix and ``sequence`` in nine characters, or a part of the identity number.

    Vietnamese cards show the last nine digits of the holder's identity number. Those are not unique to a person or
    a card, so such a number is never a key. Raises :class:`BadInput` if the person has no identity number of twelve
    digits, or the sequence is used up.
    """
    if profile.number_scheme == "identity-number":
        return _identity_number(profile, personal_number)[-_TAIL:]
    digits = _COUNTER_LENGTH - len(profile.number_prefix)
    if not 0 <= sequence < 10**digits:
        raise BadInput("profile-numbers-used-up", profile=profile.name)
    return f"{profile.number_prefix}{sequence:0{digits}}"


def optional_data(profile: DocumentProfile, personal_number: str | None) -> str:
    """The MRZ's first optional data: nothing, the personal number, or that with its check digit behind two fillers."""
    if profile.optional_data == "none":
        return ""
    if profile.optional_data == "personal-number":
        return personal_number or ""
    number = _identity_number(profile, personal_number)
    return f"{number}<<{check_digit(number)}"


def _identity_number(profile: DocumentProfile, personal_number: str | None) -> str:
    if personal_number is None or not _IDENTITY_NUMBER.fullmatch(personal_number):
        raise BadInput("profile-needs-identity-number", profile=profile.name)
    return personal_number
