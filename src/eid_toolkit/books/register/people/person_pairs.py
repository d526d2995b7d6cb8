"""Persons who may be the same: pairs are proposed by rules, and a person decides on each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import combinations, groupby, islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, or_, select, update

from eid_toolkit.books.audit.log import AuditEvent, append
from eid_toolkit.books.ledger.bulk import insert_rows
from eid_toolkit.books.ledger.database import Database, lock
from eid_toolkit.books.ledger.name_index import variants, within_one_edit
from eid_toolkit.books.ledger.schema import person, person_pair
from eid_toolkit.books.register.data_keys import DataKeys
from eid_toolkit.books.register.people.person_data import birth_text
from eid_toolkit.books.register.people.person_history import record_change
from eid_toolkit.books.register.people.person_record import Person, load_person, refuse_merged
from eid_toolkit.books.staff.operators import Operator
from eid_toolkit.books.staff.roles import Permission
from eid_toolkit.ground.errors import BadInput, NotPermitted
from eid_toolkit.ground.ports import Clock

_BATCH = 500
_EVERYBODY = "persons"
_CROWD = 5000
"""Of more persons with one date of birth and sex, similar names are not compared: such a date stands for an unknown."""
_LONGEST_NAME = 64
"""Of longer names, similar ones are not looked for."""
_MOST_OF_ONE = 20
"""This many persons with the same name and birth, or the same former number, are paired with each other."""

LISTED = "duplicates.looked-up"
"""In the audit log."""

_live = and_(person.c.merged_into.is_(None), person.c.erased_at.is_(None))


class PairReason(StrEnum):
    """Why two persons may be the same."""

    SAME_NAME = "same-name-and-birth"
    SAME_NUMBER = "same-former-number"
    SIMILAR_NAME = "similar-name-same-birth"
    BY_HAND = "by-hand"


class PairState(StrEnum):
    """What was decided."""

    PROPOSED = "proposed"
    SAME = "same"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two persons, the one with the lesser identifier first."""

    first: Person
    second: Person
    reason: PairReason
    state: PairState
    operator: str | None
    """Who decided."""

    def to_json(self) -> dict[str, object]:
        """Stable keys for output."""
        return {
            "first": self.first.to_json(),
            "second": self.second.to_json(),
            "reason": str(self.reason),
            "state": str(self.state),
            "decided_by": self.operator,
        }


Found = tuple[str, str, PairReason]


