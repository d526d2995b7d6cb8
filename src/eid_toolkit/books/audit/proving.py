"""Whether a row of the log is to be believed: signed in a session, by an operator of then, who had the right to it.

What was proved of a row is remembered by its hash, which binds the row and all rows before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, select

from eid_toolkit.books.audit import log
from eid_toolkit.books.audit.endorsed import UNSIGNED, Standing, chain_rows, standing_in
from eid_toolkit.books.audit.heads import LAST
from eid_toolkit.books.audit.keeper import BEHIND, LogKeeper, chain_of, run_statement
from eid_toolkit.books.audit.rows import GENESIS, OFFICE, StoredRow, some_bytes
from eid_toolkit.books.audit.sessions import SessionRecord, Voucher, read_voucher, specimen_public_key
from eid_toolkit.books.ledger.database import keeper_of, remembered_of
from eid_toolkit.books.ledger.kinds import KINDS, OPERATOR
from eid_toolkit.books.ledger.schema import audit, audit_session, audit_signature, chain_head
from eid_toolkit.books.ledger.stored import stored
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import IntegrityBroken

_CHUNK = 400
_SHORT = 8
"""Rows of a run that are looked up together with those of others."""
_COVERING = audit_signature.alias()
_SIGNATURES = (
    select(audit_signature)
    .join(audit, audit.c.chain == audit_signature.c.chain)
    .where(
        audit.c.position.in_(bindparam("positions", expanding=True)),
        audit_signature.c.last
        == select(func.min(_COVERING.c.last))
        .where(_COVERING.c.chain == audit.c.chain, _COVERING.c.last >= audit.c.number)
        .scalar_subquery(),
    )
    .distinct()
)
"""Of each row the signature that covers it; mostly it stands right behind the row, and is read with it."""


class _Version(NamedTuple):
    """One version of an operator's record, and where it stands."""

    position: int
    chain_rows: int
    standing: Standing | None


