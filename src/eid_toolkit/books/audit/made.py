"""What a home has made itself, by the audit log: each thing named by its hash, and signed for by those who made it.

Files can be laid into a home by whoever can write there, and so can rows of its database. What goes on a chip, or
leaves the home in something signed, is held to rows that nobody writes without the keys of these people.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from eid_toolkit.books.audit import log
from eid_toolkit.books.audit.log import Filter
from eid_toolkit.books.keys.foundation import Foundation
from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.staff.operators import Operator, OperatorStore
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.plain_values import REQUIRED, Hex, from_plain, parse_json, to_plain

SCHEMA = "eid-made/1"
MADE = "made"
"""In the detail of a row: what was made by the act that the row tells of."""
_TWO = 2
MANAGE = Permission.MANAGE_KEYS


@dataclass(frozen=True, slots=True)
class Signed:
    """Who signed for it; no signature in a demo home."""

    operator: str
    signature: Annotated[Hex | None, REQUIRED] = None


@dataclass(frozen=True, slots=True)
class Made:
    """One thing that was made: what it is to be used as, and its SHA-256 in hex."""

    kind: str
    """``cvca``, ``dv``, ``status_list``, ``stolen_blanks``."""
    subject: str
    """The state."""
    sha256: str
    at: datetime
    signed: tuple[Signed, ...] = ()

    def statement(self, foundation: Foundation, operator: str) -> bytes:
        """What an operator signs."""
        place = (SCHEMA, foundation.home.hex(), self.kind, self.subject, self.sha256, self.at.isoformat(), operator)
        return json.dumps(place).encode()

    def signed_by(self, foundation: Foundation, people: Iterable[Operator]) -> Made:
        """With the signatures of those who act."""
        signed = (Signed(each.name, each.sign(self.statement(foundation, each.name))) for each in people)
        return Made(self.kind, self.subject, self.sha256, self.at, tuple(signed))


def in_detail(foundation: Foundation, people: Iterable[Operator], things: Iterable[Made]) -> dict[str, object]:
    """For the detail of the row that tells of the act."""
    people = tuple(people)
    return {MADE: [to_plain(each.signed_by(foundation, people)) for each in things]}


class MadeHere:
    """What the log of one home says of it."""

    def __init__(self, database: Database, operators: OperatorStore, foundation: Foundation) -> None:
        self._database, self._operators, self._foundation = database, operators, foundation

    def knows(self, kind: str, subject: str, sha256: str, actions: Iterable[str]) -> bool:
        """Whether something was made here as that, by two people; by one where one may (``*.installed``)."""
        return any(
            (made.kind, made.subject, made.sha256) == (kind, subject, sha256)
            and self._people(made) >= (1 if action.endswith(".installed") or self._foundation.demo else _TWO)
            for action in actions
            for made in self._rows(Filter(subject=subject, action=action))
        )

    def newest(self, action: str) -> tuple[Made, ...]:
        """What the last row of an action names, as far as two people signed for it."""
        made = self._rows(Filter(action=action, limit=1))
        return tuple(each for each in made if self._people(each) >= (1 if self._foundation.demo else _TWO))

    def _people(self, made: Made) -> int:
        return len(
            {
                each.operator.casefold()
                for each in made.signed
                if self._operators.verify(
                    each.operator, made.statement(self._foundation, each.operator), each.signature, made.at, MANAGE
                )
            }
        )

    def _rows(self, criteria: Filter) -> Iterator[Made]:
        with self._database.read() as connection, log.any_text(connection):
            details = [row.detail for row in log.read(connection, criteria)]
        for detail in details:
            try:
                listed = parse_json(detail).get(MADE, ())
                yield from [from_plain(Made, each) for each in listed]
            except (ValueError, TypeError, KeyError, AttributeError):
                continue  # somebody else has written it: it says nothing
