"""The outcome of a run: as plain data for JSON, and as JUnit XML for continuous integration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

from eid_toolkit.work.conformance.case import Case, Unit
from eid_toolkit.work.conformance.runner import Result, Status

SCHEMA = "eid-conformance/1"


def report_data(results: Sequence[Result], reader: str, atr: bytes) -> dict[str, object]:
    """The run with stable keys."""
    return {
        "schema": SCHEMA,
        "reader": reader,
        "atr": atr.hex().upper(),
        "conforming": not any(result.status in (Status.FAILED, Status.ERROR) for result in results),
        "totals": totals(results),
        "cases": [
            {
                "id": result.case.id,
                "number": result.case.number,
                "standard": result.case.standard,
                "unit": result.case.unit.letters,
                "purpose": result.case.purpose,
                "status": result.status,
                "detail": result.detail,
                "apdus": result.apdus,
                "milliseconds": round(1000 * result.seconds, 1),
            }
            for result in results
        ],
    }


def totals(results: Iterable[Result]) -> dict[str, int]:
    """How many cases ended in each way."""
    counts = Counter(result.status for result in results)
    return {status.value: counts[status] for status in Status}


def case_data(case: Case) -> dict[str, object]:
    """A case's texts with stable keys."""
    return {
        "id": case.id,
        "number": case.number,
        "standard": case.standard,
        "unit": case.unit.letters,
        "purpose": case.purpose,
        "preconditions": case.preconditions,
        "steps": list(case.steps),
        "expected": list(case.expected),
    }


def junit_xml(results: Sequence[Result]) -> bytes:
    """JUnit XML: one suite for each unit."""
    root = ElementTree.Element("testsuites", name="eid conformance")
    for unit in Unit:
        own = [result for result in results if result.case.unit is unit]
        if not own:
            continue
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=unit.title,
            tests=str(len(own)),
            failures=str(sum(result.status is Status.FAILED for result in own)),
            errors=str(sum(result.status is Status.ERROR for result in own)),
            skipped=str(sum(result.status is Status.NOT_APPLICABLE for result in own)),
            time=f"{sum(result.seconds for result in own):.3f}",
        )
        for result in own:
            _add_case(suite, result)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _add_case(suite: ElementTree.Element, result: Result) -> None:
    case = result.case
    element = ElementTree.SubElement(
        suite,
        "testcase",
        classname=f"eid.conformance.{case.unit.letters}",
        name=f"{case.id} {case.purpose}",
        time=f"{result.seconds:.3f}",
    )
    if result.status is Status.FAILED:
        ElementTree.SubElement(element, "failure", message=result.detail or "")
    elif result.status is Status.ERROR:
        ElementTree.SubElement(element, "error", message=result.detail or "")
    elif result.status is Status.NOT_APPLICABLE:
        ElementTree.SubElement(element, "skipped", message=result.detail or "")
