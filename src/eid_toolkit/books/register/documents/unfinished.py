"""What a back-up from before an erasure brings back unfinished: it is ended, for nobody can finish it any more.

The applicant did not ask for that, and nobody decides on it anew: it follows from the erasure. So the audit log tells
of it, by the name of the operator who restores, and no decision is signed.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from eid_toolkit.books.audit.log import AuditEvent, append
from eid_toolkit.books.audit.states import change
from eid_toolkit.books.ledger.kinds import APPLICATIONS, DOCUMENTS
from eid_toolkit.books.ledger.schema import application, document
from eid_toolkit.books.ledger.stored import stored
from eid_toolkit.books.ledger.workflow import (
    APPLICATION,
    DOCUMENT,
    ApplicationState,
    BlankState,
    DocumentState,
)
from eid_toolkit.books.register.documents.cards import change_card
from eid_toolkit.books.register.documents.document_rows import document_of
from eid_toolkit.books.register.documents.jobs import give_up_jobs
from eid_toolkit.books.register.stock.stock_movements import find_chip, move
from eid_toolkit.books.staff.operators import Operator

IN_THE_MAKING = (DocumentState.PREPARED, DocumentState.BOUND)
"""Documents whose end is to be spoiled."""
UNDECIDED = (ApplicationState.CREATED, ApplicationState.APPROVED)
"""Applications whose end is to be withdrawn."""

_ERASED = {"reason": "erased"}


def end_unfinished(connection: Connection, person: str, operator: Operator, now: datetime) -> None:
    """Spoil the person's documents that are in the making, and withdraw the applications that wait."""
    events: list[AuditEvent] = []
    theirs = select(application.c.id).where(application.c.person_id == person)
    making = select(document).where(document.c.application_id.in_(theirs), document.c.state.in_(IN_THE_MAKING))
    for unfinished in map(document_of, connection.execute(making.order_by(document.c.id)).all()):
        after = DOCUMENT.after(unfinished.id, unfinished.state, "spoil")
        change(connection, DOCUMENTS, [unfinished.id], {"state": after}, str(after), operator, now, _ERASED)
        events += give_up_jobs(connection, unfinished.id, now, _ERASED)
        if unfinished.chip is not None:
            change_card(connection, unfinished.chip, "spoil", operator, now)
            blank = find_chip(connection, unfinished.chip)
            if blank is not None and blank.state is BlankState.USED:
                move(connection, [blank], "spoil", operator, now)
    waiting = select(application.c.id, application.c.state).where(
        application.c.person_id == person, application.c.state.in_(UNDECIDED)
    )
    for row in connection.execute(waiting.order_by(application.c.id)).all():
        state = APPLICATION.after(
            row.id, stored(ApplicationState, row.state, "the state of an application"), "withdraw"
        )
        change(connection, APPLICATIONS, [row.id], {"state": state}, str(state), operator, now, _ERASED)
    append(connection, now, operator, events)
