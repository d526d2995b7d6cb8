"""What stands around a verdict: how the card was opened, whose word was taken, whose evidence it is, and when."""

from __future__ import annotations

from datetime import timedelta

from eid_toolkit.ground.display import harmless
from eid_toolkit.work.inspection.evidence import FROM_FILES, Evidence
from eid_toolkit.work.inspection.reports.report import explain_terminal
from eid_toolkit.work.inspection.reports.wording import Words
from eid_toolkit.work.inspection.verdict import Verdict
from eid_toolkit.work.inspection.witness import Standing, Witness

_JUST_NOW = timedelta(minutes=5)
_WITNESSES = {
    Standing.ENROLLED: "Evidence from {name} (key {fingerprint}).",
    Standing.STRANGER: "Evidence signed with a key that is not enrolled here: {fingerprint}.",
    Standing.CHANGED: "The evidence was altered after it was signed (key {fingerprint}).",
    Standing.UNSIGNED: "The evidence is not signed.",
}


def circumstances(verdict: Verdict, words: Words) -> list[str]:
    """All of it, in sentences."""
    trust, evidence = verdict.trust, verdict.evidence
    terminal = explain_terminal(evidence.terminal_authentication, words.explain)
    age = "" if trust.list_age_days is None else f", revocation list {_old(trust.list_age_days)}"
    linked = f" by {_counted(trust.links, 'link certificate')}" if trust.links else ""
    bundle = f"Trust: bundle {trust.bundle_version}, {_old(trust.bundle_age_days)}."
    return [
        _opened(evidence),
        *([terminal] if terminal else []),
        f"Signer: {harmless(trust.signer or 'unknown')}. Authority: {harmless(trust.csca or 'unknown')}{linked}{age}.",
        *([bundle] if trust.bundle_version is not None else []),
        *witness_lines(verdict.witness),
        when(verdict, words),
    ]


def _old(days: int | None) -> str:
    return f"{_counted(days or 0, 'day')} old"


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _opened(evidence: Evidence) -> str:
    access = evidence.access
    if access.protocol == FROM_FILES:
        return f"Files of a chip, dumped by another tool; {evidence.bytes_read} bytes."
    protocol = " ".join(filter(None, (access.protocol.upper(), access.mapping and access.mapping.upper())))
    opened = f"{protocol} with {access.password.upper()}, {access.cipher}" if access.password else protocol
    return f"Opened by {opened}; {evidence.apdus} commands, {evidence.bytes_read} bytes, {evidence.elapsed_ms:.0f} ms."


def witness_lines(witness: Witness) -> list[str]:
    """Who answers for the evidence; nothing where this home read the card."""
    sentence = _WITNESSES.get(witness.standing)
    if sentence is None:
        return []
    return [sentence.format(name=harmless(witness.name or "?"), fingerprint=witness.fingerprint or "?")]


def when(verdict: Verdict, words: Words) -> str:
    """When it was judged, and when the card was read if that was not just now, as its reader says."""
    read, judged = verdict.evidence.started, verdict.judged_at
    saved = verdict.evidence.access.protocol != FROM_FILES and abs(judged - read) > _JUST_NOW
    card = f"The card was read at {words.time(read)}. " if saved else ""
    return f"{card}Judged at {words.time(judged)} under the policy {verdict.policy}."
