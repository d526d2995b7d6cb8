"""The cards of the register: from the first write to a chip to the end of the card."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from eid_toolkit.books.audit.states import change, create, find
from eid_toolkit.books.ledger.kinds import CARDS
from eid_toolkit.books.ledger.stored import stored
from eid_toolkit.books.ledger.workflow import CARD, CardState
from eid_toolkit.books.register.stock.manifests import clean_serial
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.books.staff.two_people import require_two
from eid_toolkit.ground.errors import NotPermitted


def begin_card(
    connection: Connection, chip: str, document_id: str, serial: str | None, operator: Operator, now: datetime
) -> None:
    """A chip is bound to a document."""
    values = {"chip": chip, "document_id": document_id, "serial": serial, "state": CARD.initial, "updated_at": now}
    create(connection, CARDS, [values], "writing", operator, now, [{"document": document_id}])


def change_card(connection: Connection, chip: str | None, action: str, operator: Operator, now: datetime) -> None:
    """What happens to a document's card; nothing where there is none, or it was made before cards were kept."""
    held = find(connection, CARDS, chip) if chip is not None else None
    if held is None or chip is None:
        return
    state = CARD.after(chip, stored(CardState, held.values["state"], "the state of a card"), action)
    change(connection, CARDS, [chip], {"state": state, "updated_at": now}, str(state), operator, now)


def serial_of(connection: Connection, chip: str) -> str | None:
    """The number printed on the blank that the chip came in, where stock is kept."""
    held = find(connection, CARDS, chip)
    return None if held is None else held.values["serial"]


def check_spoiling(printed: str, serial: str | None, operator: Operator, second: Operator | None) -> None:
    """Whether two people have the card with this serial before them."""
    people = [operator] if second is None else [operator, second]
    if second is None and serial is None and operator.keys is not None:  # all that is missing is said at once
        raise NotPermitted("card-spoiling-incomplete")
    require_two(people, "card.spoil", (Permission.SPOIL,), Permission.WITNESS_STOCK)
    if serial is None:
        raise NotPermitted("card-serial-missing")
    if clean_serial(serial) != printed:
        raise NotPermitted("card-serial-differs", serial=serial)