class PersonPairs:
    """The pairs of one register."""

    def __init__(self, database: Database, data_keys: DataKeys, clock: Clock) -> None:
        self._database = database
        self._data_keys = data_keys
        self._clock = clock

    def scan(self, operator: Operator) -> int:
        """Look through all persons; how many pairs are new. Pairs that were decided on are not proposed again."""
        operator.require(Permission.DECIDE_DUPLICATES)
        new = 0
        with self._database.read() as connection:
            pairs = _scan(connection)
            while batch := list(islice(pairs, _BATCH)):
                with self._database.write() as writing:
                    new += _propose(writing, batch, self._clock.now())
        with self._database.write() as connection:
            event = AuditEvent("persons.compared", _EVERYBODY, {"new_pairs": new})
            append(connection, self._clock.now(), operator, [event])
        return new

    def list(self, operator: Operator, *, limit: int = 50, offset: int = 0) -> tuple[Pair, ...]:
        """Pairs that nobody has decided on; on record, before they are shown, with how many they are."""
        operator.require(Permission.DECIDE_DUPLICATES)
        first, second = person.alias("one"), person.alias("other")
        query = (
            select(person_pair)
            .join(first, first.c.id == person_pair.c.first)
            .join(second, second.c.id == person_pair.c.second)
            .where(person_pair.c.state == PairState.PROPOSED)
            .where(*(each.c[name].is_(None) for each in (first, second) for name in ("merged_into", "erased_at")))
            .order_by(person_pair.c.proposed_at, person_pair.c.first, person_pair.c.second)
        )
        with self._database.read() as connection:
            rows = connection.execute(query.limit(limit).offset(offset)).all()
            pairs = tuple(_pair(connection, row) for row in rows)
        with self._database.write() as connection:
            event = AuditEvent(LISTED, _EVERYBODY, {"count": len(pairs)})
            append(connection, self._clock.now(), operator, [event])
        return pairs

    def open_of(self, record: Person) -> int:
        """How many pairs with this person nobody has decided on."""
        here = or_(person_pair.c.first == record.id, person_pair.c.second == record.id)
        query = select(func.count()).select_from(person_pair).where(here, person_pair.c.state == PairState.PROPOSED)
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()

    def decide(self, first: Person, second: Person, operator: Operator, *, same: bool) -> Pair:
        """Decide on two persons, proposed or not; if they are the ``same``, ``first`` stays, ``second`` points to it.

        What is proposed of the one that goes is proposed of the one that stays. Raises :class:`NotPermitted` for an
        operator who may not, or if one was merged or erased, or the pair decided on already.
        """
        operator.require(Permission.DECIDE_DUPLICATES)
        if first.id == second.id:
            raise BadInput("pair-of-one-person", person=first.id)
        now = self._clock.now()
        key = dict(zip(("first", "second"), sorted((first.id, second.id)), strict=True))
        here = and_(*(person_pair.c[name] == value for name, value in key.items()))
        with self._database.write() as connection:
            lock(connection, "person", first.id, second.id)
            for record in (first, second):
                refuse_merged(connection, record.id)
            row = connection.execute(select(person_pair).where(here)).first()
            if row is not None and row.state != PairState.PROPOSED:
                raise NotPermitted("pair-decided", **key, state=row.state)
            if row is None:
                values = {**key, "reason": PairReason.BY_HAND, "state": PairState.PROPOSED, "proposed_at": now}
                connection.execute(insert(person_pair), values)
            state = PairState.SAME if same else PairState.DIFFERENT
            decided = {"state": state, "operator": operator.name, "decided_at": now}
            connection.execute(update(person_pair).where(here).values(decided))
            events = [AuditEvent(f"pair.{state}", first.id, {"other": second.id})]
            if same:
                events.append(self._merge(connection, second.id, first.id, operator, now))
            append(connection, now, operator, events)
            return _pair(connection, connection.execute(select(person_pair).where(here)).one())

    def _merge(
        self, connection: Connection, identifier: str, into: str, operator: Operator, now: datetime
    ) -> AuditEvent:
        duplicate = load_person(connection, identifier)
        values = {"merged_into": into, "version": duplicate.version + 1}
        connection.execute(update(person).where(person.c.id == duplicate.id).values(values))
        # Whoever was merged into this one before now points to the one that stays.
        connection.execute(update(person).where(person.c.merged_into == duplicate.id).values(merged_into=into))
        _repoint(connection, duplicate.id, into)
        fields = {"merged_into": (None, into)}
        record_change(connection, self._data_keys, duplicate, operator, "found to be the same person", fields, now)
        return AuditEvent("person.merged", duplicate.id, {"into": into, "version": duplicate.version + 1})


def propose_pairs_of(connection: Connection, added: Person, now: datetime) -> None:
    """Propose pairs with one person who was just added: quick, so without similar names."""
    data = added.data
    same_name = and_(person.c.date_of_birth == birth_text(data.date_of_birth), person.c.folded_name == data.folded_name)
    pairs = _others(connection, added, same_name, PairReason.SAME_NAME)
    numbers: list[ColumnElement[bool]] = []
    if data.former_number is not None:
        numbers = [person.c.former_number == data.former_number, person.c.personal_number == data.former_number]
    if data.personal_number is not None:
        numbers.append(person.c.former_number == data.personal_number)
    if numbers:
        pairs += _others(connection, added, or_(*numbers), PairReason.SAME_NUMBER)
    _propose(connection, pairs, now)


def _others(connection: Connection, added: Person, condition: ColumnElement[bool], reason: PairReason) -> list[Found]:
    query = select(person.c.id).where(condition, person.c.id != added.id, _live).order_by(person.c.id)
    others = connection.execute(query.limit(_MOST_OF_ONE)).scalars()
    return [(min(added.id, other), max(added.id, other), reason) for other in others]


def _propose(connection: Connection, pairs: Iterable[Found], now: datetime) -> int:
    """Write pairs that are not there yet; how many those are."""
    reasons = {(first, second): reason for first, second, reason in reversed(list(pairs))}
    if not reasons:
        return 0
    query = select(person_pair.c.first, person_pair.c.second)
    firsts = sorted({first for first, _ in reasons})
    known = {(row.first, row.second) for row in connection.execute(query.where(person_pair.c.first.in_(firsts)))}
    rows = [
        {"first": first, "second": second, "reason": reason, "state": PairState.PROPOSED, "proposed_at": now}
        for (first, second), reason in sorted(reasons.items())
        if (first, second) not in known
    ]
    insert_rows(connection, person_pair, rows, only_new=True)
    return len(rows)


