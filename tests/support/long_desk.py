"""Who sits before `eid verify --watch`: puts in one card after another, types, pulls, and starts it again."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from eid_toolkit.cards.transport.vpcd import VpcdCard
from eid_toolkit.standards.lds.mrz import Mrz
from support.long_watch import Coming, Fate, SeenCard, Watch, pulled
from support.pcscd import PrivatePcscd
from support.waiting import ended

PROMPT, WAITING = r"MRZ or CAN \(printed on the card\): ", r"Waiting for a card\."
REMOVED, REFUSED, CONCLUDED = "too early", "does not accept", "\a"


@dataclass
class Served:
    """What one card saw, and what was printed for it."""

    coming: Coming
    printed: Mrz
    card: SeenCard
    line: tuple[VpcdCard, threading.Thread]
    lay_there: bool
    """Whether it was put in while the watch was busy with the card before."""
    before: str = ""
    """What was printed behind the card before, up to the first prompt for this one."""
    text: str = ""
    """What was printed from then on."""


@dataclass
class Desk:
    """The cards that come to one reader, and the watches that serve it, one after another."""

    pcscd: PrivatePcscd
    slot: int
    command: Sequence[str]
    coming: Sequence[Coming]
    look: Callable[[], None]
    """What is done after each card."""
    served: list[Served] = field(default_factory=list)
    watches: list[Watch] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    """How watches have ended."""

    def __post_init__(self) -> None:
        self._ways: dict[Fate, Callable[[Served], None]] = {
            Fate.SCANNED: self._scanned,
            Fate.WRONG_FIRST: self._wrong_first,
            Fate.TYPED_TWICE: self._typed_twice,
            Fate.THREE_WRONG: self._three_wrong,
            Fate.LEFT: self._left,
            Fate.PULLED_AT_PROMPT: self._pulled_at_prompt,
            Fate.SWAPPED: self._swapped,
            Fate.SWAPPED_AND_MISTYPED: self._swapped_and_mistyped,
            Fate.PULLED_BEFORE_ACCESS: self._pulled_before_access,
            Fate.ENDED_AT_PROMPT: lambda here: self._stopped_at_prompt(here, signal.SIGTERM),
            Fate.INTERRUPTED_AT_PROMPT: lambda here: self._stopped_at_prompt(here, signal.SIGINT),
            Fate.KILLED_IN_READING: self._killed_in_reading,
            Fate.SERVICE_LOST_AT_PROMPT: self._service_lost_at_prompt,
        }
        self._before: dict[Fate, Callable[[], int]] = {
            Fate.INTERRUPTED_WAITING: lambda: self._watch.stop(signal.SIGINT),
            Fate.KILLED_WAITING: lambda: self._watch.stop(signal.SIGKILL),
            Fate.SERVICE_LOST_WAITING: self._lose_service,
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for watch in self.watches:
            watch.close()

    @property
    def shown(self) -> str:
        """All that was printed."""
        return "\n".join(watch.shown for watch in self.watches)

    def run(self) -> None:
        """All cards; those that lie in the reader already are served next."""
        self._start()
        for coming in self.coming:
            if coming.fate in self._before:
                self._watch.until(WAITING)
                self.codes.append(self._before[coming.fate]())
                self._start()
            self._serve(coming)
            self.look()

    @property
    def _watch(self) -> Watch:
        return self.watches[-1]

    def _start(self) -> None:
        self.watches.append(Watch(self.command))

    def _serve(self, coming: Coming) -> None:
        before = ""
        if len(self.served) == coming.place:
            before = "" if coming.hasty else self._watch.until(WAITING)
            self._put_in(coming)
        here = self.served[coming.place]
        here.before = before + self._watch.until(PROMPT)
        self._watch.hold()
        self._ways.get(coming.fate, self._read)(here)
        self._take_out(here)

    def _put_in(self, coming: Coming, *, lies_there: bool = False) -> None:
        made = coming.made()
        assert made.mrz is not None
        card = SeenCard(made.card)
        if coming.fate in (Fate.PULLED_BEFORE_ACCESS, Fate.PULLED_IN_READING):
            card.at, card.happens = coming.pulled_at, pulled
        if coming.fate is Fate.KILLED_IN_READING:
            card.at, card.happens = coming.pulled_at, self._watch.process.kill
        line = self.pcscd.insert(card, self.slot)
        self.served.append(Served(coming, made.mrz, card, line, lies_there))

    def _take_out(self, here: Served) -> None:
        inserted, thread = here.line
        inserted.pull()
        ended(thread)

    def _read(self, here: Served) -> None:
        self._watch.type(here.coming.can)
        here.text += self._watch.until(CONCLUDED)

    def _scanned(self, here: Served) -> None:
        self._watch.type(*here.printed.lines)
        here.text += self._watch.until(CONCLUDED)

    def _wrong_first(self, here: Served) -> None:
        self._watch.type(here.coming.wrong[0])
        here.text += self._watch.until(REFUSED) + self._watch.until(PROMPT)
        self._read(here)

    def _typed_twice(self, here: Served) -> None:
        self._watch.type(here.coming.can, here.coming.can)
        here.text += self._watch.until(CONCLUDED)

    def _three_wrong(self, here: Served) -> None:
        *tried, late = here.coming.wrong
        for number, wrong in enumerate(tried):
            here.text += self._watch.until(PROMPT) if number else ""
            self._watch.type(wrong)
            here.text += self._watch.until(REFUSED)
        self._watch.type(late)

    def _left(self, here: Served) -> None:
        self._watch.type("")

    def _pulled_at_prompt(self, here: Served) -> None:
        self._take_out(here)
        self._watch.type(here.coming.can)
        here.text += self._watch.until(REMOVED)

    def _swapped(self, here: Served) -> None:
        self._swap(here, here.coming.can)

    def _swapped_and_mistyped(self, here: Served) -> None:
        self._swap(here, here.coming.can[:-1] + "x")

    def _swap(self, here: Served, typed: str) -> None:
        self._take_out(here)
        self._put_in(self.coming[here.coming.place + 1], lies_there=True)
        self._watch.type(typed)
        here.text += self._watch.until(REMOVED)

    def _pulled_before_access(self, here: Served) -> None:
        self._watch.type(here.coming.can)
        here.text += self._watch.until(REMOVED)

    def _stopped_at_prompt(self, here: Served, how: signal.Signals) -> None:
        self.codes.append(self._watch.stop(how))
        self._read_by_another(here)

    def _killed_in_reading(self, here: Served) -> None:
        self._watch.type(here.coming.can)
        self.codes.append(self._watch.ended())
        self._read_by_another(here)

    def _read_by_another(self, here: Served) -> None:
        self._start()
        here.text += self._watch.until(PROMPT)
        self._read(here)

    def _service_lost_at_prompt(self, here: Served) -> None:
        """The watch goes on with the next pcscd, where the card is put in anew."""
        self.pcscd.kill()
        self.pcscd.start()
        self._watch.type(here.coming.can)
        here.text += self._watch.until(WAITING)
        here.line = self.pcscd.insert(here.card, self.slot)
        here.text += self._watch.until(PROMPT)
        self._read(here)

    def _lose_service(self) -> int:
        self.pcscd.kill()
        code = self._watch.ended()
        self.pcscd.start()
        return code
