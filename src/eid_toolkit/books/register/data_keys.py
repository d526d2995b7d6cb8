"""A data key for each person and each document: what is sealed with it is gone when the key is destroyed.

The key store's data key wraps each of them; the register holds the wrapped keys only. When the key store has a new data
key, for somebody has left who had the old one, a subject gets a new key with the next thing that is sealed for it.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from eid_toolkit.books.audit.log import AuditEvent, append
from eid_toolkit.books.keys.keys import KeyStore, open_sealed, seal_with
from eid_toolkit.books.ledger.schema import data_key
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.ground.errors import IntegrityBroken, NotPermitted
from eid_toolkit.ground.ports import Clock, Entropy
from eid_toolkit.ground.secret import Secret

_SIZE = 32  # AES-256


class DataKeys:
    """The data keys of one register, by the identifier of the person or document that they belong to."""

    def __init__(self, keys: KeyStore, clock: Clock, entropy: Entropy) -> None:
        self._keys = keys
        self._clock = clock
        self._entropy = entropy

    def sealer(self, connection: Connection, subject: str) -> Callable[[bytes, bytes], bytes]:
        """Seals data, bound to a context, with the subject's key of this generation, made here if there is none yet.

        Raises :class:`NotPermitted` if the subject was erased.
        """
        keys = self._find(connection, subject)
        key = keys.get(self._keys.data_generation) or self._make(connection, subject)
        return lambda data, context: seal_with(key, data, context, self._entropy)

    def unseal(self, connection: Connection, subject: str, blob: bytes, context: bytes) -> Secret:
        """What was sealed; raises :class:`NotPermitted` if the key was destroyed, and as :meth:`KeyStore.unseal`."""
        for key in self._find(connection, subject).values():
            try:
                return open_sealed(key, blob, context)
            except IntegrityBroken:  # with another one, or before the subject had a key
                pass
        return self._keys.unseal(blob, context)

    def destroy(self, connection: Connection, subject: str, operator: Operator | str) -> None:
        """Destroy the subject's keys for good, on record: what was sealed with them can be read no more.

        Back-ups from before still hold the wrapped keys.
        """
        now = self._clock.now()
        destroyed = {"wrapped": None, "destroyed_at": now}
        if connection.execute(select(data_key.c.subject).where(data_key.c.subject == subject)).first() is None:
            generation = self._keys.data_generation  # none may be made later either
            row = {"subject": subject, "generation": generation, "sealed_by": generation, "created_at": now}
            connection.execute(insert(data_key), {**row, **destroyed})
        else:
            connection.execute(update(data_key).where(data_key.c.subject == subject).values(destroyed))
        append(connection, now, operator, [AuditEvent("data-key.destroyed", subject, {})])

    def waiting(self, connection: Connection, most: int | None = None) -> int:
        """How many keys are still wrapped by a data key of before; counted up to ``most``."""
        old = select(data_key.c.subject).where(self._is_old()).limit(most).subquery()
        return int(connection.execute(select(func.count()).select_from(old)).scalar_one())

    def reseal(self, connection: Connection, most: int) -> int:
        """Wrap up to ``most`` keys by the newest data key that are wrapped by an earlier one; how many there were."""
        generation = self._keys.data_generation
        rows = connection.execute(select(data_key).where(self._is_old()).limit(most)).all()
        for row in rows:
            context = _context(row.subject)
            wrapped = self._keys.seal(self._keys.unseal(row.wrapped, context).reveal(), context)
            same = (data_key.c.subject == row.subject) & (data_key.c.generation == row.generation)
            connection.execute(update(data_key).where(same).values(wrapped=wrapped, sealed_by=generation))
        return len(rows)

    def _is_old(self) -> ColumnElement[bool]:
        return (data_key.c.sealed_by < self._keys.data_generation) & data_key.c.wrapped.is_not(None)

    def _make(self, connection: Connection, subject: str) -> Secret:
        key, generation = Secret(self._entropy.take(_SIZE)), self._keys.data_generation
        wrapped = self._keys.seal(key.reveal(), _context(subject))
        row = {"subject": subject, "generation": generation, "sealed_by": generation, "wrapped": wrapped}
        connection.execute(insert(data_key), {**row, "created_at": self._clock.now()})
        return key

    def _find(self, connection: Connection, subject: str) -> dict[int, Secret]:
        """The subject's keys by the generation in which they were made, the newest first."""
        query = select(data_key).where(data_key.c.subject == subject).order_by(data_key.c.generation.desc())
        rows = connection.execute(query).all()
        if any(row.wrapped is None for row in rows):
            raise NotPermitted("data-erased", subject=subject)
        return {row.generation: self._keys.unseal(row.wrapped, _context(subject)) for row in rows}


def _context(subject: str) -> bytes:
    return f"data-key:{subject}".encode()
