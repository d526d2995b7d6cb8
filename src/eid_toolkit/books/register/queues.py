"""What waits at each stage of the office, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, func, select

from eid_toolkit.books.ledger.schema import application, document, personalization_job
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
