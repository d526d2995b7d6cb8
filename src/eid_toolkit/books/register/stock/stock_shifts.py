"""Shifts: two people count the blanks of a station at its opening and at its closing, and all must add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, func, select

from eid_toolkit.books.audit.log import AuditEvent, append
from eid_toolkit.books.audit.states import change, create, hold
from eid_toolkit.books.audit.trail import AuditTrail
from eid_toolkit.books.ledger.canonical import canonical
from eid_toolkit.books.ledger.database import Database, lock
from eid_toolkit.books.ledger.identifiers import new_identifier
from eid_toolkit.books.ledger.kinds import BLANKS, SHIFTS
from eid_toolkit.books.ledger.schema import audit, blank, blank_movement, shift, subject_head
from eid_toolkit.books.ledger.workflow import BlankState
from eid_toolkit.books.register.stock.manifests import clean_serial
from eid_toolkit.books.register.stock.stock_movements import (
    CLOSED,
    CLOSED_BY,
    HANDED_OUT,
    OPEN,
    OPENED,
    chunks,
    clean_station,
    load_blanks,
    move,
    open_shift,
)
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.books.staff.two_people import require_two
from eid_toolkit.ground.errors import BadInput, IntegrityBroken, NotPermitted
from eid_toolkit.ground.plain_values import parse_json, to_plain
from eid_toolkit.ground.ports import Clock, Entropy

FIRST = (Permission.KEEP_STOCK, Permission.PERSONALIZE)
"""What the first of the two must be permitted, one of these; the second one witnesses."""
_MAY_LIE_THERE = (BlankState.USED, BlankState.SPOILED, BlankState.MISSING)
_MOST_NAMED = 20
_NAMES = {"hand-out": "received", "use": "used", "spoil": "spoiled", "hand-back": "returned", "miss": "missing"}


@dataclass(frozen=True, slots=True)
class Shift:
    """One shift of a station."""

    id: str
    station: str
    state: str
    opened_at: datetime
    opened_by: str
    opened_with: str | None
    counted_at_opening: int
    closed_at: datetime | None
    closed_by: str | None
    closed_with: str | None
    counted_at_closing: int | None

    to_json = to_plain


@dataclass(frozen=True, slots=True)
class Account:
    """What the register expects at a station, compared with what two people counted there."""

    station: str
    counted: int
    serials: tuple[str, ...]
    """What the register expects to be there."""
    scanned: frozenset[str] | None = None
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Where the register has those that were scanned and are too many."""
    opening: int | None = None
    """At the opening of the shift; None where there is none."""
    moved: Mapping[str, int] = field(default_factory=dict)
    """How many were received, used, spoiled, returned and missing since then; a card that was spoiled in its own shift
    is a spoiled one."""
    spoiled_earlier: int = 0
    """How many cards of earlier shifts were spoiled in this one."""
    perhaps: Mapping[str, str] = field(default_factory=dict)
    """What may have been counted although it is no blank of the station any more, by the newest move: serials with the
    state that the register has; only where too many were counted and none was scanned."""
    shift: Shift | None = None
    """The shift that was opened or closed by it; None if it was not."""

    @property
    def expected(self) -> int:
        """How many blanks there should be."""
        return len(self.serials)

    @property
    def missing(self) -> tuple[str, ...] | None:
        """The serials that were not scanned; None where none were scanned."""
        return None if self.scanned is None else tuple(each for each in self.serials if each not in self.scanned)

    @property
    def surplus(self) -> tuple[str, ...] | None:
        """The serials that were scanned and should not be there; None where none were scanned."""
        return None if self.scanned is None else tuple(sorted(self.scanned - set(self.serials)))

    @property
    def agrees(self) -> bool:
        """Whether all is there, and nothing else."""
        return self.counted == self.expected and not self.missing and not self.surplus

    def to_json(self) -> dict[str, object]:
        """Stable keys for output; the serials expected are named where something is wrong."""
        return {
            "station": self.station,
            "agrees": self.agrees,
            "opening": self.opening,
            **dict(self.moved),
            "spoiled_earlier": self.spoiled_earlier,
            "expected": self.expected,
            "counted": self.counted,
            "difference": self.counted - self.expected,
            "missing_serials": self.missing,
            "surplus_serials": None if self.surplus is None else {each: self.elsewhere[each] for each in self.surplus},
            "expected_serials": None if self.agrees else self.serials,
            "perhaps_counted": dict(self.perhaps) or None,
            "shift": self.shift and self.shift.to_json(),
        }


