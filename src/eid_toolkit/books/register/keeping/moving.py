"""A register that is a file becomes one of another database: all of it, with nobody writing meanwhile.

The state goes there as a back-up does, checked and on record (:mod:`backup_restore`), while a transaction keeps
everybody else from writing. Then the home's configuration names the new place, and the old file takes no row of the log
any more: a process that had it open, and waited, is refused, and nothing that anybody does is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select

from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.ledger.register_address import RegisterAddress
from eid_toolkit.books.ledger.schema import lease
from eid_toolkit.books.register.keeping.backup import write_state
from eid_toolkit.books.register.keeping.backup_places import dated
from eid_toolkit.books.register.keeping.backup_restore import Restored, Restorer
from eid_toolkit.books.register.stock.leases import database_time, is_held
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.ground.errors import NotPermitted
from eid_toolkit.ground.home.atomic import new_file, sync_directory, write_atomic
from eid_toolkit.ground.home.config import HomeConfig
from eid_toolkit.ground.home.home import CONFIG_NAME, Home
from eid_toolkit.ground.ports import Clock, Entropy

_CLOSED = "CREATE TRIGGER moved BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'this register has moved'); END"
_SUFFIXES = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved, and where the old file lies."""

    restored: Restored
    old: Path


class Mover:
    """Moves the register of a home from its file to where ``config`` says."""

    def __init__(
        self, home: Home, config: HomeConfig, keys: KeyStore, people: Sequence[Operator], clock: Clock, entropy: Entropy
    ) -> None:
        """Raises :class:`NotPermitted` if the register is not a file, or there already."""
        self._home, self._config, self._keys, self._people = home, config, keys, people
        self._clock, self._entropy = clock, entropy
        source, target = RegisterAddress.of(home), RegisterAddress.configured(config)
        if source.path is None or target is None:
            raise NotPermitted("move-from-server")
        if target.path is not None and target.path.resolve() == source.path.resolve():
            raise NotPermitted("move-to-itself")
        self._source, self._path = source, source.path
        self._restorer = Restorer(home, keys, people, clock, target)

    def move(self, *, replace: bool = False) -> Moved:
        """Move it, and ``replace`` a register that is there.

        Raises :class:`NotPermitted` while somebody works with the register, and as :meth:`Restorer.restore`.
        """
        database = Database.open(self._source, new=False)
        try:
            with (
                TemporaryDirectory(prefix=".moving-", dir=self._home.root) as folder,
                database.write(exclusive=True) as connection,
            ):
                now = database_time(connection)
                for row in connection.execute(select(lease).where(lease.c.expires_at > now)):
                    if is_held(row.holder, row.token, row.expires_at, now):
                        raise NotPermitted("move-while-at-work", subject=row.subject)
                state = Path(folder) / "register"
                where = (database, self._keys.foundation, self._home.config)
                with new_file(state) as (stream, publish):
                    write_state(*where, stream, self._people[0], self._clock, self._entropy)
                    publish()
                checked = self._restorer.check(state)
                done = self._restorer.restore(checked, replace=replace)
                write_atomic(self._home.root / CONFIG_NAME, self._config.encode())
                connection.exec_driver_sql(_CLOSED)
        finally:
            database.close()
        return Moved(done, self._set_aside())

    def _set_aside(self) -> Path:
        """Give the old file a name of its own, by the day."""
        old = dated(self._path, "moved", self._clock)
        for suffix in _SUFFIXES:
            part = self._path.with_name(f"{self._path.name}{suffix}")
            if part.exists():
                part.rename(old.with_name(f"{old.name}{suffix}"))
        sync_directory(old.parent)
        return old


def moved_config(config: HomeConfig, url: str, *, unverified: str | None) -> HomeConfig:
    """The configuration of a home whose register is at ``url``."""
    return replace(config, register_url=url, register_tls=unverified)
