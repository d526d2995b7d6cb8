"""A pcscd of our own, with virtual readers (vpcd) on ports of its own."""

from __future__ import annotations

import functools
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from eid_toolkit.cards.transport.interface import Card
from eid_toolkit.cards.transport.pcsc import list_readers
from eid_toolkit.cards.transport.vpcd import VpcdCard
from support.isolation import PCSCD, is_possible, pcscd_command
from support.ports import free_ports
from support.waiting import LIMIT, ended, wait_for

DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
READERS = ("Specimen Alpha", "Specimen Beta")
SLOTS_OF_READER = 2
ATTEMPTS = 3


@functools.cache
def missing_for_pcscd() -> str | None:
    """Why no private pcscd can run on this machine, or None."""
    if not PCSCD.exists():
        return "pcscd is not installed"
    if not DRIVER.exists():
        return "vsmartcard-vpcd is not installed"
    if not is_possible():
        return "neither a mount namespace (unshare) nor root is allowed"
    return None


@dataclass(frozen=True, slots=True)
class Slot:
    """A virtual reader's name in PC/SC, and the port where its card connects."""

    reader: str
    port: int


class PrivatePcscd:
    """Starts, kills and stops pcscd; puts cards into its readers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._inserted: list[VpcdCard] = []
        self.slots: tuple[Slot, ...] = ()

    def start(self) -> None:
        """Start it unless it runs; returns when it answers and its readers listen.

        A reader whose port was taken meanwhile never appears: the next attempt has other ports.
        """
        for _ in range(ATTEMPTS):
            if self._process is None or self._process.poll() is not None:
                self._launch()
            with suppress(TimeoutError):
                wait_for(lambda: len(list_readers()) == len(self.slots), limit=LIMIT / ATTEMPTS)
                return
            self.kill()
        raise TimeoutError(f"the virtual readers do not appear: {(self._folder / 'log').read_text(errors='replace')}")

    def _launch(self) -> None:
        run = self._folder / "run"
        shutil.rmtree(run, ignore_errors=True)
        run.mkdir()
        self._write_configuration()
        command = pcscd_command(self._folder, DRIVER)
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(lambda: _accepts(run / "pcscd.comm"), "pcscd does not answer")

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(LIMIT)

    def stop(self) -> None:
        """Empty the readers and end it."""
        self.empty_slots()
        self.kill()

    def empty_slots(self) -> None:
        """Pull every card."""
        for card in self._inserted:
            card.pull()
        self._inserted.clear()
        for slot in range(len(self.slots)):
            self.wait_until_empty(slot)

    def wait_until_empty(self, slot: int = 0) -> None:
        """Return when pcscd has noticed that no card is in the slot, or when it does not run."""
        if self._process is not None and self._process.poll() is None:
            wait_for(lambda: list_readers()[slot].is_left, "the card stays in its reader")

    @contextmanager
    def card_in(self, card: Card, slot: int = 0) -> Iterator[str]:
        """The name of the reader that holds ``card`` meanwhile; pulled at the end."""
        inserted, thread = self.insert(card, slot)
        try:
            yield self.slots[slot].reader
        finally:
            inserted.pull()
            ended(thread)
            self.wait_until_empty(slot)

    def insert(self, card: Card, slot: int = 0) -> tuple[VpcdCard, threading.Thread]:
        """Put ``card`` into an empty slot and wait until PC/SC sees it."""
        self.wait_until_empty(slot)
        inserted = VpcdCard(card, self.slots[slot].port)
        self._inserted.append(inserted)
        thread = threading.Thread(target=inserted.run, daemon=True)
        thread.start()
        wait_for(lambda: list_readers()[slot].atr is not None, "PC/SC does not see the card")
        return inserted, thread

    def _write_configuration(self) -> None:
        """One entry for each reader, with a copy of the driver of its own: two on one library break the first."""
        configuration = self._folder / "conf"
        configuration.mkdir(exist_ok=True)
        entries, slots = [], []
        for number, name in enumerate(READERS):
            library = self._folder / f"libifdvpcd-{number}.so"
            shutil.copy(DRIVER, library)
            port = free_ports(SLOTS_OF_READER)
            device = f"/dev/null:0x{port:04X}"
            entries.append(f'FRIENDLYNAME "{name}"\nDEVICENAME {device}\nLIBPATH {library}\nCHANNELID 0x{port:04X}\n')
            slots += [Slot(f"{name} 00 {slot:02X}", port + slot) for slot in range(SLOTS_OF_READER)]
        (configuration / "readers").write_text("\n".join(entries))
        self.slots = tuple(slots)


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0
