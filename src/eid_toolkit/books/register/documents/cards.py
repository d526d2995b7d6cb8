"""The cards of the register: from the first write to a chip to the end of the card."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from eid_toolkit.books.audit.states import change, create
from eid_toolkit.books.ledger.kinds import CARDS
from eid_toolkit.books.ledger.schema import card
from eid_toolkit.books.ledger.stored import stored
from eid_toolkit.books.ledger.workflow import CARD, CardState
from eid_toolkit.books.staff.operators import Operator


def begin_card(
    connection: Connection, chip: str, document_id: str, serial: str | None, operator: Operator, now: datetime
) -> None:
    """A chip is bound to a document."""
    values = {"chip": chip, "document_id": document_id, "serial": serial, "state": CARD.initial, "updated_at": now}
    create(connection, CARDS, [values], "writing", operator, now, [{"document": document_id}])


def change_card(connection: Connection, chip: str | None, action: str, operator: Operator, now: datetime) -> None:
    """What happens to a document's card; nothing where there is none, or it was made before cards were kept."""
    row = connection.execute(select(card.c.state).where(card.c.chip == chip)).first() if chip is not None else None
    if row is None or chip is None:
        return
    state = CARD.after(chip, stored(CardState, row.state, "the state of a card"), action)
    change(connection, CARDS, [chip], {"state": state, "updated_at": now}, str(state), operator, now)


def serial_of(connection: Connection, chip: str) -> str | None:
    """The number printed on the blank that the chip came in, where stock is kept."""
    serial: str | None = connection.execute(select(card.c.serial).where(card.c.chip == chip)).scalar()
    return serial
