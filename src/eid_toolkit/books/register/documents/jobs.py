"""The jobs of personalization, as far as they end with their document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select, update

from eid_toolkit.books.audit.log import AuditEvent
from eid_toolkit.books.ledger.schema import personalization_job

_UNENDED, _SPOILED = ("open", "needs-decision"), "spoiled"


def give_up_jobs(
    connection: Connection, document_id: str, now: datetime, detail: Mapping[str, object]
) -> list[AuditEvent]:
    """Within the transaction that spoils their document: nobody writes to its card any more. What the log is to say."""
    mine = (personalization_job.c.document_id == document_id) & personalization_job.c.state.in_(_UNENDED)
    query = select(personalization_job.c.id).where(mine).order_by(personalization_job.c.id)
    jobs = list(connection.execute(query).scalars())
    connection.execute(update(personalization_job).where(mine).values(state=_SPOILED, updated_at=now))
    return [AuditEvent(f"job.{_SPOILED}", job, {"document": document_id, **detail}) for job in jobs]