class Shifts:
    """The shifts of one register's stations."""

    def __init__(self, database: Database, trail: AuditTrail, clock: Clock, entropy: Entropy) -> None:
        self._database = database
        self._trail = trail
        self._clock = clock
        self._entropy = entropy

    def open(
        self, station: str, counted: int, people: Sequence[Operator], scanned: Sequence[str] | None = None
    ) -> Account:
        """Open a shift if what two people counted, and ``scanned`` where they did, is what the register has there.

        The account has the shift only if it agrees; that it did not is on record. Raises :class:`NotPermitted` if
        one is open.
        """
        require_two(people, "stock.open", FIRST, Permission.WITNESS_STOCK)
        clean_station(station)
        seen, now = _scanned(counted, scanned), self._clock.now()
        with self._database.write() as connection:
            lock(connection, "station", station)
            running = open_shift(connection, station)
            if running is not None:
                raise NotPermitted("shift-open-already", station=station, shift=running)
            account = _account(connection, station, counted, seen)
            if not account.agrees:
                _record_difference(connection, account, people, now)
                return account
            row = {"id": new_identifier("S", self._entropy), "station": station, "state": OPEN, "opened_at": now}
            row |= {"opened_by": people[0].name, "opened_with": _second(people), "counted_at_opening": counted}
            detail = {"shift": row["id"], "counted": counted, "with": _second(people)}
            append(connection, now, people[0], [AuditEvent(OPENED, station, detail)])
            create(connection, SHIFTS, [row], "opened", people[0], now)
            return _closed_with(account, _load(connection, str(row["id"])))

    def close(
        self,
        station: str,
        counted: int,
        people: Sequence[Operator],
        scanned: Sequence[str] | None = None,
        missing: Sequence[str] = (),
    ) -> Account:
        """Close the station's shift if everything adds up to zero; ``missing`` serials are put on record as such first.

        The account has the shift only if it agrees; if not, the shift stays open, nothing is missing yet, and the
        difference is on record. Closing signs the head of the audit log, with both people's signatures; raises
        :class:`IntegrityBroken` if that cannot be signed, and nothing is closed then.
        """
        require_two(people, "stock.close", FIRST, Permission.WITNESS_STOCK)
        seen, now = _scanned(counted, scanned), self._clock.now()
        absent = [clean_serial(each) for each in missing]
        signer = self._trail.signer()  # nobody is asked for a passphrase or PIN while the register waits
        with self._database.write(exclusive=True) as connection:
            lock(connection, "station", station)
            running = _running(connection, station)
            _check_missing(connection, station, absent, seen)
            account = _account(connection, station, counted, seen, running, frozenset(absent))
            if not account.agrees:
                _record_difference(connection, account, people, now)
                return account
            move(connection, load_blanks(connection, absent), "miss", people[0], now, reason="missing at closing")
            values: dict[str, Any] = {"state": CLOSED, "closed_at": now, "closed_by": people[0].name}
            values |= {"closed_with": _second(people), "counted_at_closing": counted}
            values["differences"] = canonical({"missing": absent}) if absent else None
            change(connection, SHIFTS, [running.id], values, "closed", people[0], now)
            detail = {"shift": running.id, "counted": counted, "with": _second(people), "missing": absent}
            moved = {**account.moved, "missing": account.moved["missing"] + len(absent)}
            detail |= {"opening": account.opening, "moved": moved}
            append(connection, now, people[0], [AuditEvent(CLOSED_BY, station, detail)])
            signed = self._trail.sign(connection, signer, people)
            closed = _closed_with(account, _load(connection, running.id), moved)
        self._trail.remember(signed, signer)
        return closed

    def running(self) -> dict[str, Shift]:
        """The open shifts by station."""
        with self._database.read() as connection:
            rows = connection.execute(select(shift).where(shift.c.state == OPEN))
            return {row.station: _shift(row) for row in rows}


def _account(
    connection: Connection,
    station: str,
    counted: int,
    scanned: frozenset[str] | None,
    running: Shift | None = None,
    without: frozenset[str] = frozenset(),
) -> Account:
    """Raises :class:`IntegrityBroken` if the movements of the shift do not lead to what the register has."""
    query = select(blank.c.serial).where(blank.c.station == station, blank.c.state == BlankState.AT_STATION)
    there = tuple(connection.execute(query.order_by(blank.c.serial)).scalars())
    hold_blanks_of(connection, station, there)
    moved: dict[str, int] = {}
    earlier = 0
    if running is not None:
        moved, earlier = _moved(connection, running.id)
        left = running.counted_at_opening + 2 * moved["received"] - sum(moved.values())
        if left != len(there):
            raise IntegrityBroken("stock-does-not-add-up", station=station, shift=running.id)
    serials = tuple(each for each in there if each not in without)
    elsewhere = _elsewhere(connection, (scanned or frozenset()) - set(serials))
    opening = None if running is None else running.counted_at_opening
    perhaps = _gone(connection, station) if scanned is None and counted > len(serials) else {}
    return Account(station, counted, serials, scanned, elsewhere, opening, moved, earlier, perhaps)


