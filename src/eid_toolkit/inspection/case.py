"""What a check may look at: the document, what is believed, the policy, and the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from eid_toolkit.inspection.document import Document
from eid_toolkit.inspection.evidence import Evidence
from eid_toolkit.inspection.policy import Policy
from eid_toolkit.pki.validation import (
    ChainResult,
    DocumentFacts,
    RevocationResult,
    TrustMaterial,
    check_revocation,
    validate_signer,
)


@dataclass(frozen=True, slots=True)
class Case:
    """One document before its judge.

    ``chain`` is None where no signer's certificate could be read, ``revocation`` also where no trusted authority
    issued it.
    """

    evidence: Evidence
    document: Document
    trust: TrustMaterial
    policy: Policy
    now: datetime
    trusted_time: datetime | None
    """The highest time ever learnt from a trusted source; None if the time to judge at was chosen by a person."""
    chain: ChainResult | None
    revocation: RevocationResult | None

    @classmethod
    def of(
        cls, evidence: Evidence, trust: TrustMaterial, policy: Policy, now: datetime, trusted_time: datetime | None
    ) -> Case:
        """Opens the case; the signer is looked into once, for all that need it."""
        document = Document(evidence.files, trust.signer_named_by)
        chain = revocation = None
        if document.signer is not None:
            chain = validate_signer(document.signer, trust, now, facts_of(document))
            if chain.csca is not None:
                revocation = check_revocation(document.signer, trust, now)
        return cls(evidence, document, trust, policy, now, trusted_time, chain, revocation)


def facts_of(document: Document) -> DocumentFacts:
    """What the signer's certificate is held against; the date of issue only where it is fully known."""
    mrz = document.mrz
    issued = document.date_of_issue
    return DocumentFacts(
        issuing_state=mrz.issuing_state if mrz else None,
        document_code=mrz.document_code if mrz else None,
        date_of_issue=issued.earliest if issued is not None and issued.earliest == issued.latest else None,
        document_number=mrz.document_number if mrz else None,
    )
