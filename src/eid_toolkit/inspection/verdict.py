"""The verdict: what the checks make of the evidence under a policy, in three layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from eid_toolkit.inspection.case import Case
from eid_toolkit.inspection.checks import run_checks
from eid_toolkit.inspection.document import Document
from eid_toolkit.inspection.evidence import Evidence, FileState
from eid_toolkit.inspection.policy import Policy
from eid_toolkit.inspection.result import CheckResult, CheckStatus, Layer
from eid_toolkit.iso7816.files import ElementaryFile
from eid_toolkit.lds.mrz import Mrz
from eid_toolkit.pki.countries import SPECIMEN_STATE, same_state
from eid_toolkit.pki.validation import TrustMaterial


class Decision(StrEnum):
    """The verdict, of the whole and of a layer."""

    PASSED = "passed"
    FAILED = "failed"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Holder:
    """What DG1 says of the holder; dates in ISO 8601 with XX for unknown parts, ``date_of_expiry`` None for none."""

    document_number: str
    document_code: str
    issuing_state: str
    primary_identifier: str
    secondary_identifier: str
    nationality: str
    date_of_birth: str
    sex: str
    date_of_expiry: str | None
    optional_data: str

    @classmethod
    def of(cls, mrz: Mrz, today: date) -> Holder:
        """The fields of an MRZ; ``today`` tells the centuries."""
        expiry = mrz.expiry(today)
        return cls(
            mrz.document_number,
            mrz.document_code,
            mrz.issuing_state,
            mrz.primary_identifier,
            mrz.secondary_identifier,
            mrz.nationality,
            mrz.birth(today).iso,
            mrz.sex,
            None if expiry is None else expiry.iso,
            mrz.optional_data,
        )


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

    @property
    def downgraded(self) -> bool:
        """Whether BAC was used though the card offers PACE."""
        return any(result.reason == "access-downgraded" for result in self.checks)

    def failed_checks(self) -> frozenset[str]:
        """The ids of the checks that failed."""
        return frozenset(result.id for result in self.checks if result.status is CheckStatus.FAILED)


def judge(
    evidence: Evidence, trust: TrustMaterial, policy: Policy, now: datetime, trusted_time: datetime | None = None
) -> Verdict:
    """Judge evidence by what is believed at the time ``now`` (with zone); pure."""
    policy = policy.tightened(trust.bundle)
    case = Case.of(evidence, trust, policy, now, trusted_time)
    checks = run_checks(case)
    layers = {layer: _decide(layer, checks, policy) for layer in Layer}
    mrz = case.document.mrz
    return Verdict(
        decision=_worst(layers.values()),
        policy=policy.name,
        judged_at=now.astimezone(UTC),
        specimen=_is_specimen(case.document),
        layers=layers,
        checks=checks,
        holder=_holder(mrz, now.date()),
        trust=_trust_used(case),
        data_groups=_data_groups(case),
        evidence=evidence,
    )


def _decide(layer: Layer, checks: Iterable[CheckResult], policy: Policy) -> Decision:
    """Failed if any check failed, passed if all that the policy requires passed, else undetermined."""
    status = {result.id: result.status for result in checks if result.layer is layer}
    if CheckStatus.FAILED in status.values():
        return Decision.FAILED
    required = [status[check_id] for check_id in policy.required if check_id in status]
    fulfilled = all(found is CheckStatus.PASSED for found in required)
    if layer is Layer.CHIP:
        fulfilled = fulfilled and any(status.get(check_id) is CheckStatus.PASSED for check_id in policy.chip)
    return Decision.PASSED if fulfilled else Decision.UNDETERMINED


def _worst(decisions: Iterable[Decision]) -> Decision:
    found = set(decisions)
    return next(decision for decision in (Decision.FAILED, Decision.UNDETERMINED, Decision.PASSED) if decision in found)


def _is_specimen(document: Document) -> bool:
    """By the state of specimens, or by what the signer's certificate calls itself."""
    by_state = document.mrz is not None and same_state(document.mrz.issuing_state, SPECIMEN_STATE)
    return by_state or (document.signer is not None and document.signer.specimen)


def _holder(mrz: Mrz | None, today: date) -> Holder | None:
    return None if mrz is None else Holder.of(mrz, today)


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
    read = {file.data_group for file, found in files.items() if file.data_group and found.state is FileState.READ}
    numbers = sorted(listed | {number for number in read if number is not None})
    return {number: case.evidence.state(ElementaryFile.of_data_group(number)) for number in numbers}
