"""``eid verify`` as a user has it: a process for one card, and per card in one that serves one after another."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

from benchmarks.bureau import CLOCK, ENTROPY, Bureau, Personalized, Tap, powered
from eid_toolkit.cli.catalogue import explain
from eid_toolkit.inspection.capture import capture
from eid_toolkit.inspection.policy import policy_by_name
from eid_toolkit.inspection.report import verdict_text
from eid_toolkit.inspection.verdict import judge
from eid_toolkit.protocols.passwords import AccessPassword
from eid_toolkit.stores.cards import CardStore

_RUNS = 5
_CARD = "benchmark"
_IMPORTS = "import click, cryptography.x509, asn1crypto.cms, ecdsa, gmpy2"


def measure_processes(bureau: Bureau, personalized: Personalized) -> dict[str, float]:
    """Seconds by name; medians."""
    CardStore(bureau.home).create(_CARD, personalized.tap.card.memory)
    can = personalized.package.can.reveal().decode()
    python = (sys.executable, "-c")
    verify = (*python, "from eid_toolkit.cli.main import main; main()", "--home", str(bureau.home.root))
    return {
        "a Python process that does nothing": _process(*python, ""),
        "one that imports the libraries": _process(*python, _IMPORTS),
        "eid verify, whole process": _process(*verify, "verify", "--reader", f"emulator:{_CARD}", "--can", can),
        "one card under --watch": _median(lambda: _one_card(bureau, personalized, can)),
    }


def _process(*command: str) -> float:
    return _median(lambda: subprocess.run(command, check=True, capture_output=True))


def _one_card(bureau: Bureau, personalized: Personalized, can: str) -> None:
    """What ``--watch`` does for each card, but for waiting: the reader is in this process."""
    policy = policy_by_name("officer")
    with powered(Tap(personalized.tap)) as (_, transport):
        evidence = capture(transport, AccessPassword.from_can(can), policy, ENTROPY, CLOCK)
    verdict_text(judge(evidence, bureau.trust, policy, CLOCK.now()), explain, lambda text, _: text)


def _median(work: Callable[[], object]) -> float:
    times = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return median(times)
