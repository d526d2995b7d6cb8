"""What a home remembers of its register's log beside the checkpoints: the newest rows seen, and every restoring.

``newest.json`` has the newest rows that were signed here, of different chains: a register that does not have them was
set back, or their tail was dropped, and is not worked with. ``restorings.jsonl`` has a line for each restoring, signed
by the audit key: it stays when a later restoring replaces the log that told of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from eid_toolkit.books.audit.keeper import SignedRow
from eid_toolkit.books.audit.statements import AuditKey, audit_key
from eid_toolkit.books.ledger.canonical import canonical
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.home.atomic import private_directory, write_atomic
from eid_toolkit.ground.plain_values import Hex, from_plain, parse_json, read_json, to_plain
from eid_toolkit.ground.ports import Signer

NEWEST_FILE, RESTORINGS_FILE = "newest.json", "restorings.jsonl"
NEWEST_SCHEMA, RESTORING_SCHEMA = "eid-audit-newest/1", "eid-restoring/1"
_CHAINS = 200
"""Of this many chains the newest row is remembered: those that were written to last."""
_LIMIT = 1 << 20
_RESTORINGS_LIMIT = 1 << 22
_DIGEST = "sha256"


@dataclass(frozen=True, slots=True)
class RestoringNote:
    """A restoring as the home remembers it."""

    at: datetime
    operators: tuple[str, ...]
    back_up: datetime
    """When the back-up was made."""
    row: int
    """Where the log that came with it tells of the restoring."""
    hash: str
    lost_from: int | None
    lost_through: int | None
    key: str
    signature: Hex = b""

    @property
    def signed(self) -> bytes:
        """What the audit key signs."""
        return canonical({"schema": RESTORING_SCHEMA, **to_plain(self, without=("signature",))}).encode()

    def to_json(self) -> dict[str, object]:
        """Stable keys for output."""
        return to_plain(self, without=("key", "signature"))


@dataclass(frozen=True, slots=True)
class _Rows:
    rows: tuple[SignedRow, ...]


class HomeNotes:
    """The notes in the ``audit`` folder of one home."""

    def __init__(self, folder: Path, home: bytes) -> None:
        self._folder = folder
        self._home = home

    def newest(self) -> tuple[SignedRow, ...]:
        """The newest rows seen, of different chains; raises :class:`IntegrityBroken` if the file is damaged."""
        return self.newest_now()()

    def newest_now(self) -> Callable[[], tuple[SignedRow, ...]]:
        """As :meth:`newest`, of the file as it is now, judged when it is asked for."""
        data = self._read(NEWEST_FILE, _LIMIT)
        return lambda: tuple(row for row in self._rows_in(data) if row.home == self._home)

    def _noted(self) -> tuple[SignedRow, ...]:
        """All rows in the file, some perhaps of a home that this one was made to look like for a while."""
        return self._rows_in(self._read(NEWEST_FILE, _LIMIT))

    def _rows_in(self, data: bytes | None) -> tuple[SignedRow, ...]:
        if data is None:
            return ()
        try:
            rows = read_json(_Rows, data, NEWEST_SCHEMA, strict=True).rows
        except ValueError:
            raise IntegrityBroken("audit-file-damaged", file=NEWEST_FILE) from None
        if any(row.home is None for row in rows):
            raise IntegrityBroken("audit-file-damaged", file=NEWEST_FILE)
        return rows

    def remember(self, rows: Iterable[SignedRow], *, restored: bool = False) -> None:
        """Keep rows that are newer than those remembered; those that a restoring has led to, instead of them."""
        known: dict[str, SignedRow] = {}
        others: tuple[SignedRow, ...] = ()
        if not restored:
            with suppress(IntegrityBroken):
                noted = self._noted()
                known = {row.chain: row for row in noted if row.home == self._home}
                others = tuple(row for row in noted if row.home != self._home)
        before = dict(known)
        for row in rows:
            if row.chain not in known or known[row.chain].last < row.last:
                known[row.chain] = row
        if known == before:
            return
        newest = sorted(known.values(), key=lambda row: row.position)[-_CHAINS:]
        private_directory(self._folder)
        text = canonical({"schema": NEWEST_SCHEMA, **to_plain(_Rows((*newest, *others[:_CHAINS])))})
        write_atomic(self._folder / NEWEST_FILE, text.encode())

    def forget(self) -> None:
        """No row is remembered: a restoring has replaced the log, and nobody has signed in it yet."""
        (self._folder / NEWEST_FILE).unlink(missing_ok=True)

    def add_restoring(self, note: RestoringNote, signer: Signer) -> None:
        """Remember a restoring, signed by the audit key."""
        signed = {**to_plain(note), "signature": signer.sign(note.signed).hex()}
        line = canonical({"schema": RESTORING_SCHEMA, **signed}) + "\n"
        before = self._read(RESTORINGS_FILE, _RESTORINGS_LIMIT) or b""
        private_directory(self._folder)
        write_atomic(self._folder / RESTORINGS_FILE, before + line.encode())

    def restorings(self, key: AuditKey | None) -> tuple[RestoringNote, ...]:
        """All restorings, oldest first; raises :class:`IntegrityBroken` for one that the audit key has not signed."""
        data = self._read(RESTORINGS_FILE, _RESTORINGS_LIMIT)
        notes = tuple(_notes(data.splitlines())) if data else ()
        for note in notes:
            if key is None or note.key != key.fingerprint or not key.key.verify(note.signature, note.signed, _DIGEST):
                raise IntegrityBroken("audit-file-damaged", file=RESTORINGS_FILE)
        return notes

    def _read(self, name: str, limit: int) -> bytes | None:
        try:
            with (self._folder / name).open("rb") as file:
                data = file.read(limit + 1)
        except FileNotFoundError:
            return None
        if len(data) > limit:
            raise IntegrityBroken("audit-file-damaged", file=name)
        return data


def restoring_note(
    at: datetime,
    operators: Iterable[str],
    back_up: datetime,
    row: tuple[int, str],
    lost: tuple[int | None, int | None],
    signer: Signer,
) -> RestoringNote:
    """A note that :meth:`HomeNotes.add_restoring` signs."""
    return RestoringNote(at, tuple(operators), back_up, *row, *lost, audit_key(signer).fingerprint)


def _notes(lines: Iterable[bytes]) -> Iterable[RestoringNote]:
    for line in lines:
        try:
            values = parse_json(line)
            if values.pop("schema") != RESTORING_SCHEMA:
                raise ValueError("another schema")
            yield from_plain(RestoringNote, values, strict=True)
        except (ValueError, TypeError, KeyError, json.JSONDecodeError):
            raise IntegrityBroken("audit-file-damaged", file=RESTORINGS_FILE) from None
