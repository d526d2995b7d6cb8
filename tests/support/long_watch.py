"""A long day at `eid verify --watch`: who comes with which card, what goes wrong with it, and the terminal itself."""

from __future__ import annotations

import codecs
import os
import pty
import random
import re
import select
import signal
import subprocess
import termios
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from pathlib import Path

from eid_toolkit.cards.transport.interface import Card
from eid_toolkit.ground.errors import CardRemoved
from eid_toolkit.work.cardspec import CardSpec, SpecimenCard, build
from eid_toolkit.work.cardspec.spec import DocumentSpec
from eid_toolkit.work.specimens import persons
from support.waiting import LIMIT

CARDS, EARLY = 200, 60
"""How many cards come, and how many of them, beside those that are interrupted, before the last interruption."""
PROFILES = ("utopia-id", "vn-cccd", "sgp-id", "td2", "passport")
ISSUED = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
_SIGNALS = 12
"""How often a watch is told to end at most."""
_OPENED = 9
"""With which command a card is opened and its application selected: from the next on there is evidence."""


class Fate(Enum):
    """What becomes of one card."""

    RIGHT = auto()
    SCANNED = auto()
    COPY = auto()
    WRONG_FIRST = auto()
    TYPED_TWICE = auto()
    """The number comes a second time while the card is read."""
    THREE_WRONG = auto()
    """And a fourth is typed by somebody who does not see that the card was given up."""
    LEFT = auto()
    PULLED_AT_PROMPT = auto()
    SWAPPED = auto()
    """The next card lies in the reader when the number of this one is typed."""
    SWAPPED_AND_MISTYPED = auto()
    PULLED_BEFORE_ACCESS = auto()
    PULLED_IN_READING = auto()
    ENDED_AT_PROMPT = auto()
    INTERRUPTED_AT_PROMPT = auto()
    KILLED_IN_READING = auto()
    INTERRUPTED_WAITING = auto()
    KILLED_WAITING = auto()
    SERVICE_LOST_AT_PROMPT = auto()
    SERVICE_LOST_WAITING = auto()


SWAPS = (Fate.SWAPPED, Fate.SWAPPED_AND_MISTYPED)
_OFTEN = {
    Fate.SCANNED: 12, Fate.COPY: 8, Fate.WRONG_FIRST: 20, Fate.TYPED_TWICE: 8, Fate.THREE_WRONG: 6, Fate.LEFT: 12,
    Fate.PULLED_AT_PROMPT: 8, Fate.SWAPPED: 10, Fate.SWAPPED_AND_MISTYPED: 4, Fate.PULLED_BEFORE_ACCESS: 6,
    Fate.PULLED_IN_READING: 10,
}  # fmt: skip
_INTERRUPTIONS = [fate for fate in Fate if fate.value >= Fate.ENDED_AT_PROMPT.value]


@dataclass(frozen=True)
class Coming:
    """One card that will come."""

    place: int
    fate: Fate
    can: str
    wrong: tuple[str, ...] = ()
    pulled_at: int = 0
    """At which command, where it is pulled while it is read."""
    hasty: bool = False
    """Whether it is put in before the watch says that it waits."""

    @property
    def number(self) -> str:
        return f"LW{self.place:05}"

    def made(self) -> SpecimenCard:
        profile = PROFILES[self.place % len(PROFILES)]
        known = next((person.record for person in persons() if person.profile == profile), persons()[-1].record)
        name = "".join(chr(ord("a") + int(digit)) for digit in f"{self.place:03}").capitalize()
        return build(
            CardSpec(
                profile,
                seed="a long watch",
                at=ISSUED,
                forgery="clone" if self.fate is Fate.COPY else None,
                person={**known, "primary_identifier": f"Watch {name}"},
                document=DocumentSpec(self.number, self.can),
            )
        )


def planned(seed: int) -> list[Coming]:
    """All cards in their order; a card that is swapped has an honest one behind it, every other one with its CAN."""
    chance = random.Random(seed)
    swaps = [[fate, Fate.RIGHT] for fate in SWAPS for _ in range(_OFTEN[fate])]
    single = [[fate] for fate, often in _OFTEN.items() if fate not in SWAPS for _ in range(often)]
    rest = CARDS - len(_INTERRUPTIONS) - sum(map(len, swaps + single))
    blocks = swaps + single + [[Fate.RIGHT]] * rest
    chance.shuffle(blocks)
    early = blocks[:EARLY] + [[fate] for fate in _INTERRUPTIONS]
    chance.shuffle(early)
    fates = [fate for block in early + blocks[EARLY:] for fate in block]
    numbers = iter([str(number) for number in chance.sample(range(100_000, 1_000_000), 5 * CARDS)])
    coming = list[Coming]()
    for place, fate in enumerate(fates):
        same = place % 2 and coming and coming[-1].fate in SWAPS
        can = coming[-1].can if same else next(numbers)
        wrong = tuple(next(numbers) for _ in range(4))
        before = fate is Fate.PULLED_BEFORE_ACCESS
        at = chance.randint(2, _OPENED - 2) if before else chance.randint(_OPENED + 1, 2 * _OPENED + 1)
        coming.append(Coming(place, fate, can, wrong, at, chance.random() < 0.5))
    return coming


