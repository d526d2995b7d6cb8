"""What a register's transactions write into the audit log: gathered, chained, and signed before they are committed.

The rows of a transaction go into the database together, in runs of one operator each; of each run the newest hash is
signed by the session of who acts. What reads the log in the same transaction has them written first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from eid_toolkit.books.audit.log_head import beginning, head
from eid_toolkit.books.audit.rows import StoredRow, Told, row_hash, time_text
from eid_toolkit.books.audit.sessions import Session, read_voucher
from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.ledger.canonical import canonical
from eid_toolkit.books.ledger.database import begin_pending, keeper_of, pending_in
from eid_toolkit.books.ledger.schema import audit, audit_head, audit_session, audit_signature, subject_head
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.plain_values import Hex
from eid_toolkit.ground.ports import Clock, Entropy

LAST = 2**63 - 1
"""The greatest position that a database has room for: no log comes there by itself."""
RUN = 100
"""The most rows that one signature covers: whoever checks one row reads the others."""
SCHEMA = "eid-audit-run/1"
_SESSIONS = 64
_PROOFS = 200_000


def run_statement(home: bytes, session: str, first: int, last: int, newest: str) -> bytes:
    """What a session signs: the rows from ``first`` to ``last``, by the hash of the newest, which holds all before."""
    values = {"schema": SCHEMA, "home": home.hex(), "session": session, "first": first, "last": last, "hash": newest}
    return canonical(values).encode()


@dataclass(frozen=True, slots=True)
class SignedRow:
    """A row of the log as somebody has signed it, with all rows before: proved by itself."""

    position: int
    first: int
    hash: str
    session: str
    statement: str
    voucher: Hex
    signature: Hex

    def is_of(self, home: bytes) -> bool:
        """Whether it was signed in this home."""
        voucher = read_voucher(self.session, self.statement, self.voucher)
        if voucher is None or voucher.record.home != home:
            return False
        signed = run_statement(home, self.session, self.first, self.position, self.hash)
        return voucher.record.has_signed(signed, self.signature)


@dataclass(frozen=True)
class LogKeeper:
    """What signs, and checks, the log of one home's register in this process."""

    foundation: Foundation
    clock: Clock
    entropy: Entropy
    expected: Callable[[], SignedRow | None] = lambda: None
    """The newest row that the home remembers: a register without it is not worked with."""
    proofs: dict[str, object] = field(default_factory=dict)
    """What was proved of rows, by their hashes: a hash binds its row and all before it, so it stays proved."""
    seen: list[SignedRow] = field(default_factory=list)
    """The newest row that this process has written, or seen: it is in the log."""
    _sessions: dict[tuple[str, bytes], Session] = field(default_factory=dict)
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

    def written(self, row: SignedRow) -> None:
        """A signed row is in the log from now on."""
        with self._lock:
            if not self.seen or self.seen[0].position < row.position:
                self.seen[:] = [row]

    def keep(self, proofs: Mapping[str, object]) -> None:
        """Remember what was proved."""
        if len(self.proofs) > _PROOFS:
            self.proofs.clear()
        self.proofs.update(proofs)


