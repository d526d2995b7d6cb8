"""A data key for each person and each document: what is sealed with it is gone when the key is destroyed.

The key store's data key wraps each of them; the register holds the wrapped keys only.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, insert, select, update

from eid_toolkit.books.audit.log import AuditEvent, append
from eid_toolkit.books.keys.keys import KeyStore, open_sealed, seal_with
from eid_toolkit.books.ledger.schema import data_key
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
        """Seals data, bound to a context, with the subject's key, which is made here if there is none yet.

        Raises :class:`NotPermitted` if the subject was erased.
        """
        key = self._find(connection, subject) or self._make(connection, subject)
        return lambda data, context: seal_with(key, data, context, self._entropy)

    def unseal(self, connection: Connection, subject: str, blob: bytes, context: bytes) -> Secret:
        """What was sealed; raises :class:`NotPermitted` if the key was destroyed, and as :meth:`KeyStore.unseal`."""
        key = self._find(connection, subject)
        if key is not None:
            try:
                return open_sealed(key, blob, context)
            except IntegrityBroken:  # or sealed before the subject had a key
                pass
        return self._keys.unseal(blob, context)

    def destroy(self, connection: Connection, subject: str, operator: str) -> None:
        """Destroy the subject's key for good, on record: what was sealed with it can be read no more.

        Back-ups from before still hold the wrapped key.
        """
        now = self._clock.now()
        destroyed = {"subject": subject, "wrapped": None, "destroyed_at": now}
        if connection.execute(select(data_key.c.subject).where(data_key.c.subject == subject)).first() is None:
            connection.execute(insert(data_key), {**destroyed, "created_at": now})  # none may be made later either
        else:
            connection.execute(update(data_key).where(data_key.c.subject == subject).values(destroyed))
        append(connection, now, operator, [AuditEvent("data-key.destroyed", subject, {})])

    def _make(self, connection: Connection, subject: str) -> Secret:
        key = Secret(self._entropy.take(_SIZE))
        wrapped = self._keys.seal(key.reveal(), _context(subject))
        connection.execute(insert(data_key), {"subject": subject, "wrapped": wrapped, "created_at": self._clock.now()})
        return key

    def _find(self, connection: Connection, subject: str) -> Secret | None:
        row = connection.execute(select(data_key).where(data_key.c.subject == subject)).first()
        if row is None:
            return None
        if row.wrapped is None:
            raise NotPermitted("data-erased", subject=subject)
        return self._keys.unseal(row.wrapped, _context(subject))


def _context(subject: str) -> bytes:
    return f"data-key:{subject}".encode()