@dataclass
class SeenCard:
    """A card that counts what it is sent, and with which something happens at one command."""

    card: Card
    at: int = 0
    happens: Callable[[], None] = lambda: None
    commands: int = 0
    attempts: int = 0
    """How often somebody tried to open it."""
    refused: int = 0

    @property
    def atr(self) -> bytes:
        return self.card.atr

    def process(self, command: bytes, /) -> bytes:
        self.commands += 1
        if self.commands == self.at:
            self.happens()
        answer = self.card.process(command)
        if _opens(command):
            self.attempts += 1
            self.refused += answer[-2:] != b"\x90\x00"
        return answer

    def reset(self) -> None:
        self.card.reset()

    def power_off(self) -> None:
        self.card.power_off()


def pulled() -> None:
    raise CardRemoved("card-removed", reader="test")


def _opens(command: bytes) -> bool:
    """Whether it ends a run of PACE or BAC: GENERAL AUTHENTICATE without chaining, EXTERNAL AUTHENTICATE; in plain."""
    return command[0] == 0 and command[1] in (0x82, 0x86)


@dataclass(frozen=True)
class Held:
    """What a process holds."""

    descriptors: int
    threads: int
    memory: int
    """Bytes of its own."""

    @classmethod
    def by(cls, process: int) -> Held:
        folder = Path(f"/proc/{process}")
        status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
        memory = int(status["RssAnon"].split()[0]) * 1024
        return cls(len(list((folder / "fd").iterdir())), int(status["Threads"]), memory)


@dataclass
class Watch:
    """A command at a terminal that does not show what is typed: all that stands there was printed."""

    command: Sequence[str]
    shown: str = ""
    held: list[Held] = field(default_factory=list)
    """At the prompt of each card."""

    def __post_init__(self) -> None:
        self._terminal, theirs = pty.openpty()
        modes = termios.tcgetattr(theirs)
        modes[3] &= ~termios.ECHO
        termios.tcsetattr(theirs, termios.TCSANOW, modes)
        command = ["setsid", "--ctty", *self.command]  # so that it ends with the terminal, whatever ends the test
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "COLUMNS": "200"}
        )
        os.close(theirs)
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._read_to = 0

    def until(self, pattern: str) -> str:
        """What is printed up to the next place where ``pattern`` fits."""
        deadline = time.monotonic() + LIMIT
        while (found := re.compile(pattern).search(self.shown, self._read_to)) is None:
            if not self._read(deadline):
                code = self.process.poll()
                raise AssertionError(f"{pattern!r} was not printed, exit code {code}, after: {self.shown[-3000:]}")
        text, self._read_to = self.shown[self._read_to : found.end()], found.end()
        return text

    def type(self, *lines: str) -> None:
        os.write(self._terminal, "".join(f"{line}\n" for line in lines).encode())

    def ended(self) -> int:
        """Its exit code, once it has ended by itself."""
        if not self._is_closed_within(LIMIT):
            raise AssertionError(f"it does not end after: {self.shown[-3000:]}")
        os.close(self._terminal)
        return self.process.wait(LIMIT)

    def stop(self, how: signal.Signals) -> int:
        """Its exit code. A signal just before a line is read is heard with that line, or with the next signal."""
        for _ in range(_SIGNALS):
            self.process.send_signal(how)
            if self._is_closed_within(LIMIT / _SIGNALS):
                break
        return self.ended()

    def close(self) -> None:
        """However it stands: it has ended when this returns."""
        if self.process.returncode is None:
            self.stop(signal.SIGKILL)

    def hold(self) -> None:
        self.held.append(Held.by(self.process.pid))

    def _is_closed_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self._read(deadline):
            pass
        return time.monotonic() < deadline

    def _read(self, deadline: float) -> bool:
        """Whether there was something, before the time was over or the other side was closed."""
        if not select.select([self._terminal], [], [], max(0.0, deadline - time.monotonic()))[0]:
            return False
        try:
            data = os.read(self._terminal, 1 << 16)
        except OSError:
            return False
        self.shown += self._decoder.decode(data).replace("\r\n", "\n")
        return bool(data)
