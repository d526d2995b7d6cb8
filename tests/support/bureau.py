"""A personalization bureau for tests: a demo home with prepared documents, blanks, and a desk that never asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from eid_toolkit.books.keys.opening import DEVELOPER_CARD_KEY
from eid_toolkit.books.register.documents.documents import Document
from eid_toolkit.books.trust.store import TrustStore
from eid_toolkit.cards.emulator.blank import make_blank
from eid_toolkit.cards.emulator.shelf import CardStore
from eid_toolkit.cards.emulator.state import CardMemory
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.cards.transport.inprocess import InProcessTransport
from eid_toolkit.cards.transport.interface import Transport
from eid_toolkit.ground.errors import CardRemoved
from eid_toolkit.work.personalization.content import CardContent
from eid_toolkit.work.personalization.journal import Job
from eid_toolkit.work.personalization.plan import Plan, Step
from eid_toolkit.work.personalization.service import PersonalizationService
from support.homes import CLOCK, ENTROPY, Desk

Watcher = Callable[[Step, bool], None]


@dataclass
class SilentDesk:
    """Confirms everything; ``watch`` is told of each step before and after it."""

    service: PersonalizationService
    watch: Watcher = field(default=lambda step, done: None)
    printed: str | None = None

    def confirm(self, document: Document, plan: Plan) -> None:
        pass

    def confirm_print(self, matches: Callable[[str], bool]) -> str:
        if self.printed is not None:
            assert matches(self.printed)
        return "test"

    def read_back(self, session: CardSession, content: CardContent) -> Mapping[str, object]:
        return self.service.read_back()(session, content)

    def progress(self, step: Step, done: bool) -> None:
        self.watch(step, done)


class Bureau:
    """An office with a personalization service, and emulated cards."""

    def __init__(self, office: Desk) -> None:
        self.office = office
        self.cards = CardStore(office.home)
        trust = TrustStore(office.home.trust)
        self.service = PersonalizationService(office.home, office.keys, office.register, trust, CLOCK, ENTROPY)

    def blank(self, name: str = "blank", memory: CardMemory | None = None) -> str:
        self.cards.create(name, memory or make_blank((DEVELOPER_CARD_KEY,) * 3, ENTROPY))
        return name

    @contextmanager
    def reader(self, card: str) -> Iterator[Transport]:
        """The card with power, as it is on the disk."""
        with self.cards.open(card) as opened:
            transport = InProcessTransport(opened.card, f"emulator:{card}")
            try:
                yield transport
            finally:
                transport.close()

    def personalize(
        self,
        document: Document,
        card: str,
        watch: Watcher = lambda step, done: None,
        line: Callable[[Transport], Transport] = lambda transport: transport,
    ) -> Job:
        desk = SilentDesk(self.service, watch)
        with self.service.hold(document.id), self.reader(card) as transport:
            return self.service.personalize(document.id, line(transport), self.office.clerk, desk)


class CutLine:
    """A card that loses its power at the command number ``at``, before or after the card has worked on it."""

    def __init__(self, inner: Transport, at: int, *, after: bool) -> None:
        self._inner, self._left, self._after = inner, at, after

    @property
    def reader(self) -> str:
        return self._inner.reader

    @property
    def atr(self) -> bytes:
        return self._inner.atr

    def process(self, command: bytes, /) -> bytes:
        self._left -= 1
        if self._left > 0:
            return self._inner.process(command)
        if self._left == 0 and self._after:
            self._inner.process(command)
        raise CardRemoved("card-removed", reader=self.reader)

    def reset(self) -> None:
        self._inner.reset()

    def close(self) -> None:
        self._inner.close()


@pytest.fixture
def bureau(desk: Desk) -> Bureau:
    """A bureau in a fresh demo home."""
    return Bureau(desk)
