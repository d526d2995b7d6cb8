"""The verdict: what the checks make of the evidence under a policy, in three layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from eid_toolkit.standards.iso7816.files import ElementaryFile
from eid_toolkit.standards.pki.countries import SPECIMEN_STATE, same_state
from eid_toolkit.standards.pki.validation import TrustMaterial
from eid_toolkit.work.inspection.case import Case
from eid_toolkit.work.inspection.checks import run_checks
from eid_toolkit.work.inspection.document import Document
from eid_toolkit.work.inspection.evidence import Evidence, FileState
from eid_toolkit.work.inspection.holder import Holder
from eid_toolkit.work.inspection.policy import Policy
from eid_toolkit.work.inspection.result import CheckResult, CheckStatus, Layer
from eid_toolkit.work.inspection.witness import SELF, Witness


class Decision(StrEnum):
    """The verdict, of the whole and of a layer."""

    PASSED = "passed"
    FAILED = "failed"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class TrustUsed:
    """Whose word was taken: the signer, its authority, and the ages of revocation list and of the bundle (days)."""

    signer: str | None
    csca: str | None
    list_age_days: int | None
    links: int = 0
    """How many link certificates stand between the anchor and the authority's key."""
    bundle_version: int | None = None
    bundle_age_days: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one reading of one card."""

    decision: Decision
    policy: str
    judged_at: datetime
    specimen: bool
    layers: Mapping[Layer, Decision]
    checks: tuple[CheckResult, ...]
    holder: Holder | None
    trust: TrustUsed
    data_groups: Mapping[int, FileState]
    evidence: Evidence
    witness: Witness = SELF

    @property
    def downgraded(self) -> bool:
        """Whether BAC was used though the card offers PACE."""
        return any(result.reason == "access-downgraded" for result in self.checks)

    @property
    def causes(self) -> tuple[CheckResult, ...]:
        """Why the decision is what it is, the first cause first: checks that failed, else those left undecided."""
        cause_status = CheckStatus.FAILED if self.decision is Decision.FAILED else CheckStatus.UNDETERMINED
        causes = [result for result in self.checks if result.status is cause_status]
        if self.decision is Decision.PASSED or causes:
            return () if self.decision is Decision.PASSED else tuple(causes)
        return tuple(result for result in self.checks if result.status is CheckStatus.NOT_PERFORMED)

    def failed_checks(self) -> frozenset[str]:
        """The ids of the checks that failed."""
        return frozenset(result.id for result in self.checks if result.status is CheckStatus.FAILED)


def judge(
    evidence: Evidence,
    trust: TrustMaterial,
    policy: Policy,
    now: datetime,
    trusted_time: datetime | None = None,
    witness: Witness = SELF,
) -> Verdict:
    """Judge evidence by what is believed at the time ``now`` (with zone); pure.

    ``witness`` is who answers for the evidence; what only the word of a stranger says is undetermined.
    """
    policy = policy.tightened(trust.bundle, trust.floor)
    case = Case.of(evidence, trust, policy, now, trusted_time, witness)
    checks = run_checks(case)
    layers = {layer: _decide(layer, checks, policy) for layer in Layer}
    return Verdict(
        decision=_worst(layers.values()),
        policy=policy.name,
        judged_at=now.astimezone(UTC),
        specimen=_is_specimen(case.document),
        layers=layers,
        checks=checks,
        holder=Holder.of(case.document, now.date()),
        trust=_trust_used(case),
        data_groups=_data_groups(case),
        evidence=evidence,
        witness=witness,
    )


def _decide(layer: Layer, checks: Iterable[CheckResult], policy: Policy) -> Decision:
    """Failed if any check failed, passed if all that the policy requires passed, else undetermined."""
    status = {result.id: result.status for result in checks if result.layer is layer}
    if CheckStatus.FAILED in status.values():
        return Decision.FAILED
    required = [status[check_id] for check_id in policy.required if check_id in status]
    fulfilled = all(check_status is CheckStatus.PASSED for check_status in required)
    if layer is Layer.CHIP:
        fulfilled = fulfilled and any(status.get(check_id) is CheckStatus.PASSED for check_id in policy.chip)
    return Decision.PASSED if fulfilled else Decision.UNDETERMINED


def _worst(decisions: Iterable[Decision]) -> Decision:
    distinct = set(decisions)
    return next(
        decision for decision in (Decision.FAILED, Decision.UNDETERMINED, Decision.PASSED) if decision in distinct
    )


def _is_specimen(document: Document) -> bool:
    """By the state of specimens, or by what the signer's certificate calls itself."""
    by_state = document.mrz is not None and same_state(document.mrz.issuing_state, SPECIMEN_STATE)
    return by_state or (document.signer is not None and document.signer.specimen)


def _trust_used(case: Case) -> TrustUsed:
    signer = case.document.signer
    csca = case.chain.csca if case.chain is not None else None
    crl = case.revocation.crl if case.revocation is not None else None
    bundle = case.trust.bundle
    return TrustUsed(
        signer=signer.subject.text if signer is not None else None,
        csca=csca.subject.text if csca is not None else None,
        list_age_days=(case.now - crl.this_update).days if crl is not None else None,
        links=max(len(case.chain.path) - 1, 0) if case.chain is not None else 0,
        bundle_version=bundle.version if bundle is not None else None,
        bundle_age_days=(case.now - bundle.issued_at).days if bundle is not None else None,
    )


def _data_groups(case: Case) -> dict[int, FileState]:
    """Every data group that the card, its list or the security object knows of."""
    listed, files = case.document.listed, case.evidence.files
    read = {file.data_group for file, evidence in files.items() if file.data_group and evidence.state is FileState.READ}
    numbers = sorted(listed | {number for number in read if number is not None})
    return {number: case.evidence.state(ElementaryFile.of_data_group(number)) for number in numbers}
