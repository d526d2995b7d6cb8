"""Documents: prepared, exported to be printed, and what becomes of them after they were issued."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import EidError
from eid_toolkit.work.office.office import Office
from eid_toolkit.work.office.reporting import issuing_states

if TYPE_CHECKING:
    from eid_toolkit.books.register.documents.document_status import Expired
    from eid_toolkit.books.register.documents.documents import Document
    from eid_toolkit.work.personalization.print_data import PrintData


def prepare(office: Office, applications: Iterable[str] | None) -> tuple[list[Document], list[tuple[str, EidError]]]:
    """Build and sign the records of these applications, or of all that wait for it; each stands for itself.

    Returns the documents, and with which applications what went wrong.
    """
    operator = office.operator(Permission.PREPARE_DOCUMENTS)
    chosen: Sequence[str] = office.register.applications.waiting() if applications is None else list(applications)
    outcomes = list(office.preparation.prepare_all(chosen, operator))
    failures = [(name, each) for name, each in zip(chosen, outcomes, strict=True) if isinstance(each, EidError)]
    return [outcome for outcome in outcomes if not isinstance(outcome, EidError)], failures


def holders(office: Office, identifiers: Sequence[str]) -> dict[str, str] | None:
    """The holders' names, by the documents' identifiers; None for somebody who may not read persons, or is not named.

    That they were looked at is on record.
    """
    if not office.may_look(Permission.READ_PERSONS):
        return None
    operator = office.look(Permission.READ_PERSONS)
    names = office.register.documents.holders(identifiers)
    if names:
        office.register.record(operator, "document.looked-up", "documents", {"by": "list", "hits": len(names)})
    return names


def export(office: Office, identifier: str) -> PrintData:
    """What is printed on the card of a document; on record, for it opens the chip."""
    from eid_toolkit.work.personalization.print_data import PrintData

    operator, documents = office.operator(Permission.EXPORT_PRINT_DATA), office.register.documents
    record = documents.get(identifier)
    holder = documents.application_of(record).person.data
    return PrintData.of(record, documents.export(record.id, operator), holder, specimen=is_specimen(office, record))


def change_status(
    office: Office, identifier: str, action: str, reason: str | None, confirm: Callable[[Document], None]
) -> Document:
    """Report, suspend, resume, revoke a document or record that its card was destroyed; ``confirm`` may stop it."""
    from eid_toolkit.books.register.documents.document_status import PERMISSIONS

    operator = office.operator(PERMISSIONS[action])
    record = office.register.documents.get(identifier)
    confirm(record)
    return office.register.statuses.change(record.id, action, operator, reason)


def expire(office: Office) -> list[Expired]:
    """Mark the documents whose last day is over, of each state that the home issues for."""
    operator = office.operator(Permission.REVOKE_DOCUMENTS)
    return [office.register.statuses.expire_due(state, today, operator) for state, today in issuing_states(office)]


def is_specimen(office: Office, record: Document) -> bool:
    """Of a demo home, or of the state of specimens: then the verdict on its card says so too."""
    from eid_toolkit.standards.pki.countries import SPECIMEN_STATE, same_state

    return office.home.config.demo or same_state(record.issuing_state, SPECIMEN_STATE)
