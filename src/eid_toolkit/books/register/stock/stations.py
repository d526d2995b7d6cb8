"""Stations: where cards are written; one can be paused, also from another terminal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from eid_toolkit.books.audit.states import change, create, find
from eid_toolkit.books.ledger.database import Database, lock
from eid_toolkit.books.ledger.kinds import STATIONS
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import Clock

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Pause:
    """Since when a station is paused, and by whom."""

    since: datetime
    operator: str


class Stations:
    """The stations of one register."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def pause_of(self, name: str) -> Pause | None:
        """Whether the station is paused."""
        with self._database.read() as connection:
            held = find(connection, STATIONS, check_station(name))
        if held is None or held.values["paused_at"] is None:
            return None
        return Pause(held.values["paused_at"], held.values["paused_by"])

    def pause(self, name: str, operator: Operator) -> None:
        """Have the station begin no new card until :meth:`resume`."""
        self._set(name, operator, "paused", {"paused_at": self._clock.now(), "paused_by": operator.name})

    def resume(self, name: str, operator: Operator) -> None:
        """Let the station go on."""
        self._set(name, operator, "resumed", {"paused_at": None, "paused_by": None})

    def _set(self, name: str, operator: Operator, what: str, values: dict[str, object]) -> None:
        operator.require(Permission.PERSONALIZE)
        check_station(name)
        with self._database.write() as connection:
            now = self._clock.now()
            lock(connection, "pause", name)
            if find(connection, STATIONS, name) is None:
                create(connection, STATIONS, [{"name": name, **values}], what, operator, now)
            else:
                change(connection, STATIONS, [name], values, what, operator, now)


def check_station(name: str) -> str:
    """The name of a station; raises :class:`BadInput` for one that cannot be one."""
    if not _NAME.fullmatch(name):
        raise BadInput("station-name-malformed", station=name)
    return name
