"""The register's database, SQLite or PostgreSQL: opened, migrated, and worked on in transactions with clear errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import (
    DatabaseError,
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
)

from eid_toolkit.books.ledger.register_address import RegisterAddress
from eid_toolkit.books.ledger.rested_connections import replace_lost_connections
from eid_toolkit.books.ledger.schema import HEAD, metadata
from eid_toolkit.books.ledger.server_tls import VERIFIED, tls_refusal
from eid_toolkit.ground.errors import BadInput, DatabaseAway, IntegrityBroken, NotPermitted, ServiceAway, ValueRefused
from eid_toolkit.ground.home.atomic import FILE_MODE

BUSY_TIMEOUT_MS = 5000
"""How long a transaction waits for another process."""
CONNECT_TIMEOUT = 5
"""Seconds to wait for a server."""

_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # an issued document survives a power cut
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # a destroyed secret does not stay in free pages
    "PRAGMA cache_size = -32768",  # in KiB: a chunk of an import changes more pages than the usual two megabytes hold
    "PRAGMA wal_autocheckpoint = 8000",  # in pages: they are written once for several chunks
)
VERSION_TABLE = "alembic_version"
_WRITE, _EXCLUSIVE, _KEEPER, _PENDING = "eid_write", "eid_exclusive", "eid_keeper", "eid_pending"
_REMEMBERED = "eid_remembered"
_WRITER_LOCK = 0x65_69_64  # "eid": shared by all writers of a PostgreSQL register
_BUSY = ("locked", "lock timeout", "deadlock")
_DAMAGED = ("malformed", "not a database", "no such ", "does not exist")


class Gathered(Protocol):
    """What a transaction writes at its end, in one go."""

    def flush(self, connection: Connection) -> None:
        """Write it."""

    def committed(self) -> None:
        """It is on the disk."""


class Keeper(Protocol):
    """What signs and checks the audit log of a register."""

    def remembered(self) -> Callable[[], Sequence[Any]]:
        """What is known of its newest rows before a transaction begins, asked for within it."""


_Gathered = TypeVar("_Gathered", bound=Gathered)


class Database:
    """One open register database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.keeper: Keeper | None = None
        """What signs and checks the audit log; see :mod:`eid_toolkit.books.audit.keeper`."""

    @classmethod
    def open(cls, where: str | RegisterAddress, *, new: bool = True) -> Database:
        """Open the database at an address or URL and bring it up to date; make it if it may be ``new``.

        Raises :class:`BadInput` for a URL that cannot be used and a register of a newer version,
        :class:`ServiceAway` if it cannot be reached, :class:`IntegrityBroken` for a file that is no database, and
        where there is no register though there should be one.
        """
        database = cls.reach(where, new=new)
        try:
            database._migrate(new=new)
        except BaseException:
            database.close()
            raise
        return database

    @classmethod
    def found(cls, where: str | RegisterAddress) -> Database:
        """Make a register where there is none; :meth:`discard` takes it away again.

        Whether there is none is asked in the transaction that makes it: of two foundings at one address one comes.
        Raises :class:`NotPermitted` if there is a register, or a table of another program that is called like one of
        ours; else as :meth:`open`.
        """
        database = cls.reach(where, new=True)
        try:
            with database.write(exclusive=True) as connection:
                there = set(inspect(connection).get_table_names())
                if there & {VERSION_TABLE, *metadata.tables}:
                    raise NotPermitted("register-exists")
                upgrade(connection)
        except BaseException:
            database.close()
            raise
        return database

    def discard(self) -> None:
        """Take away the register that :meth:`found` has just made here: its home did not come."""
        if self.is_file:
            self.close()
            place = str(self._engine.url.database)
            for suffix in ("", "-wal", "-shm"):
                Path(place + suffix).unlink(missing_ok=True)
            return
        with self.write(exclusive=True) as connection:
            metadata.drop_all(connection)
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {VERSION_TABLE}")

    @classmethod
    def reach(cls, where: str | RegisterAddress, *, new: bool) -> Database:
        """The database at an address, whatever is in it; raises as :meth:`open` if there cannot be one."""
        address = RegisterAddress.parse(where) if isinstance(where, str) else where
        if address.path is not None:
            _check_file(address.path, new=new)
        options = _server_options(address) if address.path is None else {}
        try:
            engine = create_engine(address.url, hide_parameters=True, **options)
        except ImportError:  # the driver, or the library that it calls
            raise ServiceAway("package-missing", package="psycopg", extra="server") from None
        if address.path is not None:
            event.listen(engine, "connect", _prepare)
        else:
            replace_lost_connections(engine)
        event.listen(engine, "begin", _begin)
        return cls(engine)

    @property
    def is_file(self) -> bool:
        """Whether this is an SQLite file, and no server."""
        return self._engine.dialect.name == "sqlite"

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state and changes nothing."""
        with _clear_errors(), self._engine.connect() as connection:
            connection.execution_options(**self._keeping())
            if not self.is_file:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextmanager
    def write(self, *, exclusive: bool = False) -> Iterator[Connection]:
        """A transaction that changes, and is on the disk on leaving.

        On SQLite it has the database for itself. On a server others write at the same time: what a rule spans is
        locked by :func:`lock`, and a row with a state is changed from the version that was read. An ``exclusive`` one
        waits for all others, and they for it: for what concerns the register, or its log, as a whole.
        """
        with _clear_errors(), self._engine.connect() as connection:
            connection.execution_options(**{_WRITE: True, _EXCLUSIVE: exclusive, **self._keeping()})
            try:
                with connection.begin():
                    yield connection
                    write_gathered(connection)
                gathered: Gathered | None = connection.info.get(_PENDING)
                if gathered is not None:
                    gathered.committed()
            finally:
                connection.info.pop(_PENDING, None)

    def _keeping(self) -> dict[str, object]:
        return {_KEEPER: self.keeper, _REMEMBERED: tuple if self.keeper is None else self.keeper.remembered()}

    def clear_files(self) -> bool:
        """Have what was overwritten leave a file's write-ahead log too; False while another reader needs it there.

        The file itself has it no more (``secure_delete``). On a server that is the server's matter: False.
        """
        if not self.is_file:
            return False
        with self._raw("PRAGMA wal_checkpoint(TRUNCATE)") as run:
            try:
                (busy, _, _) = run().fetchone()
            except sqlite3.OperationalError:  # locked by another process
                return False
            return not busy

    def copy_to(self, path: Path) -> None:
        """Copy a register that is a file to another file, as it is now; others may go on reading."""
        with self._raw("VACUUM INTO ?") as run:
            run(str(path))

    @contextmanager
    def _raw(self, statement: str) -> Iterator[Callable[..., Any]]:
        """Runs a statement outside of any transaction; errors are told as those of all others are."""
        with _clear_errors():
            try:
                with closing(self._engine.raw_connection()) as connection:
                    yield lambda *values: connection.cursor().execute(statement, values)
            except sqlite3.OperationalError as error:
                raise OperationalError(statement, None, error) from None
            except sqlite3.Error as error:
                raise DatabaseError(statement, None, error) from None

    def is_sound(self) -> bool:
        """Whether the structure of a file holds; raises :class:`IntegrityBroken` if it is no database at all."""
        with self.read() as connection:
            return connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() == "ok"

    def is_empty(self) -> bool:
        """Whether there is no register in the database."""
        with self.read() as connection:
            return version_of(connection) is None

    def _migrate(self, *, new: bool) -> None:
        with self.read() as connection:
            version = version_of(connection)
        if version is None and not new:  # an empty register in its place would give numbers and chips out again
            raise IntegrityBroken("register-missing")
        if version == HEAD:
            return
        if version is not None and version > HEAD:
            raise BadInput("register-newer", version=version, supported=HEAD)
        with self.write(exclusive=True) as connection:
            if version_of(connection) != HEAD:  # another process may have been quicker
                upgrade(connection)


def keeper_of(connection: Connection) -> object:
    """The :attr:`Database.keeper` of the database that the connection leads to."""
    return connection.get_execution_options().get(_KEEPER)


def remembered_of(connection: Connection) -> Sequence[Any]:
    """What the keeper knew of the newest rows when the transaction began."""
    remembered: Callable[[], Sequence[Any]] = connection.get_execution_options()[_REMEMBERED]
    return remembered()


def pending_in(connection: Connection) -> object:
    """What the transaction has gathered, if it has."""
    return connection.info.get(_PENDING)


def begin_pending(connection: Connection, gathered: _Gathered) -> _Gathered:
    """From now on the transaction gathers something, which is written before it is committed."""
    connection.info[_PENDING] = gathered
    return gathered


def write_gathered(connection: Connection) -> None:
    """Write what the transaction has gathered up to now."""
    gathered: Gathered | None = connection.info.get(_PENDING)
    if gathered is not None:
        gathered.flush(connection)


def _check_file(path: Path, *, new: bool) -> None:
    if not new and not path.exists():
        raise IntegrityBroken("register-missing")
    try:
        path.touch(mode=FILE_MODE)
    except OSError as error:
        raise DatabaseAway("register-away", reason=error.strerror) from None


def _server_options(address: RegisterAddress) -> dict[str, Any]:
    timeouts = f"-c lock_timeout={BUSY_TIMEOUT_MS} -c idle_in_transaction_session_timeout=600000"
    arguments = {"connect_timeout": str(CONNECT_TIMEOUT), "application_name": "eid-toolkit", **address.arguments}
    arguments["options"] = f"{address.arguments.get('options', '')} {timeouts}".strip()
    return {"connect_args": arguments, "isolation_level": "READ COMMITTED"}


def upgrade(connection: Connection, version: str = "head") -> None:
    """Bring the schema up to a version, within the caller's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, version)


