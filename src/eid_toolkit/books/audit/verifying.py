"""A whole log walked: in several processes where that pays, and on from where a walk was interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from eid_toolkit.books.audit import log
from eid_toolkit.books.audit.checking import CheckedAhead, checking
from eid_toolkit.books.audit.items import ends, items
from eid_toolkit.books.audit.log_head import Heads
from eid_toolkit.books.audit.rows import StoredRow
from eid_toolkit.books.audit.statements import AuditKey
from eid_toolkit.books.audit.walk import AuditResult, Item, Resumed, Walk, go_on
from eid_toolkit.books.audit.walk_note import WalkNotes
from eid_toolkit.ground.crew import Crew, cores
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.ports import Clock

PAYS_FROM = 15_000
"""Rows from which on it takes less time to start processes than they save."""
_PAUSE = 1000
"""Items between two looks at what else there is to do."""
NOTE_EVERY = 100_000
"""Rows between two notes: some ten seconds of work."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a log, or the rows with a state, are walked; whatever it is, the finding is the same."""

    processes: int | None = 1
    """None: as many as there are processors, where that pays."""
    tell: Callable[[int, int], object] | None = None
    """Called now and then with how much is walked, and how much there is; what it raises ends the walk."""
    from_start: bool = False
    """The note of a walk that was interrupted is not used."""

    def count(self, size: int, pays_from: int = PAYS_FROM) -> int:
        """In how many processes this many rows are walked."""
        if self.processes is not None:
            return self.processes
        return cores() if size >= pays_from else 1


def judge(
    state: Walk,
    coming: Iterable[Item],
    ends: Callable[[], tuple[int, Heads] | None],
    processes: int,
    pause: Callable[[], object] | None = None,
) -> AuditResult:
    """As :func:`go_on`, in this many processes; ``pause`` is called now and then, when a row is next."""
    if processes == 1:
        return go_on(state, _paced(coming, pause), ends)
    with Crew(processes, checking) as crew:
        ahead = CheckedAhead(crew)
        state.signing.checks = ahead
        return go_on(state, _paced(ahead.items(coming), pause), ends)


class Verifying:
    """One walk through the log of a register, for a ``key`` that was found to be the right one."""

    def __init__(self, connection: Connection, state: Walk, key: AuditKey | None, clock: Clock, manner: Manner) -> None:
        self._connection = connection
        self._state = state
        self._key = key
        self._clock = clock
        self._manner = manner
        self._begun: datetime = clock.now()
        self._last = state.position
        with suppress(IntegrityBroken):  # the walk will come to it
            self._last = log.last_position(connection)
        self._noted_at = 0

    def result(self, notes: WalkNotes) -> AuditResult:
        """Walk it; a note is kept meanwhile, and is gone when the walk has come to its end."""
        state, refused = self._state, False
        resumed: Resumed | None = None
        if self._key is not None and not self._manner.from_start:
            try:
                resumed = self._taken_up(notes, self._key)
            except ValueError:
                refused = True
        self._noted_at = state.rows
        coming = items(self._connection, state.position or None)
        processes = self._manner.count(self._last - state.position)
        result = judge(state, coming, lambda: ends(self._connection), processes, lambda: self._pause(notes))
        with suppress(OSError):
            notes.forget()
        return replace(result, resumed=resumed, note_refused=refused)

    def _taken_up(self, notes: WalkNotes, key: AuditKey) -> Resumed | None:
        note = notes.read(key)
        if note is None or not note.fits(self._connection, self._state, self._clock.now()):
            return None
        self._begun = note.begun
        return note.restore(self._state)

    def _pause(self, notes: WalkNotes) -> None:
        """All that is signed up to the row before is judged, and nothing is half done."""
        state = self._state
        try:
            if self._manner.tell is not None:
                self._manner.tell(state.position, self._last)
        except BaseException:  # interrupted
            self._note(notes)
            raise
        if state.rows - self._noted_at >= NOTE_EVERY:
            self._note(notes)

    def _note(self, notes: WalkNotes) -> None:
        if self._state.rows == self._noted_at:  # the note that is there says when these rows were verified
            return
        self._noted_at = self._state.rows
        if self._state.signing.foundation is not None:
            with suppress(OSError):
                notes.write(self._state, self._begun, self._clock.now())


def _paced(coming: Iterable[Item], pause: Callable[[], object] | None) -> Iterator[Item]:
    if pause is None:
        yield from coming
        return
    since = _PAUSE
    for item in coming:
        since += 1
        if since > _PAUSE and isinstance(item, StoredRow):
            since = 0
            pause()
        yield item
