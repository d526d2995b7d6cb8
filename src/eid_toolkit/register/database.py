"""The register's database: opened, migrated, and worked on in transactions that fail with clear errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError

from eid_toolkit.errors import BadInput, IntegrityBroken, ServiceAway
from eid_toolkit.home.atomic import FILE_MODE
from eid_toolkit.register.schema import HEAD

BUSY_TIMEOUT_MS = 5000
"""How long a transaction waits for another process."""

_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # an issued document survives a power cut
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # a destroyed secret does not stay in free pages
)
_WRITE = "eid_write"


class Database:
    """One open register database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str, *, new: bool = True) -> Database:
        """Open the database at an SQLAlchemy address and bring it up to date; make it if it may be ``new``.

        Raises :class:`BadInput` for an address that cannot be used and a register of a newer version,
        :class:`ServiceAway` if it cannot be reached, :class:`IntegrityBroken` for a file that is no database, and
        where there is no register though there should be one.
        """
        try:
            address = make_url(url)
        except ArgumentError:
            raise BadInput("register-url-malformed") from None
        if address.get_backend_name() != "sqlite" or not address.database:
            raise BadInput("register-url-unsupported", backend=address.get_backend_name())
        if not new and not Path(address.database).exists():
            raise IntegrityBroken("register-missing")
        try:
            Path(address.database).touch(mode=FILE_MODE)
        except OSError as error:
            raise ServiceAway("register-away", reason=error.strerror) from None
        try:
            engine = create_engine(address)
        except NoSuchModuleError:
            raise BadInput("register-url-unsupported", backend=address.drivername) from None
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        database = cls(engine)
        try:
            database._migrate(new=new)
        except BaseException:
            database.close()
            raise
        return database

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state and changes nothing."""
        with _clear_errors(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that changes: it has the database for itself, and is on the disk on leaving."""
        with _clear_errors(), self._engine.connect() as connection:
            connection.execution_options(**{_WRITE: True})
            with connection.begin():
                yield connection

    def _migrate(self, *, new: bool) -> None:
        with self.read() as connection:
            version = _version(connection)
        if version is None and not new:  # an empty register in its place would give numbers and chips out again
            raise IntegrityBroken("register-missing")
        if version == HEAD:
            return
        if version is not None and version > HEAD:
            raise BadInput("register-newer", version=version, supported=HEAD)
        with self.write() as connection:
            if _version(connection) != HEAD:  # another process may have been quicker
                _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return version


def _prepare(connection: Any, _record: object) -> None:
    """Each new SQLite connection: the driver's own transactions off, the pragmas on."""
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    # A reader that becomes a writer half-way would meet a busy error that no waiting helps against.
    write = connection.get_execution_options().get(_WRITE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def _clear_errors() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        reason = str(error.orig)
        if reason.startswith("no such "):  # a table or a column
            raise IntegrityBroken("register-damaged", reason=reason) from None
        code = "register-busy" if "locked" in reason else "register-away"
        raise ServiceAway(code, reason=reason) from None
    except DatabaseError as error:
        if "malformed" in str(error.orig) or "not a database" in str(error.orig):
            raise IntegrityBroken("register-damaged", reason=str(error.orig)) from None
        raise
