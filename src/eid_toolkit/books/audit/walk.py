"""One pass over an audit log, wherever it comes from: the first row that is not as it was written is named.

Rows and checkpoints come in the order of their positions. The hash chain finds every edit that leaves hashes as they
were; the checkpoints find a log that was rewritten with all its hashes, as far as it is signed; the last checkpoint
that the home has seen, or that was kept elsewhere, finds a log that was rolled back or cut off. Nothing is kept but the
last row.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Annotated

from eid_toolkit.books.audit.keeper import chain_of
from eid_toolkit.books.audit.log_head import Heads, root
from eid_toolkit.books.audit.rows import GENESIS, StoredRow, time_text
from eid_toolkit.books.audit.sessions import Voucher
from eid_toolkit.books.audit.signed_walk import Broken, Checks, SignedRun, SignedWalk
from eid_toolkit.books.audit.statements import AuditKey, Checkpoint, Countersignature
from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.ledger.kinds import OPERATOR
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.plain_values import Named, parse_json, to_plain

RESTORED = "register.restored"
"""The action of the row in which a restoring of the register says which rows are lost by it."""

Item = StoredRow | Checkpoint | SignedRun | tuple[str, Voucher]
"""What a log consists of; a session by its identifier."""

KeysOf = Callable[[str], "tuple[bytes, ...]"]
"""The operator's public keys (SubjectPublicKeyInfo) of now and before; none where nobody is known by that name."""


@dataclass(frozen=True, slots=True)
class Restoring:
    """A restoring that is on record: rows ``lost_from`` (where it is known) to ``lost_through`` are lost by it."""

    position: Annotated[int, Named("row")]
    time: str
    operator: str
    lost_from: int | None
    lost_through: int | None
    seen: tuple[int, str] | None
    """The checkpoint, by position and hash, that the home had seen and that is lost with them."""

    def names(self, row: int) -> bool:
        """Whether it says that this row of the log before is lost."""
        first, last = self.lost_from, self.lost_through
        return first is not None and last is not None and first <= row <= last

    def to_json(self) -> dict[str, object]:
        """Stable keys for output."""
        return to_plain(self, without=("seen",))


@dataclass(frozen=True, slots=True)
class Resumed:
    """A walk was taken up behind a row: those up to it were verified in the time from ``begun`` to ``noted``."""

    row: int
    begun: datetime
    noted: datetime

    def to_json(self) -> dict[str, object]:
        """Stable keys for output."""
        return to_plain(self)


@dataclass(frozen=True, slots=True)
class AuditResult:
    """How many rows hold together, and the first that does not with the reason code.

    Where the rows from ``broken_at`` on were rewritten with all their hashes, which of them was changed cannot be
    told; by ``broken_through`` they are no longer those that were signed.
    """

    rows: int
    head: str
    broken_at: int | None = None
    reason: str | None = None
    broken_through: int | None = None
    checkpoints: int = 0
    newest_position: int = 0
    runs: int = 0
    """How many times operators have signed what they did."""
    signed_up_to: int = 0
    restorings: tuple[Restoring, ...] = ()
    newest: Checkpoint | None = None
    lost: tuple[Checkpoint, ...] = ()
    """Of the checkpoints that had been seen: those that are known to be lost, by a restoring that names them."""
    resumed: Resumed | None = None
    """Behind which row the walk was taken up, if it was not begun at the first."""
    note_refused: bool = False
    """Whether there was a note of an interrupted walk that the audit key has not signed."""

    @property
    def unsigned_rows(self) -> int:
        """Rows that hold together, but that no checkpoint vouches for."""
        return max(self.newest_position - self.signed_up_to, 0)


@dataclass(slots=True)
class SeenBefore:
    """A checkpoint that had been seen, and what has come of it."""

    checkpoint: Checkpoint
    signed_before: int = 0
    row: bool | None = None
    """Whether the row that it signs is still that row; None before it comes."""
    found: Checkpoint | None = None
    """The same one in the log, perhaps with more countersignatures."""


@dataclass(frozen=True, slots=True)
class End:
    """Where a chain has come to: the number and hash of its newest row, and the row's position in the log."""

    number: int
    hash: str
    position: int
    chained: bool
    """Whether the row is from when there were several chains."""


_GAPS = 1000
_BEGINNING = End(0, GENESIS, 0, chained=False)


