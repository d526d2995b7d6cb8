"""Rows with a state: put there by a signed row of the log, and held to it wherever they are used.

A state is what the newest signed row of the log says of its subject; the columns are a copy that is checked at each
use. :func:`create` and :func:`change` write both together; :func:`hold` is how a row is believed, and there is no other
way. A row that was changed with the database's own tools is refused by it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, union, update

from eid_toolkit.books.audit.log import AuditEvent, append, told_rows
from eid_toolkit.books.audit.proving import Prover
from eid_toolkit.books.audit.rows import StoredRow, is_text, read_detail
from eid_toolkit.books.audit.taken_over import require_taken_over
from eid_toolkit.books.ledger.database import is_writing
from eid_toolkit.books.ledger.kinds import KINDS, NONE, TAKEN_OVER, Kind, Values
from eid_toolkit.books.ledger.schema import audit, subject_head
from eid_toolkit.books.ledger.schema.base import TOLD_BY, VERSION
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.ground.errors import EidError, IntegrityBroken, NotPermitted, ServiceAway
from eid_toolkit.ground.plain_values import parse_json

CONTENT, BEFORE = "row_sha256", "row_before"
"""In the detail of a row of the log: the hash over the values that it vouches for, and the row of the log before it."""
_CHUNK = 400

Detail = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Held:
    """A row that is to be believed, and the rows of the log that have led to it, oldest first."""

    values: Values
    history: tuple[StoredRow, ...]

    @property
    def detail(self) -> dict[str, Any]:
        """What the newest row of the log tells of it."""
        return dict(parse_json(self.history[-1].detail))


def create(
    connection: Connection,
    kind: Kind,
    rows: Sequence[Values],
    action: str,
    operator: Operator,
    now: datetime,
    details: Iterable[Detail] | None = None,
) -> None:
    """Insert rows, given with all columns that have a value, each on record by ``action`` with its detail."""
    if not rows:
        return
    step = kind.steps[action]
    empty = dict.fromkeys(kind.covered)
    filled = [{**empty, **row} for row in rows]
    states = [kind.state(row) for row in filled]
    _require_standing(connection, operator, step.rights)
    told = [
        AuditEvent(
            f"{kind.name}.{action}",
            row[kind.key.name],
            {**detail, CONTENT: kind.content(row), BEFORE: None},
            (kind.name, 1, state),
        )
        for row, state, detail in zip(filled, states, details or [{}] * len(rows), strict=True)
    ]
    assert all(step.leads(NONE, state) for state in states)
    hashes = append(connection, now, operator, told)
    versioned = [{**row, VERSION: 1, TOLD_BY: each} for row, each in zip(filled, hashes, strict=True)]
    connection.execute(insert(kind.table), versioned)


def change(
    connection: Connection,
    kind: Kind,
    subjects: Sequence[str],
    values: Mapping[str, object] | Callable[[Values], Mapping[str, object]],
    action: str,
    operator: Operator,
    now: datetime,
    detail: Detail | Callable[[Values], Detail] | None = None,
) -> None:
    """Change rows, which are held first, by a step that leads on from where they stand.

    ``values`` and ``detail`` are those of all rows, or made of each row. Raises as :func:`hold`, and
    :class:`ServiceAway` where another has changed a row meanwhile.
    """
    if not subjects:
        return
    step = kind.steps[action]
    _require_standing(connection, operator, step.rights)
    events, changed = [], []
    for subject, held in zip(subjects, hold(connection, kind, subjects), strict=True):
        before = held.values
        new = values(before) if callable(values) else values
        after = {**before, **new}
        states = kind.state(before), kind.state(after)
        if not step.leads(*states):
            raise NotPermitted("state-forbids", kind=kind.name, subject=subject, state=states[0], action=action,
                               allowed=", ".join(sorted(step.sources)))  # fmt: skip
        more = (detail(before) if callable(detail) else detail) or {}
        version = before[VERSION] + 1
        told = {**more, CONTENT: kind.content(after), BEFORE: before[TOLD_BY]}
        events.append(AuditEvent(f"{kind.name}.{action}", subject, told, (kind.name, version, states[1])))
        changed.append({**new, "the_key": subject, "the_version": before[VERSION], VERSION: version})
    hashes = append(connection, now, operator, events)
    statement = update(kind.table).where(
        kind.key == bindparam("the_key"), kind.table.c[VERSION] == bindparam("the_version")
    )
    if len({tuple(sorted(each)) for each in changed}) == 1:  # all alike: in one go
        rows = [{**each, TOLD_BY: each_hash} for each, each_hash in zip(changed, hashes, strict=True)]
        names = [name for name in rows[0] if name not in ("the_key", "the_version")]
        written = connection.execute(statement.values({name: bindparam(name) for name in names}), rows).rowcount
        if written not in (len(rows), -1):
            raise ServiceAway("row-changed-meanwhile", kind=kind.name, subject=subjects[0])
        return
    for each, each_hash in zip(changed, hashes, strict=True):
        where = {name: each.pop(name) for name in ("the_key", "the_version")}
        if connection.execute(statement.values({**each, TOLD_BY: each_hash}), where).rowcount != 1:
            raise ServiceAway("row-changed-meanwhile", kind=kind.name, subject=where["the_key"])


def find(connection: Connection, kind: Kind, subject: str) -> Held | None:
    """As :func:`hold_one`; None where neither the register nor the log has ever had one of that key."""
    if next(told_rows(connection, kind.name, [subject]), None) is None:
        there = select(kind.key).where(kind.key == subject)
        if connection.execute(there).first() is None:
            return None
    return hold_one(connection, kind, subject)


def ever_told(connection: Connection, kind: Kind) -> list[str]:
    """The keys of all rows of a kind of which there are few: those in the register, and those that the log knows."""
    there = select(kind.key)
    told = select(audit.c.subject).where(audit.c.kind == kind.name)
    return sorted(connection.execute(union(there, told)).scalars())


def hold_one(connection: Connection, kind: Kind, subject: str) -> Held:
    """One row that is there and is to be believed; raises as :func:`hold`."""
    return hold(connection, kind, [subject])[0]


def hold(connection: Connection, kind: Kind, subjects: Sequence[str]) -> list[Held]:
    """The rows of these keys, each held to the log: values, version, each step, who took it, and by what right.

    Raises :class:`IntegrityBroken` for the first that is not what the log says (``row-changed``, ``row-missing``,
    ``row-not-told``, ``row-told-twice``, ``row-step-forbidden``, ``row-not-signed``, ``row-not-permitted``),
    :class:`NotPermitted` for one of a register that was not taken over.
    """
    prover = Prover(connection)
    held: list[Held] = []
    for start in range(0, len(subjects), _CHUNK):
        part = list(subjects[start : start + _CHUNK])
        rows = {row[kind.key]: row for row in _rows(connection, kind, part)}
        told = prover.told(kind.name, part)
        heads = _heads(connection, kind, part)
        for subject in part:
            row, history, head = rows.get(subject), told.get(subject, ()), heads.get(subject)
            values = None if row is None else {column.name: row[column] for column in kind.table.columns}
            try:
                check(prover, kind, subject, values, history)
                if head is None or head != (history[-1].version, history[-1].position, history[-1].hash):
                    raise IntegrityBroken("row-head-differs", row=history[-1].position)
            except IntegrityBroken as error:
                raise _of_subject(error, kind, subject) from None
            assert values is not None
            held.append(Held(values, history))
    return held


def check(prover: Prover, kind: Kind, subject: str, values: Values | None, history: Sequence[StoredRow]) -> None:
    """Raises as :func:`hold` unless the values are what the rows of the log have led to."""
    if not history:
        if values is not None and values[VERSION] == 0 and values[TOLD_BY] is None and prover.is_fresh:
            raise NotPermitted("register-not-taken-over")
        raise IntegrityBroken("row-not-told")
    before: StoredRow | None = None
    for row in history:
        check_step(prover, kind, before, row)
        before = row
    newest, first = history[-1], history[0]
    if values is None:
        raise IntegrityBroken("row-missing", row=newest.position)
    try:
        content, state = kind.content(values), kind.state(values)
    except (ValueError, TypeError):  # no such value was ever written
        raise IntegrityBroken("row-changed", row=newest.position) from None
    if (values[VERSION], values[TOLD_BY]) != (newest.version, newest.hash):
        raise IntegrityBroken("row-changed", row=newest.position)
    if (content, state) != (_told(newest.detail)[0], newest.state):
        raise IntegrityBroken("row-changed", row=newest.position)
    if kind.creator is not None:
        creator = str(values[kind.creator]).casefold()
        if first.operator.casefold() != creator and not first.action.endswith(TAKEN_OVER):
            raise IntegrityBroken("row-creator-differs", row=first.position)
        if any(row.action in kind.apart and row.operator.casefold() == creator for row in history):
            raise IntegrityBroken("approver-is-creator-on-record", application=subject)


def check_step(prover: Prover, kind: Kind, before: StoredRow | None, row: StoredRow) -> None:
    """Raises :class:`IntegrityBroken` unless the row leads on from the one before, by who had the right to it."""
    if not is_text(row.action):
        raise IntegrityBroken("row-not-signed", row=row.position)
    version, state = (0, NONE) if before is None else (before.version or 0, before.state or NONE)
    if row.version == version:
        raise IntegrityBroken("row-told-twice", row=row.position)
    if row.version != version + 1 or _told(row.detail)[1] != (None if before is None else before.hash):
        raise IntegrityBroken("row-step-missing", row=row.position)
    if before is None and row.action == f"{kind.name}.{row.state}.{TAKEN_OVER}":
        require_taken_over(prover, row)
        return
    name, _, action = row.action.partition(".")
    step = kind.steps.get(action) if name == kind.name else None
    if step is None or not step.leads(state, row.state or NONE):
        raise IntegrityBroken("row-step-forbidden", row=row.position, action=row.action)
    prover.require(row, step.rights)


def _require_standing(connection: Connection, operator: Operator, rights: Iterable[Any]) -> None:
    """Nothing is written that would not be believed: who acts has keys, and is known to the log, and may."""
    prover = Prover(connection)
    if prover.demo:
        return
    if operator.keys is None:
        raise NotPermitted("operator-not-acting", name=operator.name)
    standing = prover.standing(operator.name)
    if standing is None:
        raise NotPermitted("register-not-taken-over")
    if standing.public_key != operator.keys.public_key or not standing.may(rights):
        raise NotPermitted("operator-standing-changed", name=operator.name)


def _rows(connection: Connection, kind: Kind, subjects: Sequence[str]) -> list[Any]:
    query = select(kind.table).where(kind.key.in_(subjects))
    if is_writing(connection):  # what is held stays as it is until the transaction has ended
        query = query.order_by(kind.key).with_for_update()
    return list(connection.execute(query).mappings())


def _heads(connection: Connection, kind: Kind, subjects: Sequence[str]) -> dict[str, tuple[int, int, str]]:
    query = select(subject_head).where(subject_head.c.kind == kind.name, subject_head.c.subject.in_(subjects))
    return {row.subject: (row.version, row.position, row.hash) for row in connection.execute(query)}


def _told(detail: str) -> tuple[object, object]:
    """What the detail of a row says of its content, and of the row before."""
    try:
        told = read_detail(detail)
    except (ValueError, TypeError):
        return "", ""
    return told.get(CONTENT, ""), told.get(BEFORE, "")


def _of_subject(error: EidError, kind: Kind, subject: str) -> IntegrityBroken:
    return IntegrityBroken(error.code, **{**error.facts, "kind": kind.name, "subject": subject})


__all__ = ["KINDS", "Held", "change", "check", "check_step", "create", "hold", "hold_one"]
