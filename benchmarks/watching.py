"""Cards put into a PC/SC reader, one after another, while one ``eid verify --watch`` serves them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import clocks
from benchmarks.clocks import Times, medians
from benchmarks.office import ENTROPY, BusyOffice, Personalized
from benchmarks.processes import eid, once
from eid_toolkit.cards.emulator.card import EmulatedCard
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.cards.transport.pcsc import has_card
from eid_toolkit.cards.transport.vpcd import VpcdCard
from eid_toolkit.ground.errors import EidError
from support.waiting import next_line, wait_for

if TYPE_CHECKING:
    from support.pcscd import PrivatePcscd

_RUNS = 5
_FLOOR = Path(__file__).parent / "floor_reading.py"
_PATIENCE = 30.0
"""Seconds until a verdict is no longer waited for."""


class NotMeasured(Exception):
    """Why there are no times."""


class _Inserted(EmulatedCard):
    """A card that knows when it was asked for the first time, and what the process that asks had spent by then."""

    def __init__(self, memory: CardMemory, pid: int) -> None:
        self.first: Times | None = None
        self._pid = pid
        super().__init__(memory, ENTROPY, lambda _: None)

    def process(self, raw: bytes, /) -> bytes:
        self.first = self.first or clocks.process(self._pid)
        return super().process(raw)


def measure_watching(office: BusyOffice, personalized: Personalized) -> dict[str, Times]:
    """Medians by name, of cards after the first; the time on the processor is that of ``eid verify``.

    Raises :class:`NotMeasured` where no pcscd of its own, or no virtual reader, can be had.
    """
    from support.pcscd import PrivatePcscd, missing_for_pcscd

    if missing := missing_for_pcscd():
        raise NotMeasured(missing)
    with tempfile.TemporaryDirectory(prefix="eid-pcsc-", ignore_cleanup_errors=True) as folder:
        # Read by the PC/SC library at its first call: by that of this process and of the ones it starts.
        os.environ["PCSCLITE_CSOCK_NAME"] = str(Path(folder) / "run" / "pcscd.comm")
        pcscd = PrivatePcscd(Path(folder))
        try:
            pcscd.start()
            return _measure(pcscd, office, personalized)
        except (EidError, OSError) as error:
            raise NotMeasured(str(error)) from error
        finally:
            pcscd.stop()


def _measure(pcscd: PrivatePcscd, office: BusyOffice, personalized: Personalized) -> dict[str, Times]:
    slot = pcscd.slots[0]
    can = personalized.package.can.reveal().decode()
    command = eid(office, "verify", "--watch", "--reader", slot.reader, "--can", can, "--format", "jsonl")
    watch = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        runs = [_one_card(watch, personalized.tap.card.memory, slot.port) for _ in range(1 + _RUNS)][1:]
    finally:
        watch.send_signal(signal.SIGINT)
        watch.communicate(timeout=60)
    return _whole_processes(office, personalized, pcscd) | {
        "one card under --watch: insertion to verdict": medians(whole for whole, _ in runs),
        "one card under --watch: first command to verdict": medians(asked for _, asked in runs),
    }


def _whole_processes(office: BusyOffice, personalized: Personalized, pcscd: PrivatePcscd) -> dict[str, Times]:
    """One card in a reader: read by ``eid verify``, and by a process that only reads; both send the same commands."""
    slot, can = pcscd.slots[1], personalized.package.can.reveal().decode()
    card = VpcdCard(EmulatedCard(personalized.tap.card.memory, ENTROPY, lambda _: None), slot.port)
    thread = threading.Thread(target=card.run, daemon=True)
    thread.start()
    wait_for(lambda: has_card(slot.reader))
    verify = eid(office, "verify", "--reader", slot.reader, "--can", can, "--format", "json")
    floor = (sys.executable, str(_FLOOR), slot.reader, can)
    try:
        told = [subprocess.run(each, check=True, capture_output=True, timeout=60) for each in (verify, floor)]
        if json.loads(told[0].stdout)["apdus"] != int(told[1].stdout):
            raise NotMeasured("the floor sends other commands")
        # One after the other, so that what else the machine does meets both.
        times = [(once(*verify), once(*floor)) for _ in range(_RUNS)]
    except subprocess.CalledProcessError as error:
        raise NotMeasured(str(error)) from error
    finally:
        card.pull()
        thread.join(_PATIENCE)
    return {
        "eid verify through PC/SC, whole process": medians(each for each, _ in times),
        "floor: the same commands, and imports for a reading": medians(each for _, each in times),
    }


def _one_card(watch: subprocess.Popen[str], memory: CardMemory, port: int) -> tuple[Times, Times]:
    """From insertion, and from the first command, to the verdict."""
    _line(watch)  # it waits for a card
    card = _Inserted(memory, watch.pid)
    began = clocks.process(watch.pid)
    inserted = VpcdCard(card, port)
    thread = threading.Thread(target=inserted.run, daemon=True)
    thread.start()
    try:
        line = _line(watch)
        ended = clocks.process(watch.pid)
    finally:
        inserted.pull()
        thread.join(_PATIENCE)
    if not line.startswith("{") or json.loads(line)["verdict"] != "passed" or card.first is None:
        raise NotMeasured(line.strip())
    return ended - began, ended - card.first


def _line(watch: subprocess.Popen[str]) -> str:
    """The next line of the process, be it a verdict or what it has to say beside."""
    line = next_line(watch)
    if not line:
        raise NotMeasured("eid verify --watch has ended, or gave no verdict")
    return line
