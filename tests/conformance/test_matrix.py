"""The genuine card passes every case; one defect makes its case fail, and no case of another unit."""

from __future__ import annotations

import importlib

import pytest

from eid_toolkit.work.conformance.case import Case
from eid_toolkit.work.conformance.runner import Status
from eid_toolkit.work.conformance.suite import all_cases
from support.conformance import Defect, DefectiveCard, complete_memory, run_against

CASES = {case.number: case for case in all_cases()}
PARTS = (
    "selecting",
    "without_access",
    "reading",
    "secure_messaging",
    "secure_messaging_errors",
    "pace",
    "pace_errors",
    "bac",
    "chip",
    "signing",
    "terminal",
    "terminal_errors",
    "lds",
    "lds_groups",
    "lock",
)


def defects() -> dict[str, Defect]:
    found: dict[str, Defect] = {}
    for part in PARTS:
        module = importlib.import_module(f"support.defects.{part}")
        assert not found.keys() & module.DEFECTS.keys()
        found |= module.DEFECTS
    return found


DEFECTS = defects()


def test_the_genuine_card_passes_every_case() -> None:
    results = run_against(DefectiveCard(complete_memory()), CASES.values())
    assert {result.case.number: result.detail for result in results if result.status is not Status.PASSED} == {}


def test_there_is_a_defect_for_every_case() -> None:
    assert set(DEFECTS) == set(CASES)


@pytest.mark.parametrize("number", CASES)
def test_a_defect_makes_its_case_fail_and_no_case_outside_its_unit(number: str) -> None:
    own = CASES[number]
    others = [case for case in CASES.values() if case.unit is not own.unit]
    card = DefectiveCard(complete_memory())
    DEFECTS[number](card)
    results = run_against(card, [own, *others])
    failed = {result.case.number for result in results if result.status is Status.FAILED}
    assert failed == {number}, describe(own, results)


def describe(case: Case, results: object) -> str:
    failed = [f"{r.case.number}: {r.detail}" for r in results if r.status is Status.FAILED]  # type: ignore[attr-defined]
    return f"{case.number} ({case.purpose}) should have been the only one to fail: {failed}"
