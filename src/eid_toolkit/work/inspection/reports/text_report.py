"""The verdict for a person, at a terminal: one look, or everything there is to say, by layer."""

from __future__ import annotations

from collections.abc import Iterator

from eid_toolkit.ground.columns import width_of
from eid_toolkit.ground.display import harmless
from eid_toolkit.work.inspection.holder import Holder
from eid_toolkit.work.inspection.reports.circumstances import ages, circumstances
from eid_toolkit.work.inspection.reports.one_look import one_look
from eid_toolkit.work.inspection.reports.report import explain_check
from eid_toolkit.work.inspection.reports.wording import FINDING, Words, closing, decided
from eid_toolkit.work.inspection.result import CheckResult, Layer
from eid_toolkit.work.inspection.verdict import Verdict

_LAYER_TITLES = {
    Layer.DOCUMENT: "layer-document",
    Layer.CHIP: "layer-chip",
    Layer.STATUS: "layer-status",
}
_HOLDER_TITLES = {
    "name": "label-name",
    "primary_identifier": "label-surname",
    "secondary_identifier": "label-given-names",
    "date_of_birth": "label-date-of-birth",
    "sex": "label-sex",
    "nationality": "label-nationality",
    "document_code": "label-document-code",
    "document_number": "label-document-number",
    "issuing_state": "label-issuing-state",
    "date_of_expiry": "label-date-of-expiry",
    "optional_data": "label-optional-data",
}
_DATES = ("date_of_birth", "date_of_expiry")
_TITLE, _STATUS, _CHECK = 16, 14, 21


def verdict_text(verdict: Verdict, words: Words, *, verbose: bool = False) -> str:
    """The verdict in one look (:func:`one_look`); verbose, with all checks by layer, and all that stands around them.

    Decision and cause are the first line and the last.
    """
    if not verbose:
        return one_look(verdict, words)
    first = decided(verdict, words)
    lines = [first, ""]
    if verdict.holder is not None:
        lines += [*_holder(verdict.holder, words), ""]
    around = [*ages(verdict, words), *circumstances(verdict, words)]
    lines += [*_layers(verdict, words), *around, "", closing(verdict, words), first]
    return "\n".join(lines)


def _holder(holder: Holder, words: Words) -> Iterator[str]:
    notes = {
        "primary_identifier": "holder-name-cut" if holder.truncated else "",
        "date_of_birth": "" if holder.birth_century_known else "holder-century-unknown",
    }
    column = max(_TITLE, *(width_of(words.in_short(each)) for each in _HOLDER_TITLES.values()))
    for name, label in _HOLDER_TITLES.items():
        if name != "name" or holder.name is not None:
            value, title = harmless(str(getattr(holder, name) or "-")), words.in_short(label)
            shown = words.speaker.date(value) if name in _DATES else value
            note = f"  ({words.in_short(notes[name])})" if notes.get(name) else ""
            yield f"  {title}{' ' * (column - width_of(title))} {shown}{note}"


def _layers(verdict: Verdict, words: Words) -> Iterator[str]:
    for layer, decision in verdict.layers.items():
        yield f"{words.explain(_LAYER_TITLES[layer], {})}  {words.paint(words.status(decision), decision)}"
        for result in verdict.checks:
            if result.layer is layer:
                yield _check(result, words)
                yield from _findings(result, words)
        yield ""


def _check(result: CheckResult, words: Words) -> str:
    return (
        f"  {words.status_column(result.status, _STATUS)}{result.id:<{_CHECK}} {explain_check(result, words.explain)}"
    )


def _findings(result: CheckResult, words: Words) -> Iterator[str]:
    for finding in result.outcome.findings:
        status, told = words.status_column(FINDING, _STATUS), words.explain(finding.reason, finding.facts)
        yield f"  {status}{result.id:<{_CHECK}} {told}"
