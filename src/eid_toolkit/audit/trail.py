"""The audit log of one home: shown, verified, signed and exported; its rows are in the register's database."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection

from eid_toolkit.audit import checkpoints, log
from eid_toolkit.audit.export import lines
from eid_toolkit.audit.files import AuditFiles
from eid_toolkit.audit.log import AuditRow, Filter
from eid_toolkit.audit.rows import StoredRow
from eid_toolkit.audit.statements import AuditKey, Checkpoint
from eid_toolkit.audit.walk import AuditResult, walk
from eid_toolkit.errors import BadInput, IntegrityBroken
from eid_toolkit.ports import Clock
from eid_toolkit.register.database import Database
from eid_toolkit.stores.keys import KeyStore
from eid_toolkit.stores.operators import Operator, OperatorStore

SIGN_AFTER = 100
"""So many rows are signed without being asked, when a command that has opened the key store ends."""


class AuditTrail:
    """The log of one register, with the files of its home."""

    def __init__(
        self, database: Database, keys: KeyStore, operators: OperatorStore, files: AuditFiles, clock: Clock
    ) -> None:
        self._database = database
        self._keys = keys
        self._operators = operators
        self._files = files
        self._clock = clock

    def key(self) -> AuditKey | None:
        """The public key in the home, if there is one."""
        return self._files.key()

    def seen(self) -> Checkpoint | None:
        """The last checkpoint that this home has seen."""
        return self._files.seen()

    @contextmanager
    def rows(self, wanted: Filter | None = None) -> Iterator[Iterator[AuditRow]]:
        """The rows that are wanted, in their order, fetched while they are used."""
        with self._database.read() as connection:
            yield log.read(connection, wanted)

    @contextmanager
    def export(self) -> Iterator[Iterator[str]]:
        """The lines of an export (:mod:`eid_toolkit.audit.export`), made while they are used."""
        key = self._files.key()
        with self._database.read() as connection:
            yield lines(items(connection), key)

    def verify(self, key: AuditKey | None = None) -> AuditResult:
        """Walk the whole log: chain, checkpoints, and what the home has seen signed.

        ``key`` is a copy of the public key that was kept elsewhere. What is whole is remembered. Raises
        :class:`IntegrityBroken` if the home's files about the log are damaged.
        """
        own = self._files.key()
        if key is not None and own is not None:
            self._files.check(key)
        key = key or own
        if key is not None and self._keys.signs_unasked:
            self._check_key(key)
        seen = self._files.seen()  # before the transaction begins, which can only know more
        with self._database.read() as connection, log.any_text(connection):
            result = walk(items(connection), lambda: log.head(connection), key, self._key_of, seen)
        newest = result.newest
        if result.reason is None and newest is not None and newest != seen and key is not None:
            with suppress(OSError):  # a home that can only be read is verified all the same
                self._files.keep(newest, key)
        return result

    def checkpoint(self, countersigners: Iterable[Operator] = ()) -> Checkpoint:
        """Sign the newest row now, and remember that; raises as :func:`checkpoints.checkpoint`."""
        seen = self._files.seen()
        with self._database.write() as connection:
            _check_seen(connection, seen)
            made = checkpoints.checkpoint(connection, self._keys, self._clock, countersigners)
            key = checkpoints.public_key(self._keys)
            self._files.check(key)  # another key: nothing is signed beside it
        self._files.keep(made, key)
        return made

    def settle(self) -> None:
        """At the end of a command: sign if much has come since the last time, and remember what others have signed.

        Raises :class:`IntegrityBroken` if the log is found to be bent.
        """
        seen = self._files.seen()
        with self._database.read() as connection:
            _check_seen(connection, seen)
            head, newest = log.head(connection), checkpoints.newest(connection)
        unsigned = (head[0] if head else 0) - (newest.position if newest else 0)
        if unsigned >= SIGN_AFTER and self._keys.signs_unasked:
            self.checkpoint()
        elif newest is not None and newest != seen:
            key = self._files.key()
            if key is None and self._keys.signs_unasked:
                key = checkpoints.public_key(self._keys)
            if key is not None:
                if not newest.is_signed_by(key):
                    raise IntegrityBroken("audit-not-signed", row=newest.position)
                self._files.keep(newest, key)

    def _check_key(self, key: AuditKey) -> None:
        """The key file against the key store, where that is open."""
        if checkpoints.public_key(self._keys).fingerprint != key.fingerprint:
            raise IntegrityBroken("audit-key-changed")

    def _key_of(self, name: str) -> bytes | None:
        try:
            return self._operators.get(name).public_key
        except BadInput:  # a name that nobody has here
            return None


def _check_seen(connection: Connection, seen: Checkpoint | None) -> None:
    """Nothing is signed, or taken for the newest, in a log that has lost what was seen signed."""
    if seen is None:
        return
    with log.any_text(connection):
        row = next(log.stored_rows(connection, after=seen.position - 1), None)
    if row is None or (row.position, row.hash) != (seen.position, seen.hash):
        raise IntegrityBroken("audit-not-signed", row=seen.position)


def items(connection: Connection) -> Iterator[StoredRow | Checkpoint]:
    """Rows and checkpoints, each checkpoint behind the row that it signs."""
    rows: Iterator[StoredRow | Checkpoint] = log.stored_rows(connection)
    signed: Iterator[StoredRow | Checkpoint] = checkpoints.read(connection)
    return heapq.merge(rows, signed, key=lambda item: (item.position, isinstance(item, Checkpoint)))
