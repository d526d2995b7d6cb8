"""Cards: written one by one, given up, and decided on where the software may not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.work.office.office import Office

if TYPE_CHECKING:
    from eid_toolkit.books.register.documents.documents import Document
    from eid_toolkit.cards.transport.interface import Transport
    from eid_toolkit.work.personalization.journal import Job, JobState
    from eid_toolkit.work.personalization.runner import Desk


def personalize(
    office: Office,
    document: str,
    open_card: Callable[[], AbstractContextManager[Transport]],
    desk: Desk,
    station: str,
) -> Job:
    """Write a prepared document to the card that ``open_card`` opens, or go on with it."""
    operator, service = office.operator(Permission.PERSONALIZE), office.personalization
    with service.hold(document), open_card() as transport:
        return service.personalize(document, transport, operator, desk, station)


def print_check(office: Office, job: Job) -> str | None:
    """How the print of the card was checked; None while the document is not issued."""
    documents = office.register.documents
    return documents.print_check(documents.get(job.document_id))


def jobs(office: Office, state: JobState | None, limit: int | None, offset: int) -> Sequence[Job]:
    """Personalizations, the oldest first."""
    return office.personalization.journal.list(state, limit, offset)


def resume_job(office: Office, identifier: str, reason: str) -> Job:
    """A job that waits for a decision goes on at its next run."""
    operator, service = office.operator(Permission.PERSONALIZE), office.personalization
    seen = service.journal.get(identifier)
    with service.hold(seen.document_id):
        return service.resume(service.unchanged(seen), reason, operator)


def spoil_job(office: Office, identifier: str, reason: str, serial: str | None, confirm: Callable[[Job], None]) -> Job:
    """A job that waits for a decision is given up, with its document and card; ``confirm`` may stop it."""
    operator, service = office.operator(Permission.SPOIL), office.personalization
    seen = service.journal.get(identifier)
    with service.hold(seen.document_id):
        job = service.unchanged(seen)
        confirm(job)
        return service.spoil(job, reason, operator, office.second_operator(operator), serial)


def spoil_document(
    office: Office, identifier: str, reason: str, serial: str | None, confirm: Callable[[Document], None]
) -> Document:
    """A document that was not issued is given up, with its card if it has one; ``confirm`` may stop it."""
    operator, service = office.operator(Permission.SPOIL), office.personalization
    document = office.register.documents.get(identifier)
    confirm(document)
    with service.hold(document.id):
        return service.spoil_document(document.id, reason, operator, office.second_operator(operator), serial)
