"""Is the MRZ that is printed the one in DG1, field by field (ICAO Doc 9303-10 4.7.1: DG1 holds the MRZ as printed)?

Names, sex and nationality have no check digit, and no password is derived from them: a card whose print was altered
there opens as it always did.
"""

from __future__ import annotations

from eid_toolkit.standards.lds.mrz import Mrz
from eid_toolkit.standards.lds.name_agreement import names_agree

_EXACT = (
    "document_code",
    "issuing_state",
    "document_number",
    "nationality",
    "date_of_birth",
    "sex",
    "date_of_expiry",
)
_NAME, _OPTIONAL_DATA = "name", "optional_data"
FIELDS = frozenset((*_EXACT, _NAME, _OPTIONAL_DATA))


def differing_fields(printed: Mrz, chip: Mrz, full_name: str | None = None) -> tuple[str, ...]:
    """The names of the fields in which they differ.

    A name that fills its field may be cut off otherwise on the print than in DG1: it differs only if neither can stand
    for the other, nor both for ``full_name`` (DG11's). Optional data are compared where both have the same size.
    """
    differing = [field for field in _EXACT if getattr(printed, field) != getattr(chip, field)]
    if not _same_name(printed, chip, full_name):
        differing.append(_NAME)
    if printed.format is chip.format and _optional(printed) != _optional(chip):
        differing.append(_OPTIONAL_DATA)
    return tuple(differing)


def _same_name(printed: Mrz, chip: Mrz, full_name: str | None) -> bool:
    if _identifiers(printed) == _identifiers(chip):
        return True
    if not (printed.name_is_full or chip.name_is_full):
        return False
    cut = (printed.name_is_full and names_agree(printed, _whole(chip))) or (
        chip.name_is_full and names_agree(chip, _whole(printed))
    )
    return cut or (full_name is not None and names_agree(printed, full_name) and names_agree(chip, full_name))


def _identifiers(mrz: Mrz) -> tuple[str, str]:
    return mrz.primary_identifier, mrz.secondary_identifier


def _whole(mrz: Mrz) -> str:
    return "<<".join(_identifiers(mrz))


def _optional(mrz: Mrz) -> tuple[str, str]:
    return mrz.optional_data, mrz.second_optional_data
