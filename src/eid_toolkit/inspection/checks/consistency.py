"""Do the files agree with each other: MRZ, EF.COM, DG11, DG12 and national data (ICAO Doc 9303-10 4.6 and 4.7)?"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

from eid_toolkit.errors import BadInput
from eid_toolkit.inspection.case import Case
from eid_toolkit.inspection.evidence import FileState
from eid_toolkit.inspection.result import PASSED, Outcome, failed, undetermined
from eid_toolkit.iso7816.files import ElementaryFile
from eid_toolkit.lds.issuer_time import possible_dates
from eid_toolkit.lds.mrz import Mrz
from eid_toolkit.lds.transliteration import fold, transliterate
from eid_toolkit.lds.vietnam import NationalField
from eid_toolkit.pki.countries import same_state

_FULL_DATE = re.compile("([0-9]{2})/([0-9]{2})/[0-9]{2}([0-9]{2})")
"""dd/mm/yyyy; what Vietnam writes where a part is unknown is not known, so other texts are not compared."""
_DG15 = 15
_LDS_VERSION_OF_SOD = {0: "0107", 1: "0108"}


def consistency(case: Case) -> Outcome:
    """The first disagreement that is found, in the order of weight."""
    if case.document.malformed:
        return failed("file-malformed", files=", ".join(file.label for file in case.document.malformed))
    mrz = case.document.mrz
    if mrz is None:
        return undetermined("dg1-not-read")
    if wrong := mrz.wrong_check_digits():
        return failed("mrz-check-digits-wrong", fields=", ".join(wrong))
    if case.evidence.access.mrz_matches is False:
        return failed("mrz-differs-from-dg1")
    for compare in _COMPARISONS:
        if (outcome := compare(case, mrz)) is not None:
            return outcome
    return PASSED


def _com(case: Case, mrz: Mrz) -> Outcome | None:
    """EF.COM and EF.SOD list the same data groups and agree on the version of the LDS.

    A DG15 in EF.COM alone is what the check of the hashes speaks of.
    """
    com, sod, state = case.document.com, case.document.sod, case.evidence.state(ElementaryFile.COM)
    if sod is None:
        return undetermined("sod-not-usable")
    if com is None:
        return failed("com-absent") if state is FileState.ABSENT else undetermined("com-not-read", state=state)
    unsigned_key = {_DG15} - set(sod.hashes)
    if differing := (set(com.data_groups) ^ set(sod.hashes)) - unsigned_key:
        return failed("com-differs-from-sod", data_groups=", ".join(f"DG{number}" for number in sorted(differing)))
    if com.lds_version != _LDS_VERSION_OF_SOD.get(sod.version) or sod.lds_version not in (None, com.lds_version):
        return failed("com-version-differs-from-sod", com=com.lds_version, sod=sod.version)
    return None


def _personal_details(case: Case, mrz: Mrz) -> Outcome | None:
    """DG11 has the MRZ's date of birth and, as far as it is in Latin letters, the MRZ's surname."""
    dg11 = case.document.dg11
    if dg11 is None:
        return None
    with suppress(BadInput):  # a date in a form of its own
        if dg11.date_of_birth is not None and dg11.date_of_birth.mrz != mrz.date_of_birth:
            return failed("dg11-differs-from-dg1", field="date_of_birth")
    if dg11.primary_identifier is not None and not _may_be_same_name(dg11.primary_identifier, mrz.primary_identifier):
        return undetermined("name-differs-from-dg1")
    return None


def _dates(case: Case, mrz: Mrz) -> Outcome | None:
    """The date of issue lies neither behind the date of expiry nor in the future."""
    issued, today = case.document.date_of_issue, possible_dates(case.now, mrz.issuing_state)[1]
    if issued is None:
        return None
    expiry = mrz.expiry(today)
    if expiry is not None and issued.earliest > expiry.latest:
        return failed("issued-after-expiry")
    return undetermined("issued-in-the-future") if issued.earliest > today else None


def _vietnam(case: Case, mrz: Mrz) -> Outcome | None:
    """The identity number of Vietnam's national data is that of the MRZ, and so is the date of birth."""
    dg13 = case.document.dg13
    if dg13 is None or not same_state(mrz.issuing_state, "VNM"):
        return None
    try:
        data = dg13.vietnam()
    except BadInput:
        return undetermined("national-data-not-understood")
    number = data.text(NationalField.IDENTITY_NUMBER)
    if number is not None and number != mrz.optional_data.partition("<")[0]:  # a check digit may stand behind
        return failed("dg13-differs-from-dg1", field="identity_number")
    birth = data.text(NationalField.DATE_OF_BIRTH)
    full_date = _FULL_DATE.fullmatch(birth or "")
    if full_date is not None and "".join(reversed(full_date.groups())) != mrz.date_of_birth:
        return failed("dg13-differs-from-dg1", field="date_of_birth")
    return None


_COMPARISONS: tuple[Callable[[Case, Mrz], Outcome | None], ...] = (_com, _personal_details, _dates, _vietnam)


def _may_be_same_name(national: str, shown: str) -> bool:
    """States render letters in several ways and cut names off, so only a plain difference counts."""
    renderings = [fold(national)]
    try:
        renderings.append(transliterate(national))
    except BadInput:
        return True  # letters that this toolkit has no rendering for
    letters = _letters(shown)
    return any(_letters(text).startswith(letters) for text in renderings)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))
