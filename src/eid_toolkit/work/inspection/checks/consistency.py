"""Do the files agree with each other: MRZ, EF.COM, DG11, DG12 and national data (ICAO Doc 9303-10 4.6 and 4.7)?

Files that their issuer signed and that contradict each other prove its carelessness and nothing more (9303-3 7.1 tells
of such documents), and so does a wrong EF.COM, which nobody signs, beside data groups that are all there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.lds.dates import may_be_same_day
from eid_toolkit.standards.lds.issuer_time import issuer_dates
from eid_toolkit.standards.lds.mrz import Mrz
from eid_toolkit.standards.lds.name_agreement import names_agree
from eid_toolkit.standards.lds.vietnam import NationalField
from eid_toolkit.standards.pki.countries import same_state
from eid_toolkit.work.inspection.case import Case
from eid_toolkit.work.inspection.evidence import FileState
from eid_toolkit.work.inspection.result import PASSED, CheckStatus, Finding, Outcome, failed, finding, undetermined

_FULL_DATE = re.compile("([0-9]{2})/([0-9]{2})/[0-9]{2}([0-9]{2})")
"""dd/mm/yyyy; what Vietnam writes where a part is unknown is not known, so other texts are not compared."""
_DG15 = 15
_OPTIONAL = (ElementaryFile.DG11, ElementaryFile.DG12, ElementaryFile.DG13)
_LDS_VERSION_OF_SOD = {0: "0107", 1: "0108"}


def consistency(case: Case) -> Outcome:
    """The gravest disagreement that is found: one that proves something before one that does not.

    What a document need not have, and what the issuer signed in a form that cannot be read, is a finding beside it.
    """
    disagreements = list(_disagreements(case))
    gravest = next(
        (outcome for outcome in disagreements if outcome.status is CheckStatus.FAILED), (*disagreements, PASSED)[0]
    )
    return gravest.noting(*_unread(case))


def _unread(case: Case) -> Iterator[Finding]:
    if ignored := _ignored(case):
        yield finding("file-ignored", files=", ".join(file.label for file in ignored))
    document = case.document
    if document.mrz is not None and document.dg13 is not None and same_state(document.mrz.issuing_state, "VNM"):
        try:
            document.dg13.vietnam()
        except BadInput:
            yield finding("national-data-not-understood")


def _ignored(case: Case) -> list[ElementaryFile]:
    """The files that do not parse, that the issuer signed so, and that a document may also lack."""
    document = case.document
    return [file for file in document.malformed if file in _OPTIONAL and document.is_authentic(file.data_group or 0)]


def _disagreements(case: Case) -> Iterator[Outcome]:
    document = case.document
    access = case.evidence.access
    if access.mrz_matches is False and access.mrz_differs is None:  # else document.mrz-print names the fields
        told = undetermined("told-by-reader", what="the MRZ that is printed")
        yield failed("mrz-differs-from-dg1") if case.witness.believed else told
    if malformed := [file for file in document.malformed if file not in _ignored(case)]:
        numbers = [file.data_group for file in malformed if file.data_group is not None]
        yield _contradiction(case, numbers, "file-malformed", files=", ".join(file.label for file in malformed))
    if (mrz := document.mrz) is None:
        yield undetermined("dg1-not-read")
        return
    if wrong := mrz.wrong_check_digits():
        yield _contradiction(case, [1], "mrz-check-digits-wrong", fields=", ".join(wrong))
    yield from (outcome for compare in _COMPARISONS if (outcome := compare(case, mrz)) is not None)


def _contradiction(case: Case, of: Iterable[int], reason: str, /, **facts: object) -> Outcome:
    """What the data groups ``of`` say cannot be true: failed just if one of them is not what the issuer signed."""
    sod_is_usable = case.document.sod is not None
    forged = sod_is_usable and not all(map(case.document.is_authentic, of))
    return (failed if forged else undetermined)(reason, **facts)


def _com(case: Case, mrz: Mrz) -> Outcome | None:
    """EF.COM and EF.SOD list the same data groups and agree on the version of the LDS.

    A DG15 in EF.COM alone is what the check of the hashes speaks of.
    """
    com, sod, state = case.document.com, case.document.sod, case.evidence.state(ElementaryFile.COM)
    if sod is None:
        return undetermined("sod-not-usable")
    if com is None:
        return undetermined("com-absent" if state is FileState.ABSENT else "com-not-read", state=state)
    unsigned_key = {_DG15} - set(sod.hashes)
    if differing := (set(com.data_groups) ^ set(sod.hashes)) - unsigned_key:
        labels = ", ".join(f"DG{number}" for number in sorted(differing))
        states = {number: case.evidence.state(ElementaryFile.of_data_group(number)) for number in differing}
        touched = {number for number in differing if states[number] is FileState.READ}
        touched |= {number for number in sod.hashes if states.get(number) is FileState.ABSENT}
        return _contradiction(case, touched, "com-differs-from-sod", data_groups=labels)
    if com.lds_version != _LDS_VERSION_OF_SOD.get(sod.version) or sod.lds_version not in (None, com.lds_version):
        return undetermined("com-version-differs-from-sod", com=com.lds_version, sod=sod.version)
    return None


def _personal_details(case: Case, mrz: Mrz) -> Outcome | None:
    """DG11 has the MRZ's date of birth and a name that the MRZ's may stand for."""
    dg11 = case.document.dg11
    if dg11 is None:
        return None
    with suppress(BadInput):  # a date in a form of its own
        if dg11.date_of_birth is not None and not may_be_same_day(dg11.date_of_birth.mrz, mrz.date_of_birth):
            return _contradiction(case, [1, 11], "dg11-differs-from-dg1", field="date_of_birth")
    if dg11.full_name is not None and not names_agree(mrz, dg11.full_name):
        return undetermined("name-differs-from-dg1")
    return None


def _dates(case: Case, mrz: Mrz) -> Outcome | None:
    """The date of issue lies neither behind the date of expiry nor in the future."""
    issued, today = case.document.date_of_issue, issuer_dates(case.now, mrz.issuing_state)[1]
    if issued is None:
        return None
    expiry = mrz.expiry(today)
    if expiry is not None and issued.earliest > expiry.latest:
        return _contradiction(case, [1, 12], "issued-after-expiry")
    return undetermined("issued-in-the-future") if issued.earliest > today else None


def _vietnam(case: Case, mrz: Mrz) -> Outcome | None:
    """The identity number of Vietnam's national data is that of the MRZ, and so are the name and the date of birth."""
    dg13 = case.document.dg13
    if dg13 is None or not same_state(mrz.issuing_state, "VNM"):
        return None
    try:
        data = dg13.vietnam()
    except BadInput:
        return None  # a finding
    number = data.text(NationalField.IDENTITY_NUMBER)
    # A check digit may stand behind it; in a passport, or with a long document number, it stands in another field.
    shown = {mrz.optional_data.partition("<")[0], mrz.second_optional_data.partition("<")[0], mrz.document_number}
    if number is not None and number.strip() not in shown:
        return _contradiction(case, [1, 13], "dg13-differs-from-dg1", field="identity_number")
    full_date = _FULL_DATE.fullmatch(data.text(NationalField.DATE_OF_BIRTH) or "")
    if full_date is not None and not may_be_same_day("".join(reversed(full_date.groups())), mrz.date_of_birth):
        return _contradiction(case, [1, 13], "dg13-differs-from-dg1", field="date_of_birth")
    name = data.text(NationalField.FULL_NAME)
    if name is not None and not names_agree(mrz, name):
        return _contradiction(case, [1, 13], "dg13-differs-from-dg1", field="full_name")
    return None


_COMPARISONS: tuple[Callable[[Case, Mrz], Outcome | None], ...] = (_com, _personal_details, _dates, _vietnam)
