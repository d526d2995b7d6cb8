"""The work that waits for a station: which document is written next, taken by a lease so that nobody else takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, exists, func, select

from eid_toolkit.personalization.journal import JobState
from eid_toolkit.register.database import Database
from eid_toolkit.register.leases import Lease, Leases, database_time, is_held
from eid_toolkit.register.schema import document, lease, personalization_job
from eid_toolkit.register.workflow import DocumentState

_LOOK = 50
"""So many waiting documents are looked at in one go for one that nobody has."""


def document_subject(document_id: str) -> str:
    """What the lease on a document is called."""
    return f"document {document_id}"


def chip_subject(chip: str) -> str:
    """What the lease on a chip is called."""
    return f"chip {chip}"


@dataclass(frozen=True, slots=True)
class Taken:
    """A document that is this station's now."""

    document_id: str
    leases: tuple[Lease, ...]
    remake: bool
    """Whether an earlier card for the same application was spoiled."""


class WorkQueue:
    """The prepared documents of one register, or those ``wanted``: re-makes first, then the oldest."""

    def __init__(self, database: Database, leases: Leases, wanted: Sequence[str] = ()) -> None:
        self._database = database
        self._leases = leases
        self._wanted = tuple(each.upper() for each in wanted)

    def take(self, chip: str, avoid: frozenset[str] = frozenset()) -> Taken | None:
        """The next document for a blank, and the blank, by leases; None if nothing waits.

        ``avoid`` are documents that failed here often enough. Raises :class:`ServiceAway` if another station has
        the blank.
        """
        with self._leases.taking() as (connection, take):
            found = self._next(connection, avoid)
            if found is None:
                return None
            identifier, remake = found
            subjects = document_subject(identifier), chip_subject(chip)
            leases = tuple(take(connection, subject) for subject in subjects)
        return Taken(identifier, leases, remake)

    def take_bound(self, document_id: str, chip: str) -> Taken:
        """The document that a card in the reader belongs to; raises :class:`ServiceAway` if another station has it."""
        return Taken(document_id, self._leases.take(document_subject(document_id), chip_subject(chip)), False)

    def waiting(self) -> int:
        """How many documents wait for a blank, those included that stations have taken."""
        return self._count(_waiting(self._wanted))

    def free(self) -> int:
        """How many documents wait for a blank and nobody has taken, and cards that a stop has left half-way."""
        with self._database.read() as connection:
            rows = connection.execute(_waiting(self._wanted)).all()
            held = _held(connection, [row.id for row in rows])
        return len(rows) - len(held) + self.half_way()

    def half_way(self) -> int:
        """How many cards a stop has left half-way, and nobody works on."""
        with self._database.read() as connection:
            rows = connection.execute(_half_way(self._wanted)).all()
            held = _held(connection, [row.id for row in rows])
        return sum(row.id not in held for row in rows)

    def _count(self, query: Select[Any]) -> int:
        with self._database.read() as connection:
            return int(connection.execute(select(func.count()).select_from(query.subquery())).scalar_one())

    def _next(self, connection: Connection, avoid: frozenset[str]) -> tuple[str, bool] | None:
        query, start = _waiting(self._wanted), 0
        while rows := connection.execute(query.limit(_LOOK).offset(start)).all():
            held = _held(connection, [row.id for row in rows])
            for row in rows:
                if row.id not in avoid and row.id not in held:
                    return row.id, bool(row.remake)
            start += _LOOK
        return None


def _held(connection: Connection, documents: Sequence[str]) -> set[str]:
    """Those of the documents that somebody alive works on."""
    names = {document_subject(each): each for each in documents}
    now = database_time(connection)
    rows = connection.execute(select(lease).where(lease.c.subject.like("document %"))).all()
    return {
        names[row.subject]
        for row in rows
        if row.subject in names and is_held(row.holder, row.token, row.expires_at, now)
    }


def _waiting(wanted: Sequence[str]) -> Select[Any]:
    other = document.alias("other")
    remake = exists(
        select(other.c.id).where(
            other.c.application_id == document.c.application_id, other.c.state == DocumentState.SPOILED
        )
    )
    query = select(document.c.id, remake.label("remake"))
    return _undisputed(query, DocumentState.PREPARED, wanted).order_by(
        remake.desc(), document.c.created_at, document.c.id
    )


def _half_way(wanted: Sequence[str]) -> Select[Any]:
    return _undisputed(select(document.c.id), DocumentState.BOUND, wanted)


def _undisputed(query: Select[Any], state: DocumentState, wanted: Sequence[str]) -> Select[Any]:
    """Those in a state that wait for no operator's decision."""
    undecided = exists(
        select(personalization_job.c.id).where(
            personalization_job.c.document_id == document.c.id, personalization_job.c.state == JobState.NEEDS_DECISION
        )
    )
    found = query.where(document.c.state == state, ~undecided)
    return found.where(document.c.id.in_(wanted)) if wanted else found
