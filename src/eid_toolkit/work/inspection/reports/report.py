"""The verdict for a machine: JSON, schema eid-verdict/2."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC

from eid_toolkit.ground.plain_values import to_plain
from eid_toolkit.work.inspection.evidence import TerminalAuthenticationEvidence, TerminalProof
from eid_toolkit.work.inspection.result import CheckResult
from eid_toolkit.work.inspection.verdict import Verdict

SCHEMA = "eid-verdict/2"

Explain = Callable[[str, Mapping[str, object]], str]
"""The sentence for a reason code and its facts."""

_TERMINAL_REASONS = {
    TerminalProof.DONE: "terminal-authenticated",
    TerminalProof.NO_KEY: "terminal-without-right",
    TerminalProof.REFUSED: "terminal-refused",
}


def explain_check(result: CheckResult, explain: Explain) -> str:
    """One sentence on a check: why it did not pass, or what it means that it did."""
    return explain(result.reason or f"check-{result.id.replace('.', '-')}", result.outcome.facts)


def verdict_data(verdict: Verdict, explain: Explain) -> dict[str, object]:
    """The verdict as JSON data."""
    return {
        "schema": SCHEMA,
        "verdict": verdict.decision,
        "causes": [result.reason for result in verdict.causes],
        "policy": verdict.policy,
        "judged_at": verdict.judged_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "specimen": verdict.specimen,
        "layers": {layer.value: decision for layer, decision in verdict.layers.items()},
        "checks": [
            {
                "id": result.id,
                "layer": result.layer,
                "status": result.status,
                "reason": result.reason,
                "detail": explain_check(result, explain),
                "findings": [
                    {"reason": finding.reason, "detail": explain(finding.reason, finding.facts)}
                    for finding in result.outcome.findings
                ],
            }
            for result in verdict.checks
        ],
        "holder": None if verdict.holder is None else to_plain(verdict.holder),
        "access": {
            **to_plain(verdict.evidence.access, without=("mrz_matches", "mrz_differs")),
            "downgraded": verdict.downgraded,
        },
        "terminal_authentication": _terminal_data(verdict.evidence.terminal_authentication, explain),
        "trust": to_plain(verdict.trust),
        "evidence": to_plain(verdict.witness),
        "data_groups": {str(number): state for number, state in verdict.data_groups.items()},
        "apdus": verdict.evidence.apdus,
        "bytes_read": verdict.evidence.bytes_read,
        "elapsed_ms": round(verdict.evidence.elapsed_ms, 1),
    }


def _terminal_data(evidence: TerminalAuthenticationEvidence, explain: Explain) -> dict[str, object]:
    return {
        **to_plain(evidence, without=("cause",)),
        "reason": _TERMINAL_REASONS.get(evidence.outcome),
        "detail": explain_terminal(evidence, explain),
    }


def explain_terminal(evidence: TerminalAuthenticationEvidence, explain: Explain) -> str | None:
    """One sentence on Terminal Authentication; None where the card did not call for it."""
    reason = _TERMINAL_REASONS.get(evidence.outcome)
    if reason is None:
        return None
    facts = {
        "terminal": evidence.terminal or "this terminal",
        "trusted": ", ".join(evidence.trusted),
        "data_groups": ", ".join(f"DG{number}" for number in evidence.data_groups) or "nothing more",
    }
    cause = explain(evidence.cause, {**facts, "reference": facts["terminal"]}) if evidence.cause else ""
    return explain(reason, {**facts, "cause": cause})
