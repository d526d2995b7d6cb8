"""What a register's transactions write into the audit log: gathered, chained, and signed before they are committed.

The rows of a transaction go into the database together, in runs of one operator each; of each run the newest hash is
signed by the session of who acts. What reads the log in the same transaction has them written first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from eid_toolkit.books.audit.heads import LAST, lock_chain, move_heads, set_subject_heads
from eid_toolkit.books.audit.rows import OFFICE, StoredRow, Told, row_hash, time_text
from eid_toolkit.books.audit.sessions import Session, read_voucher
from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.ledger.canonical import canonical
from eid_toolkit.books.ledger.database import begin_pending, keeper_of, pending_in
from eid_toolkit.books.ledger.kinds import OPERATOR
from eid_toolkit.books.ledger.schema import audit, audit_session, audit_signature
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.plain_values import Hex
from eid_toolkit.ground.ports import Clock, Entropy

RUN = 100
"""The most rows that one signature covers: whoever checks one row reads the others."""
SCHEMA = "eid-audit-run/1"
_SESSIONS = 64
_PROOFS = 200_000


CHAIN_ROWS = "chain_rows"
"""In the detail of a row about an operator: how many rows the operator's own chain had then."""
_NEXT = text(
    "SELECT nextval(pg_get_serial_sequence('audit', 'position')) FROM generate_series(1, cast(:count AS integer))"
)
_NEWEST = select(func.max(audit.c.position))
_ADD, _SIGN = insert(audit), insert(audit_signature)  # made once: for each row of the log


def chain_of(name: str) -> str:
    """The chain of what an operator does."""
    return f"operator/{name}"


def run_statement(home: bytes, session: str, chain: str, first: int, last: int, newest: str) -> bytes:
    """What a session signs: rows ``first`` to ``last`` of a chain, by the newest's hash, which holds all before."""
    if not (newest.isascii() and newest.isalnum()):  # no hash, and so no text that stands in JSON as it is
        values = {"schema": SCHEMA, "home": home.hex(), "session": session, "chain": chain, "first": first}
        return canonical({**values, "last": last, "hash": newest}).encode()
    head, middle, tail = _statement(home, session, chain)
    return f'{head}{first},"hash":"{newest}",{middle}{last},{tail}'.encode()


@lru_cache(maxsize=64)  # runs that are looked at together are of few sessions
def _statement(home: bytes, session: str, chain: str) -> tuple[str, str, str]:
    """What stands in it before, between and behind the numbers and the hash: its names are in order."""
    before = canonical({"chain": chain})[:-1]
    behind = canonical({"schema": SCHEMA, "session": session})[1:]
    return f'{before},"first":', f'"home":"{home.hex()}","last":', behind


@dataclass(frozen=True, slots=True)
class SignedRow:
    """A row of a chain as somebody has signed it, with all rows before: proved by itself."""

    chain: str
    last: int
    """Its number in the chain; the first that was signed with it has the other."""
    first: int
    position: int
    hash: str
    session: str
    statement: str
    voucher: Hex
    signature: Hex

    @property
    def home(self) -> bytes | None:
        """The home that it was signed in; None if it was not signed as it stands."""
        voucher = read_voucher(self.session, self.statement, self.voucher)
        if voucher is None:
            return None
        home = voucher.record.home
        signed = run_statement(home, self.session, self.chain, self.first, self.last, self.hash)
        return home if voucher.record.has_signed(signed, self.signature) else None


Rows = Callable[[], Sequence[SignedRow]]
BEHIND = "register-behind"
"""The proof that the register is not behind what its home remembers."""


