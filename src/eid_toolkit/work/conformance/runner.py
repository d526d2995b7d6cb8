"""Runs cases against a chip, one fresh conversation for each, and keeps what came of them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from eid_toolkit.cards.transport.interface import PassingTransport, Transport
from eid_toolkit.ground.errors import EidError, NoCardError, ServiceAway
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.work.conformance.case import Case
from eid_toolkit.work.conformance.facts import Facts
from eid_toolkit.work.conformance.outcomes import NotAtHand, NotConforming
from eid_toolkit.work.conformance.probe import Probe

_log = logging.getLogger(__name__)


class Status(StrEnum):
    """How a case ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not-applicable"
    ERROR = "error"
    """It could not be decided."""


@dataclass(frozen=True, slots=True)
class Result:
    """One case's outcome; ``detail`` says why it failed, does not apply or could not be decided."""

    case: Case
    status: Status
    detail: str | None
    seconds: float
    apdus: int
    gone: EidError | None = None
    """What took the chip away, in the case where it did."""


Progress = Callable[[Result], None]


def run_cases(
    cases: Iterable[Case], transport: Transport, facts: Facts, entropy: Entropy, progress: Progress | None = None
) -> tuple[Result, ...]:
    """Runs each case that applies; the chip is reset before each, and after the last.

    There is a result for every case, whatever the chip does: one that breaks a protocol fails the case, one that
    goes away leaves this case and those behind it undecided.
    """
    results: list[Result] = []
    gone_error: EidError | None = None
    for case in cases:
        if gone_error is None:
            result = _run(case, transport, facts, entropy)
            gone_error = result.gone
        else:
            result = Result(case, Status.ERROR, "not run: the chip was already gone", 0.0, 0)
        results.append(result)
        if progress is not None:
            progress(result)
    with suppress(NoCardError, ServiceAway):
        transport.reset()
    return tuple(results)


def _run(case: Case, transport: Transport, facts: Facts, entropy: Entropy) -> Result:
    counted, gone_error = _Counted(transport), None
    began = time.perf_counter()
    try:
        reason = case.condition(facts)
        if reason is not None:
            return Result(case, Status.NOT_APPLICABLE, reason, 0.0, 0)
        case.body(Probe(counted, facts, entropy))
        status, detail = Status.PASSED, None
    except NotConforming as failure:
        status, detail = Status.FAILED, str(failure)
    except NotAtHand as missing:
        status, detail = Status.NOT_APPLICABLE, str(missing)
    except (NoCardError, ServiceAway) as error:
        status, detail, gone_error = Status.ERROR, f"the connection to the chip was lost: {error}", error
    except EidError as error:
        status, detail = Status.FAILED, f"a preparatory step failed: {error}"
    except Exception as error:  # what the case did not think of must not cost the others
        _log.debug("%s could not be decided", case.number, exc_info=True)
        status, detail = Status.ERROR, f"the case could not be decided: {type(error).__name__}"
    return Result(case, status, detail, time.perf_counter() - began, counted.apdus, gone_error)


class _Counted(PassingTransport):
    """The transport, counting what goes over it whoever sends it."""

    def __init__(self, inner: Transport) -> None:
        super().__init__(inner)
        self.apdus = 0

    def process(self, command: bytes, /) -> bytes:
        self.apdus += 1
        return self._inner.process(command)