def _gone(connection: Connection, station: str) -> dict[str, str]:
    """What left the stock of a station last, as the register has it now: it may lie there still."""
    query = select(blank.c.serial, blank.c.state).where(blank.c.station == station, blank.c.state.in_(_MAY_LIE_THERE))
    newest_first = query.order_by(blank.c.updated_at.desc(), blank.c.serial).limit(_MOST_NAMED)
    return {row.serial: row.state for row in connection.execute(newest_first)}


def _moved(connection: Connection, shift_id: str) -> tuple[dict[str, int], int]:
    """How many blanks came to the station and left it in the shift, by what was done; a card is no blank any more.

    Beside it how many cards of earlier shifts were spoiled.
    """
    here, query = BlankState.AT_STATION, select(blank_movement.c.action, func.count().label("moves"))
    query = query.where(blank_movement.c.shift_id == shift_id, blank_movement.c.action.in_(_NAMES))
    query = query.where((blank_movement.c.before == here) | (blank_movement.c.after == here))
    moves = {row.action: row.moves for row in connection.execute(query.group_by(blank_movement.c.action))}
    moved = {name: moves.get(action, 0) for action, name in _NAMES.items()}
    use, spoil = blank_movement.alias(), blank_movement.alias()
    here_too = exists(
        select(use.c.serial).where(use.c.serial == spoil.c.serial, use.c.shift_id == shift_id, use.c.action == "use")
    )
    cards = select(here_too, func.count()).where(
        spoil.c.shift_id == shift_id, spoil.c.action == "spoil", spoil.c.before == BlankState.USED
    )
    spoiled = {bool(row[0]): int(row[1]) for row in connection.execute(cards.group_by(here_too))}
    moved["used"] -= spoiled.get(True, 0)
    moved["spoiled"] += spoiled.get(True, 0)
    return moved, spoiled.get(False, 0)


def _elsewhere(connection: Connection, serials: frozenset[str]) -> dict[str, str]:
    """Where the register has blanks: their state and station, or that it does not know them."""
    places = dict.fromkeys(serials, "unknown")
    for part in chunks(sorted(serials)):
        for row in connection.execute(select(blank).where(blank.c.serial.in_(part))):
            places[row.serial] = row.state if row.station is None else f"{row.state} ({row.station})"
    return places


def _scanned(counted: int, scanned: Sequence[str] | None) -> frozenset[str] | None:
    if scanned is None:
        return None
    serials = frozenset(map(clean_serial, scanned))
    if not len(scanned) == len(serials) == counted:
        raise BadInput("stock-count-and-serials", counted=counted, serials=len(serials))
    return serials


def _check_missing(connection: Connection, station: str, absent: list[str], seen: frozenset[str] | None) -> None:
    """Raises :class:`BadInput` if what is said to be missing is not expected here, or was scanned."""
    for item in load_blanks(connection, absent):
        if item.station != station or item.state is not BlankState.AT_STATION or item.serial in (seen or ()):
            raise BadInput("blank-not-missing", serial=item.serial, station=station)


def _record_difference(connection: Connection, account: Account, people: Sequence[Operator], now: datetime) -> None:
    detail: dict[str, object] = {"expected": account.expected, "counted": account.counted, "with": _second(people)}
    detail |= {"missing": account.missing, "surplus": account.surplus}
    append(connection, now, people[0], [AuditEvent("stock.count-differs", account.station, detail)])


def _second(people: Sequence[Operator]) -> str | None:
    return people[1].name if len(people) > 1 else None


def _running(connection: Connection, station: str) -> Shift:
    identifier = open_shift(connection, station)
    if identifier is None:
        raise NotPermitted("shift-not-open", station=station)
    return _load(connection, identifier)


def hold_blanks_of(connection: Connection, station: str, there: Sequence[str]) -> None:
    """Hold to the log what is at a station, and what is there by the log: nothing else has come or gone."""
    handed = select(audit.c.detail).where(audit.c.subject == station, audit.c.action == HANDED_OUT)
    ever = {serial for detail in connection.execute(handed).scalars() for serial in parse_json(detail)["serials"]}
    known = (audit.c.state == BlankState.AT_STATION) & (audit.c.kind == BLANKS.name)
    told: set[str] = set()
    for part in chunks(sorted(ever)):
        newest = select(subject_head.c.subject).join(audit, audit.c.position == subject_head.c.position)
        told.update(connection.execute(newest.where(known, subject_head.c.subject.in_(part))).scalars())
    hold(connection, BLANKS, sorted({*there, *told}))


def _load(connection: Connection, identifier: str) -> Shift:
    return _shift(connection.execute(select(shift).where(shift.c.id == identifier)).one())


def _shift(row: Row[Any]) -> Shift:
    return Shift(**{name: getattr(row, name) for name in Shift.__slots__})


def _closed_with(account: Account, closed: Shift, moved: Mapping[str, int] | None = None) -> Account:
    return replace(account, shift=closed, moved=account.moved if moved is None else moved)