@dataclass(frozen=True)
class LogKeeper:
    """What signs, and checks, the log of one home's register in this process."""

    foundation: Foundation
    clock: Clock
    entropy: Entropy
    expected: Callable[[], Rows] = lambda: tuple
    """The newest rows that the home remembers now, of chains, judged when they are asked for.

    A register without them is not worked with.
    """
    proofs: dict[Hashable, object] = field(default_factory=dict)
    """What was proved of rows, by their hashes: a hash binds its row and all before it, so it stays proved."""
    seen: dict[str, SignedRow] = field(default_factory=dict)
    """The newest row of each chain that this process has written."""
    known: set[str] = field(default_factory=set)
    """Operators of whom the log tells."""
    stored: set[str] = field(default_factory=set)
    """Sessions that are in the log."""
    _sessions: dict[tuple[str, bytes], Session] = field(default_factory=dict)
    _home: list[Rows] = field(default_factory=list)
    """What the home remembered when it was first asked, if it was."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def session(self, operator: Operator, time: datetime) -> Session | None:
        """The running session of an operator, or a new one; None for somebody who has no keys here."""
        keys = operator.keys or operator.recovery
        if keys is None and not self.foundation.demo:
            return None
        place = (operator.name, b"" if keys is None else keys.public_key)
        with self._lock:
            running = self._sessions.get(place)
            if running is None or not running.record.covers(time):
                running = Session.begin(operator, self.foundation, time, self.entropy)
                if running is not None:
                    if len(self._sessions) >= _SESSIONS:
                        self._sessions.clear()
                    self._sessions[place] = running
        return running

    def remembered(self) -> Rows:
        """The newest rows known of now: a transaction that begins after this finds them, others perhaps not."""
        with self._lock:
            if not self._home:
                self._home.append(self.expected())
            seen, home = tuple(self.seen.values()), self._home[0]
        return lambda: (*seen, *(() if BEHIND in self.proofs else home()))

    def written(self, row: SignedRow) -> None:
        """A signed row is in the log from now on."""
        with self._lock:
            known = self.seen.get(row.chain)
            if known is None or known.last < row.last:
                self.seen[row.chain] = row

    def signs(self, operator: Operator | str) -> bool:
        """Whether what is told of an operator can be signed here."""
        if self.foundation.demo:
            return True
        return isinstance(operator, Operator) and (operator.keys or operator.recovery) is not None

    def keep(self, proofs: Mapping[Any, object]) -> None:
        """Remember what was proved."""
        if len(self.proofs) > _PROOFS:
            self.proofs.clear()
        self.proofs.update(proofs)


@dataclass
class Pending:
    """The rows of one transaction that are not written yet, and the chains that it has locked."""

    keeper: LogKeeper | None
    chains: dict[str, tuple[int, str]] = field(default_factory=dict)
    rows: list[StoredRow] = field(default_factory=list)
    times: dict[str, datetime] = field(default_factory=dict)
    """By the rows' hashes."""
    people: dict[str, Operator] = field(default_factory=dict)
    signed: dict[str, SignedRow] = field(default_factory=dict)
    """The newest signed row of each chain."""
    sessions: set[str] = field(default_factory=set)
    """Those that sign here, stored by this transaction at the latest."""

    def add(
        self,
        connection: Connection,
        time: datetime,
        operator: Operator | str,
        events: Sequence[tuple[str, str, Mapping[str, object], Told]],
    ) -> list[str]:
        """Chain rows of action, subject, detail and what they put there; their hashes."""
        name = operator if isinstance(operator, str) else operator.name
        if isinstance(operator, Operator):
            self.people[name] = operator
        own = self.own_chain(connection, operator)
        hashes = []
        for place in sorted({OFFICE if told[0] == OPERATOR else own for *_, told in events}):
            self.end_of(connection, place)
        positions = self._draw(connection, len(events))
        for position, (action, subject, detail, told) in zip(positions, events, strict=True):
            chain = OFFICE if told[0] == OPERATOR else own
            if told[0] == OPERATOR:  # what follows in the operator's own chain is done by these roles, and by this key
                detail = {**detail, CHAIN_ROWS: self.end_of(connection, chain_of(subject))[0]}
            number, before = self.chains[chain]
            values = (position, time_text(time), name, action, subject, canonical(detail), before)
            newest = row_hash(*values, told, (chain, number + 1))
            self.rows.append(StoredRow(*values, newest, *told, chain, number + 1))
            self.chains[chain] = (number + 1, newest)
            self.times[newest] = time
            hashes.append(newest)
        return hashes

    def own_chain(self, connection: Connection, operator: Operator | str) -> str:
        """Where what somebody does is told: in their chain if they can sign, and the log knows by which key."""
        if self.keeper is None or not self.keeper.signs(operator):
            return OFFICE
        name = operator if isinstance(operator, str) else operator.name
        if self.keeper.foundation.demo or name in self.keeper.known:
            return chain_of(name)
        self.flush(connection)
        told = select(audit.c.position).where(audit.c.kind == OPERATOR, audit.c.subject == name).limit(1)
        if connection.execute(told).first() is None:  # the register was not taken over
            return OFFICE
        self.keeper.known.add(name)
        return chain_of(name)

    def end_of(self, connection: Connection, chain: str) -> tuple[int, str]:
        """Number and hash of a chain's newest row; nobody else writes to it until this transaction has ended.

        Raises :class:`IntegrityBroken` if it is not there, or not what was written.
        """
        known = self.chains.get(chain)
        if known is None:
            known = self.chains[chain] = lock_chain(connection, chain)
        return known

    def _draw(self, connection: Connection, count: int) -> list[int]:
        if connection.dialect.name == "postgresql":
            return list(connection.execute(_NEXT, {"count": count}).scalars())
        newest = self.rows[-1].position if self.rows else connection.execute(_NEWEST).scalar() or 0
        if not isinstance(newest, int):
            raise IntegrityBroken("audit-head-lost")
        if newest + count > LAST:
            raise IntegrityBroken("audit-position-impossible", position=newest)
        return list(range(newest + 1, newest + count + 1))

    def flush(self, connection: Connection) -> None:
        """Write and sign what was gathered."""
        if not self.rows:
            return
        rows, self.rows = self.rows, []
        try:
            connection.execute(_ADD, [{**row._asdict(), "time": self.times[row.hash]} for row in rows])
        except IntegrityError:  # behind what is said to be the newest there is one
            raise IntegrityBroken("audit-head-lost") from None
        ends = {row.chain: row for row in rows}
        move_heads(connection, list(ends.values()))
        set_subject_heads(connection, rows)
        for chain in ends:
            mine = [row for row in rows if row.chain == chain]
            start = 0
            for index in range(1, len(mine) + 1):
                if index == len(mine) or mine[index].operator != mine[start].operator or index - start >= RUN:
                    self._sign(connection, mine[start:index])
                    start = index
        self.times.clear()  # all are written: a take-over of many rows is one transaction

    def _sign(self, connection: Connection, run: Sequence[StoredRow]) -> None:
        if self.keeper is None:  # a home that has no people yet
            return
        newest = run[-1]
        if newest.place[0] == OFFICE and not self._is_known(connection, newest.operator):
            return
        operator = self.people.get(newest.operator) or (
            Operator(newest.operator) if self.keeper.foundation.demo else None
        )
        session = self.keeper.session(operator, max(self.times[row.hash] for row in run)) if operator else None
        if session is None:
            return
        record, (chain, last), (_, first) = session.record, newest.place, run[0].place
        self._store(connection, session)
        signature = session.sign(run_statement(record.home, record.id, chain, first, last, newest.hash))
        place = {"chain": chain, "last": last, "first": first, "position": newest.position}
        try:
            connection.execute(_SIGN, {**place, "session": record.id, "signature": signature})
        except IntegrityError:  # one of a row that was taken out
            raise IntegrityBroken("audit-head-lost") from None
        self.signed[chain] = SignedRow(
            chain, last, first, newest.position, newest.hash, record.id, record.statement, session.voucher, signature
        )

    def _store(self, connection: Connection, session: Session) -> None:
        record = session.record
        if self.keeper is None or record.id in self.keeper.stored or record.id in self.sessions:
            return
        self.sessions.add(record.id)
        known = select(audit_session.c.id).where(audit_session.c.id == record.id)
        if connection.execute(known).first() is None:
            values = {"id": record.id, "statement": record.statement, "signature": session.voucher}
            connection.execute(insert(audit_session), values)

    def _is_known(self, connection: Connection, name: str) -> bool:
        operator = self.people.get(name)
        return operator is not None and self.own_chain(connection, operator) != OFFICE

    def committed(self) -> None:
        """What was signed last is the newest row that is known of."""
        if self.keeper is not None:
            self.keeper.stored.update(self.sessions)
            for row in self.signed.values():
                self.keeper.written(row)


def pending_of(connection: Connection) -> Pending:
    """The rows that the transaction is about to write."""
    gathered = pending_in(connection)
    if isinstance(gathered, Pending):
        return gathered
    keeper = keeper_of(connection)
    return begin_pending(connection, Pending(keeper if isinstance(keeper, LogKeeper) else None))
