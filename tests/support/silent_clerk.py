"""A clerk who confirms everything and is asked nothing, and a card that loses its power."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from eid_toolkit.books.register.documents.documents import Document, PrintCheck
from eid_toolkit.cards.terminal.session import CardSession
from eid_toolkit.cards.transport.interface import PassingTransport, Transport
from eid_toolkit.ground.errors import CardRemoved
from eid_toolkit.work.personalization.content import CardContent
from eid_toolkit.work.personalization.plan import Plan, Step
from eid_toolkit.work.personalization.service import PersonalizationService

Watcher = Callable[[Step, bool], None]


@dataclass
class SilentClerk:
    """Confirms everything; ``watch`` is told of each step before and after it."""

    service: PersonalizationService
    watch: Watcher = field(default=lambda step, done: None)
    printed: str | None = None

    def confirm(self, document: Document, plan: Plan) -> None:
        pass

    def confirm_print(self, document: Document, matches: Callable[[str], bool]) -> PrintCheck:
        if self.printed is None:
            return PrintCheck.NOT_MADE
        assert matches(self.printed)
        return PrintCheck.TYPED

    def which_document(self, find: Callable[[str], Document], is_any_left: Callable[[], bool]) -> Document | None:
        return None if self.printed is None else find(self.printed)

    def read_back(self, session: CardSession, content: CardContent) -> Mapping[str, object]:
        return self.service.read_back()(session, content)

    def progress(self, step: Step, done: bool) -> None:
        self.watch(step, done)


class CutLine(PassingTransport):
    """A card that loses its power at the command number ``at``, before or after the card has worked on it."""

    def __init__(self, inner: Transport, at: int, *, after: bool) -> None:
        super().__init__(inner)
        self._left, self._after = at, after

    def process(self, command: bytes, /) -> bytes:
        self._left -= 1
        if self._left > 0:
            return self._inner.process(command)
        if self._left == 0 and self._after:
            self._inner.process(command)
        raise CardRemoved("card-removed", reader=self.reader)
