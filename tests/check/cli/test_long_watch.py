"""A watch of two hundred cards through pcscd, with pulls, wrong numbers and restarts."""

from __future__ import annotations

import re
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.cards.transport.vpcd import VpcdCard
from eid_toolkit.work.cardspec import SpecimenCard
from support.long_watch import Coming, Fate, SeenCard, Watch, planned, pulled
from support.officer import Officer
from support.pcscd import PrivatePcscd
from support.waiting import ended

pytestmark = pytest.mark.pcsc

PROMPT, WAITING = r"MRZ or CAN \(printed on the card\): ", r"Waiting for a card\."
REMOVED, REFUSED, CONCLUDED = "too early", "does not accept", "\a"
SLOT = 1


@dataclass
class Served:
    """What one card saw, and what was printed for it."""

    coming: Coming
    made: SpecimenCard
    card: SeenCard
    line: tuple[VpcdCard, threading.Thread]
    before: str = ""
    """Behind the card before, up to the first prompt."""
    text: str = ""
    lay_there: bool = False
    """Whether it was in the reader when the watch began to look."""


@dataclass
class Desk:
    """One who puts in cards and types what is printed on them."""

    pcscd: PrivatePcscd
    command: list[str]
    coming: list[Coming]
    served: list[Served] = field(default_factory=list)
    watches: list[Watch] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    @property
    def watch(self) -> Watch:
        return self.watches[-1]

    def start(self) -> None:
        self.watches.append(Watch(self.command))

    def run(self) -> None:
        self.start()
        for coming in self.coming:
            self._interrupted_before(coming)
            self._serve(coming)

    def _serve(self, coming: Coming) -> None:
        before = ""
        if len(self.served) == coming.place:
            before = "" if coming.hasty else self.watch.until(WAITING)
            self.put_in(coming)
        here = self.served[coming.place]
        here.before = before + self.watch.until(PROMPT)
        self.watch.hold()
        getattr(self, f"_{coming.fate.name.lower()}", self._right)(here)
        self.take_out(here)

    def put_in(self, coming: Coming, *, lies: bool = False) -> None:
        made = coming.made()
        card = SeenCard(made.card)
        if coming.fate in (Fate.PULLED_BEFORE_ACCESS, Fate.PULLED_IN_READING):
            card.at, card.happens = coming.pulled_at, pulled
        if coming.fate is Fate.KILLED_IN_READING:
            card.at, card.happens = coming.pulled_at, self.watch.process.kill
        self.served.append(Served(coming, made, card, self.pcscd.insert(card, SLOT), lay_there=lies))

    def take_out(self, here: Served) -> None:
        inserted, thread = here.line
        inserted.pull()
        ended(thread)

    def _interrupted_before(self, coming: Coming) -> None:
        if coming.fate in (Fate.INTERRUPTED_WAITING, Fate.KILLED_WAITING):
            self.watch.until(WAITING)
            self.codes.append(
                self.watch.stop(signal.SIGINT if coming.fate is Fate.INTERRUPTED_WAITING else signal.SIGKILL)
            )
            self.start()
        if coming.fate is Fate.SERVICE_LOST_WAITING:
            self.watch.until(WAITING)
            self.pcscd.kill()
            self.codes.append(self.watch.ended())
            self.pcscd.start()
            self.start()

    def _right(self, here: Served) -> None:
        self.watch.type(here.coming.can)
        here.text += self.watch.until(CONCLUDED)

    def _scanned(self, here: Served) -> None:
        self.watch.type(*here.made.mrz.lines)
        here.text += self.watch.until(CONCLUDED)

    def _wrong_first(self, here: Served) -> None:
        self.watch.type(here.coming.wrong[0])
        here.text += self.watch.until(REFUSED) + self.watch.until(PROMPT)
        self._right(here)

    def _typed_twice(self, here: Served) -> None:
        self.watch.type(here.coming.can, here.coming.can)
        here.text += self.watch.until(CONCLUDED)

    def _three_wrong(self, here: Served) -> None:
        for number, wrong in enumerate(here.coming.wrong[:3]):
            here.text += self.watch.until(PROMPT) if number else ""
            self.watch.type(wrong)
            here.text += self.watch.until(REFUSED)
        self.watch.type(here.coming.wrong[3])

    def _left(self, here: Served) -> None:
        self.watch.type("")

    def _pulled_at_prompt(self, here: Served) -> None:
        self.take_out(here)
        self.watch.type(here.coming.can)
        here.text += self.watch.until(REMOVED)

    def _swapped(self, here: Served) -> None:
        self.take_out(here)
        self.put_in(self.coming[here.coming.place + 1], lies=True)
        self.watch.type(here.coming.can)
        here.text += self.watch.until(REMOVED)

    def _swapped_and_mistyped(self, here: Served) -> None:
        self.take_out(here)
        self.put_in(self.coming[here.coming.place + 1], lies=True)
        self.watch.type(here.coming.can[:-1] + "x")
        here.text += self.watch.until(REMOVED)

    def _pulled_before_access(self, here: Served) -> None:
        self.watch.type(here.coming.can)
        here.text += self.watch.until(REMOVED)

    def _ended_at_prompt(self, here: Served, how: signal.Signals = signal.SIGTERM) -> None:
        self.codes.append(self.watch.stop(how))
        self._started_again(here)

    def _interrupted_at_prompt(self, here: Served) -> None:
        self._ended_at_prompt(here, signal.SIGINT)

    def _killed_in_reading(self, here: Served) -> None:
        self.watch.type(here.coming.can)
        self.codes.append(self.watch.ended())
        self._started_again(here)

    def _started_again(self, here: Served) -> None:
        self.start()
        here.text += self.watch.until(PROMPT)
        assert not re.search(WAITING, here.text)
        self._right(here)

    def _service_lost_at_prompt(self, here: Served) -> None:
        self.pcscd.kill()
        self.pcscd.start()
        self.watch.type(here.coming.can)
        here.text += self.watch.until(WAITING)
        here.line = self.pcscd.insert(here.card, SLOT)
        here.text += self.watch.until(PROMPT)
        self._right(here)


