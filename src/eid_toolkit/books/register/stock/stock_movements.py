"""How blanks move: by the state table alone, each movement kept and on record in the audit log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Annotated, Any

from sqlalchemy import Connection, Row, insert, select

from eid_toolkit.books.audit.log import AuditEvent, append, newest
from eid_toolkit.books.audit.states import change, hold_one
from eid_toolkit.books.ledger.kinds import BLANKS, SHIFTS
from eid_toolkit.books.ledger.schema import blank, blank_movement, card, shift
from eid_toolkit.books.ledger.stored import stored
from eid_toolkit.books.ledger.workflow import BLANK, BlankState
from eid_toolkit.books.register.stock.manifests import clean_name
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.plain_values import Named, parse_json, to_plain

OPEN, CLOSED = "open", "closed"
"""The states of a shift."""
OPENED, CLOSED_BY = "stock.opened", "stock.closed"
"""In the log, of a station: the shift that was opened or closed."""
HANDED_OUT = "stock.hand-out"
"""In the log, of a station: the blanks that came there."""
RECEIVE = "receive"
STORE = "store"
"""What stands for the place of blanks that are at no station."""

_CHUNK = 500
_TAKES_AWAY = "hand-back"


@dataclass(frozen=True, slots=True)
class Blank:
    """One blank: the serial that is printed on it, the chip in it, and where it is."""

    serial: str
    chip: str
    state: BlankState
    station: str | None
    shift_id: Annotated[str | None, Named("shift")]
    reason: str | None
    manifest_id: Annotated[str, Named("manifest")]
    updated_at: datetime
    moves: int

    def to_json(self) -> dict[str, object]:
        """Stable keys for output."""
        return to_plain(self, without=("moves",))


def blank_of(row: Row[Any]) -> Blank:
    """The blank in a row."""
    columns = {name: getattr(row, name) for name in Blank.__slots__}
    return Blank(**{**columns, "state": stored(BlankState, row.state, "the state of a blank")})


def load_blanks(connection: Connection, serials: Sequence[str]) -> list[Blank]:
    """The blanks of these serials in their order; raises :class:`BadInput` for one that is unknown or named twice."""
    by_serial: dict[str, Blank] = {}
    for part in chunks(serials):
        rows = connection.execute(select(blank).where(blank.c.serial.in_(part)))
        by_serial |= {row.serial: blank_of(row) for row in rows}
    missing = [serial for serial in serials if serial not in by_serial]
    if missing:
        raise BadInput("blank-serial-unknown", serial=missing[0], count=len(missing))
    if len(set(serials)) != len(serials):
        raise BadInput("blank-serial-twice", serial=next(each for each in serials if list(serials).count(each) > 1))
    return [by_serial[serial] for serial in serials]


def find_chip(connection: Connection, chip: str) -> Blank | None:
    """The blank with this chip, or None."""
    row = connection.execute(select(blank).where(blank.c.chip == chip.lower())).first()
    return None if row is None else blank_of(row)


def open_shift(connection: Connection, station: str | None) -> str | None:
    """The identifier of the shift that is open at a station, or None."""
    query = select(shift.c.id).where(shift.c.station == station, shift.c.state == OPEN)
    identifier: str | None = connection.execute(query).scalar()
    told = newest(connection, station, (OPENED, CLOSED_BY)) if station is not None else None
    last = None if told is None else parse_json(told.detail).get("shift")
    for each in {identifier, last} - {None}:
        hold_one(connection, SHIFTS, str(each))
    return identifier


def move(
    connection: Connection,
    blanks: Sequence[Blank],
    action: str,
    operator: Operator,
    now: datetime,
    *,
    station: str | None = None,
    reason: str | None = None,
) -> list[Blank]:
    """Do ``action`` to all of the blanks or, where the table forbids it for one, to none; returns what they are then.

    ``station`` is where they go to in a hand-out; in everything else they are where they are. The ``reason`` stands in
    the audit log, but not that of a card, which may tell of its holder: erasure could not take it away there.
    """
    for item in blanks:
        BLANK.after(item.serial, item.state, action)
    target = BLANK.actions[action][1]
    by_place: dict[str | None, list[Blank]] = {}
    for item in blanks:
        by_place.setdefault(station or item.station, []).append(item)
    moved: dict[str, Blank] = {}
    for place, there in by_place.items():
        shift_id = open_shift(connection, place)
        values = _values(action, target, place, shift_id)
        values |= {"reason": reason, "updated_at": now}
        moved |= {item.serial: replace(item, moves=item.moves + 1, **values) for item in there}
        for part in chunks(item.serial for item in there):
            change(connection, BLANKS, part, partial(_moved, values), action, operator, now)
        common = {"action": action, "after": target, "station": place, "shift_id": shift_id, "moved_at": now}
        common |= {"operator": operator.name, "reason": reason}
        movements = [
            {"serial": item.serial, "position": item.moves + 1, "before": item.state, **common} for item in there
        ]
        connection.execute(insert(blank_movement), movements)
    told = None if reason is None or _were_cards(connection, blanks) else reason
    append(connection, now, operator, _events(by_place, action, told))
    return [moved[item.serial] for item in blanks]


def _moved(values: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    return {**values, "moves": before["moves"] + 1}


def _values(action: str, state: BlankState, place: str | None, shift_id: str | None) -> dict[str, Any]:
    """Where a blank is after ``action``; the shift is kept of one whose life as a blank has ended in it."""
    ended = state not in (BlankState.IN_STORE, BlankState.AT_STATION)
    return {
        "state": state,
        "station": None if action == _TAKES_AWAY else place,
        "shift_id": shift_id if ended else None,
    }


def _were_cards(connection: Connection, blanks: Iterable[Blank]) -> bool:
    """Whether one of the blanks has become the card of a document, whatever has come of it since."""
    parts = (select(card.c.chip).where(card.c.chip.in_(part)).limit(1) for part in chunks(each.chip for each in blanks))
    return any(connection.execute(query).first() is not None for query in parts)


def clean_station(name: str) -> str:
    """The name of a station; raises :class:`BadInput` for what is none."""
    if name.casefold() == STORE:
        raise BadInput("stock-name-malformed", what="station")
    return clean_name(name, "station")


def _events(by_place: Mapping[str | None, Sequence[Blank]], action: str, reason: str | None) -> Iterator[AuditEvent]:
    """What the audit log tells of movements: the serials, by the place."""
    why = {} if reason is None else {"reason": reason}
    for place, blanks in by_place.items():
        for part in chunks(each.serial for each in blanks):
            yield AuditEvent(f"stock.{action}", place or STORE, {"serials": part, **why})


def chunks(items: Iterable[str]) -> Iterator[list[str]]:
    """The items in lists of a size that every database takes."""
    source = iter(items)
    while part := list(islice(source, _CHUNK)):
        yield part
