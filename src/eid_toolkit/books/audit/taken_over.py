"""What two people have taken over from a register of before: rows whose history the log does not tell.

The row ``register.taken-over`` says how many rows follow it, and is signed by both; each of these puts a state there
as it was found. Nothing else may, so that nobody puts a row there by the name of a take-over later.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from eid_toolkit.books.audit import log
from eid_toolkit.books.audit.endorsed import Standing
from eid_toolkit.books.audit.proving import Prover
from eid_toolkit.books.audit.rows import StoredRow
from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.ledger.canonical import canonical
from eid_toolkit.books.ledger.schema import audit
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.plain_values import parse_json

ACTION, SUBJECT = "register.taken-over", "register"
SCHEMA = "eid-take-over/1"
RIGHT = Permission.MANAGE_KEYS


def statement(home: bytes, number: int, rows: int, first: str, second: str) -> bytes:
    """What the second of two people signs; the first signs the row itself."""
    values = {"schema": SCHEMA, "home": home.hex(), "number": number, "rows": rows, "operators": [first, second]}
    return canonical(values).encode()


def require_taken_over(prover: Prover, row: StoredRow) -> None:
    """Raises :class:`IntegrityBroken` unless the row is one of those that two people have taken over."""
    query = select(*log.STORED).where(audit.c.subject == SUBJECT, audit.c.action == ACTION)
    chain, number = row.place
    query = query.where(audit.c.chain == chain, audit.c.number < number).order_by(audit.c.number.desc()).limit(1)
    with log.any_text(prover.connection):
        found = prover.connection.execute(query).first()
    if found is None:
        raise IntegrityBroken("row-not-taken-over", row=row.position)
    by = log.stored_row(found)
    prover.require(row, {RIGHT})
    if number > by.place[1] + rows_signed_for(prover, by):
        raise IntegrityBroken("row-not-taken-over", row=row.position)


def rows_signed_for(prover: Prover, row: StoredRow) -> int:
    """How many rows two people take over by this one; raises :class:`IntegrityBroken` if they have not signed it."""
    prover.require(row, {RIGHT})
    proof = f"{row.hash} {ACTION}"
    known = prover.keeper.proofs.get(proof)
    if isinstance(known, int):
        return known
    count = rows_taken_over(row, prover.keeper.foundation, lambda name: prover.standing(name, row.position))
    if count is None:
        raise IntegrityBroken("row-not-taken-over", row=row.position)
    prover.keeper.keep({proof: count})
    return count


def rows_taken_over(
    row: StoredRow, foundation: Foundation, standing_of: Callable[[str], Standing | None]
) -> int | None:
    """How many rows a second person has signed for to take over by this one; None if nobody has."""
    try:
        detail = parse_json(row.detail)
        count, second, signature = int(detail["rows"]), str(detail["with"]), bytes.fromhex(detail["signature"] or "")
    except (ValueError, TypeError, KeyError):
        return None
    if foundation.demo:
        return count
    standing = standing_of(second)
    signed = statement(foundation.home, row.place[1], count, row.operator, second)
    if standing is None or standing.name.casefold() == row.operator.casefold() or not standing.may({RIGHT}):
        return None
    return count if standing.has_signed(signed, signature) else None
