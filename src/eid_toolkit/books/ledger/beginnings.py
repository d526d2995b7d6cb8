"""What in a register begins with some characters: identifiers and stations, for the completion of a command line.

Identifiers alone tell nothing of a person, and nothing else is read. Nothing is opened that is not there, migrated,
or waited for: a register that is busy or away has no answer. A file that nobody has open is read as it lies, so that
not even the files appear that SQLite keeps beside it.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from eid_toolkit.ground.errors import EidError
from eid_toolkit.ground.home.home import Home

if TYPE_CHECKING:
    from eid_toolkit.books.ledger.register_address import RegisterAddress

MOST = 50
"""Answers to one question."""
LEAST_TYPED = 3
"""Characters of an identifier that must be there before any is completed."""
_PATIENCE = 0.2
"""Seconds that a file may be locked."""
_CONNECTING, _ANSWERING = "2", "500"
"""Seconds for a server to take the connection, the fewest that its library knows, and milliseconds for the answer."""
_TABLES = {
    "P": "person",
    "A": "application",
    "D": "document",
    "J": "personalization_job",
    "N": "notice",
}
_IDENTIFIER = re.compile(r"([PADJN])-[0-9A-Z]{1,12}")
_LAST = "Z" * 12
"""Behind the characters typed: no identifier that begins so comes after it, and no station in small letters."""
_IDENTIFIERS = "SELECT id FROM {table} WHERE id BETWEEN :low AND :high ORDER BY id LIMIT {most}"
_STATIONS = (
    "SELECT name FROM (SELECT name FROM station UNION SELECT station FROM shift) AS known"
    " WHERE name BETWEEN :low AND :high ORDER BY name LIMIT {most}"
)


def identifiers_beginning(home: Home, typed: str, kinds: str) -> tuple[str, ...]:
    """Identifiers of the ``kinds`` (letters) that begin as typed, in capital letters; none for too few characters."""
    typed = typed.upper()
    matched = _IDENTIFIER.fullmatch(typed)
    if len(typed) < LEAST_TYPED or matched is None or matched[1] not in kinds:
        return ()
    return _answers(home, _IDENTIFIERS.format(table=_TABLES[matched[1]], most=MOST), typed, typed + _LAST)


def stations_beginning(home: Home, typed: str) -> tuple[str, ...]:
    """Stations that the register knows and that begin as typed."""
    return _answers(home, _STATIONS.format(most=MOST), typed, typed + _LAST.lower())


def _answers(home: Home, statement: str, low: str, high: str) -> tuple[str, ...]:
    bounds = {"low": low, "high": high}
    with suppress(EidError, OSError, sqlite3.Error):
        path, address = home.register_path, None
        if home.config.register_url is not None:
            from eid_toolkit.books.ledger.register_address import RegisterAddress

            address = RegisterAddress.of(home)
            path = address.path or path
        if address is None or address.path is not None:
            found = _of_file(path, statement, bounds)
        else:
            found = _of_server(address, statement, bounds)
        return tuple(value for value in found if value.startswith(low))
    return ()


def _of_file(path: Path, statement: str, bounds: dict[str, str]) -> list[str]:
    log, shared = (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))
    if log.exists() and not shared.exists():  # left by a stop: reading it would make files
        return []
    lies_still = "" if log.exists() else "&immutable=1"
    where = f"{path.absolute().as_uri()}?mode=ro{lies_still}"
    with closing(sqlite3.connect(where, uri=True, timeout=_PATIENCE)) as connection:
        return [str(value) for (value,) in connection.execute(statement, bounds)]


def _of_server(address: RegisterAddress, statement: str, bounds: dict[str, str]) -> list[str]:
    from sqlalchemy import text

    from eid_toolkit.books.ledger.database import Database

    options = f"{address.arguments.get('options', '')} -c statement_timeout={_ANSWERING}".strip()
    quick = {**address.arguments, "connect_timeout": _CONNECTING, "options": options}
    database = Database.reach(replace(address, arguments=quick), new=False)
    try:
        with database.read() as connection:
            return [str(value) for value in connection.execute(text(statement), bounds).scalars()]
    finally:
        database.close()
