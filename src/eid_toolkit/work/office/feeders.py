"""Where the cards of a batch come from: a PC/SC reader, a card after another, or a box of emulated ones."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from enum import Enum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from eid_toolkit.ground.errors import EidError, NoCardError, ServiceAway, UsageError
from eid_toolkit.work.office.readers import EMULATED, OpenReader

if TYPE_CHECKING:
    from eid_toolkit.cards.emulator.shelf import CardStore
    from eid_toolkit.cards.transport.interface import Transport
    from eid_toolkit.ground.home.home import Home
    from eid_toolkit.work.personalization.batch import Feeder

_POLL = 0.1
"""Seconds between two looks into a reader."""
_FEEDS = 3
"""So often an emulated card is fed in one batch."""


class PcscFeeder:
    """A reader that people put cards into and take them out of."""

    def __init__(self, reader: str, open_reader: OpenReader) -> None:
        from eid_toolkit.cards.transport.pcsc import resolve_reader

        self._open = open_reader
        self.reader = resolve_reader(reader)
        self._events: int | None = None
        """The count of cards that came and went, with the card that was opened last."""

    def next(self, stop: Callable[[], bool], /) -> AbstractContextManager[Transport] | None:
        """The next card that is put in; the reader is looked at ten times a second."""
        from eid_toolkit.cards.transport.pcsc import has_card

        while not has_card(self.reader):
            if stop():
                return None
            time.sleep(_POLL)
        return self._opened()

    @contextmanager
    def _opened(self) -> Iterator[Transport]:
        from eid_toolkit.cards.transport.pcsc import status_of

        self._events = None
        with self._open(self.reader, 1.0) as transport:
            self._events = status_of(self.reader).events
            yield transport

    def taken_out(self, stop: Callable[[], bool], /) -> None:
        """Waits until the card is gone that was opened last; the next may be in the reader by then."""
        from eid_toolkit.cards.transport.pcsc import status_of

        while not stop():
            status = status_of(self.reader)
            if status.atr is None or (self._events is not None and status.events > self._events):
                return
            self._events = status.events  # a pcscd that was started anew counts from the beginning
            time.sleep(_POLL)


class Kind(Enum):
    """What a card is to a batch."""

    BLANK = "blank"
    HALF_WAY = "half-way"
    DONE = "done"
    """Finished, or waiting for an operator's decision."""


class EmulatedBox:
    """The emulated cards of the home whose names fit; several readers may share a box.

    In the order of their names, those that are half-way come first, then the blanks, each once. A card that is taken
    out half-way is put back behind them all, and comes again, a few times at most.
    """

    def __init__(self, home: Home, pattern: str, open_reader: OpenReader, kind_of: Callable[[str], Kind]) -> None:
        self._home, self._pattern, self._open, self._kind_of = home, pattern, open_reader, kind_of
        self._chips: dict[str, str] = {}
        self._queue: deque[str] = deque()
        self._fed: Counter[str] = Counter()
        self._lock = threading.Lock()

    def open_next(self, stack: ExitStack) -> tuple[str, Transport] | None:
        """The name of the next card that nobody holds, and the card with power; None at the end of the box."""
        while (name := self._pick()) is not None:
            with ExitStack() as opened:
                try:
                    transport = opened.enter_context(self._open(f"{EMULATED}{name}", 0.0))
                except (ServiceAway, NoCardError):  # in another reader just now, or taken away
                    continue
                try:
                    is_done = self._kind(name) is Kind.DONE  # by another process, before it was opened here
                except EidError:
                    with self._lock:
                        self._queue.appendleft(name)
                    raise
                if not is_done:
                    self._fed[name] += 1
                    stack.push(opened.pop_all())
                    return name, transport
        return None

    def put_back(self, name: str) -> None:
        """A card that was taken out: it comes again if it is half-way."""
        if self._fed[name] < _FEEDS and self._kind(name) is Kind.HALF_WAY:
            with self._lock:
                self._queue.append(name)

    def _pick(self) -> str | None:
        with self._lock:
            if not self._queue:
                self._look_for_cards()
            while self._queue:
                kind = self._kind(self._queue[0])
                name = self._queue.popleft()
                if kind is not Kind.DONE:
                    return name
        return None

    def _look_for_cards(self) -> None:
        """Queues the cards that were not there before."""
        store, chips = self._store(), {}
        for name in store.names():
            if name not in self._chips and fnmatchcase(name, self._pattern):
                with suppress(NoCardError):  # taken away meanwhile
                    chips[name] = store.load(name).chip_identity.hex()
        kinds = {name: self._kind_of(chip) for name, chip in chips.items()}
        for kind in (Kind.HALF_WAY, Kind.BLANK):
            self._queue += [name for name in chips if kinds[name] is kind]
        self._chips |= chips

    def _kind(self, name: str) -> Kind:
        return self._kind_of(self._chips[name])

    def _store(self) -> CardStore:
        from eid_toolkit.cards.emulator.shelf import CardStore

        return CardStore(self._home)


class EmulatedFeeder:
    """One reader that a box of emulated cards is fed into."""

    def __init__(self, box: EmulatedBox, reader: str) -> None:
        self._box = box
        self._name: str | None = None
        self.reader = reader

    def next(self, stop: Callable[[], bool], /) -> AbstractContextManager[Transport] | None:
        """The next card of the box."""
        if stop():
            return None
        stack = ExitStack()
        opened = self._box.open_next(stack)
        if opened is None:
            return None
        self._name, transport = opened
        return _Opened(stack, transport)

    def taken_out(self, stop: Callable[[], bool], /) -> None:
        """Puts the card back into the box."""
        if self._name is not None:
            self._box.put_back(self._name)
            self._name = None


class _Opened(AbstractContextManager["Transport"]):
    """A card that is open already, closed at the end of the block."""

    def __init__(self, stack: ExitStack, transport: Transport) -> None:
        self._stack, self._transport = stack, transport

    def __enter__(self) -> Transport:
        return self._transport

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def feeders_of(
    home: Home, readers: tuple[str, ...], open_reader: OpenReader, kind_of: Callable[[str], Kind]
) -> list[Feeder]:
    """A feeder for each reader; ``emulator:box-*`` stands for all cards of that name, shared by all that say so.

    ``kind_of`` tells what a card is by its chip's identity in hex: out of a box come blanks and half-way ones.
    """
    boxes: dict[str, EmulatedBox] = {}
    feeders: list[Feeder] = []
    for number, reader in enumerate(readers, start=1):
        if reader.startswith(EMULATED):
            pattern = reader.removeprefix(EMULATED)
            box = boxes.setdefault(pattern, EmulatedBox(home, pattern, open_reader, kind_of))
            feeders.append(EmulatedFeeder(box, f"{reader} #{number}" if readers.count(reader) > 1 else reader))
        elif ":" in reader and reader.partition(":")[0] in ("spec", "replay"):
            raise UsageError("batch-reader", reader=reader)
        else:
            feeders.append(PcscFeeder(reader, open_reader))
    names = [feeder.reader for feeder in feeders]
    if len(set(names)) < len(names):
        raise UsageError("batch-reader-twice", reader=next(name for name in names if names.count(name) > 1))
    return feeders
