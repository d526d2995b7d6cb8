"""Do the records of a document agree with each other, before they are kept? By the checks of the issuer's read-back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from eid_toolkit.ground.errors import CardWouldNotPass
from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.pki.validation import TrustMaterial
from eid_toolkit.work.inspection.case import Case
from eid_toolkit.work.inspection.checks import run_checks
from eid_toolkit.work.inspection.document import Document
from eid_toolkit.work.inspection.evidence import AccessEvidence, Evidence, FileEvidence, FileState
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.result import CheckStatus
from eid_toolkit.work.personalization.readback import POLICY, WOULD_NOT_PASS

_OF_RECORDS = ("pa.sod-signature", "pa.data-group-hashes", "document.consistency", "document.expiry")
"""What no renewed list and no other chip would change."""


def check_records(files: Mapping[ElementaryFile, bytes], now: datetime) -> None:
    """Raises :class:`NotPermitted`, with check and reason, for files with which no card would pass."""
    read = {file: FileEvidence(FileState.READ, content) for file, content in files.items()}
    evidence = Evidence(now, 0.0, "records", b"", AccessEvidence("pace"), read)
    case = Case(evidence, Document(read), TrustMaterial((), ()), policy_by_name(POLICY), now, None, None, None)
    for result in run_checks(case, _OF_RECORDS):
        if result.status is not CheckStatus.PASSED:
            raise CardWouldNotPass(
                WOULD_NOT_PASS, **{**result.outcome.facts, "check": result.id, "reason": result.reason}
            )