@dataclass(slots=True)
class Walk:
    """A walk as far as it has come."""

    key: AuditKey | None
    keys_of: KeysOf
    seen: tuple[SeenBefore, ...]
    signing: SignedWalk
    position: int = 0
    rows: int = 0
    chains: dict[str, End] = field(default_factory=dict)
    gaps: deque[int] = field(default_factory=partial(deque, maxlen=_GAPS))
    """Where positions were left out: each begins with this one."""
    signed: int = 0
    """The last row that a checkpoint vouches for."""
    checkpoints: int = 0
    newest: Checkpoint | None = None
    ahead: int | None = None
    """The position of a row that has not come, though what signs it has."""
    open_restoring: int | None = None
    restorings: list[Restoring] = field(default_factory=list)

    @property
    def heads(self) -> dict[str, tuple[int, str]]:
        return {chain: (end.number, end.hash) for chain, end in self.chains.items()}

    def row(self, row: StoredRow) -> None:
        self._close_restoring()
        consistent = self.signing.checks.is_consistent(row)
        if not consistent and not row.is_shaped:
            raise Broken("audit-row-changed", row.position)
        if self.ahead is not None and self.ahead < row.position:
            raise Broken("audit-row-missing", self.ahead)
        chain, number = row.place
        end = self.chains.get(chain, _BEGINNING)
        if row.position > self.position + 1:
            self.gaps.append(self.position + 1)
        if number > end.number + 1:
            raise Broken("audit-row-missing", self._gap_behind(end.position))
        if number <= end.number or row.position <= self.position or (row.chain is None and end.chained):
            raise Broken("audit-row-inserted", row.position)
        if row.previous != end.hash:
            earlier = row._replace(position=end.position, number=None if row.number is None else end.number)
            if earlier.is_consistent():  # moved by one, for the row before it
                raise Broken("audit-row-inserted", end.position)
            if consistent and end.number:  # its own hash is right, so it is the row before that has changed
                raise Broken("audit-row-changed", end.position)
            raise Broken("audit-chain-broken", row.position)
        if not consistent:
            raise Broken("audit-row-changed", row.position)
        self.position, self.rows = row.position, self.rows + 1
        own = self.chains.get(chain_of(row.subject), _BEGINNING).number if row.kind == OPERATOR else 0
        self.signing.row(row, chain, own)
        self.chains[chain] = End(number, row.hash, row.position, row.chain is not None)
        if row.action == RESTORED:
            self.open_restoring = row.position
            self.restorings.append(restoring(row))
        for known in self.seen:
            if row.position == known.checkpoint.position:
                known.row = root(self.heads) == known.checkpoint.hash
                known.signed_before = self.signed

    def _gap_behind(self, position: int) -> int:
        """The first position behind that one at which there is no row: where a row of a chain must have stood."""
        return next((gap for gap in self.gaps if gap > position), self.position + 1)

    def run(self, run: SignedRun) -> None:
        end = self.chains.get(run.chain, _BEGINNING)
        if run.position > self.position:
            self.ahead = self.ahead or run.position
        elif run.position < self.position or (run.last, run.position) != (end.number, end.position):
            raise Broken("audit-signature-wrong", run.position)
        else:
            self.signing.run(run, end.hash)

    def checkpoint(self, current: Checkpoint) -> None:
        if current.position > self.position:
            self.ahead = self.ahead or current.position  # a row between is missing, or all at the end
            return
        if self.key is None:
            raise IntegrityBroken("audit-key-missing")
        if current.position < self.position or not current.is_signed_by(self.key):
            raise Broken("audit-checkpoint-broken", current.position)
        if current.number != self.checkpoints + 1:
            raise Broken("audit-checkpoint-missing", self.signed + 1, current.position)
        if current.hash != root(self.heads):
            raise Broken("audit-rows-rewritten", self.signed + 1, current.position)
        if current.broken_countersignature() is not None or not all(map(self._is_their_own, current.countersigned)):
            raise Broken("audit-countersignature-broken", current.position)
        self.checkpoints, self.signed, self.newest = self.checkpoints + 1, current.position, current
        if self.open_restoring == current.position:
            self.open_restoring = None
        for known in self.seen:
            expected = known.checkpoint
            if (current.position, current.hash, current.number) == (expected.position, expected.hash, expected.number):
                known.found = current

    def end(self, ends: tuple[int, Heads] | None) -> None:
        self._close_restoring()
        if self.ahead is not None:
            raise Broken("audit-rows-cut-off", self.position + 1)
        self.signing.end()
        if self.position == 0 or ends is None:  # the founding itself is on record
            raise Broken("audit-rows-cut-off", self.position + 1)
        position, heads = ends
        for chain in sorted({*heads, *self.chains}):
            end, (number, newest) = self.chains.get(chain, _BEGINNING), heads.get(chain, (0, GENESIS))
            if number > end.number:
                raise Broken("audit-rows-cut-off", self._gap_behind(end.position))
            if number < end.number:
                raise Broken("audit-row-inserted", end.position)
            if newest != end.hash:
                raise Broken("audit-row-changed", end.position)
        if position != self.position:
            raise Broken("audit-rows-cut-off", self.position + 1)
        if not self.seen and self.key is not None and not self.checkpoints:
            raise Broken("audit-checkpoint-missing", 1, self.position)
        for known in sorted(self.seen, key=lambda seen: seen.checkpoint.position):
            if not self.is_known_loss(known.checkpoint):
                self._check_seen(known)

    def _check_seen(self, seen: SeenBefore) -> None:
        position = seen.checkpoint.position
        if seen.row is None:
            raise Broken("audit-rows-cut-off", self.position + 1)
        if not seen.row:
            raise Broken("audit-rows-rewritten", seen.signed_before + 1, position)
        if seen.found is None:
            raise Broken("audit-checkpoint-missing", min(self.signed + 1, position), position)
        if not set(seen.checkpoint.countersigned) <= set(seen.found.countersigned):
            raise Broken("audit-countersignature-missing", position)

    def is_known_loss(self, lost: Checkpoint) -> bool:
        """Whether a restoring, signed as all in the list are, names this checkpoint, or its row, as lost.

        A row of that number that was written after the restoring is another one.
        """
        return any(
            entry.seen == (lost.position, lost.hash)
            or (entry.names(lost.position) and time_text(lost.time) < entry.time)
            for entry in self.restorings
        )

    def _close_restoring(self) -> None:
        """A restoring is signed in the transaction that records it: one that is not was written by somebody else."""
        if self.open_restoring is not None:
            raise Broken("audit-restoring-unsigned", self.open_restoring)

    def _is_their_own(self, person: Countersignature) -> bool:
        keys = self.keys_of(person.operator)
        return not keys or person.public_key in keys


