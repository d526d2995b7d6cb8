"""The verdict for a person, at a terminal: one look, or everything there is to say, by layer."""

from __future__ import annotations

from collections.abc import Iterator

from eid_toolkit.ground.display import harmless
from eid_toolkit.work.inspection.holder import Holder
from eid_toolkit.work.inspection.reports.circumstances import circumstances
from eid_toolkit.work.inspection.reports.one_look import one_look
from eid_toolkit.work.inspection.reports.report import explain_check
from eid_toolkit.work.inspection.reports.wording import SPECIMEN, Words, closing, headline
from eid_toolkit.work.inspection.result import CheckResult, Layer
from eid_toolkit.work.inspection.verdict import Verdict

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


def verdict_text(verdict: Verdict, words: Words, *, verbose: bool = False) -> str:
    """The verdict in one look (:func:`one_look`); verbose, with all checks by layer, and all that stands around them.

    Decision and cause are the first line and the last.
    """
    if not verbose:
        return one_look(verdict, words)
    decided = words.paint(headline(verdict, words), verdict.decision) + (SPECIMEN if verdict.specimen else "")
    lines = [decided, ""]
    if verdict.holder is not None:
        lines += [*_holder(verdict.holder), ""]
    lines += [*_layers(verdict, words), *circumstances(verdict, words), "", closing(verdict, words), decided]
    return "\n".join(lines)


def _holder(holder: Holder) -> Iterator[str]:
    notes = {
        "primary_identifier": "  (names in the MRZ may be truncated)" if holder.truncated else "",
        "date_of_birth": "" if holder.birth_century_known else "  (the card has only two digits of the year)",
    }
    for name, title in _HOLDER_TITLES.items():
        if name != "name" or holder.name is not None:
            yield f"  {title:<16} {harmless(str(getattr(holder, name) or '-'))}{notes.get(name, '')}"


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
