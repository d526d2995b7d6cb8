"""The note of a walk through the log: how far it had come, and all that it knew there, signed by the audit key.

A walk that was interrupted goes on behind that row. What stands before it is not read again: the note says that these
rows were verified, when, and by whoever had the audit key, and so does whatever is printed of such a walk. Rows that
were changed since, with the hashes left as they were, are found by a walk from the start.

A note is used if the audit key has signed it, it is no older than a week, and the log still has as many rows,
signatures and checkpoints up to there, and the newest row of each chain there by its hash.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, func, select

from eid_toolkit.books.audit.endorsed import Standing
from eid_toolkit.books.audit.rows import StoredRow
from eid_toolkit.books.audit.signed_walk import Waiting
from eid_toolkit.books.audit.statements import AuditKey, Checkpoint, audit_key
from eid_toolkit.books.audit.walk import End, Restoring, Resumed, Walk
from eid_toolkit.books.ledger.schema import audit, audit_checkpoint, audit_signature
from eid_toolkit.ground.home.atomic import private_directory, write_atomic
from eid_toolkit.ground.plain_values import Hex, from_plain, parse_json, to_plain
from eid_toolkit.ground.ports import Signer

NOTE_FILE = "walk.json"
SCHEMA = "eid-audit-walk/1"
KEPT_FOR = timedelta(days=7)
"""Since the walk was begun."""
_LIMIT = 1 << 28
_DIGEST = "sha256"
_CHUNK = 400


@dataclass(frozen=True, slots=True)
class _Chain:
    chain: str
    number: int
    hash: str
    position: int
    chained: bool


@dataclass(frozen=True, slots=True)
class _Seen:
    checkpoint: Checkpoint
    signed_before: int
    row: bool | None
    found: Checkpoint | None


@dataclass(frozen=True, slots=True)
class _Waiting:
    row: tuple[Any, ...]
    standing: Standing | None
    among_signed: bool


@dataclass(frozen=True, slots=True)
class WalkNote:
    """All that a walk knows at a row, behind everything that is signed up to there."""

    home: Hex
    key: str
    begun: datetime
    noted: datetime
    position: int
    rows: int
    runs: int
    checkpoints: int
    signed: int
    newest: Checkpoint | None
    ahead: int | None
    open_restoring: int | None
    restorings: tuple[Restoring, ...]
    gaps: tuple[int, ...]
    chains: tuple[_Chain, ...]
    seen: tuple[_Seen, ...]
    standings: tuple[Standing, ...]
    waiting: tuple[_Waiting, ...]
    last_signed: Mapping[str, int]
    to_take_over: Mapping[str, int]

    @classmethod
    def of(cls, walk: Walk, key: AuditKey, begun: datetime, noted: datetime) -> WalkNote:
        """What a walk knows that is about to read a row; it has a foundation."""
        signing = walk.signing
        assert signing.foundation is not None
        return cls(
            home=signing.foundation.home,
            key=key.fingerprint,
            begun=begun,
            noted=noted,
            position=walk.position,
            rows=walk.rows,
            runs=signing.runs,
            checkpoints=walk.checkpoints,
            signed=walk.signed,
            newest=walk.newest,
            ahead=walk.ahead,
            open_restoring=walk.open_restoring,
            restorings=tuple(walk.restorings),
            gaps=tuple(walk.gaps),
            chains=tuple(
                _Chain(chain, end.number, end.hash, end.position, end.chained) for chain, end in walk.chains.items()
            ),
            seen=tuple(_Seen(each.checkpoint, each.signed_before, each.row, each.found) for each in walk.seen),
            standings=tuple(signing.standings.values()),
            waiting=tuple(
                _Waiting(tuple(each.row), each.standing, each.among_signed)
                for waiting in signing.waiting.values()
                for each in waiting
            ),
            last_signed=dict(signing.signed),
            to_take_over=dict(signing.to_take_over),
        )

    def fits(self, connection: Connection, walk: Walk, now: datetime) -> bool:
        """Whether a walk that is just begun may go on from here, in the log as it is."""
        foundation = walk.signing.foundation
        if foundation is None or foundation.home != self.home or not self.begun <= now <= self.begun + KEPT_FOR:
            return False
        known = {each.checkpoint for each in self.seen}
        if any(each.checkpoint.position <= self.position and each.checkpoint not in known for each in walk.seen):
            return False
        counts = (
            (audit.c.position, self.rows),
            (audit_signature.c.position, self.runs),
            (audit_checkpoint.c.position, self.checkpoints),
        )
        if any(_count(connection, column, self.position) != count for column, count in counts):
            return False
        ends = {each.position: each.hash for each in self.chains}
        positions = list(ends)
        for start in range(0, len(positions), _CHUNK):
            part = positions[start : start + _CHUNK]
            there = select(audit.c.position, audit.c.hash).where(audit.c.position.in_(part))
            found = {row.position: row.hash for row in connection.execute(there)}
            if any(found.get(position) != ends[position] for position in part):
                return False
        return True

    def restore(self, walk: Walk) -> Resumed:
        """Bring a walk that is just begun to where the other one was."""
        walk.position, walk.rows, walk.signed, walk.checkpoints = (
            self.position,
            self.rows,
            self.signed,
            self.checkpoints,
        )
        walk.newest, walk.ahead, walk.open_restoring = self.newest, self.ahead, self.open_restoring
        walk.restorings = list(self.restorings)
        walk.gaps.extend(self.gaps)
        walk.chains = {each.chain: End(each.number, each.hash, each.position, each.chained) for each in self.chains}
        by_checkpoint = {each.checkpoint: each for each in self.seen}
        for known in walk.seen:
            before = by_checkpoint.get(known.checkpoint)
            if before is not None:
                known.signed_before, known.row, known.found = before.signed_before, before.row, before.found
        signing = walk.signing
        signing.runs, signing.signed = self.runs, dict(self.last_signed)
        signing.standings = {each.name: each for each in self.standings}
        signing.to_take_over = dict(self.to_take_over)
        for each in self.waiting:
            row = StoredRow(*each.row)
            signing.waiting.setdefault(row.place[0], deque()).append(Waiting(row, each.standing, each.among_signed))
        return Resumed(self.position, self.begun, self.noted)


class WalkNotes:
    """Where a home keeps the note; ``signer`` is the audit key if it is at hand, without which none is written."""

    def __init__(self, folder: Path, signer: Signer | None) -> None:
        self._folder = folder
        self._signer = signer

    def write(self, walk: Walk, begun: datetime, noted: datetime) -> None:
        """Replace the note."""
        if self._signer is None:
            return
        note = WalkNote.of(walk, audit_key(self._signer), begun, noted)
        text = json.dumps({"schema": SCHEMA, **to_plain(note)}).encode()
        private_directory(self._folder)
        signature = self._signer.sign(text).hex().encode()
        write_atomic(self._folder / NOTE_FILE, signature + b"\n" + text + b"\n")

    def read(self, key: AuditKey) -> WalkNote | None:
        """The note, if there is one; raises :class:`ValueError` for one that the key has not signed as it stands."""
        try:
            with (self._folder / NOTE_FILE).open("rb") as file:
                data = file.read(_LIMIT + 1)
        except FileNotFoundError:
            return None
        signature, _, text = data.removesuffix(b"\n").partition(b"\n")
        if len(data) > _LIMIT or not key.key.verify(bytes.fromhex(signature.decode("ascii")), text, _DIGEST):
            raise ValueError("not signed")
        values = parse_json(text)
        if values.pop("schema") != SCHEMA:
            raise ValueError("another schema")
        note = from_plain(WalkNote, values, strict=True)
        if note.key != key.fingerprint:
            raise ValueError("of another key")
        return note

    def forget(self) -> None:
        """There is nothing to take up."""
        (self._folder / NOTE_FILE).unlink(missing_ok=True)


def _count(connection: Connection, column: Column[int], position: int) -> int:
    return int(connection.execute(select(func.count()).where(column <= position)).scalar() or 0)