@pytest.fixture
def officer(tmp_path: Path) -> Officer:
    return Officer(tmp_path / "home")


def believe(officer: Officer, coming: list[Coming]) -> None:
    trust, now = TrustStore(officer.home.trust), datetime.now(UTC)
    for each in coming[:5]:
        material = each.made().trust
        for item in (*material.anchors, *material.crls):
            trust.add(item, "test", now)


def test_long(pcscd: PrivatePcscd, officer: Officer, tmp_path: Path) -> None:
    coming = planned(1)
    believe(officer, coming)
    kept = tmp_path / "kept"
    kept.mkdir()
    command = [
        sys.executable,
        "-m",
        "eid_toolkit.doors.cli.main",
        "--home",
        str(officer.home.root),
        "verify",
        "--watch",
        "--reader",
        pcscd.slots[SLOT].reader,
        "--evidence",
        str(kept / "x.json"),
        "--report",
        str(kept / "x.html"),
    ]
    import os

    n = int(os.environ.get("LW", "200"))
    desk = Desk(pcscd, command, coming[:n])
    t = time.time()
    try:
        desk.run()
    finally:
        print(time.time() - t, len(desk.served), desk.codes)
        Path("/tmp/lw.out").write_text("\n=====\n".join(w.shown for w in desk.watches))
        for s in desk.served:
            print(
                s.coming.place,
                s.coming.fate.name,
                s.card.commands,
                s.card.attempts,
                s.card.refused,
                s.before.count("Waiting"),
                s.before.count("Error"),
                s.text.count("Error"),
                repr(s.before) if s.before.count("Error") else "",
            )
        for w in desk.watches:
            print(len(w.held), [(h.descriptors, h.threads, h.memory // 1024) for h in w.held][::10])
        print(len(list(kept.iterdir())))
        for w in desk.watches:
            w.close()
