"""The checks: pure functions from a case to an outcome, in the order in which a report shows them."""

from __future__ import annotations

from collections.abc import Callable, Container

from eid_toolkit.work.inspection.case import Case
from eid_toolkit.work.inspection.checks import access, chip, consistency, mapping, passive, printed, strength, validity
from eid_toolkit.work.inspection.result import CheckResult, Layer, Outcome

_CHECKS: tuple[tuple[str, Layer, Callable[[Case], Outcome | None]], ...] = (
    ("pa.sod-signature", Layer.DOCUMENT, passive.sod_signature),
    ("pa.dsc-chain", Layer.DOCUMENT, passive.dsc_chain),
    ("pa.data-group-hashes", Layer.DOCUMENT, passive.data_group_hashes),
    (strength.CHECK, Layer.DOCUMENT, strength.strength),
    ("document.access", Layer.DOCUMENT, access.access),
    ("document.reading", Layer.DOCUMENT, access.reading),
    ("document.card-access", Layer.DOCUMENT, access.card_access),
    ("document.consistency", Layer.DOCUMENT, consistency.consistency),
    ("document.mrz-print", Layer.DOCUMENT, printed.mrz_print),
    ("chip.ca", Layer.CHIP, chip.chip_authentication),
    ("chip.aa", Layer.CHIP, chip.active_authentication),
    ("chip.cam", Layer.CHIP, mapping.chip_authentication_mapping),
    ("status.revocation", Layer.STATUS, passive.revocation),
    ("document.expiry", Layer.STATUS, validity.expiry),
    ("status.clock", Layer.STATUS, validity.clock),
    ("status.bundle-age", Layer.STATUS, validity.bundle_age),
    ("status.reported", Layer.STATUS, validity.reported),
    ("document.deviations", Layer.STATUS, validity.deviations),
)
CHECK_IDS = tuple(check_id for check_id, _, _ in _CHECKS)


def run_checks(case: Case, only: Container[str] = CHECK_IDS) -> tuple[CheckResult, ...]:
    """Every check, or ``only`` some, whatever the policy requires; left out are those whose question does not arise."""
    outcomes = ((check_id, layer, check(case)) for check_id, layer, check in _CHECKS if check_id in only)
    return tuple(CheckResult(check_id, layer, outcome) for check_id, layer, outcome in outcomes if outcome is not None)
