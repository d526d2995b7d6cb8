"""Connections to a server that have rested: tried before they are used again, and replaced if the server closed them.

Trying each before each use would double the exchanges of a short transaction.
"""

from __future__ import annotations

from functools import partial
from time import monotonic
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

_SINCE = "eid_since"
_RESTED = 0.5
"""Seconds after which a connection is tried."""


def replace_lost_connections(engine: Engine) -> None:
    """Have the engine's pool do that."""
    event.listen(engine, "checkin", _rest)
    event.listen(engine, "checkout", partial(_wake, engine))


def _rest(_connection: Any, record: Any) -> None:
    record.info[_SINCE] = monotonic()


def _wake(engine: Engine, connection: Any, record: Any, _borrowed: object) -> None:
    if monotonic() - record.info.get(_SINCE, monotonic()) < _RESTED:
        return
    try:
        engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error:
        raise DisconnectionError from None
