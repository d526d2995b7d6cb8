"""The stock of blanks: received, handed out, used or spoiled, destroyed; each serial is in one state at any time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from sqlalchemy import Connection, func, select

from eid_toolkit.books.audit.states import hold_one
from eid_toolkit.books.audit.trail import AuditTrail
from eid_toolkit.books.ledger.database import Database, lock
from eid_toolkit.books.ledger.kinds import BLANKS, MANIFESTS
from eid_toolkit.books.ledger.reasons import clean_reason
from eid_toolkit.books.ledger.schema import audit, blank, blank_movement, document, manifest
from eid_toolkit.books.ledger.workflow import BlankState, DocumentState
from eid_toolkit.books.register.documents.cards import change_card
from eid_toolkit.books.register.stock.manifests import clean_serial
from eid_toolkit.books.register.stock.stock_movements import (
    STORE,
    Blank,
    blank_of,
    clean_station,
    find_chip,
    load_blanks,
    move,
    open_shift,
)
from eid_toolkit.books.register.stock.stock_receiving import Receiving
from eid_toolkit.books.register.stock.stock_shifts import Shifts
from eid_toolkit.books.register.stock.vendor_keys import Batch
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.books.staff.two_people import require_two
from eid_toolkit.ground.errors import BadInput, NotPermitted
from eid_toolkit.ground.plain_values import Named, to_plain
from eid_toolkit.ground.ports import Clock, Entropy

DEFAULT_STATION = "main"
"""Where blanks are when nobody names a station."""


@dataclass(frozen=True, slots=True)
class Movement:
    """What happened to a blank once."""

    action: str
    before: str | None
    after: str
    station: str | None
    shift_id: Annotated[str | None, Named("shift")]
    moved_at: datetime
    operator: str
    reason: str | None

    to_json = to_plain


class Stock:
    """The blanks of one register; :attr:`receiving` takes them in, :attr:`shifts` has them counted."""

    def __init__(self, database: Database, trail: AuditTrail, clock: Clock, entropy: Entropy) -> None:
        self._database = database
        self._clock = clock
        self.receiving = Receiving(database, clock, entropy)
        self.shifts = Shifts(database, trail, clock, entropy)

    def hand_out(self, station: str, operator: Operator, serials: Sequence[str] = (), count: int = 0) -> list[Blank]:
        """Give blanks of the store to a station: those of ``serials``, or the first ``count``."""
        operator.require(Permission.KEEP_STOCK)
        clean_station(station)
        with self._database.write() as connection:
            lock(connection, "station", STORE, station)
            chosen = [clean_serial(each) for each in serials] or _first_in_store(connection, count)
            blanks = load_blanks(connection, chosen)
            return move(connection, blanks, "hand-out", operator, self._clock.now(), station=station)

    def hand_back(self, serials: Sequence[str], operator: Operator) -> list[Blank]:
        """Take blanks back from their stations into the store."""
        operator.require(Permission.KEEP_STOCK)
        return self._move(serials, "hand-back", operator, None)

    def spoil(self, serial: str, reason: str, people: Sequence[Operator]) -> Blank:
        """A blank that no document was written to is of no use any more.

        Raises :class:`NotPermitted` for a card: that is spoiled with its document.
        """
        require_two(people, "stock.spoil", (Permission.SPOIL,), Permission.WITNESS_STOCK)
        return self._move([serial], "spoil", people[0], clean_reason(reason))[0]

    def miss(self, serials: Sequence[str], reason: str, people: Sequence[Operator]) -> list[Blank]:
        """Blanks that should be there are not."""
        require_two(people, "stock.miss", (Permission.KEEP_STOCK,), Permission.WITNESS_STOCK)
        return self._move(serials, "miss", people[0], clean_reason(reason))

    def find(self, serial: str, reason: str, people: Sequence[Operator]) -> Blank:
        """A missing blank is there again: as a spoiled one, because nobody knows what was done to it."""
        require_two(people, "stock.find", (Permission.KEEP_STOCK,), Permission.WITNESS_STOCK)
        return self._move([serial], "find", people[0], clean_reason(reason))[0]

    def destroy(self, serials: Sequence[str], reason: str, people: Sequence[Operator]) -> list[Blank]:
        """Blanks that were destroyed before the eyes of two people."""
        require_two(people, "stock.destroy", (Permission.KEEP_STOCK,), Permission.WITNESS_STOCK)
        return self._move(serials, "destroy", people[0], clean_reason(reason))

    def get(self, serial_or_chip: str) -> Blank:
        """The blank by its serial, or by its chip; raises :class:`BadInput` if there is none."""
        with self._database.read() as connection:
            return _get(connection, serial_or_chip)

    def history(self, serial_or_chip: str) -> tuple[Movement, ...]:
        """All that happened to a blank, oldest first."""
        with self._database.read() as connection:
            serial = _get(connection, serial_or_chip).serial
            query = select(blank_movement).where(blank_movement.c.serial == serial)
            rows = connection.execute(query.order_by(blank_movement.c.position))
            names = Movement.__slots__
            return tuple(Movement(**{name: getattr(row, name) for name in names}) for row in rows)

    def blanks(
        self, *, station: str | None = None, state: BlankState | None = None, limit: int | None = None
    ) -> tuple[Blank, ...]:
        """Blanks by serial, of one station or one state where that is given."""
        query = select(blank).order_by(blank.c.serial).limit(limit)
        if station is not None:
            query = query.where(blank.c.station == station)
        if state is not None:
            query = query.where(blank.c.state == state)
        with self._database.read() as connection:
            return tuple(map(blank_of, connection.execute(query)))

    def counts(self) -> dict[str | None, dict[BlankState, int]]:
        """How many blanks there are, by station (None is the store) and state."""
        query = select(blank.c.station, blank.c.state, func.count()).group_by(blank.c.station, blank.c.state)
        counts: dict[str | None, dict[BlankState, int]] = {}
        with self._database.read() as connection:
            for station, state, count in connection.execute(query):
                counts.setdefault(station, {})[BlankState(state)] = count
        return counts

    def unused_of(self, batch: Batch) -> int:
        """How many blanks of a vendor's batch may still be written to."""
        query = select(manifest.c.vendor, manifest.c.batch, func.count()).join(
            blank, blank.c.manifest_id == manifest.c.id
        )
        query = query.where(blank.c.state.in_((BlankState.IN_STORE, BlankState.AT_STATION)))
        with self._database.read() as connection:
            rows = connection.execute(query.group_by(manifest.c.vendor, manifest.c.batch)).all()
        return sum(count for vendor, name, count in rows if Batch(vendor, name).digits == batch.digits)

    # What personalization asks and tells.

    def origin_of(self, chip: str) -> Batch | None:
        """Whose blank this is, and of which batch, by the manifest that it came with; None for one that never came."""
        with self._database.read() as connection:
            item = find_chip(connection, chip)
            if item is None:
                return None
            came_with = hold_one(connection, BLANKS, item.serial).values["manifest_id"]
            delivered = hold_one(connection, MANIFESTS, came_with).values
        return Batch(delivered["vendor"], delivered["batch"])

    def is_kept(self, connection: Connection | None = None) -> bool:
        """Whether any blank was ever received; while none was, blanks are taken as they come."""
        if connection is not None:
            told = select(audit.c.position).where(audit.c.kind == BLANKS.name).limit(1)
            return any(
                connection.execute(query).first() is not None for query in (told, select(blank.c.serial).limit(1))
            )
        with self._database.read() as reading:
            return self.is_kept(reading)

    def check_blank(self, chip: str, station: str = DEFAULT_STATION) -> Blank:
        """The blank that may be written to at the station, before the first write to it.

        Raises :class:`NotPermitted` with the code ``blank-unknown``, ``blank-not-at-station``,
        ``blank-of-other-station`` or ``shift-not-open``.
        """
        with self._database.read() as connection:
            return _check(connection, chip, station)[0]

    def use(self, connection: Connection, chip: str, station: str, operator: Operator) -> str | None:
        """The blank becomes a card, within the transaction that binds its chip to a document; returns the serial.

        None while no stock is kept. Checks as :meth:`check_blank`. The caller has checked that the operator may
        personalize, and calls this once for a chip.
        """
        if not self.is_kept(connection):
            return None
        lock(connection, "station", station)
        item, _ = _check(connection, chip, station)
        move(connection, [item], "use", operator, self._clock.now())
        return item.serial

    def spoil_used(
        self, connection: Connection, chip: str, operator: Operator, reason: str, serial: str | None = None
    ) -> str | None:
        """The card is spoiled, within the transaction that spoils its document; returns the serial.

        None for a chip that never was in stock, unless its ``serial`` is on record; once more changes nothing.
        """
        there = find_chip(connection, chip) if serial is None else load_blanks(connection, [serial])[0]
        item = _locked(connection, there)
        if item is None:
            return None
        hold_one(connection, BLANKS, item.serial)
        if item.state is BlankState.USED:
            move(connection, [item], "spoil", operator, self._clock.now(), reason=reason)
        return item.serial

    def _move(self, serials: Sequence[str], action: str, operator: Operator, reason: str | None) -> list[Blank]:
        chosen = [clean_serial(each) for each in serials]
        with self._database.write() as connection:
            lock(connection, "station", STORE, *(item.station or STORE for item in load_blanks(connection, chosen)))
            blanks = load_blanks(connection, chosen)
            for item in blanks:
                if action == "spoil" and item.state is BlankState.USED:
                    _check_given_up(connection, item)
            now = self._clock.now()
            if action == "destroy":
                for item in blanks:  # what was a card, and spoiled
                    change_card(connection, item.chip, "destroy", operator, now)
            return move(connection, blanks, action, operator, now, reason=reason)