class _Signed(NamedTuple):
    """A signature as it is stored, whatever the values are."""

    chain: Any
    last: Any
    first: Any
    position: Any
    session: Any
    signature: Any


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
        self._standings: dict[str, list[_Version]] = {}
        self._vouchers: dict[str, Voucher | None] = {}
        self._vouched: dict[str, Voucher] = {}
        """Of rows proved here, by their hashes: what the keeper remembers is shared, and emptied when it is full."""
        self._consistent: dict[int, StoredRow] = {}
        """Rows that were just found to be as their hashes say, by their positions."""

    @cached_property
    def is_fresh(self) -> bool:
        """Whether the log tells of no state at all: the register was not taken over."""
        told = select(audit.c.position).where(audit.c.kind.in_(list(KINDS))).limit(1)
        return self.connection.execute(told).first() is None

    def require(self, row: StoredRow, rights: Iterable[Permission]) -> None:
        """Raises :class:`IntegrityBroken` unless the row is signed by its operator, who had one of the rights."""
        known = self._consistent.get(row.position) is row or row.is_consistent()
        if not known or row.place[0] != chain_of(row.operator):
            raise IntegrityBroken("row-not-signed", row=row.position)
        proof = row.hash, frozenset(rights)
        if proof in self.keeper.proofs:
            return
        voucher = self._voucher_of(row)
        if voucher is None or voucher.record.operator != row.operator or not _covers(voucher.record, row):
            raise IntegrityBroken("row-not-signed", row=row.position)
        if self.demo:
            good = voucher.is_by(specimen_public_key())
        else:
            standing = self.standing_of(row)
            if standing is None or not standing.may(rights):
                raise IntegrityBroken("row-not-permitted", row=row.position, operator=row.operator)
            good = standing.vouches_for(voucher, deciding=True)
        if not good:
            raise IntegrityBroken("row-not-signed", row=row.position)
        self.keeper.keep({proof: True})

    def _voucher_of(self, row: StoredRow) -> Voucher | None:
        """The session that has signed the run with this row, which is as its hash says."""
        known = self._vouched.get(row.hash) or self.keeper.proofs.get(row.hash)
        if known is None:
            self._check_run(row)
            known = self._vouched.get(row.hash)
        return known if isinstance(known, Voucher) else None

    def standing_of(self, row: StoredRow) -> Standing | None:
        """Who a row's operator was when it was written, in the operator's own chain; None for nobody known."""
        chain, number = row.place
        if chain != chain_of(row.operator):
            return None
        return _newest(self._versions(row.operator), lambda each: each.chain_rows < number)

    def standing(self, name: str, before: int | None = None) -> Standing | None:
        """Who an operator is, or was before a position of the log; None for nobody whom the log knows."""
        if before is None:
            return _newest(self._versions(name), lambda each: True)
        rows = [row for row in self._office if (row.kind, row.subject) == (OPERATOR, name) and row.position < before]
        if not rows or not self._is_appointed(rows[-1]):
            return None
        return standing_in(rows[-1], self.keeper.foundation)

    def _versions(self, name: str) -> list[_Version]:
        versions = self._standings.get(name)
        if versions is None:
            versions, newest = [], 0
            for row in self._office:
                if row.kind == OPERATOR and row.subject == name:
                    standing = standing_in(row, self.keeper.foundation) if self._is_appointed(row) else None
                    if standing is not None and standing.version <= newest:  # one from before, once more
                        standing = None
                    newest = max(newest, row.version or 0)
                    versions.append(_Version(row.position, chain_rows(row), standing))
            self._standings[name] = versions
        return versions

    @property
    def _office(self) -> list[StoredRow]:
        """The office's chain, in which operators come and go: whole, for a row that is gone may have disabled one."""
        if self._office_rows is None:
            raise IntegrityBroken("audit-office-chain")
        return self._office_rows

    @cached_property
    def _office_rows(self) -> list[StoredRow] | None:
        """The chain; None if it is not whole."""
        head = self.connection.execute(select(chain_head).where(chain_head.c.chain == OFFICE)).first()
        rows = log.rows_between(self.connection, OFFICE, 1, LAST)
        if not rows or head is None:
            return []
        first = rows[0].number or 0
        older = select(audit.c.hash).where(audit.c.position == first - 1, audit.c.chain.is_(None))
        before = GENESIS if first == 1 else self.connection.execute(older).scalar()
        whole = is_run(rows, first, rows[-1].number or 0) and rows[0].previous == before
        if not whole or (head.number, head.hash) != (rows[-1].number, rows[-1].hash):
            return None
        return rows

    def _is_appointed(self, row: StoredRow) -> bool:
        """Whether a row about an operator is as it was written: signed, where people do that who are operators."""
        if not row.is_consistent() or row.place[0] != OFFICE:
            return False
        if self.demo or row.action in UNSIGNED:
            return True
        voucher, actor = self._voucher_of(row), self.standing(row.operator, row.position)
        if voucher is None or actor is None or voucher.record.operator != row.operator:
            return False
        return actor.vouches_for(voucher, deciding=False)

    def told(self, kind: str, subjects: Sequence[str]) -> dict[str, tuple[StoredRow, ...]]:
        """The rows that put a state of each subject there, by version; what was signed of them is remembered."""
        self._vouched, self._consistent = {}, {}
        rows: list[StoredRow] = []
        runs: list[_Signed] = []
        within: list[StoredRow] = []
        for row, stored_signature in log.told_and_signed(self.connection, kind, subjects):
            rows.append(row)
            if row.hash in self.keeper.proofs:
                continue
            signed = _Signed(*stored_signature)
            if signed.chain is None:
                within.append(row)
            elif signed.first == signed.last:
                self._check_signed(signed, [row])
            else:
                runs.append(signed)
        if runs or within:
            self._check_runs(runs, rows)
            left = [row.position for row in within if row.hash not in self._vouched]
            for start in range(0, len(left), _CHUNK):
                found = self.connection.execute(_SIGNATURES, {"positions": left[start : start + _CHUNK]}).all()
                self._check_runs([_Signed(*each) for each in found], rows)
        self.keeper.keep(self._vouched)
        return {subject: tuple(each) for subject, each in groupby(rows, attrgetter("subject"))}

    def _check_runs(self, signed: Sequence[_Signed], known: Sequence[StoredRow]) -> None:
        together = self._together(signed, {row.place: row for row in known}) if signed else {}
        for each in signed:
            self._check_signed(each, together.get(each))

    def _together(
        self, signed: Iterable[_Signed], known: Mapping[tuple[str, int], StoredRow]
    ) -> dict[_Signed, list[StoredRow]]:
        """The rows of short runs, of which some are known: so they are not looked up run by run."""
        short = {each: range(each.first, each.last + 1) for each in signed if _is_short(each)}
        wanted: dict[str, list[int]] = {}
        for each, numbers in short.items():
            unknown = [number for number in numbers if (each.chain, number) not in known]
            wanted.setdefault(each.chain, []).extend(unknown)
        rows: dict[tuple[str, int], list[StoredRow]] = {place: [row] for place, row in known.items()}
        for chain, missing in wanted.items():
            for row in log.rows_of(self.connection, chain, missing):
                rows.setdefault((chain, row.number or 0), []).append(row)
        return {
            each: [row for number in numbers for row in rows.get((each.chain, number), ())]
            for each, numbers in short.items()
        }

    def _check_run(self, row: StoredRow) -> None:
        """Remember the session of each row in the run that holds this one, if it is signed as it stands."""
        columns, (chain, number) = audit_signature.c, row.place
        query = select(audit_signature).where(columns.chain == chain, columns.last >= number)
        signed = self.connection.execute(query.order_by(columns.last).limit(1)).first()
        if signed is not None:
            self._check_signed(_Signed(*signed), None)
            self.keeper.keep(self._vouched)

    def _check_signed(self, signed: _Signed, run: list[StoredRow] | None) -> None:
        chain, last, first, _, session, signature = signed
        if not (isinstance(first, int) and isinstance(last, int) and 0 < first <= last):
            return
        voucher = self._voucher(session)
        if run is None:
            run = log.rows_between(self.connection, chain, first, last)
        if voucher is None or not is_run(run, first, last):
            return
        home, record = self.keeper.foundation.home, voucher.record
        statement = run_statement(home, session, chain, first, last, run[-1].hash)
        if type(signature) is not bytes:
            signature = stored(some_bytes, signature, "a signature")
        if record.home == home and record.has_signed(statement, signature):
            for row in run:
                self._vouched[row.hash] = voucher
                self._consistent[row.position] = row

    def _voucher(self, identifier: str) -> Voucher | None:
        if identifier not in self._vouchers:
            query = select(audit_session).where(audit_session.c.id == identifier)
            row = self.connection.execute(query).first()
            self._vouchers[identifier] = None if row is None else read_voucher(identifier, row.statement, row.signature)
        return self._vouchers[identifier]


