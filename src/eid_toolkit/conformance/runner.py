"""Runs cases against a chip, one fresh conversation for each, and keeps what came of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from eid_toolkit.conformance.case import Case, NotConforming
from eid_toolkit.conformance.facts import Facts
from eid_toolkit.conformance.probe import Probe
from eid_toolkit.errors import EidError, NoCardError, ServiceAway
from eid_toolkit.ports import Entropy
from eid_toolkit.transport.interface import PassingTransport, Transport


class Status(StrEnum):
    """How a case ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True)
class Result:
    """One case's outcome; ``detail`` says why it failed or does not apply."""

    case: Case
    status: Status
    detail: str | None
    seconds: float
    apdus: int


Progress = Callable[[Result], None]


def run_cases(
    cases: Iterable[Case], transport: Transport, facts: Facts, entropy: Entropy, progress: Progress | None = None
) -> tuple[Result, ...]:
    """Runs each case that applies; the chip is reset before each, and after the last.

    A chip that breaks a protocol fails the case. One that goes away ends the run: raises :class:`NoCardError` or
    :class:`ServiceAway`.
    """
    results = []
    for case in cases:
        result = _run(case, transport, facts, entropy)
        results.append(result)
        if progress is not None:
            progress(result)
    transport.reset()
    return tuple(results)


def _run(case: Case, transport: Transport, facts: Facts, entropy: Entropy) -> Result:
    reason = case.condition(facts)
    if reason is not None:
        return Result(case, Status.NOT_APPLICABLE, reason, 0.0, 0)
    counted = _Counted(transport)
    began = time.perf_counter()
    try:
        case.body(Probe(counted, facts, entropy))
        status, detail = Status.PASSED, None
    except NotConforming as failure:
        status, detail = Status.FAILED, str(failure)
    except (NoCardError, ServiceAway):
        raise
    except EidError as error:
        status, detail = Status.FAILED, f"a step before the expected results failed: {error}"
    return Result(case, status, detail, time.perf_counter() - began, counted.apdus)


class _Counted(PassingTransport):
    """The transport, counting what goes over it whoever sends it."""

    def __init__(self, inner: Transport) -> None:
        super().__init__(inner)
        self.apdus = 0

    def process(self, command: bytes, /) -> bytes:
        self.apdus += 1
        return self._inner.process(command)
