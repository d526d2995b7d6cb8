"""How blanks move: by the state table alone, each movement kept and on record in the audit log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from eid_toolkit.audit.log import AuditEvent, append
from eid_toolkit.errors import BadInput
from eid_toolkit.register.manifests import clean_name
from eid_toolkit.register.schema import blank, blank_movement, shift
from eid_toolkit.register.stored import stored
from eid_toolkit.register.workflow import BLANK, BlankState
from eid_toolkit.stores.operators import Operator

OPEN, CLOSED = "open", "closed"
"""The states of a shift."""
RECEIVE = "receive"
STORE = "store"
"""What stands for the place of blanks that are at no station."""

MAX_REASON = 200
"""The most characters of a reason."""

_CHUNK = 500
_TAKES_AWAY = "hand-back"


@dataclass(frozen=True, slots=True)
class Blank:
    """One blank: the serial that is printed on it, the chip in it, and where it is."""

    serial: str
    chip: str
    manifest_id: str
    state: BlankState
    station: str | None
    shift_id: str | None
    reason: str | None
    moves: int
    updated_at: datetime

    def to_json(self) -> dict[str, object]:
        """Stable keys for output."""
        return {
            "serial": self.serial,
            "chip": self.chip,
            "state": str(self.state),
            "station": self.station,
            "shift": self.shift_id,
            "reason": self.reason,
            "manifest": self.manifest_id,
            "updated_at": self.updated_at.isoformat(),
        }


def blank_of(row: Row[Any]) -> Blank:
    """The blank in a row."""
    return Blank(**{**row._mapping, "state": stored(BlankState, row.state, "the state of a blank")})


def load_blanks(connection: Connection, serials: Sequence[str]) -> list[Blank]:
    """The blanks of these serials in their order; raises :class:`BadInput` for one that is unknown or named twice."""
    found: dict[str, Blank] = {}
    for part in chunks(serials):
        rows = connection.execute(select(blank).where(blank.c.serial.in_(part)))
        found |= {row.serial: blank_of(row) for row in rows}
    missing = [serial for serial in serials if serial not in found]
    if missing:
        raise BadInput("blank-serial-unknown", serial=missing[0], count=len(missing))
    if len(set(serials)) != len(serials):
        raise BadInput("blank-serial-twice", serial=next(each for each in serials if list(serials).count(each) > 1))
    return [found[serial] for serial in serials]


def find_chip(connection: Connection, chip: str) -> Blank | None:
    """The blank with this chip, or None."""
    row = connection.execute(select(blank).where(blank.c.chip == chip.lower())).first()
    return None if row is None else blank_of(row)


def open_shift(connection: Connection, station: str | None) -> str | None:
    """The identifier of the shift that is open at a station, or None."""
    query = select(shift.c.id).where(shift.c.station == station, shift.c.state == OPEN)
    found: str | None = connection.execute(query).scalar()
    return found


def move(
    connection: Connection,
    blanks: Sequence[Blank],
    action: str,
    operator: Operator,
    now: datetime,
    *,
    station: str | None = None,
    reason: str | None = None,
) -> None:
    """Do ``action`` to all of the blanks or, where the table forbids it for one, to none.

    ``station`` is where they go to in a hand-out; in everything else they are where they are.
    """
    after = {each.serial: BLANK.after(each.serial, each.state, action) for each in blanks}
    shifts: dict[str | None, str | None] = {}
    changes, movements = [], []
    for each in blanks:
        place = station or each.station
        if place not in shifts:
            shifts[place] = open_shift(connection, place)
        state, position = after[each.serial], each.moves + 1
        changes.append(
            {
                "of": each.serial,
                "state": state,
                "station": None if action == _TAKES_AWAY else place,
                "shift_id": shifts[place] if state not in (BlankState.IN_STORE, BlankState.AT_STATION) else None,
                "reason": reason,
                "moves": position,
                "updated_at": now,
            }
        )
        movement = {"serial": each.serial, "position": position, "action": action, "before": each.state}
        movement |= {"after": state, "station": place, "shift_id": shifts[place], "moved_at": now}
        movements.append({**movement, "operator": operator.name, "reason": reason})
    if not blanks:
        return
    columns: dict[str, Any] = {name: bindparam(name) for name in changes[0] if name != "of"}
    connection.execute(update(blank).where(blank.c.serial == bindparam("of")).values(columns), changes)
    connection.execute(insert(blank_movement), movements)
    append(connection, now, operator.name, _events(movements, action, reason))


def clean_station(name: str) -> str:
    """The name of a station; raises :class:`BadInput` for what is none."""
    if name.casefold() == STORE:
        raise BadInput("stock-name-malformed", what="station")
    return clean_name(name, "station")


def clean_reason(text: str) -> str:
    """A reason as it is kept; raises :class:`BadInput` for an empty, long or unprintable one."""
    reason = " ".join(text.split())
    if not 0 < len(reason) <= MAX_REASON or not reason.isprintable():
        raise BadInput("reason-malformed", limit=MAX_REASON)
    return reason


def _events(movements: Sequence[Mapping[str, Any]], action: str, reason: str | None) -> Iterator[AuditEvent]:
    """What the audit log tells of movements: the serials, by the place."""
    by_place: dict[str, list[str]] = {}
    for each in movements:
        by_place.setdefault(each["station"] or STORE, []).append(each["serial"])
    why = {} if reason is None else {"reason": reason}
    for place, serials in by_place.items():
        for part in chunks(serials):
            yield AuditEvent(f"stock.{action}", place, {"serials": part, **why})


def chunks(items: Iterable[str]) -> Iterator[list[str]]:
    """The items in lists of a size that every database takes."""
    source = iter(items)
    while part := list(islice(source, _CHUNK)):
        yield part