def _repoint(connection: Connection, merged: str, into: str) -> None:
    """Have the open pairs of one person name another; where there is a pair of those two, that one counts."""
    theirs = and_(
        or_(person_pair.c.first == merged, person_pair.c.second == merged), person_pair.c.state == PairState.PROPOSED
    )
    rows = connection.execute(select(person_pair).where(theirs)).all()
    connection.execute(delete(person_pair).where(theirs))
    moved = []
    for row in rows:
        first, second = sorted((row.second if row.first == merged else row.first, into))
        values = {"reason": row.reason, "state": row.state, "proposed_at": row.proposed_at}
        moved.append({"first": first, "second": second, **values})
    insert_rows(connection, person_pair, moved, only_new=True)


def _scan(connection: Connection) -> Iterator[Found]:
    """Every pair that a rule finds, in constant memory."""
    columns = (person.c.id, person.c.folded_name, person.c.date_of_birth, person.c.sex)
    by_birth = select(*columns).where(_live).order_by(person.c.date_of_birth, person.c.folded_name)
    rows = connection.execution_options(yield_per=_BATCH).execute(by_birth)
    for _, born in groupby(rows, key=lambda row: row.date_of_birth):
        yield from _same_birth(born)
    yield from _same_former_number(connection)


def _same_birth(rows: Iterable[Any]) -> Iterator[Found]:
    """Pairs among persons with one date of birth, who come in the order of names."""
    crowds: dict[str, list[tuple[str, str]]] = {}
    for _, alike in groupby(rows, key=lambda row: row.folded_name):
        bearers: list[str] = []
        for row in alike:
            crowd = crowds.setdefault(row.sex, [])
            if len(crowd) <= _CROWD:
                crowd.append((row.folded_name, row.id))
            if len(bearers) < _MOST_OF_ONE:
                bearers.append(row.id)
        yield from _paired(bearers, PairReason.SAME_NAME)
    for crowd in crowds.values():
        if len(crowd) <= _CROWD:
            yield from _similar(crowd)


def _similar(crowd: list[tuple[str, str]]) -> Iterator[Found]:
    """Pairs of names that have the same words in another order, or are one edit apart as a whole."""
    by_words: dict[str, list[tuple[str, str]]] = {}
    by_variant: dict[str, list[tuple[str, str]]] = {}
    for name, identifier in crowd:
        seen = set()
        words = " ".join(sorted(name.split()))
        candidates = by_words.get(words, [])[:_MOST_OF_ONE]
        for variant in variants(name, _LONGEST_NAME):
            candidates += by_variant.get(variant, [])[:_MOST_OF_ONE]
            by_variant.setdefault(variant, []).append((name, identifier))
        by_words.setdefault(words, []).append((name, identifier))
        for other, known in candidates:
            same_words = " ".join(sorted(other.split())) == words
            if other != name and known not in seen and (same_words or within_one_edit(other, name)):
                seen.add(known)
                first, second = sorted((known, identifier))
                yield first, second, PairReason.SIMILAR_NAME


def _same_former_number(connection: Connection) -> Iterator[Found]:
    query = select(person.c.former_number, person.c.id).where(_live, person.c.former_number.is_not(None))
    rows = connection.execution_options(yield_per=_BATCH).execute(query.order_by(person.c.former_number, person.c.id))
    for _, alike in groupby(rows, key=lambda row: row.former_number):
        yield from _paired([row.id for row in islice(alike, _MOST_OF_ONE)], PairReason.SAME_NUMBER)
    one, other = person.alias("one"), person.alias("other")
    live = (each.c[name].is_(None) for each in (one, other) for name in ("merged_into", "erased_at"))
    current = select(one.c.id, other.c.id).where(one.c.former_number == other.c.personal_number, one.c.id != other.c.id)
    for first, second in connection.execution_options(yield_per=_BATCH).execute(current.where(*live)):
        yield min(first, second), max(first, second), PairReason.SAME_NUMBER


def _paired(bearers: list[str], reason: PairReason) -> Iterator[Found]:
    for first, second in combinations(sorted(bearers), 2):
        yield first, second, reason


def _pair(connection: Connection, row: Row[Any]) -> Pair:
    people = (load_person(connection, row.first), load_person(connection, row.second))
    return Pair(*people, PairReason(row.reason), PairState(row.state), row.operator)
