"""What of the audit log lies in the home and not in the database: the public key, and the last checkpoint seen.

By ``audit-key.pem`` the log is verified without a passphrase; a copy that is kept elsewhere proves that key too.
``head.json`` is a checkpoint of this log: a database that does not hold its row, or not that checkpoint, any more was
rolled back or cut off. So it only ever moves forward, but for a restoring that has said what is lost by it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from eid_toolkit.books.audit.statements import AuditKey, Checkpoint
from eid_toolkit.ground.errors import BadInput, IntegrityBroken
from eid_toolkit.ground.home.atomic import private_directory, write_atomic
from eid_toolkit.ground.home.locks import exclusive

KEY_FILE, HEAD_FILE, LOCK_FILE = "audit-key.pem", "head.json", "head.lock"
PATIENCE = 5.0
"""Seconds to wait for others who remember something."""
_LIMIT = 1 << 16

Keep = Callable[[Checkpoint, AuditKey, Checkpoint | None], None]
"""Remembers a verified checkpoint, and the key where there is none yet; the third is one that is known to be lost.

Raises :class:`IntegrityBroken` if another key is there.
"""


class AuditFiles:
    """The ``audit`` folder of a home."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        """Where they are."""
        return self._folder

    def key(self) -> AuditKey | None:
        """The public key; None where nothing was ever signed; raises :class:`IntegrityBroken` if it is damaged."""
        data = self._read(KEY_FILE)
        try:
            return AuditKey.read(data) if data is not None else None
        except BadInput:
            raise IntegrityBroken("audit-file-damaged", file=KEY_FILE) from None

    def seen(self) -> Checkpoint | None:
        """The last checkpoint seen, verified with the key; raises :class:`IntegrityBroken` if it is damaged."""
        data, key = self._read(HEAD_FILE), self.key()
        if data is None:
            return None
        try:
            head = Checkpoint.read(data)
        except ValueError:
            raise IntegrityBroken("audit-file-damaged", file=HEAD_FILE) from None
        if key is None:
            raise IntegrityBroken("audit-key-missing")
        if not head.is_signed_by(key):
            raise IntegrityBroken("audit-file-damaged", file=HEAD_FILE)
        return head

    @contextmanager
    def locked(self) -> Iterator[Keep]:
        """Nobody else remembers anything meanwhile; raises :class:`ServiceAway` if somebody keeps it for long."""
        private_directory(self._folder)
        with exclusive(self._folder / LOCK_FILE, "what was seen of the audit log", PATIENCE):
            yield self._keep

    def check(self, key: AuditKey) -> None:
        """Raises :class:`IntegrityBroken` if the file holds another key."""
        there = self.key()
        if there is not None and there.fingerprint != key.fingerprint:
            raise IntegrityBroken("audit-key-changed")

    def bring_back(self, key: AuditKey) -> None:
        """Write the public key anew if its file is gone, but what was seen is signed by it."""
        data = self._read(HEAD_FILE)
        if data is None or self.key() is not None:
            return
        with suppress(ValueError):
            if Checkpoint.read(data).is_signed_by(key):
                write_atomic(self._folder / KEY_FILE, key.to_pem())

    def _keep(self, newest: Checkpoint, key: AuditKey, lost: Checkpoint | None) -> None:
        self.check(key)
        if self.key() is None:
            write_atomic(self._folder / KEY_FILE, key.to_pem())
        seen = self.seen()
        if seen is None or seen == lost or newest.is_ahead_of(seen):
            write_atomic(self._folder / HEAD_FILE, json.dumps(newest.to_json(), indent=1, ensure_ascii=False).encode())

    def _read(self, name: str) -> bytes | None:
        try:
            with (self._folder / name).open("rb") as file:
                data = file.read(_LIMIT + 1)
        except FileNotFoundError:
            return None
        if len(data) > _LIMIT:
            raise IntegrityBroken("audit-file-damaged", file=name)
        return data
