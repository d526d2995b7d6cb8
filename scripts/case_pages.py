"""The catalogue of all cases as a page of the documentation."""

from __future__ import annotations

from collections.abc import Iterable

from eid_toolkit.work.conformance.case import Case, Unit


def catalogue_page(cases: Iterable[Case]) -> str:
    """Markdown: for each unit its cases with purpose, preconditions, steps and expected results."""
    all_cases = tuple(cases)
    parts = []
    for unit in Unit:
        own = [case for case in all_cases if case.unit is unit]
        parts.append(f"## {unit.letters}: {unit.title} ({len(own)} cases)\n")
        parts += [_section(case) for case in own]
    return "\n".join(parts)


def _section(case: Case) -> str:
    lines = [
        f"### {case.number}: {case.purpose}\n",
        f"`{case.id}`. Preconditions: {case.preconditions}\n",
        *(f"{number}. {step}" for number, step in enumerate(case.steps, 1)),
        "",
        *(f"- Expected: {expected}" for expected in case.expected),
        "",
    ]
    return "\n".join(lines)
