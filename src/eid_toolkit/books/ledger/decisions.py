"""Decisions (approve, reject, issue, spoil): the operator's signature over the very state that was decided on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, RowMapping, insert, select

from eid_toolkit.books.ledger.canonical import canonical
from eid_toolkit.books.ledger.schema import decision
from eid_toolkit.books.ledger.stored import stored
from eid_toolkit.books.staff.operators import Operator, OperatorStore
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import IntegrityBroken, NotPermitted
from eid_toolkit.ground.plain_values import from_plain, parse_json, to_plain

SCHEMA = "eid-decision/1"
ERASED_STATEMENT = canonical({"erased": True, "state": {}})
"""In place of what was decided on of somebody who was erased; the audit log has the SHA-256 of what stood there."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided what, when, on which state."""

    subject: str
    action: str
    operator: str
    decided_at: datetime
    state: Mapping[str, object]

    @property
    def statement(self) -> str:
        """What the operator signs, as canonical text."""
        return canonical({"schema": SCHEMA, **to_plain(self)})


def signed_statement(
    operator: Operator, action: str, subject: str, state: Mapping[str, object], now: datetime
) -> tuple[str, bytes | None]:
    """What an operator decides, as canonical text, and the signature over it; none in a demo home."""
    statement = Decision(subject, action, operator.name, now, state).statement
    return statement, operator.sign(statement.encode())


def decide(
    connection: Connection, operator: Operator, action: str, subject: str, state: Mapping[str, object], now: datetime
) -> str:
    """Record a signed decision; returns the statement's SHA-256 in hex, for the audit log."""
    statement, signature = signed_statement(operator, action, subject, state, now)
    row = {
        "subject": subject,
        "action": action,
        "statement": statement,
        "operator": operator.name,
        "signature": signature,
        "decided_at": now,
    }
    connection.execute(insert(decision), row)
    return sha256(statement.encode()).hexdigest()


def decision_of(columns: RowMapping) -> Decision | None:
    """The decision among a row's columns, unverified; None if there is none."""
    if columns[decision.c.action] is None:
        return None
    return Decision(
        subject=columns[decision.c.subject],
        action=columns[decision.c.action],
        operator=columns[decision.c.operator],
        decided_at=columns[decision.c.decided_at],
        state=stored(_decided_state, columns[decision.c.statement], "a decision"),
    )


def _decided_state(statement: str) -> Mapping[str, object]:
    """An erased person's decisions have nothing else left."""
    return from_plain(dict[str, object], parse_json(statement)["state"])


def verify_decision(
    connection: Connection,
    operators: OperatorStore,
    action: str,
    subject: str,
    state: Mapping[str, object],
    permission: Permission,
) -> Decision:
    """The decision, if it was really made, and on ``state`` as it is now.

    Raises :class:`NotPermitted` if there is none, :class:`IntegrityBroken` if it was made on another state or its
    signature is not that of an operator with the ``permission``.
    """
    row = connection.execute(select(decision).where(decision.c.subject == subject, decision.c.action == action)).first()
    if row is None:
        raise NotPermitted("decision-missing", action=action, subject=subject)
    decided = Decision(subject, action, row.operator, row.decided_at, state)
    if row.statement != decided.statement:
        raise IntegrityBroken("decision-on-another-state", action=action, subject=subject)
    if not operators.verify(row.operator, row.statement.encode(), row.signature, row.decided_at, permission):
        raise IntegrityBroken("decision-signature", action=action, subject=subject, operator=row.operator)
    return decided
