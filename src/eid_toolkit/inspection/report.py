"""The verdict for a machine (JSON, schema eid-verdict/1) and for a person (text)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC

from eid_toolkit.codec.display import harmless
from eid_toolkit.inspection.evidence import TerminalAuthenticationEvidence, TerminalProof
from eid_toolkit.inspection.result import CheckResult, Layer
from eid_toolkit.inspection.verdict import Decision, Verdict

SCHEMA = "eid-verdict/1"

Explain = Callable[[str, Mapping[str, object]], str]
"""The sentence for a reason code and its facts."""
Paint = Callable[[str, str], str]
"""A text in the colour of a status (the second argument)."""

_LAYER_TITLES = {
    Layer.DOCUMENT: "Document: are the data genuine and unchanged?",
    Layer.CHIP: "Chip: is it the one that was issued?",
    Layer.STATUS: "Status: is the document good now?",
}
_HOLDER_TITLES = {
    "primary_identifier": "Surname",
    "secondary_identifier": "Given names",
    "date_of_birth": "Date of birth",
    "sex": "Sex",
    "nationality": "Nationality",
    "document_code": "Document code",
    "document_number": "Document number",
    "issuing_state": "Issuing state",
    "date_of_expiry": "Date of expiry",
    "optional_data": "Optional data",
}
_CLOSING = {
    Decision.PASSED: "Now compare yourself: the printed MRZ and data with those above, the face with the portrait.",
    Decision.UNDETERMINED: "Do not rely on this document alone. Compare the printed MRZ and data with those above, and "
    "the face with the portrait, and look into what could not be decided.",
    Decision.FAILED: "Do not accept this document. Keep it if you may, compare the printed MRZ and the face all the "
    "same, and report it.",
}


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
    access, trust = verdict.evidence.access, verdict.trust
    return {
        "schema": SCHEMA,
        "verdict": verdict.decision,
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
            }
            for result in verdict.checks
        ],
        "holder": None if verdict.holder is None else asdict(verdict.holder),
        "access": {
            "protocol": access.protocol,
            "password": access.password,
            "mapping": access.mapping,
            "cipher": access.cipher,
            "parameter_id": access.parameter_id,
            "downgraded": verdict.downgraded,
        },
        "terminal_authentication": _terminal_data(verdict.evidence.terminal_authentication, explain),
        "trust": asdict(trust),
        "data_groups": {str(number): state for number, state in verdict.data_groups.items()},
        "apdus": verdict.evidence.apdus,
        "bytes_read": verdict.evidence.bytes_read,
        "elapsed_ms": round(verdict.evidence.elapsed_ms, 1),
    }


def verdict_text(verdict: Verdict, explain: Explain, paint: Paint) -> str:
    """The verdict for a person: decision, holder, the three layers with their checks, and what is left to do."""
    mark = "  SPECIMEN, not a real document" if verdict.specimen else ""
    lines = [paint(f"{verdict.decision.upper()}{mark}", verdict.decision), ""]
    if verdict.holder is not None:
        lines += [
            f"  {title:<16} {harmless(str(getattr(verdict.holder, name) or '-'))}"
            for name, title in _HOLDER_TITLES.items()
        ]
        lines.append("")
    for layer, decision in verdict.layers.items():
        lines.append(f"{_LAYER_TITLES[layer]}  {paint(decision, decision)}")
        for result in verdict.checks:
            if result.layer is layer:
                status = paint(f"{result.status:<13}", result.status)
                lines.append(f"  {status} {result.id:<21} {explain_check(result, explain)}")
        lines.append("")
    lines += [*_circumstances(verdict, explain), "", _CLOSING[verdict.decision]]
    return "\n".join(lines)


def _terminal_data(found: TerminalAuthenticationEvidence, explain: Explain) -> dict[str, object]:
    reason = _TERMINAL_REASONS.get(found.outcome)
    return {
        "outcome": found.outcome,
        "trusted": list(found.trusted),
        "terminal": found.terminal,
        "data_groups": list(found.data_groups),
        "reason": reason,
        "detail": _explain_terminal(found, explain),
    }


def _explain_terminal(found: TerminalAuthenticationEvidence, explain: Explain) -> str | None:
    """One sentence on Terminal Authentication; None where the card did not call for it."""
    reason = _TERMINAL_REASONS.get(found.outcome)
    if reason is None:
        return None
    facts = {
        "terminal": found.terminal or "this terminal",
        "trusted": ", ".join(found.trusted),
        "data_groups": ", ".join(f"DG{number}" for number in found.data_groups) or "nothing more",
    }
    cause = explain(found.cause, {**facts, "reference": facts["terminal"]}) if found.cause else ""
    return explain(reason, {**facts, "cause": cause})


def _circumstances(verdict: Verdict, explain: Explain) -> list[str]:
    access, trust, evidence = verdict.evidence.access, verdict.trust, verdict.evidence
    protocol = " ".join(filter(None, (access.protocol.upper(), access.mapping and access.mapping.upper())))
    opened = f"{protocol} with {access.password.upper()}, {access.cipher}" if access.password else protocol
    age = "" if trust.list_age_days is None else f", revocation list {trust.list_age_days} days old"
    terminal = _explain_terminal(evidence.terminal_authentication, explain)
    linked = f" by {trust.links} link certificates" if trust.links else ""
    bundle = f"Trust: bundle {trust.bundle_version}, {trust.bundle_age_days} days old."
    return [
        f"Opened by {opened}; {evidence.apdus} commands, {evidence.bytes_read} bytes, {evidence.elapsed_ms:.0f} ms.",
        *([terminal] if terminal else []),
        f"Signer: {harmless(trust.signer or 'unknown')}. Authority: {harmless(trust.csca or 'unknown')}{linked}{age}.",
        *([bundle] if trust.bundle_version is not None else []),
        f"Judged at {verdict.judged_at:%Y-%m-%d %H:%M} UTC under the policy {verdict.policy}.",
    ]
