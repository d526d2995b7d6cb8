"""What a check may look at: the document, what is believed, the policy, and the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from eid_toolkit.standards.pki.validation import (
    ChainResult,
    DocumentFacts,
    RevocationResult,
    TrustMaterial,
    check_revocation,
    is_by_believed_key,
    validate_signer,
)
from eid_toolkit.work.inspection.document import Document
from eid_toolkit.work.inspection.evidence import Evidence
from eid_toolkit.work.inspection.policy import Policy
from eid_toolkit.work.inspection.witness import SELF, Witness, as_told


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
    witness: Witness = SELF
    """Who answers for what cannot be proved from the evidence itself."""

    @classmethod
    def of(
        cls,
        evidence: Evidence,
        trust: TrustMaterial,
        policy: Policy,
        now: datetime,
        trusted_time: datetime | None = None,
        witness: Witness = SELF,
    ) -> Case:
        """Opens the case; the signer is looked into once, for all that need it."""
        if not witness.believed:
            evidence = as_told(evidence)
        document = Document(
            evidence.files, trust.signer_named_by, lambda certificate: is_by_believed_key(certificate, trust)
        )
        chain = revocation = None
        if document.signer is not None and document.sod is not None:
            enclosed = document.sod.signed_data.certificates
            chain = validate_signer(document.signer, trust, now, facts_of(document), enclosed)
            if chain.csca is not None:
                revocation = check_revocation(document.signer, trust, now)
        return cls(evidence, document, trust, policy, now, trusted_time, chain, revocation, witness)


def facts_of(document: Document) -> DocumentFacts:
    """What the signer's certificate is checked against; the date of issue only where it is fully known."""
    mrz = document.mrz
    issued = document.date_of_issue
    return DocumentFacts(
        issuing_state=mrz.issuing_state if mrz else None,
        document_code=mrz.document_code if mrz else None,
        date_of_issue=issued.earliest if issued is not None and issued.earliest == issued.latest else None,
        document_number=mrz.document_number if mrz else None,
    )