def begin(
    key: AuditKey | None,
    keys_of: KeysOf = lambda name: (),
    seen: Sequence[Checkpoint] = (),
    foundation: Foundation | None = None,
    checks: Checks | None = None,
) -> Walk:
    """A walk before its first row; ``seen`` are checkpoints that the log had once.

    Who signed its rows is held to what the home's ``foundation`` vouches for.
    """
    return Walk(key, keys_of, tuple(map(SeenBefore, seen)), SignedWalk(foundation, checks or Checks()))


def walk(
    items: Iterable[Item],
    ends: Callable[[], tuple[int, Heads] | None],
    key: AuditKey | None,
    keys_of: KeysOf = lambda name: (),
    seen: Sequence[Checkpoint] = (),
    foundation: Foundation | None = None,
) -> AuditResult:
    """Judge a log from its first row on, as :func:`begin` and :func:`go_on`."""
    return go_on(begin(key, keys_of, seen, foundation), items, ends)


def go_on(state: Walk, items: Iterable[Item], ends: Callable[[], tuple[int, Heads] | None]) -> AuditResult:
    """Judge what comes behind the row that a walk has come to.

    ``ends`` says at the end where the log and its chains should have come to. Raises :class:`IntegrityBroken` if there
    are checkpoints and no key to check them by.
    """
    broken: Broken | None = None
    try:
        for item in items:
            match item:
                case StoredRow():
                    state.row(item)
                case Checkpoint():
                    state.checkpoint(item)
                case SignedRun():
                    state.run(item)
                case (str(identifier), voucher):
                    state.signing.voucher(identifier, voucher)
        state.end(ends())
    except Broken as error:
        broken = error
    return AuditResult(
        rows=state.rows,
        head=root(state.heads),
        broken_at=broken.at if broken else None,
        reason=broken.reason if broken else None,
        broken_through=broken.through if broken else None,
        checkpoints=state.checkpoints,
        newest_position=state.position,
        runs=state.signing.runs,
        signed_up_to=state.signed,
        restorings=tuple(state.restorings),
        newest=state.newest,
        lost=tuple(each.checkpoint for each in state.seen if state.is_known_loss(each.checkpoint)),
    )


def restoring(row: StoredRow) -> Restoring:
    """What the row of a restoring tells, as far as it can be read."""
    detail: object = None
    with suppress(ValueError, TypeError):
        detail = parse_json(row.detail)
    lost: tuple[int | None, int | None] = (None, None)
    seen = None
    match detail:
        case {"lost": {"from": int() | None as first, "through": int(last)}}:
            lost = (first, last)
    match detail:
        case {"seen": {"position": int(position), "hash": str(row_hash)}}:
            seen = (position, row_hash)
    return Restoring(row.position, row.time, row.operator, *lost, seen)