def version_of(connection: Connection) -> str | None:
    """The version of the register in the database; None if there is none."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return version


def _prepare(connection: Any, _record: object) -> None:
    """Each new SQLite connection: the driver's own transactions off, the pragmas on."""
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if connection.dialect.name == "sqlite":
        # A reader that becomes a writer half-way would meet a busy error that no waiting helps against.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(_WRITE) else "BEGIN")
    elif options.get(_WRITE):
        how = "" if options.get(_EXCLUSIVE) else "_shared"
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock{how}({_WRITER_LOCK})")


def lock(connection: Connection, kind: str, *names: str, shared: bool = False) -> None:
    """Have nobody else lock the same things, by kind and name, before this transaction has ended.

    Those who lock them ``shared`` go together. On SQLite there is one writer anyway. What is locked is listed in
    ``docs/concurrency.md``, with the rule that it guards; a transaction locks before it writes anything.
    """
    if connection.dialect.name == "sqlite":
        return
    how = "_shared" if shared else ""
    for key in sorted({_lock_key(kind, name) for name in names or ("",)}):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock{how}({key})")


def is_writing(connection: Connection) -> bool:
    """Whether the transaction may change something."""
    return bool(connection.get_execution_options().get(_WRITE))


def _lock_key(kind: str, name: str) -> int:
    """64 bits, never those of the writers' lock."""
    digest = sha256(f"{kind}\0{name}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def channel(connection: Connection) -> str:
    """How the database is reached: ``file``, ``socket``, ``plain``, ``tls`` or ``tls-verified``.

    As the driver itself says: with ``plain`` and ``tls``, whoever can divert the connection can read and change it.
    """
    if connection.dialect.name == "sqlite":
        return "file"
    driver: Any = connection.connection.driver_connection
    if driver.pgconn.ssl_in_use:
        return "tls-verified" if driver.info.get_parameters().get("sslmode") == VERIFIED else "tls"
    return "socket" if driver.info.host.startswith("/") else "plain"


@contextmanager
def _clear_errors() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if error.statement is None and (refusal := tls_refusal(str(error.orig))):  # while connecting
            raise refusal from None
        reason = _reason(error)
        if "Could not decode" in reason:  # and shows the text
            raise IntegrityBroken("register-damaged", reason="text that is not UTF-8") from None
        if reason.startswith("no such "):  # a table or a column
            raise IntegrityBroken("register-damaged", reason=reason) from None
        if "disk is full" in reason or "No space left" in reason:
            raise ServiceAway("register-disk-full") from None
        code = "register-busy" if any(word in reason for word in _BUSY) else "register-away"
        raise DatabaseAway(code, reason=reason) from None
    except InterfaceError as error:  # the connection broke before
        raise DatabaseAway("register-away", reason=_reason(error)) from None
    except DatabaseError as error:
        reason = _reason(error)
        if isinstance(error, IntegrityError | DataError):  # what the database says of values names them
            raise ValueRefused("register-refused", kind=type(error.orig).__name__) from None
        if "permission denied" in reason:
            raise DatabaseAway("register-away", reason=reason) from None
        if any(word in reason for word in _DAMAGED):
            raise IntegrityBroken("register-damaged", reason=reason) from None
        if isinstance(error, ProgrammingError) and error.statement is None:  # an option that the library does not know
            raise DatabaseAway("register-away", reason=reason) from None
        raise
    except UnicodeDecodeError:  # what SQLite says of a damaged schema repeats its bytes
        raise IntegrityBroken("register-damaged", reason="text that is not UTF-8") from None


def _reason(error: DBAPIError) -> str:
    """The first line of what the database says: the rest may show values."""
    return str(error.orig).strip().partition("\n")[0]
