"""Whether a case is what it says: the toolkit reads its card as an officer would, and has to say what is expected."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from eid_toolkit.cards.terminal.quirks import quirks_by_name
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.ground.errors import EidError
from eid_toolkit.ground.ports import SystemClock, SystemEntropy
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.work.inspection.capture import capture
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.trusted_time import latest_told
from eid_toolkit.work.inspection.verdict import Verdict, judge
from eid_toolkit.work.training.case import Case, Expected
from eid_toolkit.work.training.range_authority import RangeAuthority
from eid_toolkit.work.training.staging import Staged, stage

POLICY = "officer"


@dataclass(frozen=True, slots=True)
class Checked:
    """What a case expects, and what came."""

    case: Case
    found: Expected

    @property
    def differs(self) -> tuple[str, ...]:
        """The fields in which both differ."""
        wanted = self.case.expected
        missing = set(wanted.findings) - set(self.found.findings)
        same = {
            "verdict": wanted.verdict == self.found.verdict,
            "causes": dict(wanted.causes) == dict(self.found.causes),
            "error": wanted.error == self.found.error,
            "findings": not missing,
        }
        return tuple(name for name, kept in same.items() if not kept)


def check_cases(cases: Iterable[Case], now: datetime | None = None) -> Iterator[Checked]:
    """Run each case through the toolkit."""
    now = (now or datetime.now(UTC)).replace(microsecond=0)
    authority = RangeAuthority.create(now, SystemEntropy())
    for case in cases:
        with tempfile.TemporaryDirectory(prefix="eid-training-") as folder:
            yield Checked(case, found_in(stage(case, Path(folder), f"check {case.name}", now), authority))


def found_in(staged: Staged, authority: RangeAuthority) -> Expected:
    """What the toolkit finds, with the MRZ read as it is printed."""
    try:
        verdict = inspect(staged, authority)
    except EidError as error:
        return Expected(None, error=error.code)
    causes = {result.id: result.reason or "" for result in verdict.causes}
    findings = tuple(sorted({each.reason for result in verdict.checks for each in result.outcome.findings}))
    return Expected(verdict.decision.value, causes, findings=findings)


def inspect(staged: Staged, authority: RangeAuthority) -> Verdict:
    """The verdict of a terminal that has read the MRZ and taken the range's bundle."""
    trust, mrz = staged.trust(authority), staged.mrz
    policy = policy_by_name(POLICY).tightened(trust.bundle)
    password = AccessPassword.from_mrz_information(mrz.information)
    transport = InProcessTransport(staged.card.card, "range")
    quirks = quirks_by_name(staged.case.terminal.quirks)
    try:
        evidence = capture(transport, password, policy, SystemEntropy(), SystemClock(), quirks, (), mrz)
    finally:
        transport.close()
    return judge(evidence, trust, policy, staged.now, latest_told(trust))