def _locked(connection: Connection, item: Blank | None) -> Blank | None:
    """The blank as it is when nobody else counts, or moves, what is at its station."""
    if item is None:
        return None
    lock(connection, "station", item.station or STORE)
    return load_blanks(connection, [item.serial])[0]


def _check(connection: Connection, chip: str, station: str) -> tuple[Blank, str]:
    """The blank that may be written to, and the open shift."""
    item = find_chip(connection, chip)
    if item is None:
        raise NotPermitted("blank-unknown", chip=chip)
    hold_one(connection, BLANKS, item.serial)
    if item.state is not BlankState.AT_STATION:
        raise NotPermitted("blank-not-at-station", serial=item.serial, state=item.state)
    if item.station != station:
        raise NotPermitted("blank-of-other-station", serial=item.serial, station=item.station, here=station)
    opened = open_shift(connection, station)
    if opened is None:
        raise NotPermitted("shift-not-open", station=station)
    return item, opened


def _get(connection: Connection, serial_or_chip: str) -> Blank:
    item = find_chip(connection, serial_or_chip)
    return item or load_blanks(connection, [clean_serial(serial_or_chip)])[0]


def _first_in_store(connection: Connection, count: int) -> list[str]:
    query = select(blank.c.serial).where(blank.c.state == BlankState.IN_STORE).order_by(blank.c.serial).limit(count)
    serials = list(connection.execute(query).scalars())
    if not serials or len(serials) < count:
        raise BadInput("stock-too-small", wanted=count, there=len(serials))
    return serials


def _check_given_up(connection: Connection, card: Blank) -> None:
    """Raises :class:`NotPermitted` for a card whose document was not given up."""
    query = select(document.c.id).where(document.c.chip == card.chip, document.c.state != DocumentState.SPOILED)
    identifier = connection.execute(query).scalar()
    if identifier is not None:
        raise NotPermitted("blank-carries-document", serial=card.serial, document=identifier)
