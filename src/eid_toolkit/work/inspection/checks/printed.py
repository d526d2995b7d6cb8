"""Is what is printed what the chip says: the MRZ that an officer typed or scanned, against DG1 (9303-10 4.7.1)?

No policy requires it: a card that was opened by its CAN shows no MRZ, and the officer compares by eye.
"""

from __future__ import annotations

from eid_toolkit.work.inspection.case import Case
from eid_toolkit.work.inspection.result import PASSED, Outcome, failed, undetermined


def mrz_print(case: Case) -> Outcome | None:
    """The printed MRZ, whose check digits were right, has the fields of DG1; None where no whole MRZ was given."""
    differing = case.evidence.access.mrz_differs
    if differing is None:
        return None
    if not case.witness.believed:
        return undetermined("told-by-reader", what="the MRZ that is printed")
    return failed("printed-mrz-differs", fields=", ".join(differing)) if differing else PASSED