@dataclass
class Pending:
    """The rows of one transaction that are not written yet."""

    keeper: LogKeeper | None
    position: int
    newest: str
    rows: list[StoredRow] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)
    people: dict[str, Operator] = field(default_factory=dict)
    signed: SignedRow | None = None
    """The newest row that was signed."""

    def add(
        self,
        time: datetime,
        operator: Operator | str,
        events: Iterable[tuple[str, str, Mapping[str, object], Told]],
    ) -> list[str]:
        """Chain rows of action, subject, detail and what they put there; their hashes."""
        name = operator if isinstance(operator, str) else operator.name
        if isinstance(operator, Operator):
            self.people[name] = operator
        hashes = []
        for action, subject, detail, told in events:
            self.position += 1
            values = (self.position, time_text(time), name, action, subject, canonical(detail), self.newest)
            self.newest = row_hash(*values, told)
            self.rows.append(StoredRow(*values, self.newest, *told))
            self.times.append(time)
            hashes.append(self.newest)
        return hashes

    def flush(self, connection: Connection) -> None:
        """Write and sign what was gathered.

        Raises :class:`IntegrityBroken` if the log's head is not what was written.
        """
        if not self.rows:
            return
        if self.position > LAST:
            raise IntegrityBroken("audit-position-impossible", position=self.position)
        rows, times = self.rows, self.times
        self.rows, self.times = [], []
        try:
            connection.execute(
                insert(audit), [{**row._asdict(), "time": time} for row, time in zip(rows, times, strict=True)]
            )
        except IntegrityError:  # behind what is said to be the newest there is one
            raise IntegrityBroken("audit-head-lost") from None
        connection.execute(delete(audit_head))
        connection.execute(insert(audit_head), {"position": rows[-1].position, "hash": rows[-1].hash})
        _set_heads(connection, rows)
        start = 0
        for index in range(1, len(rows) + 1):
            if index == len(rows) or rows[index].operator != rows[start].operator or index - start >= RUN:
                self._sign(connection, rows[start:index], times[start:index])
                start = index

    def _sign(self, connection: Connection, run: Sequence[StoredRow], times: Sequence[datetime]) -> None:
        if self.keeper is None:  # a home that has no people yet
            return
        name, newest = run[0].operator, run[-1]
        operator = self.people.get(name) or (Operator(name) if self.keeper.foundation.demo else None)
        session = self.keeper.session(operator, max(times)) if operator is not None else None
        if session is None:
            return
        record = session.record
        known = select(audit_session.c.id).where(audit_session.c.id == record.id)
        if connection.execute(known).first() is None:
            values = {"id": record.id, "statement": record.statement, "signature": session.voucher}
            connection.execute(insert(audit_session), values)
        statement = run_statement(record.home, record.id, run[0].position, newest.position, newest.hash)
        signature = session.sign(statement)
        signed = {"position": newest.position, "first": run[0].position, "session": record.id}
        connection.execute(insert(audit_signature), {**signed, "signature": signature})
        self.signed = SignedRow(
            newest.position, run[0].position, newest.hash, record.id, record.statement, session.voucher, signature
        )

    def committed(self) -> None:
        """What was signed last is the newest row that is known of."""
        if self.keeper is not None and self.signed is not None:
            self.keeper.written(self.signed)


def _set_heads(connection: Connection, rows: Sequence[StoredRow]) -> None:
    """The newest row of each subject, where rows put a state there."""
    newest = {(row.kind, row.subject): row for row in rows if row.kind is not None}
    first = {(row.kind, row.subject) for row in rows if row.version == 1}
    columns = ("kind", "subject", "version", "position", "hash")
    values = {place: {name: getattr(row, name) for name in columns} for place, row in newest.items()}
    new = [each for place, each in values.items() if place in first]
    old = [each for place, each in values.items() if place not in first]
    try:
        if new:
            connection.execute(insert(subject_head), new)
    except IntegrityError:
        raise IntegrityBroken("row-told-twice", subject=new[0]["subject"]) from None
    if old:
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        write = dialect.insert(subject_head)
        changed = {name: write.excluded[name] for name in columns[2:]}
        connection.execute(write.on_conflict_do_update(index_elements=["kind", "subject"], set_=changed), old)


def pending_of(connection: Connection) -> Pending:
    """The rows that the transaction is about to write; raises :class:`IntegrityBroken` for a log without its head."""
    gathered = pending_in(connection)
    if isinstance(gathered, Pending):
        return gathered
    keeper = keeper_of(connection)
    pending = Pending(keeper if isinstance(keeper, LogKeeper) else None, *(head(connection) or beginning(connection)))
    return begin_pending(connection, pending)
