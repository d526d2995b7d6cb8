"""Leases: who works on a document or a chip now. A station that dies gives its leases back.

A lease runs by the database's clock, so that stations need not agree on the time. It is renewed while its holder
lives; and what is decided under it is decided in a transaction that looks at it once more (:meth:`Leases.fence`): a
station that was away too long decides nothing.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, delete, insert, select, text, update

from eid_toolkit.books.ledger.database import Database, lock
from eid_toolkit.books.ledger.schema import lease
from eid_toolkit.ground.errors import EidError, LeaseHeld, ServiceAway
from eid_toolkit.ground.ports import Entropy

SECONDS = 60.0
"""How long a lease runs unless it is renewed."""
RENEWAL = SECONDS / 4
"""How often the holder renews it, in seconds."""
KEEPER = "leases"
"""The name of the thread that renews."""

_TOKEN_SIZE = 16
_PROCESS_SIZE = 8
_PARTS = 6
"""Of a holder's name: machine, its start, namespace, process, the process's start, a random number of its own."""
_UNKNOWN = "-"
_PROCESSES: dict[int, str] = {}
"""The random number of this process, by its process number."""
_ACTIVE: set[str] = set()
"""The tokens of this process: a lease of its own whose giving back failed is not in its way."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One lease; the token tells it from a later one on the same subject."""

    subject: str
    token: str


class Leases:
    """The leases in one register."""

    def __init__(self, database: Database, entropy: Entropy, seconds: float = SECONDS) -> None:
        self._database = database
        self._entropy = entropy
        self._seconds = seconds

    def take(self, *subjects: str) -> tuple[Lease, ...]:
        """Take all of these or none; raises :class:`ServiceAway` if somebody alive has one of them."""
        with self.taking() as (connection, take):
            return tuple(take(connection, subject) for subject in subjects)

    @contextmanager
    def taking(self) -> Iterator[tuple[Connection, Callable[[Connection, str], Lease]]]:
        """A write transaction, and how a lease is taken within it; if it fails, none is this process's."""
        leases: list[Lease] = []

        def take(connection: Connection, subject: str) -> Lease:
            leases.append(self._take(connection, subject))
            return leases[-1]

        try:
            with self._database.write() as connection:
                yield connection, take
        except BaseException:
            _ACTIVE.difference_update(each.token for each in leases)  # it may have been committed all the same
            raise

    def _take(self, connection: Connection, subject: str) -> Lease:
        lock(connection, "lease", subject)
        now = database_time(connection)
        row = connection.execute(select(lease).where(lease.c.subject == subject)).first()
        if row is not None:
            if is_held(row.holder, row.token, row.expires_at, now):
                raise LeaseHeld("lease-held", subject=subject, holder=described(row.holder))
            connection.execute(delete(lease).where(lease.c.subject == subject))
        held = Lease(subject, self._entropy.take(_TOKEN_SIZE).hex())
        values = {"subject": subject, "holder": holder(), "token": held.token, "expires_at": now + self._seconds}
        connection.execute(insert(lease), values)
        _ACTIVE.add(held.token)
        return held

    def renew(self, held: Iterable[Lease]) -> None:
        """Have them run anew from now on; one that was lost meanwhile stays lost."""
        with self._database.write() as connection:
            end = database_time(connection) + self._seconds
            for own in held:
                connection.execute(update(lease).where(*_mine(own)).values(expires_at=end))

    def give_back(self, held: Iterable[Lease]) -> None:
        """Somebody else may take them now."""
        mine = tuple(held)
        _ACTIVE.difference_update(own.token for own in mine)
        with self._database.write() as connection:
            for own in mine:
                connection.execute(delete(lease).where(*_mine(own)))

    def fence(self, held: Iterable[Lease]) -> Callable[[Connection], None]:
        """Asked within a transaction: raises :class:`ServiceAway` unless all of them are still the caller's."""
        fenced = tuple(held)

        def check(connection: Connection) -> None:
            for own in fenced:
                if connection.execute(select(lease.c.token).where(*_mine(own))).first() is None:
                    raise ServiceAway("lease-lost", subject=own.subject)

        return check

    @contextmanager
    def holding(self, held: Iterable[Lease]) -> Iterator[Callable[[Connection], None]]:
        """Keep them alive for the time of the ``with`` block, then give them back; yields their fence."""
        mine = tuple(held)
        done = threading.Event()
        keeper = threading.Thread(target=self._keep, args=(mine, done), daemon=True, name=KEEPER)
        keeper.start()
        try:
            yield self.fence(mine)
        finally:
            done.set()
            keeper.join()
            with suppress(EidError):  # a database that is away lets them run out
                self.give_back(mine)

    def _keep(self, held: tuple[Lease, ...], done: threading.Event) -> None:
        while not done.wait(self._seconds / 4):
            with suppress(EidError):  # tried again soon; a lease that ran out is found by its fence
                self.renew(held)


def is_held(name: str, token: str, expires_at: float, now: float) -> bool:
    """Whether a lease is somebody's: it runs, and its holder is not known to have died or to have let it go."""
    return expires_at > now and not is_dead(name) and (name != holder() or token in _ACTIVE)


def holder() -> str:
    """Who holds the leases of this process: the machine, and what tells the process from every other one.

    Two containers may be called the same and have the same process numbers: the namespace of the numbers tells them
    apart, and a random number of the process's own.
    """
    process = os.getpid()
    own = _PROCESSES.get(process)
    if own is None:  # the first time, or after a fork; of two threads one is first
        own = _PROCESSES.setdefault(process, secrets.token_hex(_PROCESS_SIZE))
    return ":".join((socket.gethostname(), _boot(), _namespace(), str(process), _started(process), own))


def described(name: str) -> str:
    """The holder for people: the machine and the process."""
    parts = name.rsplit(":", _PARTS - 1)
    return f"{parts[0]}, process {parts[3]}" if len(parts) == _PARTS else name.partition(":")[0]


def is_dead(name: str) -> bool:
    """Whether the holder is known to have died: a process that would be seen from here, and is not there any more.

    Of one in another container, or before the last start of the machine, nothing is known: its lease runs out.
    """
    parts = name.rsplit(":", _PARTS - 1)
    if len(parts) != _PARTS or not parts[3].isdigit():
        return False
    host, boot, namespace, process, started, _ = parts
    if _UNKNOWN in (boot, namespace) or (host, boot, namespace) != (socket.gethostname(), _boot(), _namespace()):
        return False
    return _started(int(process)) != started


def database_time(connection: Connection) -> float:
    """Seconds since 1970 by the database's own clock."""
    if connection.dialect.name == "sqlite":
        query = "SELECT (julianday('now') - 2440587.5) * 86400.0"
    else:
        query = "SELECT extract(epoch FROM clock_timestamp())"
    return float(connection.execute(text(query)).scalar_one())


def _mine(own: Lease) -> tuple[ColumnElement[bool], ...]:
    return lease.c.subject == own.subject, lease.c.token == own.token


def _boot() -> str:
    """What tells this start of the machine from others."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return _UNKNOWN


def _namespace() -> str:
    """What tells the numbers of processes here from those in another container of the machine."""
    try:
        if Path("/proc/self").readlink().name != str(
            os.getpid()
        ):  # the folder shows the processes of another namespace
            return _UNKNOWN
        return Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    except OSError:
        return _UNKNOWN


def _started(process: int) -> str:
    """When a process was started, in ticks since the machine was; empty if there is none, or it is a dead one."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
