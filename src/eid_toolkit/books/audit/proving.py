"""Whether a row of the log is to be believed: signed in a session, by an operator of then, who had the right to it.

What was proved of a row is remembered by its hash, which binds the row and all rows before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from sqlalchemy import Connection, select

from eid_toolkit.books.audit import log
from eid_toolkit.books.audit.endorsed import Standing, standing_in
from eid_toolkit.books.audit.keeper import LogKeeper, run_statement
from eid_toolkit.books.audit.rows import StoredRow
from eid_toolkit.books.audit.sessions import SessionRecord, Voucher, read_voucher, specimen_key
from eid_toolkit.books.ledger.database import keeper_of
from eid_toolkit.books.ledger.kinds import OPERATOR
from eid_toolkit.books.ledger.schema import audit_session, audit_signature
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import IntegrityBroken

BEHIND = "register-behind"


class Prover:
    """Proves rows within one transaction."""

    def __init__(self, connection: Connection) -> None:
        keeper = keeper_of(connection)
        if not isinstance(keeper, LogKeeper):
            raise IntegrityBroken("key-store-missing", directory="keys")
        self.keeper = keeper
        _require_newest(connection, keeper)
        self.demo = keeper.foundation.demo
        self.connection = connection
        self._standings: dict[str, list[tuple[int, Standing | None]]] = {}
        self._vouchers: dict[str, Voucher | None] = {}

    def require(self, row: StoredRow, rights: Iterable[Permission]) -> None:
        """Raises :class:`IntegrityBroken` unless the row is signed by its operator, who had one of the rights."""
        proof = f"{row.hash} {' '.join(sorted(rights))}"
        if proof in self.keeper.proofs:
            return
        voucher = self.voucher_of(row)
        if voucher is None or voucher.record.operator != row.operator or not _covers(voucher.record, row):
            raise IntegrityBroken("row-not-signed", row=row.position)
        if self.demo:
            good = voucher.record.is_vouched_by(specimen_key().public_key.spki(), voucher.signature)
        else:
            standing = self.standing(row.operator, row.position)
            if standing is None or not standing.may(rights):
                raise IntegrityBroken("row-not-permitted", row=row.position, operator=row.operator)
            good = standing.vouches_for(voucher, deciding=True)
        if not good:
            raise IntegrityBroken("row-not-signed", row=row.position)
        self.keeper.keep({proof: True})

    def voucher_of(self, row: StoredRow) -> Voucher | None:
        """The session that has signed the run with this row; None where the row is not just as it was signed."""
        known = self.keeper.proofs.get(row.hash)
        if known is None:
            if not row.is_consistent():
                return None
            self._check_run(row.position)
            known = self.keeper.proofs.get(row.hash)
        return known if isinstance(known, Voucher) else None

    def standing(self, name: str, position: int) -> Standing | None:
        """Who an operator was when the row at that position was written; None for nobody whom the log knows."""
        rows = self._standings.get(name)
        if rows is None:
            foundation = self.keeper.foundation
            rows = [
                (row.position, standing_in(row, foundation) if row.is_consistent() else None)
                for row in log.told_rows(self.connection, OPERATOR, [name])
            ]
            self._standings[name] = rows
        before = [standing for place, standing in rows if place < position]
        return before[-1] if before and None not in before else None

    def _check_run(self, position: int) -> None:
        """Remember the session of each row in the run that holds the position, if it is signed as it stands."""
        columns = audit_signature.c
        query = select(audit_signature).where(columns.position >= position).order_by(columns.position).limit(1)
        signed = self.connection.execute(query).first()
        if signed is None or signed.first > position:
            return
        voucher = self._voucher(signed.session)
        run = log.rows_between(self.connection, signed.first, signed.position)
        if voucher is None or not is_run(run, signed.first, signed.position):
            return
        home = self.keeper.foundation.home
        statement = run_statement(home, signed.session, signed.first, signed.position, run[-1].hash)
        if voucher.record.home == home and voucher.record.has_signed(statement, bytes(signed.signature)):
            self.keeper.keep({row.hash: voucher for row in run})

    def _voucher(self, identifier: str) -> Voucher | None:
        if identifier not in self._vouchers:
            query = select(audit_session).where(audit_session.c.id == identifier)
            row = self.connection.execute(query).first()
            self._vouchers[identifier] = None if row is None else read_voucher(identifier, row.statement, row.signature)
        return self._vouchers[identifier]


def _require_newest(connection: Connection, keeper: LogKeeper) -> None:
    """Raises :class:`IntegrityBroken` for a register that is behind what the home has seen; asked once."""
    if BEHIND in keeper.proofs:
        return
    newest = keeper.expected()
    if newest is not None and not log.has(connection, newest.position, newest.hash):
        raise IntegrityBroken("register-behind", row=newest.position)
    keeper.keep({BEHIND: True})


def is_run(rows: Sequence[StoredRow], first: int, last: int) -> bool:
    """Whether these are all rows of the positions, each as its hash says, and each behind the one before."""
    if [row.position for row in rows] != list(range(first, last + 1)):
        return False
    chained = all(after.previous == before.hash for before, after in pairwise(rows))
    return chained and all(row.is_consistent() for row in rows)


def _covers(record: SessionRecord, row: StoredRow) -> bool:
    try:
        return record.covers(datetime.fromisoformat(row.time))
    except ValueError:
        return False
