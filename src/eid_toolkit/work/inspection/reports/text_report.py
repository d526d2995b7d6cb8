"""The verdict for a person: the cause in the first line, then what did not pass, and what is left to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from eid_toolkit.ground.display import harmless
from eid_toolkit.work.inspection.evidence import FROM_FILES, Evidence
from eid_toolkit.work.inspection.holder import Holder
from eid_toolkit.work.inspection.reports.report import Explain, explain_check, explain_terminal
from eid_toolkit.work.inspection.result import CheckResult, CheckStatus, Layer
from eid_toolkit.work.inspection.verdict import Decision, Verdict
from eid_toolkit.work.inspection.witness import Standing, Witness

Paint = Callable[[str, str], str]
"""A text in the colour of a status (the second argument)."""

_LAYER_TITLES = {
    Layer.DOCUMENT: "Document: is the data genuine and unchanged?",
    Layer.CHIP: "Chip: is it the one that was issued?",
    Layer.STATUS: "Status: is the document currently valid?",
}
_HOLDER_TITLES = {
    "name": "Name",
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
_COMPARE = "compare the printed MRZ and data with those shown, and the face with the portrait"
_CLOSING = {
    Decision.PASSED: "Now compare the printed MRZ and data with those shown, and the face with the portrait.",
    Decision.UNDETERMINED: f"Do not rely on this document alone: {_COMPARE}, and look into what could not be decided.",
    Decision.FAILED: "Do not accept this document. Keep it if you are authorized to, still compare the printed MRZ "
    "and the face, and report it.",
}
_REPORTED = (
    "The document has been reported, which says nothing about the person presenting it. Refer them to second-line "
    f"inspection without suspicion: {_COMPARE}, ask the issuer whether the report is correct, and follow your "
    "procedures."
)
"""9303-2 6.4: until otherwise proven nobody with a reported document is treated as if they meant ill."""
_EXPIRED = f"The document is no longer valid, which by itself does not make it false: {_COMPARE}."
_CLOSING_OF_STATUS = {"status.reported": _REPORTED, "document.expiry": _EXPIRED}
_JUST_NOW = timedelta(minutes=5)
_FORGED = ("document-on-stolen-blank",)
"""Reports that say of the document itself that it is no genuine one."""
_WITNESSES = {
    Standing.ENROLLED: "Evidence from {name} (key {fingerprint}).",
    Standing.STRANGER: "Evidence signed with a key that is not enrolled here: {fingerprint}.",
    Standing.CHANGED: "The evidence was altered after it was signed (key {fingerprint}).",
    Standing.UNSIGNED: "The evidence is not signed.",
}


@dataclass(frozen=True, slots=True)
class Words:
    """How a person is told: sentences for codes, a few words for the cause in the first line, and colours."""

    explain: Explain
    in_short: Callable[[str], str]
    paint: Paint = lambda text, status: text
    time: Callable[[datetime], str] = lambda time: f"{time:%Y-%m-%d %H:%M} UTC"
    """How a time (UTC) is written."""


def headline(verdict: Verdict, words: Words) -> str:
    """The decision and its first cause: ``FAILED: copied chip``."""
    cause = next((result.reason for result in verdict.causes if result.reason is not None), None)
    return verdict.decision.upper() + (f": {words.in_short(cause)}" if cause is not None else "")


def closing(verdict: Verdict) -> str:
    """What to do now."""
    failed = [result for result in verdict.checks if result.status is CheckStatus.FAILED]
    if verdict.decision is Decision.FAILED and not any(result.reason in _FORGED for result in failed):
        for check, sentence in _CLOSING_OF_STATUS.items():
            if check in {result.id for result in failed} <= _CLOSING_OF_STATUS.keys():
                return sentence
    return _CLOSING[verdict.decision]


def verdict_text(verdict: Verdict, words: Words, *, verbose: bool = False) -> str:
    """The verdict: decision and cause, holder, the checks that did not pass, what is left to do.

    Verbose, all checks stand there, by layer.
    """
    mark = "  (specimen)" if verdict.specimen else ""
    lines = [words.paint(headline(verdict, words), verdict.decision) + mark, ""]
    if verdict.holder is not None:
        lines += [*_holder(verdict.holder), ""]
    lines += [*(_layers(verdict, words) if verbose else _checks(verdict, words)), *_circumstances(verdict, words)]
    return "\n".join([*lines, "", closing(verdict)])


def _holder(holder: Holder) -> Iterator[str]:
    notes = {
        "primary_identifier": "  (names in the MRZ may be truncated)" if holder.truncated else "",
        "date_of_birth": "" if holder.birth_century_known else "  (the card has only two digits of the year)",
    }
    for name, title in _HOLDER_TITLES.items():
        if name != "name" or holder.name is not None:
            yield f"  {title:<16} {harmless(str(getattr(holder, name) or '-'))}{notes.get(name, '')}"


def _checks(verdict: Verdict, words: Words) -> Iterator[str]:
    """What decided first, then what else did not pass, findings, and in one line what passed."""
    order = (CheckStatus.FAILED, CheckStatus.UNDETERMINED, CheckStatus.NOT_PERFORMED)
    for status in order:
        for result in verdict.checks:
            if result.status is status:
                yield _check(result, words)
    for result in verdict.checks:
        yield from _findings(result, words)
    passed = sum(result.status is CheckStatus.PASSED for result in verdict.checks)
    if passed:
        shown = words.paint(f"{CheckStatus.PASSED:<13}", CheckStatus.PASSED)
        yield f"  {shown} {passed} of {len(verdict.checks)} checks"
    yield ""


def _layers(verdict: Verdict, words: Words) -> Iterator[str]:
    for layer, decision in verdict.layers.items():
        yield f"{_LAYER_TITLES[layer]}  {words.paint(decision, decision)}"
        for result in verdict.checks:
            if result.layer is layer:
                yield _check(result, words)
                yield from _findings(result, words)
        yield ""


def _check(result: CheckResult, words: Words) -> str:
    status = words.paint(f"{result.status:<13}", result.status)
    return f"  {status} {result.id:<21} {explain_check(result, words.explain)}"


def _findings(result: CheckResult, words: Words) -> Iterator[str]:
    for finding in result.outcome.findings:
        yield f"  {'finding':<13} {result.id:<21} {words.explain(finding.reason, finding.facts)}"


def _circumstances(verdict: Verdict, words: Words) -> list[str]:
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
        *_witness(verdict.witness),
        _when(verdict, words),
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


def _witness(witness: Witness) -> list[str]:
    sentence = _WITNESSES.get(witness.standing)
    if sentence is None:
        return []
    return [sentence.format(name=harmless(witness.name or "?"), fingerprint=witness.fingerprint or "?")]


def _when(verdict: Verdict, words: Words) -> str:
    """When it was judged, and when the card was read if that was not just now, as its reader says."""
    read, judged = verdict.evidence.started, verdict.judged_at
    saved = verdict.evidence.access.protocol != FROM_FILES and abs(judged - read) > _JUST_NOW
    card = f"The card was read at {words.time(read)}. " if saved else ""
    return f"{card}Judged at {words.time(judged)} under the policy {verdict.policy}."
