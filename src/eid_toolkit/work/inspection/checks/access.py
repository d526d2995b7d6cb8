"""How the card was opened, and whether the unsigned EF.CardAccess tells the truth (ICAO Doc 9303-11 4.2)."""

from __future__ import annotations

import re

from eid_toolkit.standards.asn1.security_infos import PaceDomainParameterInfo, PaceInfo, SecurityInfos
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.work.inspection.case import Case
from eid_toolkit.work.inspection.evidence import FROM_FILES, FileState
from eid_toolkit.work.inspection.result import PASSED, Outcome, failed, finding, undetermined

_DG14 = 14
_NOTHING = re.compile("[0-9A-F]{4}|card-answer-endless")


def access(case: Case) -> Outcome | None:
    """The strongest access protocol that the card offers was used; None where no card was opened."""
    opened = case.evidence.access
    if opened.protocol == FROM_FILES:
        return None
    if opened.protocol == "pace":
        return PASSED
    if not case.policy.allow_bac:
        return undetermined("access-not-by-pace")
    offered = [infos for infos in (case.document.card_access, case.document.dg14) if infos is not None]
    if any(infos.of_type(PaceInfo) for infos in offered):
        return undetermined("access-downgraded")
    return PASSED


def reading(case: Case) -> Outcome | None:
    """The card was read to the end of the procedure; None where no card was read here."""
    if case.evidence.access.protocol == FROM_FILES:
        return None
    cause = case.evidence.interrupted
    return PASSED if cause is None else undetermined("reading-ended-early", cause=cause)


def card_access(case: Case) -> Outcome | None:
    """EF.CardAccess, which nobody signed, says of PACE what the signed DG14 says: nothing added, nothing left out.

    None where no card was opened by it, and it is not among the files either.
    """
    document = case.document
    state, refused = case.evidence.state(ElementaryFile.CARD_ACCESS), _is_refused(case)
    if case.evidence.access.protocol == FROM_FILES and state is not FileState.READ:
        return None
    if state is FileState.TOLD:
        return undetermined("told-by-reader", what=ElementaryFile.CARD_ACCESS.label)
    if state is not FileState.READ and state is not FileState.ABSENT and not refused:
        return undetermined("card-access-not-read", state=state)
    shown = document.card_access
    if state is FileState.READ and shown is None:
        return undetermined("card-access-malformed")
    if document.sod is None:
        return undetermined("sod-not-usable")
    if not document.is_signed(_DG14):
        # Older chips have PACE without DG14: then nothing vouches for EF.CardAccess.
        return PASSED if shown is None else undetermined("card-access-unsigned")
    if document.dg14 is None or not document.is_authentic(_DG14):
        return undetermined("card-access-without-dg14")
    signed, offered = _pace_entries(document.dg14), _pace_entries(shown)
    if offered and not signed:
        return undetermined("card-access-unsigned")  # an issuer who left PACE out of DG14
    if added := offered - signed:
        return failed("card-access-altered", count=len(added))
    if lost := signed - offered:
        return (
            undetermined("card-access-not-read", state=state)
            if refused
            else failed("card-access-stripped", count=len(lost))
        )
    beside = _entries(shown) - _entries(document.dg14)  # no terminal chooses anything by it
    return PASSED.noting(*([finding("card-access-beside-dg14", count=len(beside))] if beside else []))


def _is_refused(case: Case) -> bool:
    """Whether a card that was opened by BAC answered the reading of EF.CardAccess with nothing but a status word.

    A chip without PACE need not have a master file, and 9303 does not say with which status word it shows that.
    """
    evidence = case.evidence.files.get(ElementaryFile.CARD_ACCESS)
    if evidence is None or case.evidence.access.protocol != "bac":
        return False
    return evidence.state in (FileState.FAILED, FileState.PROTECTED) and bool(_NOTHING.fullmatch(evidence.cause or ""))


def _entries(infos: SecurityInfos | None) -> set[bytes]:
    return set() if infos is None else {entry.encode() for entry in infos.entries}


def _pace_entries(infos: SecurityInfos | None) -> set[bytes]:
    """What a terminal chooses PACE by."""
    if infos is None:
        return set()
    return {entry.encode() for entry in infos.entries if isinstance(entry, PaceInfo | PaceDomainParameterInfo)}
