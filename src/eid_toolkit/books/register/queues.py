"""What waits at each stage of the office, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, func, select

from eid_toolkit.books.ledger.schema import application, document, person_import, personalization_job, shift
from eid_toolkit.books.ledger.workflow import ApplicationState, DocumentState
from eid_toolkit.ground.plain_values import to_plain


@dataclass(frozen=True, slots=True)
class Queue:
    """One stage: how many wait, since when the oldest does, and which that is."""

    stage: str
    waiting: int
    oldest: datetime | None
    next: str | None

    to_json = to_plain


def queues(connection: Connection) -> tuple[Queue, ...]:
    """The stages in the order of the work."""
    alive = select(document.c.id).where(
        document.c.application_id == application.c.id, document.c.state != DocumentState.SPOILED
    )
    undecided = select(personalization_job.c.id).where(
        personalization_job.c.document_id == document.c.id, personalization_job.c.state == "needs-decision"
    )
    applied = select(application.c.id, application.c.created_at)
    making = select(document.c.id, document.c.created_at).where(
        document.c.state.in_([str(DocumentState.PREPARED), str(DocumentState.BOUND)])
    )
    stages = {
        "approval": applied.where(application.c.state == ApplicationState.CREATED),
        "preparation": applied.where(application.c.state == ApplicationState.APPROVED, ~alive.exists()),
        "personalization": making.where(~undecided.exists()),
        "decision": making.where(undecided.exists()),
    }
    return tuple(_queue(connection, stage, query) for stage, query in stages.items())


def _queue(connection: Connection, stage: str, query: Select[tuple[str, datetime]]) -> Queue:
    inner = query.subquery()
    count = connection.execute(select(func.count()).select_from(inner)).scalar_one()
    first = connection.execute(select(inner).order_by(inner.c.created_at, inner.c.id).limit(1)).first()
    return Queue(stage, count, first.created_at if first else None, first.id if first else None)


def to_decide(connection: Connection, name: str | None) -> Queue:
    """Applications that somebody may decide: not those that they created themselves, whatever the letter case."""
    waiting = select(application.c.id, application.c.created_at).where(application.c.state == ApplicationState.CREATED)
    if name is not None:
        creators = connection.execute(
            select(application.c.creator).where(application.c.state == ApplicationState.CREATED).distinct()
        )
        own = [creator for creator in creators.scalars() if creator.casefold() == name.casefold()]
        waiting = waiting.where(application.c.creator.not_in(own))
    return _queue(connection, "approval", waiting)


def left_open(connection: Connection) -> tuple[Queue, ...]:
    """What somebody began and has not ended: shifts of stations, by their stations, and imports of persons."""
    shifts = select(shift.c.station.label("id"), shift.c.opened_at.label("created_at")).where(shift.c.state == "open")
    imports = select(person_import.c.id, person_import.c.started_at.label("created_at")).where(
        person_import.c.state == "open"
    )
    return _queue(connection, "shift", shifts), _queue(connection, "import", imports)
