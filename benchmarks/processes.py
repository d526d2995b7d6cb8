"""``eid verify`` as a user has it: a process for one card, and per card in one that serves one after another."""

from __future__ import annotations

import subprocess
import sys

from benchmarks import clocks
from benchmarks.clocks import Times, medians
from benchmarks.office import CLOCK, ENTROPY, BusyOffice, Personalized, Tap, powered
from eid_toolkit.cards.emulator.shelf import CardStore
from eid_toolkit.standards.protocols.passwords import AccessPassword
from eid_toolkit.work.inspection.capture import capture
from eid_toolkit.work.inspection.policy import policy_by_name
from eid_toolkit.work.inspection.reports.text_report import verdict_text
from eid_toolkit.work.inspection.reports.wording import Words
from eid_toolkit.work.inspection.verdict import judge

_RUNS = 5
_CARD = "benchmark"
_IMPORTS = "import click, cryptography.x509, asn1crypto.cms, ecdsa, gmpy2"


def eid(office: BusyOffice, *arguments: str) -> tuple[str, ...]:
    """The command of an ``eid`` process in the office's home."""
    return (
        *(sys.executable, "-c", "from eid_toolkit.doors.cli.main import main; main()"),
        *("--home", str(office.home.root), *arguments),
    )


def measure_processes(office: BusyOffice, personalized: Personalized) -> dict[str, Times]:
    """Medians by name; the time on the processor is that of the process alone."""
    CardStore(office.home).create(_CARD, personalized.tap.card.memory)
    can = personalized.package.can.reveal().decode()
    return {
        "a Python process that does nothing": _process(sys.executable, "-c", ""),
        "one that imports the libraries": _process(sys.executable, "-c", _IMPORTS),
        "eid verify, whole process": _process(*eid(office, "verify", "--reader", f"emulator:{_CARD}", "--can", can)),
        "one card as under --watch, no reader": medians(_one_card(office, personalized, can) for _ in range(_RUNS)),
    }


def once(*command: str) -> Times:
    """Running a command once: what passes, and what it spends on the processor."""
    began = clocks.children()
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return clocks.children() - began


def _process(*command: str) -> Times:
    return medians(once(*command) for _ in range(_RUNS))


def _one_card(office: BusyOffice, personalized: Personalized, can: str) -> Times:
    """What ``--watch`` does for each card, but for waiting: the reader is in this process."""
    began, policy = clocks.here(), policy_by_name("officer")
    with powered(Tap(personalized.tap)) as (_, transport):
        evidence = capture(transport, AccessPassword.from_can(can), policy, ENTROPY, CLOCK)
    verdict_text(judge(evidence, office.material, policy, CLOCK.now()), Words())
    return clocks.here() - began
