"""Where the cards of a batch come from: a PC/SC reader, a card after another, or a box of emulated ones."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from eid_toolkit.cli.context import App
from eid_toolkit.cli.readers import EMULATED, open_reader
from eid_toolkit.errors import NoCardError, ServiceAway, UsageError

if TYPE_CHECKING:
    from eid_toolkit.personalization.batch import Feeder
    from eid_toolkit.stores.cards import CardStore
    from eid_toolkit.transport.interface import Transport

_POLL = 0.1


class PcscFeeder:
    """A reader that people put cards into and take them out of."""

    def __init__(self, app: App, reader: str) -> None:
        from eid_toolkit.transport.pcsc import resolve_reader

        self._app = app
        self.reader = resolve_reader(reader)

    def next(self, stop: Callable[[], bool], /) -> AbstractContextManager[Transport] | None:
        """The next card that is put in; the reader is looked at ten times a second."""
        from eid_toolkit.transport.pcsc import has_card

        while not has_card(self.reader):
            if stop():
                return None
            time.sleep(_POLL)
        return open_reader(self.reader, self._app, wait=1.0)

    def taken_out(self, stop: Callable[[], bool], /) -> None:
        """Waits until the reader is empty."""
        from eid_toolkit.transport.pcsc import has_card

        while has_card(self.reader) and not stop():
            time.sleep(_POLL)


class EmulatedBox:
    """The emulated cards of the home whose names fit, each put in once; several readers may share a box."""

    def __init__(self, app: App, pattern: str, is_wanted: Callable[[str], bool]) -> None:
        self._app = app
        self._pattern = pattern
        self._is_wanted = is_wanted
        self._seen: set[str] = set()
        self._lock = threading.Lock()

    @contextmanager
    def open_next(self) -> Iterator[Transport | None]:
        """The next card that nobody holds and that is wanted, powered; None at the end of the box."""
        with ExitStack() as stack:
            yield self._open(stack)

    def _open(self, stack: ExitStack) -> Transport | None:
        while (name := self._pick()) is not None:
            try:
                return stack.enter_context(open_reader(f"{EMULATED}{name}", self._app))
            except ServiceAway:  # in another reader just now
                continue
        return None

    def _pick(self) -> str | None:
        store = self._store()
        with self._lock:
            for name in store.names():
                if name not in self._seen and fnmatchcase(name, self._pattern):
                    self._seen.add(name)
                    with suppress(NoCardError):  # taken away meanwhile
                        if self._is_wanted(store.load(name).chip_identity.hex()):
                            return name
        return None

    def _store(self) -> CardStore:
        from eid_toolkit.home.home import Home
        from eid_toolkit.stores.cards import CardStore

        return CardStore(Home.open(self._app.home_path))


class EmulatedFeeder:
    """One reader that a box of emulated cards is fed into."""

    def __init__(self, box: EmulatedBox, reader: str) -> None:
        self._box = box
        self.reader = reader

    def next(self, stop: Callable[[], bool], /) -> AbstractContextManager[Transport] | None:
        """The next card of the box."""
        if stop():
            return None
        stack = ExitStack()
        transport = stack.enter_context(self._box.open_next())
        if transport is None:
            stack.close()
            return None
        return _Opened(stack, transport)

    def taken_out(self, stop: Callable[[], bool], /) -> None:
        """Nothing to wait for."""


class _Opened(AbstractContextManager["Transport"]):
    """A card that is open already, closed at the end of the block."""

    def __init__(self, stack: ExitStack, transport: Transport) -> None:
        self._stack, self._transport = stack, transport

    def __enter__(self) -> Transport:
        return self._transport

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def feeders_of(app: App, readers: tuple[str, ...], is_wanted: Callable[[str], bool]) -> list[Feeder]:
    """A feeder for each reader; ``emulator:box-*`` stands for all cards of that name, shared by all that say so.

    Out of a box only chips come that are wanted, by their identities in hex.
    """
    boxes: dict[str, EmulatedBox] = {}
    found: list[Feeder] = []
    for number, reader in enumerate(readers, start=1):
        if reader.startswith(EMULATED):
            pattern = reader.removeprefix(EMULATED)
            box = boxes.setdefault(pattern, EmulatedBox(app, pattern, is_wanted))
            found.append(EmulatedFeeder(box, f"{reader} #{number}" if readers.count(reader) > 1 else reader))
        elif ":" in reader and reader.partition(":")[0] in ("spec", "replay"):
            raise UsageError("batch-reader", reader=reader)
        else:
            found.append(PcscFeeder(app, reader))
    names = [each.reader for each in found]
    if len(set(names)) < len(names):
        raise UsageError("batch-reader-twice", reader=next(name for name in names if names.count(name) > 1))
    return found