def _is_short(signed: _Signed) -> bool:
    first, last = signed.first, signed.last
    return isinstance(first, int) and isinstance(last, int) and 0 < first <= last < first + _SHORT


def _newest(versions: Sequence[_Version], fits: Callable[[_Version], bool]) -> Standing | None:
    """The newest of those that fit; None if any, whichever it is, is not as it was written."""
    if any(each.standing is None for each in versions):
        return None
    return next((each.standing for each in reversed(versions) if fits(each)), None)


def _require_newest(connection: Connection, keeper: LogKeeper) -> None:
    """Raises :class:`IntegrityBroken` for a register that is behind what was written here, or what the home remembers.

    That is what was known when the transaction began: what others have written since it need not find.
    """
    for newest in remembered_of(connection):
        if not log.has_row(connection, newest.chain, newest.last, newest.hash):
            raise IntegrityBroken("register-behind", row=newest.position)
    keeper.keep({BEHIND: True})


def is_run(rows: Sequence[StoredRow], first: int, last: int) -> bool:
    """Whether these are all rows of the numbers in a chain, each as its hash says, and each behind the one before."""
    if len(rows) == 1 and first == last:  # as in most transactions
        return rows[0].number == first and rows[0].is_consistent()
    if [row.number for row in rows] != list(range(first, last + 1)):
        return False
    chained = all(after.previous == before.hash for before, after in pairwise(rows))
    return chained and all(row.is_consistent() for row in rows)


def _covers(record: SessionRecord, row: StoredRow) -> bool:
    try:
        return record.covers(datetime.fromisoformat(row.time))
    except ValueError:
        return False
