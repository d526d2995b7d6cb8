"""The work that waits for a station: which document is written next, taken by a lease so that nobody else takes it.

However many documents wait, one row is read to take one: the index ``ix_document_queue`` has them in their order.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, exists, func, select

from eid_toolkit.books.ledger.database import Database, lock
from eid_toolkit.books.ledger.schema import blank, document, lease, personalization_job
from eid_toolkit.books.ledger.workflow import DocumentState
from eid_toolkit.books.register.documents.document_rows import Document
from eid_toolkit.books.register.stock.leases import Lease, Leases, database_time, is_held
from eid_toolkit.ground.errors import NotPermitted
from eid_toolkit.work.personalization.journal import JobState

MANY = 1000
"""So far what is free is counted: a count of all that waits takes longer than a look for a blank may."""
_PREFIX = "document "


def document_subject(document_id: str) -> str:
    """What the lease on a document is called."""
    return f"{_PREFIX}{document_id}"


def chip_subject(chip: str) -> str:
    """What the lease on a chip is called."""
    return f"chip {chip}"


@dataclass(frozen=True, slots=True)
class Taken:
    """A document that is this station's now."""

    document_id: str
    leases: tuple[Lease, ...]
    remake: bool
    """Whether an earlier document for the same application was given up."""


@dataclass(frozen=True, slots=True)
class Free:
    """What nobody has taken, each counted up to :data:`MANY`."""

    blanks: int
    """Documents that wait for a blank."""
    half_way: int
    """Cards that a stop has left half-way, which wait to be put in again."""

    def __bool__(self) -> bool:
        return self.blanks > 0 or self.half_way > 0


class WorkQueue:
    """The prepared documents of one register, or those ``wanted``: re-makes first, then the oldest.

    Where stock is kept, half-way cards count only at the ``station`` that has their blanks: nobody waits elsewhere for
    a card that lies there. ``avoid``, with several of its methods, are documents that failed here often enough.
    """

    def __init__(
        self, database: Database, leases: Leases, wanted: Sequence[str] = (), station: str | None = None
    ) -> None:
        self._database = database
        self._leases = leases
        self._wanted = tuple(each.upper() for each in wanted)
        self._station = station

    def is_wanted(self, document_id: str) -> bool:
        """Whether a document is among those to be written."""
        return not self._wanted or document_id in self._wanted

    def take(self, chip: str, avoid: Collection[str] = ()) -> Taken | None:
        """The next document for a blank, and the blank, by leases; None if nothing waits.

        Raises :class:`ServiceAway` if another station has the blank.
        """
        with self._leases.taking() as (connection, take):
            lock(connection, "work")  # of two stations each gets another document
            next_up = self._next(connection, avoid)
            if next_up is None:
                return None
            identifier, remake = next_up
            subjects = document_subject(identifier), chip_subject(chip)
            leases = tuple(take(connection, subject) for subject in subjects)
        return Taken(identifier, leases, remake)

    def take_named(self, document_id: str, chip: str) -> Taken:
        """This document for a blank; raises :class:`NotPermitted` if it does not wait for one (any more).

        Raises :class:`ServiceAway` if another station has one of them.
        """
        with self._leases.taking() as (connection, take):
            lock(connection, "work")
            row = connection.execute(select(document).where(document.c.id == document_id)).one()
            waits = connection.execute(self._in(DocumentState.PREPARED).where(document.c.id == document_id)).first()
            if waits is None:
                raise NotPermitted("document-state", document=document_id, state=row.state)
            leases = tuple(take(connection, subject) for subject in (document_subject(document_id), chip_subject(chip)))
        return Taken(document_id, leases, bool(row.remake))

    def take_bound(self, known: Document, chip: str) -> Taken:
        """The document that a card in the reader belongs to; raises :class:`ServiceAway` if another station has it."""
        return Taken(known.id, self._leases.take(document_subject(known.id), chip_subject(chip)), known.remake)

    def is_waiting(self, document_id: str) -> bool:
        """Whether a document waits for a blank, whoever has taken it."""
        with self._database.read() as connection:
            mine = self._in(DocumentState.PREPARED).where(document.c.id == document_id)
            return connection.execute(mine).first() is not None

    def in_turn(self, limit: int) -> tuple[str, ...]:
        """The oldest documents that wait for a blank, those included that stations have taken."""
        query = self._in(DocumentState.PREPARED).order_by(document.c.created_at, document.c.id).limit(limit)
        with self._database.read() as connection:
            return tuple(connection.execute(query).scalars())

    def waiting(self) -> int:
        """How many documents wait for a blank, those included that stations have taken."""
        with self._database.read() as connection:
            return _count(connection, self._in(DocumentState.PREPARED))

    def half_way(self) -> int:
        """How many cards a stop has left half-way, and nobody works on."""
        with self._database.read() as connection:
            return _count(connection, self._half_way(_held(connection)))

    def free(self, avoid: Collection[str] = ()) -> Free:
        """What nobody has taken."""
        with self._database.read() as connection:
            without = [*avoid, *_held(connection)]
            queries = self._in(DocumentState.PREPARED, without), self._half_way(without)
            return Free(*(_count(connection, query.limit(MANY)) for query in queries))

    def is_empty(self, avoid: Collection[str] = ()) -> bool:
        """Whether nothing waits for a blank any more, not even what others have taken and may give back."""
        with self._database.read() as connection:
            return connection.execute(self._in(DocumentState.PREPARED, avoid).limit(1)).first() is None

    def _next(self, connection: Connection, avoid: Collection[str]) -> tuple[str, bool] | None:
        query = self._in(DocumentState.PREPARED, [*avoid, *_held(connection)])
        for remake in (True, False):
            identifier = connection.execute(in_turn(query, remake=remake)).scalar()
            if identifier is not None:
                return str(identifier), remake
        return None

    def _half_way(self, without: Collection[str]) -> Select[Any]:
        """Cards that a stop has left half-way, but for those of blanks that another station has."""
        query = self._in(DocumentState.BOUND, without)
        if self._station is None:
            return query
        elsewhere = exists(
            select(blank.c.serial).where(blank.c.chip == document.c.chip, blank.c.station != self._station)
        )
        return query.where(~elsewhere)

    def _in(self, state: DocumentState, without: Collection[str] = ()) -> Select[Any]:
        """The documents in a state that wait for no operator's decision."""
        undecided = exists(
            select(personalization_job.c.id).where(
                personalization_job.c.document_id == document.c.id,
                personalization_job.c.state == JobState.NEEDS_DECISION,
            )
        )
        query = select(document.c.id).where(document.c.state == state, ~undecided)
        if self._wanted:
            query = query.where(document.c.id.in_(self._wanted))
        return query.where(document.c.id.not_in(without)) if without else query


def in_turn(query: Select[Any], *, remake: bool) -> Select[Any]:
    """The one of a query's documents, of the re-makes or of the others, that is next."""
    return query.where(document.c.remake == int(remake)).order_by(document.c.created_at, document.c.id).limit(1)


def _count(connection: Connection, query: Select[Any]) -> int:
    return int(connection.execute(select(func.count()).select_from(query.subquery())).scalar_one())


def _held(connection: Connection) -> list[str]:
    """The documents that somebody alive works on: a few for each reader of the office."""
    now = database_time(connection)
    query = select(lease).where(lease.c.subject.like(f"{_PREFIX}%"), lease.c.expires_at > now)
    return [
        row.subject.removeprefix(_PREFIX)
        for row in connection.execute(query)
        if is_held(row.holder, row.token, row.expires_at, now)
    ]
