"""The signatures on a log's rows, as a walk comes by them: who signed each row, and whether they might.

Operators are known by the rows that tell of them, which the staff key has endorsed: nothing but the log, and the
home's foundation, is needed. From the first signed row on, every row is to be signed; only that an act was abandoned
is told by whoever comes next, who may have no key at hand.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from eid_toolkit.books.audit.endorsed import UNSIGNED, Standing, chain_rows, standing_in
from eid_toolkit.books.audit.keeper import RUN, chain_of, run_statement
from eid_toolkit.books.audit.rows import OFFICE, StoredRow
from eid_toolkit.books.audit.sessions import SessionRecord, Voucher, specimen_public_key
from eid_toolkit.books.audit.taken_over import ACTION, RIGHT, rows_taken_over
from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.ledger.kinds import KINDS, OPERATOR, TAKEN_OVER
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.plain_values import Hex

ABANDONED = ".abandoned"


class Broken(Exception):
    """A walk ends here, at the first row that is not as it was written."""

    def __init__(self, reason: str, at: int, through: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.at, self.through = reason, at, through


@dataclass(frozen=True, slots=True)
class SignedRun:
    """A signature over the rows of a chain from ``first`` to ``last``, which has the position."""

    chain: str
    last: int
    first: int
    position: int
    session: str
    signature: Hex


class Checks:
    """What is found of each row and signature by itself, whatever stands before it; here, when it is asked for."""

    def is_consistent(self, row: StoredRow) -> bool:
        """Whether the row's own hash is that of its other columns."""
        return row.is_consistent()

    def is_signed(self, run: SignedRun, newest: str, record: SessionRecord) -> bool:
        """Whether the session's key has signed the run, whose newest row has this hash."""
        statement = run_statement(record.home, run.session, run.chain, run.first, run.last, newest)
        return record.has_signed(statement, run.signature)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row, who its operator was when it was written, and whether there was a signed row before it."""

    row: StoredRow
    standing: Standing | None
    among_signed: bool


@dataclass(slots=True)
class SignedWalk:
    """What a walk knows of signatures so far."""

    foundation: Foundation | None
    checks: Checks = field(default_factory=Checks)
    runs: int = 0
    vouchers: dict[str, Voucher] = field(default_factory=dict)
    standings: dict[str, Standing] = field(default_factory=dict)
    waiting: dict[str, deque[Waiting]] = field(default_factory=dict)
    """Rows of each chain whose signature has not come yet."""
    signed: dict[str, int] = field(default_factory=dict)
    """The last signed row of each chain."""
    to_take_over: dict[str, int] = field(default_factory=dict)
    """How many rows two people are just taking over, by the chain."""

    def row(self, row: StoredRow, chain: str, rows_of_subject: int) -> None:
        """A row that follows on the one before in its chain.

        If it is about an operator, ``rows_of_subject`` has the operator's own chain.
        """
        if row.kind is None and not self.runs and row.chain is None:
            return
        waiting = self.waiting.get(chain)
        if waiting is None:
            waiting = self.waiting[chain] = deque()
        waiting.append(Waiting(row, self.standings.get(row.operator), self.runs > 0))
        if len(waiting) > RUN:
            _check_unsigned(waiting.popleft())
        if row.kind == OPERATOR and self.foundation is not None:
            if chain_rows(row) != rows_of_subject or chain != OFFICE:
                raise Broken("audit-row-inserted", row.position)
            standing, before = standing_in(row, self.foundation), self.standings.get(row.subject)
            if standing is None or (before is not None and standing.version <= before.version):
                raise Broken("audit-endorsement-wrong", row.position)
            self.standings[row.subject] = standing

    def voucher(self, identifier: str, voucher: Voucher) -> None:
        """A session that rows are signed in."""
        self.vouchers[identifier] = voucher

    def run(self, run: SignedRun, newest: str) -> None:
        """A signature over the last rows of a chain, whose newest has this hash."""
        voucher, foundation = self.vouchers.get(run.session), self.foundation
        if voucher is None or foundation is None or not self.signed.get(run.chain, 0) < run.first <= run.last:
            raise Broken("audit-signature-wrong", run.position)
        if voucher.record.home != foundation.home or not self.checks.is_signed(run, newest, voucher.record):
            raise Broken("audit-signature-wrong", run.position)
        waiting = self.waiting.pop(run.chain, deque())
        while waiting and waiting[0].row.place[1] < run.first:
            _check_unsigned(waiting.popleft())
        self.runs += 1
        for each in waiting:
            self._signed(each.row, run.chain, each.standing, voucher, foundation)
        self.signed[run.chain] = run.last

    def end(self) -> None:
        """No row comes any more."""
        for each in sorted(
            (each for left in self.waiting.values() for each in left), key=lambda each: each.row.position
        ):
            _check_unsigned(each)

    def _signed(
        self, row: StoredRow, chain: str, standing: Standing | None, voucher: Voucher, foundation: Foundation
    ) -> None:
        try:
            covered = voucher.record.covers(datetime.fromisoformat(row.time))
        except (ValueError, TypeError):
            covered = False
        if not covered or voucher.record.operator != row.operator:
            raise Broken("audit-signature-foreign", row.position)
        told = row.kind is not None and row.kind != OPERATOR
        if chain != (OFFICE if row.kind == OPERATOR else chain_of(row.operator)):
            raise Broken("audit-signature-foreign", row.position)
        if foundation.demo:
            if not voucher.is_by(specimen_public_key()):
                raise Broken("audit-signature-foreign", row.position)
        elif standing is None or not standing.vouches_for(voucher, deciding=told):
            raise Broken("audit-signature-foreign", row.position)
        if told:
            rights = self._rights(row)
            if rights is None or not (foundation.demo or (standing and standing.may(rights))):
                raise Broken("audit-right-missing", row.position)
        if row.action == ACTION:
            rows = rows_taken_over(row, foundation, self.standings.get)
            if rows is None or not (foundation.demo or (standing and standing.may({RIGHT}))):
                raise Broken("audit-right-missing", row.position)
            self.to_take_over[row.place[0]] = rows

    def _rights(self, row: StoredRow) -> frozenset[Permission] | None:
        """Whose right it was to put the state there; None if nobody's."""
        kind = KINDS.get(row.kind or "")
        if kind is None:
            return None
        left = self.to_take_over.get(row.place[0], 0)
        if row.action == f"{kind.name}.{row.state}.{TAKEN_OVER}" and left > 0:
            self.to_take_over[row.place[0]] = left - 1
            return frozenset({RIGHT})
        name, _, action = row.action.partition(".")
        step = kind.steps.get(action) if name == kind.name else None
        return step.rights if step is not None else None


def _check_unsigned(waiting: Waiting) -> None:
    row = waiting.row
    if row.kind == OPERATOR and row.action in UNSIGNED:  # the staff key vouches for it
        return
    own = row.place[0] != OFFICE  # where nothing stands but what its operator has signed
    if own or row.kind is not None or (waiting.among_signed and not row.action.endswith(ABANDONED)):
        raise Broken("audit-signature-missing", row.position)
