"""One row of the table of what path validation makes of a fault, and the words in which its rows are written."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.standards.pki.judgement import Status

CHAIN = "pa.dsc-chain"
PASSED, UNDETERMINED, FAILED = Status.PASSED, Status.UNDETERMINED, Status.FAILED


@dataclass(frozen=True, slots=True)
class Row:
    """One fault, or one oddity that is none: the check that looks at it, and what comes out."""

    name: str
    fault: str
    check: str
    """A check's id, or ``master-list`` for the import of one."""
    status: Status
    reason: str | None = None
    finding: str | None = None
    """What is said beside it and decides nothing."""
